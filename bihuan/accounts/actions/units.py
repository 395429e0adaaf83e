"""Units are made, moved, given their hours, and taken out of use."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from bihuan.accounts.actions.log import NameMissing, Refused, log
from bihuan.accounts.actor import Actor
from bihuan.accounts.may import require
from bihuan.accounts.models import Unit
from bihuan.base.cached import bump

DAY_SECONDS = 86_400


class CodeTaken(Refused):
    """Another unit has this code."""

    field = "code"

    def __init__(self, code: str) -> None:
        super().__init__(_("编码 %(code)s 已被其他单位使用。") % {"code": code})


class ParentMissing(Refused):
    """Only the first unit has none above it."""

    field = "parent"

    def __init__(self) -> None:
        super().__init__(_("请选择上级单位。"))


class Circle(Refused):
    """A unit cannot lie below itself."""

    field = "parent"

    def __init__(self) -> None:
        super().__init__(_("上级单位不能是本单位或其下级单位。"))


class HoursWrong(Refused):
    """Office hours are spans of a day, in order, not touching midnight twice."""

    field = "hours"

    def __init__(self) -> None:
        super().__init__(_("办公时间应按先后排列，且不得重叠。"))


class RootStays(Refused):
    """The unit above all others is neither moved nor closed."""

    def __init__(self) -> None:
        super().__init__(_("最上级单位不能移动或停用。"))


class UnitsBelow(Refused):
    """A unit is closed after those below it."""

    def __init__(self) -> None:
        super().__init__(_("请先停用或移走它的下级单位。"))


@transaction.atomic
def create_unit(
    *,
    code: str,
    name: str,
    kind: str,
    parent: Unit | None,
    by: Actor,
    at: datetime,
    area_code: str = "",
    office_hours: Sequence[tuple[int, int]] | None = None,
) -> Unit:
    """Add a unit below `parent`; only the first unit of an installation has none.

    office_hours: spans in seconds of the day. Raises NotPermitted, CodeTaken, ParentMissing,
    NameMissing, HoursWrong.
    """
    require(by, "accounts.manage", parent.pk if parent else None)
    if parent is None and Unit.objects.exists():
        raise ParentMissing
    if not name.strip() or not code.strip():
        raise NameMissing
    bump("units")
    unit = Unit(
        code=code.strip(),
        name=name.strip(),
        kind=Unit.Kind(kind),
        parent=parent,
        area_code=area_code,
        office_hours=_checked_hours(office_hours),
    )
    try:
        with transaction.atomic():
            unit.save(force_insert=True)
    except IntegrityError as error:
        if "unit_code" in str(error):
            raise CodeTaken(unit.code) from None
        raise
    log("accounts.create_unit", by=by, at=at, unit_id=unit.pk, facts={"code": unit.code})
    return unit


@transaction.atomic
def move_unit(*, unit: Unit, parent: Unit, by: Actor, at: datetime) -> None:
    """Hang a unit, with all below it, under another one. Raises NotPermitted, Circle, RootStays."""
    if unit.parent_id is None:
        raise RootStays
    # Both ends: nobody moves a unit out of, or into, somebody else's county.
    require(by, "accounts.manage", unit.parent_id)
    require(by, "accounts.manage", parent.pk)
    bump("units")  # its row lock lets one move in at a time: two cannot close a circle together
    above: Unit | None = Unit.objects.get(pk=parent.pk)
    while above is not None:
        if above.pk == unit.pk:
            raise Circle
        above = above.parent
    before, unit.parent = unit.parent_id, parent
    unit.save(update_fields=["parent"])
    facts = {"before": before, "after": parent.pk}
    log("accounts.move_unit", by=by, at=at, unit_id=unit.pk, facts=facts)


@transaction.atomic
def set_office_hours(
    *, unit: Unit, office_hours: Sequence[tuple[int, int]] | None, by: Actor, at: datetime
) -> None:
    """Set a unit's office hours (seconds of the day; None = as the unit above)."""
    require(by, "accounts.manage", unit.pk)
    bump("units")
    unit.office_hours = _checked_hours(office_hours)
    unit.save(update_fields=["office_hours"])
    facts = {"office_hours": unit.office_hours}
    log("accounts.set_office_hours", by=by, at=at, unit_id=unit.pk, facts=facts)


@transaction.atomic
def close_unit(*, unit: Unit, by: Actor, at: datetime) -> None:
    """Take a unit out of use: its posts count no more, its history stays.

    Raises NotPermitted, RootStays, UnitsBelow. What lies on its desk is the caller's question.
    """
    if unit.parent_id is None:
        raise RootStays
    require(by, "accounts.manage", unit.parent_id)
    bump("units")
    if unit.children.filter(is_active=True).exists():
        raise UnitsBelow
    unit.is_active = False
    unit.save(update_fields=["is_active"])
    log("accounts.close_unit", by=by, at=at, unit_id=unit.pk)


def _checked_hours(spans: Sequence[tuple[int, int]] | None) -> list[list[int]] | None:
    """Give the spans as they are stored; raise HoursWrong unless in order within one day."""
    if spans is None:
        return None
    last = 0
    for start, end in spans:
        if not last <= start < end <= DAY_SECONDS:
            raise HoursWrong
        last = end
    if not spans:
        raise HoursWrong
    return [[start, end] for start, end in spans]
