"""More time, less time, standing still: extension, pause, question, appeal."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from bihuan.accounts.actor import Actor
from bihuan.matters.case import Case, held, moment, step
from bihuan.matters.errors import BadValue, NoteMissing, NotNow, Refused, TooLate, TooMany
from bihuan.matters.models import Appeal, Clock, Extension, Matter, Stop
from bihuan.matters.timed import ASKED

logger = logging.getLogger(__name__)


def pause(
    *,
    matter_id: int,
    cause: str,
    until: datetime,
    note: str,
    by: Actor,
    at: datetime,
    evidence: str = "",
) -> Matter:
    """Hang a matter up until a date (挂账): its clocks stand still; once, and it revives itself."""
    facts = {"cause": cause, "until": moment(until)}
    with step(matter_id, "pause", by=by, at=at, note=note, facts=facts) as case:
        kind = case.kind
        if cause not in kind.pause_causes:
            raise BadValue(_("请选择挂账的原因。"))
        if not at < until <= at + timedelta(days=kind.pause_days):
            raise BadValue(
                _("挂账到期日要在今天之后、%(days)s 天以内。") % {"days": kind.pause_days}
            )
        most = kind.pause_most(cause)
        if most is not None and localdate(until) > localdate(at) + timedelta(days=most):
            raise BadValue(_("因为这个原因最多挂账 %(days)s 天。") % {"days": most})
        _begin_stop(case, "pause", cause, at, until=until, most=kind.pauses)
        case.stop_clocks(at=at, cause=cause, evidence=evidence)
    return case.matter


def revive(*, matter_id: int, by: Actor, at: datetime, note: str = "") -> Matter:
    """Take a paused matter up again where it was; its clocks run on."""
    with step(matter_id, "revive", by=by, at=at, note=note) as case:
        _end_stop(case, at)
    return case.matter


def revive_due(*, by: Actor, at: datetime) -> int:
    """Revive every paused matter whose date has come; return how many.

    One that was merged while it was paused is revived when it is taken out again.
    """
    due = Stop.objects.filter(sort="pause", ended_at=None, until__lte=at, matter__closed_at=None)
    revived = 0
    for matter_id in list(due.order_by("until").values_list("matter_id", flat=True)):
        try:
            revive(matter_id=matter_id, by=by, at=at)
        except Refused:  # somebody was quicker; it must not hold up the others
            logger.info("matter %s was not revived: not paused any more", matter_id)
        else:
            revived += 1
    return revived


def ask(*, matter_id: int, cause: str, note: str, by: Actor, at: datetime) -> Matter:
    """Ask a question that must be answered first; the clocks wait (补充说明)."""
    with step(matter_id, "ask", by=by, at=at, note=note, facts={"cause": cause}) as case:
        if cause not in case.kind.wait_causes:
            raise BadValue(_("请选择要等待的原因。"))
        _begin_stop(case, "wait", cause, at, until=None, most=case.kind.waits)
        case.stop_clocks(at=at, cause=cause)
    return case.matter


def answer(*, matter_id: int, note: str, by: Actor, at: datetime) -> Matter:
    """Answer the question; the matter goes on where it was and the clocks run on."""
    with step(matter_id, "answer", by=by, at=at, note=note) as case:
        _end_stop(case, at)
    return case.matter


def ask_extension(*, matter_id: int, note: str, by: Actor, at: datetime) -> Extension:
    """Ask for one more original limit (延期): before it is overdue, at most so often."""
    with held(matter_id) as case:
        clock = _running_finish(case)
        case.allow(by, "matters.extend", place="task", task=case.tasks.get("lead"))
        if not note.strip():
            raise NoteMissing(_("请写明申请延期的原因。"))
        if clock.due_at is None:
            raise NotNow(_("时限正在暂停，恢复办理以后才能申请延期。"))
        if at > clock.due_at:
            raise TooLate(_("已经超期，不能再申请延期。"))
        earlier = list(Extension.objects.filter(matter=case.matter))
        if any(e.state in ASKED for e in earlier):
            raise NotNow(_("已有一份延期申请在等待同意。"))
        if sum(e.state == "granted" for e in earlier) >= case.kind.extensions:
            raise TooMany(_("最多延期 %(n)s 次。") % {"n": case.kind.extensions})
        extension = Extension(
            matter=case.matter,
            state="asked",
            seconds=clock.base_seconds,
            asked_by_id=by.person_id,
            asked_at=at,
        )
        extension.save(force_insert=True)
        case.write(
            "ask_extension", by=by, at=at, note=note, task="lead", facts={"extension": extension.pk}
        )
    return extension


def agree_extension(*, matter_id: int, by: Actor, at: datetime, note: str = "") -> Extension:
    """Agree to more time: the unit's head first, then the centre, whose word moves the date.

    Two people agree. A head who asks may agree for the unit, the centre's word is another's.
    """
    with held(matter_id) as case:
        extension = _open_extension(case)
        if extension.state == "asked":
            case.allow(by, "matters.extend_agree_unit", place="task", task=case.tasks.get("lead"))
            extension.state, extension.unit_by_id = "unit_agreed", by.person_id
            name = "agree_extension_unit"
        else:
            case.allow(by, "matters.extend_agree_centre")
            if by.person_id is not None and by.person_id in (
                extension.asked_by_id,
                extension.unit_by_id,
            ):
                raise NotNow(_("两级同意要由两个人来做。"))
            extension.state, extension.decided_at = "granted", at
            clock = case.clocks["finish"]
            clock.limit_seconds += extension.seconds
            case.reckon(clock)
            name = "grant_extension"
        extension.save(update_fields=["state", "unit_by", "decided_at"])
        case.write(name, by=by, at=at, note=note, task="lead", facts={"extension": extension.pk})
    return extension


def refuse_extension(*, matter_id: int, note: str, by: Actor, at: datetime) -> Extension:
    """Refuse more time, with the reason; a refusal is not counted."""
    with held(matter_id) as case:
        extension = _open_extension(case)
        if extension.state == "asked":
            case.allow(by, "matters.extend_agree_unit", place="task", task=case.tasks.get("lead"))
        else:
            case.allow(by, "matters.extend_agree_centre")
        if not note.strip():
            raise NoteMissing(_("请写明不同意的原因。"))
        extension.state, extension.decided_at = "refused", at
        extension.save(update_fields=["state", "decided_at"])
        case.write(
            "refuse_extension",
            by=by,
            at=at,
            note=note,
            task="lead",
            facts={"extension": extension.pk},
        )
    return extension


def appeal(*, matter_id: int, note: str, by: Actor, at: datetime) -> Appeal:
    """Say that an overdue mark is unjust (申诉): after closing, once."""
    with held(matter_id) as case:
        lead = case.tasks.get("lead")
        case.allow(by, "matters.appeal", place="task" if lead else "area", task=lead)
        if case.matter.closed_at is None or not any(c.late for c in case.clocks.values()):
            raise NotNow(_("只有结案后被记为超期的事项才能申诉。"))
        if Appeal.objects.filter(matter=case.matter).exists():
            raise TooMany(_("每件事项只能申诉一次。"))
        if not note.strip():
            raise NoteMissing(_("请写明申诉的理由。"))
        row = Appeal(matter=case.matter, state="asked", asked_by_id=by.person_id, asked_at=at)
        row.save(force_insert=True)
        case.write("appeal", by=by, at=at, note=note)
    return row


def decide_appeal(*, matter_id: int, agree: bool, note: str, by: Actor, at: datetime) -> Appeal:
    """Review an appeal, twice, by two people; upheld, the lateness leaves the figures alone."""
    with held(matter_id) as case:
        row = Appeal.objects.filter(matter=case.matter, state__in=("asked", "agreed_once")).first()
        if row is None:
            raise NotNow(_("没有等待审核的申诉。"))
        first = row.state == "asked"
        case.allow(by, "matters.appeal_first" if first else "matters.appeal_second")
        if not note.strip():
            raise NoteMissing(_("请写明审核意见。"))
        if by.person_id is not None and by.person_id in (row.asked_by_id, row.first_by_id):
            raise NotNow(_("申诉人和两次审核要由不同的人来做。"))
        if agree and first:
            row.state, row.first_by_id = "agreed_once", by.person_id
        else:
            row.state, row.decided_at = ("upheld" if agree else "refused"), at
            case.matter.exempt = agree
        row.save(update_fields=["state", "first_by", "decided_at"])
        case.write("decide_appeal", by=by, at=at, note=note, facts={"appeal": row.state})
    return row


def _begin_stop(
    case: Case, sort: str, cause: str, at: datetime, *, until: datetime | None, most: int
) -> None:
    if Stop.objects.filter(matter=case.matter, sort=sort).count() >= most:
        if sort == "pause":
            raise TooMany(_("每件事项最多挂账 %(n)s 次。") % {"n": most})
        raise TooMany(_("最多只能提问等待 %(n)s 次。") % {"n": most})
    Stop(matter=case.matter, sort=sort, cause=cause, until=until, begun_at=at).save(
        force_insert=True
    )


def _end_stop(case: Case, at: datetime) -> None:
    stop = Stop.objects.get(matter=case.matter, ended_at=None)
    stop.ended_at = at
    stop.save(update_fields=["ended_at"])
    case.run_clocks(at=at, cause="went_on")


def _running_finish(case: Case) -> Clock:
    clock = case.clocks.get("finish")
    lead = case.tasks.get("lead")
    if clock is None or clock.done_at is not None or lead is None:
        raise NotNow(_("事项没有正在计时的办理时限，不能申请延期。"))
    return clock


def _open_extension(case: Case) -> Extension:
    found = Extension.objects.filter(matter=case.matter, state__in=ASKED).first()
    if found is None:
        raise NotNow(_("没有等待同意的延期申请。"))
    _running_finish(case)
    return found
