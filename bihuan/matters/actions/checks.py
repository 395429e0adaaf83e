"""Somebody else looks whether it is done (核查), and closes it or sends it back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from bihuan.accounts.actor import Actor
from bihuan.matters.actions.giving import check_person, handlers, looking_unit
from bihuan.matters.actions.photos import Kept, keep_photos
from bihuan.matters.case import Case, held, step, taking
from bihuan.matters.errors import NotAnother, NotNow
from bihuan.matters.models import Matter


def start_check(
    *,
    matter_id: int,
    by: Actor,
    at: datetime,
    unit_id: int | None = None,
    person_id: int | None = None,
    note: str = "",
) -> Matter:
    """Ask the cell's team (or `unit_id`) to look whether it is done."""
    with step(matter_id, "start_check", by=by, at=at, note=note) as case:
        where = looking_unit(case, unit_id)
        check_person(case, "check", where, person_id, at=at)
        case.next_round("check", unit_id=where, person_id=person_id, at=at)
    return case.matter


def pass_check(
    *, matter_id: int, note: str, by: Actor, at: datetime, photos: Sequence[Kept] = ()
) -> Matter:
    """Say that it is done as it should be, and close the loop (结案)."""
    with (
        held(matter_id) as case,
        taking(case, "pass_check", by=by, at=at, note=note, task=_check_key(case)),
    ):
        _another(case, by)
        _end_check(case, by, at, note)
        keep_photos(case, photos, use="after", by=by, at=at)
    return case.matter


def fail_check(
    *, matter_id: int, note: str, by: Actor, at: datetime, photos: Sequence[Kept] = ()
) -> Matter:
    """Say that it is not done: a new round for the lead, its clock runs on (返工)."""
    with (
        held(matter_id) as case,
        taking(case, "fail_check", by=by, at=at, note=note, task=_check_key(case)),
    ):
        _another(case, by)
        _end_check(case, by, at, note)
        keep_photos(case, photos, use="before", by=by, at=at)
        case.reopen_clock("finish", at=at, fresh=False)
        lead = case.tasks.get("lead")
        if lead is None:
            raise NotNow(_("没有可以返工的主办任务。"))
        case.next_round("lead", unit_id=lead.unit_id, person_id=lead.person_id, at=at)
    return case.matter


def _another(case: Case, by: Actor) -> None:
    if by.person_id is not None and by.person_id in handlers(case):
        raise NotAnother(_("核查要由办理人以外的人来做。"))


def _check_key(case: Case) -> str:
    task = case.tasks.get("check")
    return "check" if task is not None and task.state in ("ready", "doing") else ""


def _end_check(case: Case, by: Actor, at: datetime, note: str) -> None:
    if _check_key(case):
        case.end_task(case.tasks["check"], "done", at=at, by=by, opinion=note)
