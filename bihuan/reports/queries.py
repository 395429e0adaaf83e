"""Reads of reports: by the secret of one's own record, and what stands on a matter."""

from __future__ import annotations

from django.db.models import QuerySet

from bihuan.base import crypto
from bihuan.matters.models import Matter
from bihuan.reports.models import Report

MERGES_MOST = 20  # a chain of merges longer than this is followed no further


def secret_of(record_id: int) -> str:
    """Return the secret word of one person's own record: 130 bits, not stored."""
    return crypto.secret_token("report", str(record_id))


def open_by_secret(number: str, secret: str) -> Report | None:
    """Return the record whose secret this is, if it stands on the matter `number`; else None.

    Every record of the matter is compared, so that the time betrays nothing.
    """
    found = None
    for report in Report.objects.filter(matter__number=number).select_related("matter"):
        if crypto.check_token(secret, "report", str(report.pk)):
            found = report
    return found


def reports_on(matter: Matter) -> QuerySet[Report]:
    """Return every report that this matter answers, those of matters merged into it too."""
    matters = {matter.pk}
    fresh = {matter.pk}
    while fresh:
        merged = Matter.objects.filter(merged_into_id__in=fresh).values_list("pk", flat=True)
        fresh = set(merged) - matters
        matters |= fresh
    return Report.objects.filter(matter_id__in=matters).order_by("at", "pk")


def words_without_phone(report: Report) -> str:
    """Return a reporter's words without the phone they left: what those who handle it read."""
    phone = report.phone
    return report.text.replace(phone, "*" * len(phone)) if phone else report.text


def answering(report: Report) -> Matter:
    """Return the matter that answers a report: its own, or the one that was merged into."""
    matter = report.matter
    for _step in range(MERGES_MOST):
        if matter.merged_into_id is None:
            break
        matter = Matter.objects.get(pk=matter.merged_into_id)
    return matter
