"""Posts are given and ended."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from bihuan.accounts.actions.log import Refused, log, not_oneself
from bihuan.accounts.actor import Actor
from bihuan.accounts.may import NotPermitted, require
from bihuan.accounts.models import Person, Post, Unit, current
from bihuan.accounts.roles import APPOINTED, Role, together


class PowersNotSeparate(Refused):
    """Administration, audit and case work stay in different hands (GB/T 22239-2019 三员分立)."""

    field = "role"

    def __init__(self) -> None:
        super().__init__(_("系统管理员、审计员不得与其他角色由同一人担任。"))


class PostHeld(Refused):
    """The person holds this post already."""

    field = "role"

    def __init__(self) -> None:
        super().__init__(_("此人已担任该单位的这一角色。"))


class PostEnded(Refused):
    """The post has ended before."""

    def __init__(self) -> None:
        super().__init__(_("这一任职已经结束。"))


@transaction.atomic
def give_post(*, person: Person, unit: Unit, role: Role, by: Actor, at: datetime) -> Post:
    """Give a person a role at a unit from today on.

    Raises NotPermitted, NotOneself, PowersNotSeparate, PostHeld.
    """
    not_oneself(by, person)
    require(by, "accounts.manage", unit.pk)
    if role not in APPOINTED:
        raise NotPermitted("accounts.manage", unit.pk)
    Person.objects.select_for_update(no_key=True).get(pk=person.pk)  # one appointment at a time
    today = localdate(at)
    held = [(Role(post.role), post.unit_id) for post in person.posts.filter(current(today))]
    if (role, unit.pk) in held:
        raise PostHeld
    if not together(role, frozenset(each for each, _unit in held)):
        raise PowersNotSeparate
    post = Post.objects.create(person=person, unit=unit, role=role, from_on=today)
    facts = {"role": role.value, "post": post.pk}
    log("accounts.give_post", by=by, at=at, person=person, unit_id=unit.pk, facts=facts)
    return post


@transaction.atomic
def end_post(*, post: Post, by: Actor, at: datetime) -> None:
    """End a post at once; today it counts no more. Raises NotPermitted, NotOneself, PostEnded."""
    held = Post.objects.select_for_update().select_related("person").get(pk=post.pk)
    not_oneself(by, held.person)
    require(by, "accounts.manage", held.unit_id)
    if held.to_on is not None:
        raise PostEnded
    post.to_on = held.to_on = max(localdate(at), held.from_on)
    held.save(update_fields=["to_on"])
    facts = {"role": held.role, "post": held.pk}
    log("accounts.end_post", by=by, at=at, person=held.person, unit_id=held.unit_id, facts=facts)
