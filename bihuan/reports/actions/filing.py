"""File a report: it opens a matter, or stands beside the others on one that is open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from bihuan.accounts.actor import Actor
from bihuan.accounts.may import require
from bihuan.accounts.units import tree
from bihuan.base import calendar, crypto
from bihuan.base.text import hide_numbers
from bihuan.base.worktime import DEFAULT_SPANS
from bihuan.matters import chain
from bihuan.matters.actions.opening import Hours, KeyTaken, NewTask, Once, Opening, open_matter
from bihuan.matters.actions.photos import Kept, keep_photos
from bihuan.matters.case import held, moment
from bihuan.matters.errors import BadValue, NotNow, Refused
from bihuan.matters.models import Entry, Matter
from bihuan.matters.models import Once as OnceRow
from bihuan.matters.queries import visible_to
from bihuan.matters.timed import clock_spans
from bihuan.places.locate import NOWHERE, Found, locate
from bihuan.reports.models import Report
from bihuan.reports.queries import secret_of
from bihuan.reports.rules import OTHER, CategoryRow, rulebook

TEXT_MOST = 2000  # characters of a report's words
PHONE_CONTEXT, NAME_CONTEXT = "reports.report.phone", "reports.report.name"
RECORD = """record AS (
  INSERT INTO reports_report (matter_id, text, category, category_chosen, phone, phone_key, name,
    lon, lat, address, channel, by_id, at)
  SELECT id, %(report_text)s, %(category)s, %(report_chosen)s, %(report_phone)s::bytea,
    %(report_phone_key)s::bytea, %(report_name)s::bytea, %(lon)s::float8, %(lat)s::float8,
    %(address)s, %(channel)s, %(by)s::bigint, %(at)s::timestamptz
  FROM matter RETURNING id)"""


class OtherContent(Refused):
    """The idempotency key was used before with other content."""

    code = "other_content"


@dataclass(frozen=True)
class Sent:
    """What somebody sends in. lon, lat: WGS-84 degrees or None; phone: normalised or empty.

    guess: the category to take when none was chosen and the words suggest none.
    """

    text: str
    category: str = ""
    guess: str = ""
    lon: float | None = None
    lat: float | None = None
    address: str = ""
    phone: str = ""
    name: str = ""
    channel: str = "resident"
    photos: tuple[Kept, ...] = ()


@dataclass(frozen=True)
class Filed:
    """What the reporter gets: the number, the secret of their own record, and the promise."""

    matter_id: int
    number: str
    record_id: int
    secret: str
    promise_at: datetime | None


def key_of(caller: str, key: str) -> bytes:
    """Return the digest of an idempotency key, scoped to its caller."""
    return sha256(f"{caller}\0{key}".encode()).digest()


def file_report(*, sent: Sent, by: Actor, at: datetime, once: Once | None = None) -> Filed:
    """File what somebody saw, and open the matter that answers it; one round trip.

    The same key with the same content gives the same answer; with other content, OtherContent.
    """
    require(by, "reports.file")
    _enough(sent)
    row = category_for(sent)
    found = place_of(sent)
    opening = _opening(sent, row, found, at)
    try:
        opened = open_matter(
            opening, by=by, at=at, once=once, record=RECORD, values=_values(sent, row)
        )
    except KeyTaken as taken:
        return _again(taken, once)
    assert opened.record_id is not None
    return Filed(
        opened.matter_id,
        opened.number,
        opened.record_id,
        secret_of(opened.record_id),
        opened.promise_at,
    )


def _enough(sent: Sent) -> None:
    if not sent.text.strip() and not sent.photos:
        raise BadValue(_("请写几句话，或拍一张照片。"))
    if len(sent.text) > TEXT_MOST:
        raise BadValue(_("最多写 %(n)s 个字，请精简一些。") % {"n": TEXT_MOST})


def category_for(sent: Sent) -> CategoryRow:
    """Return the category chosen, or the one the words suggest, or the guess, or "other"."""
    book = rulebook()
    key = sent.category or next(iter(book.suggest(sent.text, 1)), sent.guess or OTHER)
    row = book.category(key)
    if row is None:
        raise BadValue(_("没有这个类别，请重新选择。"))
    return row


def place_of(sent: Sent) -> Found:
    if sent.lon is None or sent.lat is None:
        return NOWHERE
    return locate(sent.lon, sent.lat)


def areas_of(unit_id: int | None) -> frozenset[int]:
    """Return the units at and above a unit; none for no unit."""
    return frozenset((unit_id, *tree().above(unit_id))) if unit_id else frozenset()


def desk_for(found: Found, at: datetime) -> int:
    """Return the desk that accepts what lies there: the nearest centre upwards."""
    units = tree()
    area = found.unit_id or found.street_unit_id
    if area is not None:
        for unit_id in (area, *units.above(area)):
            for child in units.children(unit_id):
                if child.kind == "centre" and child.is_active:
                    return child.id
    decision = rulebook().decide(OTHER, areas=frozenset(), team=None, at=at)
    if decision.unit_id is not None:
        return decision.unit_id
    return next(iter(units.children(None))).id


def office_hours(unit_id: int) -> Hours:
    """Return a unit's office spans as clocks keep them."""
    spans = tree().office_hours(unit_id) or DEFAULT_SPANS
    return [[a, b] for a, b in spans]


def _opening(sent: Sent, row: CategoryRow, found: Found, at: datetime) -> Opening:
    desk = desk_for(found, at)
    area = found.unit_id or found.street_unit_id
    decision = rulebook().decide(row.key, areas=areas_of(area), team=found.unit_id, at=at)
    unit = decision.unit_id or desk
    accept: Hours = None if row.accept_urgent else office_hours(desk)
    finish: Hours = None if row.finish_urgent else office_hours(unit)
    return Opening(
        kind="report",
        category=row.key,
        title=title_of(sent, row),
        owner_id=desk,
        channel=sent.channel,
        tasks=(NewTask("accept", desk),),
        clocks=(("accept", row.accept_seconds, accept), ("finish", row.finish_seconds, finish)),
        cell_id=found.cell_id,
        area_id=area,
        place_guessed=found.guessed and sent.lon is not None,
        lon=sent.lon,
        lat=sent.lat,
        address=sent.address,
        photos=sent.photos,
        facts={
            "rule": decision.rule_id,
            "to": decision.unit_id,
            "promise": moment(promised(at, row.finish_seconds, finish)),
        },
    )


def title_of(sent: Sent, row: CategoryRow) -> str:
    """Return the first sentence of the words, 40 characters at most, or the category's name.

    Without phone and ID numbers: titles stand in lists and exports that show no personal data.
    """
    text = hide_numbers(" ".join(sent.text.split()))
    for mark in "。！？!?；;\n":  # data: ends of a sentence
        text = text.split(mark, 1)[0]
    return text[:40] or row.name_zh


def _values(sent: Sent, row: CategoryRow) -> dict[str, Any]:
    return {
        "report_text": sent.text,
        "report_chosen": bool(sent.category),
        "report_phone": crypto.encrypt(sent.phone, PHONE_CONTEXT) if sent.phone else None,
        "report_phone_key": crypto.lookup_hash(sent.phone, "phone") if sent.phone else None,
        "report_name": crypto.encrypt(sent.name, NAME_CONTEXT) if sent.name else None,
    }


def promised(at: datetime, seconds: int, hours: Hours) -> datetime:
    """Return the moment that is promised when `seconds` of `hours` begin at `at`."""
    return calendar.hours_for(clock_spans(hours)).after(at, seconds)


def _again(taken: KeyTaken, once: Once | None) -> Filed:
    """Answer a repeated key as the first time, or refuse other content.

    What was promised then stands in the history, whatever became of the clock since.
    """
    if once is None or taken.digest != once.digest:
        raise OtherContent(_("这个提交编号已经用过，内容却不一样。"))
    entries = Entry.objects.filter(matter_id=taken.matter_id)
    if taken.record_id is None:
        record_id = Report.objects.filter(matter_id=taken.matter_id).order_by("pk")[0].pk
        entry = entries.get(seq=1)
    else:
        record_id = taken.record_id
        entry = entries.get(step="joined", facts__record=record_id)
    promise = entry.facts.get("promise")
    return Filed(
        taken.matter_id,
        Matter.objects.values_list("number", flat=True).get(pk=taken.matter_id),
        record_id,
        secret_of(record_id),
        datetime.fromisoformat(promise) if promise else None,
    )


def answer_again(once: Once) -> Filed | None:
    """Return the answer that a key got before, None when it is new; OtherContent as above."""
    row = OnceRow.objects.filter(key=once.key).first()
    if row is None:
        return None
    return _again(KeyTaken(row.matter_id, row.record_id, bytes(row.body_digest)), once)


class NoSuchMatter(Refused):
    """No open matter of that number that this caller may join."""

    code = "no_such_matter"


def joinable(number: str, by: Actor) -> int:
    """Return the id of the open matter that a further report may join, or raise NoSuchMatter.

    Whoever joins reads how it goes from then on. Staff join what they may see; everybody else
    only what is of a public category and about nobody: numbers can be guessed.
    """
    if by.posts:
        rows = visible_to(by)
    else:
        rows = Matter.objects.filter(about_unit_id=None, about_person_id=None)
    matter = rows.filter(kind="report", number=number, closed_at=None).first()
    row = rulebook().category(matter.category) if matter is not None else None
    if matter is None or not (by.posts or (row is not None and row.is_public)):
        raise NoSuchMatter(_("没有这件正在办理的事项，请作为新的上报提交。"))
    return matter.pk


def join_report(
    *, matter_id: int, sent: Sent, by: Actor, at: datetime, once: Once | None = None
) -> Filed:
    """Stand a further report on an open matter ("我也遇到"): kept apart, and answered too."""
    require(by, "reports.file")
    _enough(sent)
    try:
        with transaction.atomic():
            return _join(matter_id, sent, by, at, once)
    except IntegrityError:
        again = answer_again(once) if once is not None else None
        if again is None:
            raise
        return again


def _join(matter_id: int, sent: Sent, by: Actor, at: datetime, once: Once | None) -> Filed:
    with held(matter_id) as case:
        if case.matter.kind != "report" or case.matter.closed_at is not None:
            raise NotNow(_("这件事项已经办结，请重新上报。"))
        report = Report(
            matter=case.matter, text=sent.text, category=case.matter.category,
            category_chosen=False, phone=sent.phone, name=sent.name,
            phone_key=crypto.lookup_hash(sent.phone, "phone") if sent.phone else None,
            lon=sent.lon, lat=sent.lat, address=sent.address[:200], channel=sent.channel,
            by_id=by.person_id, at=at,
        )  # fmt: skip
        report.save(force_insert=True)
        if once is not None:
            OnceRow(
                key=once.key, body_digest=once.digest, matter=case.matter, record_id=report.pk,
                at=at,
            ).save(force_insert=True)  # fmt: skip
        keep_photos(case, sent.photos, use="report", by=by, at=at, record_id=report.pk)
        due = case.clocks["finish"].due_at
        facts: chain.Facts = {"record": report.pk, "promise": moment(due)}
        case.write("joined", by=by, at=at, facts=facts)
    return Filed(case.matter.pk, case.matter.number, report.pk, secret_of(report.pk), due)
