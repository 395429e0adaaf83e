"""Task verbs. One matter is one queue: every verb locks the matter's row first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from bihuan.accounts.actor import Actor
from bihuan.matters import chain
from bihuan.matters.actions.giving import check_person, check_units, desk_of
from bihuan.matters.actions.photos import Kept, keep_photos, photo_owed
from bihuan.matters.case import HELD_KEYS, Case, held, taking
from bihuan.matters.errors import BadValue, NoteMissing, NotNow
from bihuan.matters.models import Matter, Task


def take_up(*, matter_id: int, key: str, by: Actor, at: datetime) -> Matter:
    """Say "I am on it": the task is theirs, and the matter is being handled (签收)."""
    with held(matter_id) as case:
        task = case.task(key, states=("ready",))
        case.allow(by, _verb(case, "take_up"), place="task", task=task)
        _is_share(case, key)
        if key == _main(case, key) and case.matter.state != "handling":
            with taking(case, "take_up", by=by, at=at, task=key):
                _begin(task, by)
        else:
            _goes_on(case)
            _begin(task, by)
            case.write("take_up_share", by=by, at=at, task=key)
    return case.matter


def finish(
    *,
    matter_id: int,
    key: str,
    opinion: str,
    by: Actor,
    at: datetime,
    photos: Sequence[Kept] = (),
    before_photos: Sequence[Kept] = (),
) -> Matter:
    """Say that a share is done, with words and evidence; the last one makes the matter handled."""
    with held(matter_id) as case:
        task = case.task(key)
        case.allow(by, _verb(case, "finish"), place="task", task=task)
        if not opinion.strip():
            raise NoteMissing(_("请写明办理结果，居民会看到这段话。"))
        _is_share(case, key)
        if key == "lead":
            photo_owed(case, photos)
        others = [t for t in case.share() if t.key != key and t.state not in ("done", "skipped")]
        # a helper may end while the lead is back at the desk: then nothing is handled yet
        last = not others and (not key.startswith("helper") or "lead" in case.tasks)
        keep_photos(case, before_photos, use="before", by=by, at=at)
        keep_photos(case, photos, use="after", by=by, at=at)
        if last:
            with taking(case, "finish", by=by, at=at, note=opinion, task=key):
                case.end_task(task, "done", at=at, by=by, opinion=opinion)
                case.end_clock("finish", at=at)
        else:
            _goes_on(case)
            case.end_task(task, "done", at=at, by=by, opinion=opinion)
            case.write("finish_share", by=by, at=at, note=opinion, task=key)
    return case.matter


def return_task(
    *, matter_id: int, key: str, reason: str, note: str, by: Actor, at: datetime
) -> Matter:
    """Give a task back with a reason (退单); what was already filled in stays."""
    with held(matter_id) as case:
        task = case.task(key)
        case.allow(by, "matters.return", place="task", task=task)
        if not note.strip():
            raise NoteMissing(_("请写明退回的原因。"))
        _is_share(case, key)
        task.opinion = note
        if key == "lead":
            facts: dict[str, chain.Fact] = {"reason": reason, "from": task.unit_id}
            with taking(case, "return", by=by, at=at, note=note, task=key, facts=facts):
                case.set_aside(task)
                case.matter.owner_id = desk_of(case)
        else:
            _goes_on(case)
            case.set_aside(task)
            case.write("return_share", by=by, at=at, note=note, task=key, facts={"reason": reason})
    return case.matter


def hand_over(
    *, matter_id: int, key: str, person_id: int, by: Actor, at: datetime, note: str = ""
) -> Matter:
    """Give an open task to another person of the same unit (转办)."""
    with held(matter_id) as case:
        task = case.task(key)
        case.allow(by, "matters.hand_over", place="task", task=task)
        if task.person_id == person_id:
            raise BadValue(_("这项任务已经由此人办理。"))
        check_person(case, key, task.unit_id, person_id, at=at)
        task.person_id = person_id
        case.write("hand_over", by=by, at=at, note=note, task=key, facts={"person": person_id})
    return case.matter


def add_helper(*, matter_id: int, unit_id: int, by: Actor, at: datetime, note: str) -> Matter:
    """Ask another unit to take a share (协办、吹哨报到)."""
    check_units(unit_id)
    with held(matter_id) as case:
        if not _at_work(case):
            raise NotNow(_("只有正在办理的事项才能请其他单位协办。"))
        case.allow(by, "matters.add_helper")
        case.allow_unit(unit_id)
        if not note.strip():
            raise NoteMissing(_("请写明要协办什么。"))
        if any(t.unit_id == unit_id and t.state != "done" for t in case.share()):
            raise BadValue(_("该单位已经在办理这件事项。"))
        case.next_round(f"helper-{unit_id}", unit_id=unit_id, at=at)
        case.write("add_helper", by=by, at=at, note=note, facts={"unit": unit_id})
    return case.matter


def send_back(*, matter_id: int, key: str, note: str, by: Actor, at: datetime) -> Matter:
    """Open a new round of a done share; no other opinion is touched, what followed waits again."""
    with held(matter_id) as case:
        task = case.task(key, states=("done",))
        case.allow(by, "matters.rework")
        _is_share(case, key)
        if not note.strip():
            raise NoteMissing(_("请写明要重新办理的原因。"))
        after = [t for t in case.tasks.values() if key in t.needs]
        if not _at_work(case) or any(t.state == "done" for t in after):
            raise NotNow(_("后面的步骤已经办完，不能再退回这一步。"))
        case.next_round(key, unit_id=task.unit_id, person_id=task.person_id, at=at)
        for other in after:
            if other.state in ("ready", "doing"):
                other.state, other.opened_at = "waiting", None
        case.write("send_back", by=by, at=at, note=note, task=key)
    return case.matter


def _begin(task: Task, by: Actor) -> None:
    task.state = "doing"
    task.person_id = by.person_id


def _is_share(case: Case, key: str) -> None:
    """Raise NotNow for a task that ends by a verb of its own (accept, verify, check)."""
    if key in HELD_KEYS:
        raise _not_now(case)


def _goes_on(case: Case) -> None:
    """Raise NotNow while the matter is paused or waits: its shares rest as well."""
    steps = [case.kind.loop.find(name) for name in ("revive", "answer")]
    if any(case.matter.state in step.sources for step in steps if step):
        raise _not_now(case)


def _at_work(case: Case) -> bool:
    """Say whether units work on their shares: the matter could be finished from here."""
    step = case.kind.loop.find("finish")
    return step is not None and case.matter.state in step.sources


def _not_now(case: Case) -> NotNow:
    return NotNow(
        _("事项现在是“%(state)s”，不能这样办理。请刷新后再试。") % {"state": case.state_label}
    )


def _verb(case: Case, name: str) -> str:
    """Return the right that the kind's loop asks for a step, the usual one when it has none."""
    found = case.kind.loop.find(name)
    return found.verb if found else f"matters.{name}"


def _main(case: Case, key: str) -> str:
    """Return the task whose taking up moves the matter: the lead; without one, any share."""
    return "lead" if "lead" in case.tasks else key
