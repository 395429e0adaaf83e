"""Who works where."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.db.models import Prefetch, Q, QuerySet

from bihuan.accounts.actor import Actor
from bihuan.accounts.models import AdminEntry, Person, Post, SignIn, current
from bihuan.accounts.roles import Role
from bihuan.accounts.units import tree


def people_of_unit(unit_id: int, *roles: Role, on: date) -> list[Person]:
    """Give the active people who hold one of `roles` (none named: any) at this very unit."""
    return people_of_units((unit_id,), *roles, on=on)


def people_of_units(unit_ids: Iterable[int], *roles: Role, on: date) -> list[Person]:
    """Give the active people who hold one of `roles` at one of the units, by name."""
    posts = Post.objects.filter(current(on), unit_id__in=unit_ids)
    if roles:
        posts = posts.filter(role__in=roles)
    people = Person.objects.filter(is_active=True, pk__in=posts.values("person_id"))
    return list(people.order_by("name", "id"))


def nearest_people(unit_id: int, *roles: Role, on: date) -> list[Person]:
    """Give the holders of `roles` at the unit, else at the nearest unit above that has some.

    One query, however high it climbs.
    """
    line = (unit_id, *tree().above(unit_id))
    posts = Post.objects.filter(
        current(on), unit_id__in=line, role__in=roles, person__is_active=True
    ).select_related("person")
    found: dict[int, dict[int, Person]] = {}
    for post in posts.order_by("person__name", "person_id"):
        found.setdefault(post.unit_id, {})[post.person_id] = post.person
    for at in line:
        if at in found:
            return list(found[at].values())
    return []


def named(words: str, unit_ids: Iterable[int], *, on: date) -> list[Person]:
    """Give those of the units who are called so, by user name or full name; two at most."""
    posts = Post.objects.filter(current(on), unit_id__in=list(unit_ids)).values("person_id")
    rows = Person.objects.filter(Q(username=words) | Q(name=words), is_active=True, pk__in=posts)
    return list(rows.order_by("pk")[:2])


def names(person_ids: Iterable[int]) -> dict[int, str]:
    """Give the names of people by id, in one query."""
    return dict(Person.objects.filter(pk__in=set(person_ids)).values_list("id", "name"))


def manageable(
    actor: Actor, *, on: date, words: str = "", closed: bool = False
) -> QuerySet[Person]:
    """Give the people whose every post lies within the actor's scope, their current posts loaded.

    words: part of the name or user name, or of the name of a unit they work at. closed: show
    those whose account is closed. `post.unit` of the loaded posts needs no further query.
    """
    people = Person.objects.filter(is_active=not closed, pk__in=Post.objects.values("person_id"))
    scope = tree().scope(actor)
    if scope is not None:
        people = people.exclude(pk__in=Post.objects.exclude(unit_id__in=scope).values("person_id"))
    if words:
        at_unit = Post.objects.filter(current(on), unit__name__icontains=words)
        people = people.filter(
            Q(name__icontains=words)
            | Q(username__icontains=words)
            | Q(pk__in=at_unit.values("person_id"))
        )
    posts = Post.objects.filter(current(on)).select_related("unit").order_by("unit__code", "role")
    return people.order_by("name", "id").prefetch_related(
        Prefetch("posts", queryset=posts, to_attr="held")
    )


def failures_from(network: bytes, *, since: datetime) -> int:
    """Count the failed sign-ins from one address since a moment, whatever names were tried."""
    return SignIn.objects.filter(network=network, success=False, at__gte=since).count()


def last_sign_ins(person: Person, *, number: int = 10) -> list[SignIn]:
    """Give a person's latest sign-ins, newest first."""
    return list(person.sign_ins.order_by("-at")[:number])


def admin_entries(*, at: datetime, days: int = 180) -> QuerySet[AdminEntry]:
    """Give the administration log of the last days, newest first (8.1.4.3: six months at least)."""
    entries = AdminEntry.objects.filter(at__gte=at - timedelta(days=days))
    return entries.select_related("by", "person", "unit").order_by("-at", "-id")


def find_person(username: str) -> Person | None:
    """Give the person of a (cleaned) user name, active or not."""
    return Person.objects.filter(username=username).first()


def posts_of(person: Person, *, on: date) -> list[Post]:
    """Give a person's posts of the day with their units, in one query."""
    posts = person.posts.filter(current(on)).select_related("unit")
    return list(posts.order_by("unit__code", "role"))
