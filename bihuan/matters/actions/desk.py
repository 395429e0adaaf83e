"""What the desk does with a matter: see it, look into it, register it, give it to a unit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from bihuan.accounts.actor import Actor
from bihuan.matters import chain
from bihuan.matters.actions.giving import check_person, check_reach, check_units, looking_unit
from bihuan.matters.actions.photos import Kept, keep_photos, photo_owed
from bihuan.matters.case import Case, held, step, taking
from bihuan.matters.errors import BadValue, NoteMissing
from bihuan.matters.models import Matter


def accept(
    *,
    matter_id: int,
    by: Actor,
    at: datetime,
    note: str = "",
    verify_unit_id: int | None = None,
    verify_person_id: int | None = None,
) -> Matter:
    """Say that the county has seen it, and ask the cell's team to look (受理、核实)."""
    with step(matter_id, "accept", by=by, at=at, note=note) as case:
        _end_accept(case, by, at)
        unit_id = looking_unit(case, verify_unit_id)
        check_person(case, "verify", unit_id, verify_person_id, at=at)
        case.add_task("verify", unit_id=unit_id, person_id=verify_person_id, at=at)
    return case.matter


def verify(
    *,
    matter_id: int,
    found: bool,
    note: str,
    by: Actor,
    at: datetime,
    photos: Sequence[Kept] = (),
) -> Matter:
    """Say whether it is as reported (核实). If not, it stays for the desk to void or register."""
    with held(matter_id) as case:
        task = case.task("verify")
        case.allow(by, "matters.verify", place="task", task=task)
        if found:
            with taking(
                case, "verify", by=by, at=at, note=note, task="verify", facts={"found": True}
            ):
                case.end_task(task, "done", at=at, by=by, opinion=note)
                keep_photos(case, photos, use="before", by=by, at=at)
        else:
            case.find_step("verify")
            if not note.strip():
                raise NoteMissing(_("请写明现场看到的情况。"))
            case.end_task(task, "done", at=at, by=by, opinion=note)
            keep_photos(case, photos, use="before", by=by, at=at)
            case.write("not_found", by=by, at=at, note=note, task="verify", facts={"found": False})
    return case.matter


def register(*, matter_id: int, by: Actor, at: datetime, note: str = "") -> Matter:
    """File it as a matter of the county's own (立案), at once or after the look."""
    with step(matter_id, "register", by=by, at=at, note=note) as case:
        _end_accept(case, by, at)
        if "verify" in case.tasks and case.tasks["verify"].state != "done":
            case.end_task(case.tasks["verify"], "skipped", at=at)
    return case.matter


def assign(
    *,
    matter_id: int,
    unit_id: int,
    by: Actor,
    at: datetime,
    note: str = "",
    person_id: int | None = None,
    helper_unit_ids: Sequence[int] = (),
    why: str = "",
) -> Matter:
    """Give the lead to a unit, and shares to helpers (派遣：主办、协办). why: the rule's reason."""
    check_units(unit_id, *helper_unit_ids)
    facts: dict[str, chain.Fact] = {"unit": unit_id}
    if why:
        facts["why"] = why
    with step(matter_id, "assign", by=by, at=at, note=note, facts=facts) as case:
        if unit_id in helper_unit_ids:
            raise BadValue(_("协办单位不能与主办单位相同。"))
        check_reach(case, by, unit_id)
        for one in (unit_id, *helper_unit_ids):
            case.allow_unit(one)
        check_person(case, "lead", unit_id, person_id, at=at)
        case.matter.owner_id = unit_id
        case.next_round("lead", unit_id=unit_id, person_id=person_id, at=at)
        for helper in dict.fromkeys(helper_unit_ids):
            case.next_round(f"helper-{helper}", unit_id=helper, at=at)
    return case.matter


def reassign(*, matter_id: int, unit_id: int, by: Actor, at: datetime, note: str) -> Matter:
    """Take the lead from one unit and give it to another (改派); what was written stays."""
    check_units(unit_id)
    with step(matter_id, "reassign", by=by, at=at, note=note, facts={"unit": unit_id}) as case:
        lead = case.tasks.get("lead")
        if lead is not None and lead.unit_id == unit_id:
            raise BadValue(_("这件事项已经由该单位主办。"))
        check_reach(case, by, unit_id)
        case.allow_unit(unit_id)
        case.matter.owner_id = unit_id
        case.next_round("lead", unit_id=unit_id, at=at)
    return case.matter


def reject(*, matter_id: int, reason: str, note: str, by: Actor, at: datetime) -> Matter:
    """Say that the county will not take it on, why, and where to turn (不予受理)."""
    with step(matter_id, "reject", by=by, at=at, note=note, facts={"reason": reason}) as case:
        _end_accept(case, by, at)
    return case.matter


def void(*, matter_id: int, reason: str, note: str, by: Actor, at: datetime) -> Matter:
    """Strike it out as no matter of the county's, with the reason (作废)."""
    with step(matter_id, "void", by=by, at=at, note=note, facts={"reason": reason}) as case:
        pass
    return case.matter


def solve_on_spot(
    *, matter_id: int, note: str, by: Actor, at: datetime, photos: Sequence[Kept] = ()
) -> Matter:
    """Close it where it was found: put right at once by who came (现场办结)."""
    with step(matter_id, "solve_on_spot", by=by, at=at, note=note) as case:
        photo_owed(case, photos)
        keep_photos(case, photos, use="after", by=by, at=at)
        for key in ("verify", "lead"):
            task = case.tasks.get(key)
            if task is not None and task.state in ("ready", "doing"):
                case.end_task(task, "done", at=at, by=by, opinion=note)
    return case.matter


def _end_accept(case: Case, by: Actor, at: datetime) -> None:
    task = case.tasks.get("accept")
    if task is not None and task.state in ("ready", "doing"):
        case.end_task(task, "done", at=at, by=by)
    case.end_clock("accept", at=at)
