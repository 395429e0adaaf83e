"""What the reporter says about their own record; and staff looking at who they are."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from bihuan.accounts.actor import REPORTER, Actor
from bihuan.matters import actions as matters
from bihuan.matters.actions.photos import Kept
from bihuan.matters.case import Case, hold
from bihuan.matters.errors import BadValue, NotNow, TooLate, TooMany
from bihuan.matters.models import Matter, Rating, Stop
from bihuan.reports.models import Report
from bihuan.reports.queries import answering, reports_on

HIDDEN = ("phone", "name")


class RatedBefore(TooMany):
    """This reporter has judged this ending already."""

    code = "rated_before"


def answer(*, report: Report, words: str, at: datetime) -> Matter:
    """Answer the question that was asked of the reporter; the clocks run on.

    Whoever joined the matter later was not asked: NotNow.
    """
    matter = answering(report)
    if Stop.objects.filter(matter=matter, ended_at=None, begun_at__lt=report.at).exists():
        raise NotNow(_("这个问题是在您上报之前问别人的。"))
    return matters.answer(matter_id=matter.pk, note=words, by=REPORTER, at=at)


def remind_by_reporter(*, report: Report, at: datetime, words: str = "") -> Matter:
    """Ask how it is going (催办), as the reporter."""
    return matters.remind(
        matter_id=answering(report).pk, by=REPORTER, at=at, note=words, record_id=report.pk
    )


def add_words(*, report: Report, words: str, at: datetime, photos: Sequence[Kept] = ()) -> None:
    """Add words or photos to one's own report."""
    matters.add_note(
        matter_id=answering(report).pk,
        note=words,
        photos=photos,
        record_id=report.pk,
        by=REPORTER,
        at=at,
    )


@transaction.atomic
def rate_report(
    *, report: Report, level: int | None, solved: bool | None, words: str, at: datetime
) -> Rating:
    """Keep one reporter's judgement; "not solved" reopens the matter while that is allowed.

    Each reporter of a matter is asked, once for each time it ends. Raises RatedBefore, NotNow.
    """
    matter_id = answering(report).pk
    matter = hold(matter_id).matter
    judged = Rating.objects.filter(matter_id=matter_id, record_id=report.pk)
    if matter.closed_at is not None and judged.filter(at__gte=matter.closed_at).exists():
        raise RatedBefore(_("您已经评价过了，谢谢。"))
    rating = matters.rate(
        matter_id=matter_id,
        level=level,
        solved=solved,
        note=words,
        record_id=report.pk,
        by=REPORTER,
        at=at,
    )
    if solved is False:
        said = words.strip() or _("上报人说没有解决。")
        # too late or too often: the judgement stays, and the callback is the way on
        with contextlib.suppress(NotNow, TooLate, TooMany), transaction.atomic():
            matters.reopen(matter_id=matter_id, note=said, by=REPORTER, at=at)
    return rating


@transaction.atomic
def reveal(
    *, matter_id: int, record_id: int, field: str, reason: str, by: Actor, at: datetime
) -> str:
    """Return a reporter's phone or name, after the look was logged with its reason."""
    if field not in HIDDEN:
        raise BadValue(_("只能查看联系电话或姓名。"))
    rows = reports_on(Matter.objects.get(pk=matter_id)).filter(pk=record_id)
    report = rows.select_related("matter").first()
    if report is None:
        raise BadValue(_("这条上报不在这件事项上。"))
    # merged, it may be about somebody whom the other matter is not about any more
    Case(report.matter, {}, {}, {}).allow_no_own_interest(by)
    matters.reveal(
        matter_id=matter_id, field=field, reason=reason, record_id=record_id, by=by, at=at
    )
    return str(report.phone if field == "phone" else report.name)
