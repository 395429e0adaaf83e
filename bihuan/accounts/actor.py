"""Who does something: a person with posts, the system, or a resident without an account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple

from django.utils.timezone import localdate

from bihuan.accounts.models import Person, current
from bihuan.accounts.roles import Role
from bihuan.base.clock import now

Label = Literal["person", "system", "reporter"]


class Held(NamedTuple):
    """A role held at a unit, and so at every unit below it."""

    role: Role
    unit_id: int


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who acts. Only a person has an id, a name and posts."""

    person_id: int | None
    label: Label
    name: str
    posts: tuple[Held, ...] = ()

    @property
    def unit_ids(self) -> frozenset[int]:
        """Give the units where a post is held (not those below them)."""
        return frozenset(post.unit_id for post in self.posts)

    @property
    def roles(self) -> frozenset[Role]:
        """Give every role held; whoever has no post is a resident like any other."""
        if self.label == "system":
            return frozenset({Role.SYSTEM})
        return frozenset(post.role for post in self.posts) or frozenset({Role.REPORTER})

    def has(self, role: Role) -> bool:
        """Say whether `role` is held anywhere."""
        return role in self.roles

    def units_as(self, *roles: Role) -> frozenset[int]:
        """Give the units where one of `roles` is held."""
        return frozenset(post.unit_id for post in self.posts if post.role in roles)


SYSTEM = Actor(None, "system", "")
REPORTER = Actor(None, "reporter", "")


def actor_of(person: Person, on: date | None = None) -> Actor:
    """Read a person's posts of the day `on` (today) in one query; closed units give none."""
    day = on or today()
    rows = (
        person.posts.filter(current(day), unit__is_active=True)
        .order_by("id")
        .values_list("role", "unit_id")
    )
    posts = tuple(Held(Role(role), unit_id) for role, unit_id in rows)
    return Actor(person.pk, "person", person.name, posts)


def today() -> date:
    """Give the county's date."""
    return localdate(now())
