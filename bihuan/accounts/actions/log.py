"""The administration log: what was done to units, people and posts, and who may do it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.utils.translation import gettext as _

from bihuan.accounts.actor import Actor
from bihuan.accounts.may import require
from bihuan.accounts.models import AdminEntry, Person


class Refused(ValueError):
    """What was asked cannot be done; the message is for the person who asked.

    field: the form field it is about, where there is one.
    """

    field: str = ""


class NameMissing(Refused):
    """A person or unit has a name."""

    field = "name"

    def __init__(self) -> None:
        super().__init__(_("请填写名称。"))


class NotOneself(Refused):
    """An administrator changes nothing about their own posts and account."""

    def __init__(self) -> None:
        super().__init__(_("不能给自己任职、停用自己或重置自己的密码，请由另一位系统管理员办理。"))


def log(
    what: str,
    *,
    by: Actor,
    at: datetime,
    person: Person | None = None,
    unit_id: int | None = None,
    facts: Mapping[str, object] | None = None,
) -> None:
    """Write one line of the administration log, in the caller's transaction.

    facts: ids, codes and states only; a name or a number of a person never belongs there.
    """
    AdminEntry.objects.create(
        what=what,
        by_id=by.person_id,
        by_label=by.label,
        person=person,
        unit_id=unit_id,
        at=at,
        facts=dict(facts or {}),
    )


def require_over(by: Actor, person: Person) -> None:
    """Raise NotPermitted unless `by` manages every unit where `person` ever held a post.

    Else a street's administrator could reset the password of the county's. Whoever never held a
    post belongs to nobody's unit: any administrator may.
    """
    require(by, "accounts.manage")
    for unit_id in person.posts.values_list("unit_id", flat=True).distinct():
        require(by, "accounts.manage", unit_id)


def not_oneself(by: Actor, person: Person) -> None:
    """Raise NotOneself when an administrator turns to their own account."""
    if by.person_id is not None and by.person_id == person.pk:
        raise NotOneself
