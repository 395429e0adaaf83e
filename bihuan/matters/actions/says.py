"""What people say about a matter: notes, reminders, orders, ratings; and who looked at whom."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from bihuan.accounts.actor import Actor
from bihuan.accounts.may import NotPermitted
from bihuan.accounts.units import tree
from bihuan.base.worktime import DEFAULT_SPANS
from bihuan.matters import chain
from bihuan.matters.actions.giving import desk_of
from bihuan.matters.actions.opening import NewTask, Opening, open_matter
from bihuan.matters.actions.photos import Kept, keep_photos
from bihuan.matters.case import Case, held, moment, taking
from bihuan.matters.errors import BadValue, NoteMissing, NotNow, TooLate, TooMany
from bihuan.matters.models import Entry, Matter, Rating

BAD = 2  # levels 1 and 2 of five are bad ratings (好差评: 不满意, 非常不满意)
CALLBACK_SECONDS = 3 * 28_800  # three working days of 8 hours to call back after a bad rating


def add_note(
    *,
    matter_id: int,
    note: str,
    by: Actor,
    at: datetime,
    photos: Sequence[Kept] = (),
    record_id: int | None = None,
) -> Entry:
    """Add words or photos to a matter, by staff or by its reporter."""
    with held(matter_id) as case:
        case.allow(by, "matters.note")
        if not note.strip() and not photos:
            raise NoteMissing(_("请写几句话或附上照片。"))
        if case.matter.state in case.kind.loop.ends:
            raise NotNow(_("事项已经结束，不能再补充。"))
        use = "note" if by.label == "person" else "report"
        keep_photos(case, photos, use=use, by=by, at=at, record_id=record_id)
        facts: dict[str, chain.Fact] = {"photos": len(photos)}
        return case.write("note", by=by, at=at, note=note.strip(), facts=facts)


def remind(
    *, matter_id: int, by: Actor, at: datetime, note: str = "", record_id: int | None = None
) -> Matter:
    """Ask how it is going (催办): anyone waiting, counted, only so often a day each.

    record_id: the record of the reporter who asks; each of several reporters may.
    """
    with held(matter_id) as case:
        case.allow(by, "matters.remind")
        _still_open(case)
        day_ago = at - timedelta(days=1)
        recent = Entry.objects.filter(matter=case.matter, step="remind", at__gt=day_ago)
        facts: dict[str, chain.Fact] = {} if record_id is None else {"record": record_id}
        mine = recent.filter(by_id=by.person_id, facts__contains=facts)
        if mine.count() >= case.kind.reminds_a_day:
            raise TooMany(_("今天已经催过了，承办单位已收到提醒。"))
        case.matter.reminds += 1
        facts["count"] = case.matter.reminds
        case.write("remind", by=by, at=at, note=note, facts=facts)
    return case.matter


def press(*, matter_id: int, note: str, until: datetime, by: Actor, at: datetime) -> Matter:
    """Order that it be done (督办), with a time of its own; never a change of state."""
    with held(matter_id) as case:
        case.allow(by, "matters.press")
        _still_open(case)
        if not note.strip():
            raise NoteMissing(_("请写明督办要求。"))
        if until <= at:
            raise BadValue(_("督办期限要在现在之后。"))
        case.matter.presses += 1
        facts: dict[str, chain.Fact] = {"count": case.matter.presses, "until": moment(until)}
        case.write("press", by=by, at=at, note=note, facts=facts)
    return case.matter


def reveal(
    *, matter_id: int, field: str, reason: str, by: Actor, at: datetime, record_id: int
) -> Entry:
    """Log that `by` looks at what is hidden of a reporter (phone, name), and why."""
    with held(matter_id) as case:
        case.allow(by, "matters.reveal")
        if not reason.strip():
            raise NoteMissing(_("请写明查看的理由，查看会留下记录。"))
        facts: dict[str, chain.Fact] = {"field": field, "record": record_id}
        return case.write("reveal", by=by, at=at, note=reason, facts=facts)


def rate(
    *,
    matter_id: int,
    level: int | None,
    solved: bool | None,
    note: str,
    by: Actor,
    at: datetime,
    record_id: int | None = None,
) -> Rating:
    """Keep the reporter's judgement: solved or not, apart from how satisfied (five levels).

    A bad level opens a callback matter in the same transaction. Nobody who works for the
    county may rate, nor the system in anybody's name.
    """
    with held(matter_id) as case:
        case.allow(by, "matters.rate")
        if by.posts or by.label == "system":
            raise NotPermitted("matters.rate")
        if case.matter.state not in case.kind.loop.ends:
            raise NotNow(_("事项办结以后才能评价。"))
        if level is None and solved is None:
            raise BadValue(_("请选择是否解决，或给出评价。"))
        if level is not None and not 1 <= level <= 5:
            raise BadValue(_("评价分五级，请选一级。"))
        if solved is not None:
            case.matter.resolved = solved
        facts: dict[str, chain.Fact] = {"level": level, "solved": solved}
        entry = case.write("rate", by=by, at=at, note=note, facts=facts)
        rating = Rating(
            matter=case.matter, record_id=record_id, level=level, solved=solved, at=at, entry=entry
        )
        rating.save(force_insert=True)
        if level is not None and level <= BAD:
            _open_callback(case, by, at)
    return rating


def reopen(*, matter_id: int, note: str, by: Actor, at: datetime) -> Matter:
    """Open a closed matter again because it is not solved: its whole limit anew.

    To the unit that handled it as a new round, or to the desk when nobody did.
    """
    with held(matter_id) as case:
        lead = case.tasks.get("lead")
        name = "reopen" if lead else "reopen_at_desk"
        case.find_step(name)
        closed_at, kind = case.matter.closed_at, case.kind
        if closed_at is None or at > closed_at + timedelta(days=kind.reopen_days):
            raise TooLate(_("结案超过 %(n)s 天，请重新上报。") % {"n": kind.reopen_days})
        if case.matter.reopens >= kind.reopens:
            raise TooMany(_("已经重新办理过 %(n)s 次，请致电热线。") % {"n": kind.reopens})
        with taking(case, name, by=by, at=at, note=note):
            case.matter.reopens += 1
            case.matter.resolved = None
            case.reopen_clock("finish", at=at, fresh=True)
            case.matter.owner_id = lead.unit_id if lead else desk_of(case)
            if lead:
                case.next_round("lead", unit_id=lead.unit_id, person_id=lead.person_id, at=at)
    return case.matter


def _open_callback(case: Case, by: Actor, at: datetime) -> None:
    matter = case.matter
    desk = case.tasks["accept"].unit_id if "accept" in case.tasks else matter.owner_id
    hours = [list(span) for span in tree().office_hours(desk) or DEFAULT_SPANS]
    open_matter(
        Opening(
            kind="callback",
            category=matter.category,
            title=_("回访：%(title)s") % {"title": matter.title[:100]},
            owner_id=desk,
            cell_id=matter.cell_id,
            area_id=matter.area_id,
            lon=matter.lon,
            lat=matter.lat,
            address=matter.address,
            channel="rating",
            tasks=(NewTask("call", desk),),
            clocks=(("finish", CALLBACK_SECONDS, hours),),
            facts={"from": matter.number},
            about_unit_id=matter.about_unit_id,
            about_person_id=matter.about_person_id,
        ),
        by=by,
        at=at,
    )


def _still_open(case: Case) -> None:
    if case.matter.state in case.kind.loop.ends:
        raise NotNow(_("事项已经结束。"))
