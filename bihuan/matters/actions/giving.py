"""To whom work may be given: units and people that exist, may do it and are not its subject."""

from __future__ import annotations

from datetime import datetime

from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from bihuan.accounts.actor import Actor, actor_of
from bihuan.accounts.may import NotPermitted, may
from bihuan.accounts.models import Person
from bihuan.accounts.roles import Role
from bihuan.accounts.units import tree
from bihuan.matters.case import Case
from bihuan.matters.errors import BadValue, NotAnother, NotNow, OwnInterest
from bihuan.matters.models import Entry, Task

# the right that holding a task asks for; any other key is a share of the handling
RIGHTS = {"accept": "matters.accept", "verify": "matters.verify", "check": "matters.check"}
HANDLED = ("take_up", "take_up_share", "finish", "finish_share", "solve_on_spot")
BETWEEN_UNITS = (Role.CLERK, Role.SUPERVISOR)  # other roles give work within their unit alone


def check_units(*unit_ids: int) -> None:
    """Raise BadValue unless the units exist and are active."""
    units = tree()
    for unit_id in unit_ids:
        if unit_id not in units or not units.get(unit_id).is_active:
            raise BadValue(_("没有这个单位，或它已停用。"))


def check_reach(case: Case, by: Actor, unit_id: int) -> None:
    """Raise NotPermitted when a unit's head gives work to a unit that is not theirs."""
    if by.label == "system" or _speaks_for_the_centre(case, by):
        return
    if not may(by, "matters.assign", unit_id):
        raise NotPermitted("matters.assign", unit_id)


def _speaks_for_the_centre(case: Case, by: Actor) -> bool:
    units = tree()
    places = case.units("area", None)
    reached = {units.reach(u) for u in by.units_as(*BETWEEN_UNITS) if u in units}
    return any(not reached.isdisjoint((place, *units.above(place))) for place in places)


def check_person(
    case: Case, key: str, unit_id: int, person_id: int | None, *, at: datetime
) -> None:
    """Raise BadValue unless the person may do the task at the unit, and is not its subject."""
    if person_id is None:
        return
    person = Person.objects.filter(pk=person_id, is_active=True).first()
    actor = actor_of(person, on=localdate(at)) if person else None
    if actor is None or not actor.posts or not may(actor, _right(case, key), unit_id):
        raise BadValue(_("此人不在该单位，或没有办理这项任务的权限。"))
    case.allow_no_own_interest(actor)
    if key == "check" and person_id in handlers(case):
        raise NotAnother(_("核查要由办理人以外的人来做。"))


def _right(case: Case, key: str) -> str:
    if key in RIGHTS:
        return RIGHTS[key]
    step = case.kind.loop.find("take_up")
    return step.verb if step else "matters.take_up"


def handlers(case: Case) -> frozenset[int]:
    """Return the ids of all who handled the matter, in any round, also who handed it over since."""
    held = Task.objects.filter(matter=case.matter, person__isnull=False).exclude(key__in=RIGHTS)
    acted = Entry.objects.filter(matter=case.matter, step__in=HANDLED, by__isnull=False)
    return frozenset(held.values_list("person_id", flat=True)) | frozenset(
        acted.values_list("by_id", flat=True)
    )


def looking_unit(case: Case, unit_id: int | None) -> int:
    """Return who goes and looks: the unit named, else the cell's team, else the desk.

    Never the unit that the matter is about: named, it is refused; else the next one looks.
    """
    if unit_id is not None:
        check_units(unit_id)
        case.allow_unit(unit_id)
        return unit_id
    for one in (case.matter.area_id, desk_of(case)):
        if one is not None and not case.concerns(one):
            return one
    raise OwnInterest(_("这件事项反映的就是该单位，请交给其他单位办理。"))


def desk_of(case: Case) -> int:
    """Return the unit to which a returned matter goes back: the one that accepted it."""
    task = case.tasks.get("accept")
    if task is None:
        raise NotNow(_("找不到受理这件事项的单位。"))
    return task.unit_id
