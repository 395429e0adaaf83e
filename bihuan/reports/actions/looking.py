"""Find one's report by number and phone, with few attempts allowed."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from bihuan.base import crypto
from bihuan.base.text import normalise_phone
from bihuan.matters.errors import TooMany
from bihuan.reports.models import Attempt, Report

ATTEMPTS = 5  # an hour, for a number and for a caller
WINDOW = timedelta(hours=1)
KEPT = timedelta(days=1)


class TriedTooOften(TooMany):
    """Too many attempts for this number or from this caller."""

    code = "tried_too_often"


def find_by_phone(*, number: str, phone: str, who: str, at: datetime) -> Report | None:
    """Return the report with this number and phone, None when there is none.

    who: the caller's address; kept as a keyed hash for a day. Each failure counts against the
    number and against the caller; raises TriedTooOften. Call it outside a transaction: an attempt
    is committed before it is counted, so that many at once gain nothing.
    """
    number = number.strip().upper()
    try:
        key = crypto.lookup_hash(normalise_phone(phone), "phone")
    except ValueError:
        key = None
    Attempt.objects.filter(at__lt=at - KEPT).delete()
    tries = [
        Attempt(who=crypto.lookup_hash(value, f"attempt.{sort}"), at=at)
        for sort, value in (("number", number), ("caller", who))
    ]
    for tried in tries:
        tried.save(force_insert=True)
    for tried in tries:
        since = Attempt.objects.filter(who=tried.who, at__gt=at - WINDOW, pk__lte=tried.pk)
        if since.count() > ATTEMPTS:
            raise TriedTooOften(_("查询次数太多，请一小时后再试，或打开提交时得到的链接。"))
    if key is None:
        return None
    rows = Report.objects.filter(matter__number=number, phone_key=key).select_related("matter")
    found = rows.order_by("pk").first()
    if found is not None:
        Attempt.objects.filter(pk__in=[tried.pk for tried in tries]).delete()
    return found
