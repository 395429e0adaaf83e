"""What the desk shows of a report: its words, photos and masked contact; and looks up in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import get_language

from bihuan.accounts.actor import Actor
from bihuan.accounts.may import may
from bihuan.accounts.units import tree
from bihuan.base.crypto import lookup_hash
from bihuan.base.text import BadPhone, mask_name, mask_phone, normalise_phone
from bihuan.matters.models import Attachment, Matter
from bihuan.reports.automatic import decide
from bihuan.reports.models import Report
from bihuan.reports.queries import reports_on, words_without_phone
from bihuan.reports.reasons import reasons
from bihuan.reports.rules import rulebook

FOUND_MOST = 1000  # matters found by one phone


@dataclass
class Shown:
    """One report as the panel shows it; phone and name are masked, empty when not given.

    words: without the phone that was left. The panel shows even the masks, and the words as they
    were written, to those alone who may look behind the masks.
    """

    report: Report
    number: str
    phone: str
    name: str
    words: str
    photos: list[Attachment] = field(default_factory=list)


def panel(matter_id: int, by: Actor) -> tuple[str, dict[str, Any]]:
    """Show every report that a matter answers, those of matters merged into it too."""
    matter = Matter.objects.only("number").get(pk=matter_id)
    rows = [
        Shown(
            r,
            r.matter.number,
            mask_phone(r.phone or ""),
            mask_name(r.name or ""),
            words_without_phone(r),
        )
        for r in reports_on(matter).select_related("matter")
    ]
    known = {shown.report.pk: shown for shown in rows}
    photos = Attachment.objects.filter(
        matter_id__in={shown.report.matter_id for shown in rows}, use="report"
    ).order_by("pk")
    for photo in photos:
        # a photo that came before its record was known stands with the first report
        shown = known.get(photo.record_id or 0) or next(
            (s for s in rows if s.report.matter_id == photo.matter_id), None
        )
        if shown is not None:
            shown.photos.append(photo)
    return "reports/panel.html", {"reports": rows}


def find(words: str, by: Actor) -> list[int]:
    """Return the matters a phone number was left with, for those who may see it anyway.

    Never those about the searcher or their unit: to find them by it would unmask who reported.
    """
    if not may(by, "matters.reveal"):
        return []
    try:
        phone = normalise_phone(words)
    except BadPhone:
        return []
    units = tree()
    own = {unit for post in by.unit_ids if post in units for unit in (post, *units.above(post))}
    rows = (
        Report.objects.filter(phone_key=lookup_hash(phone, "phone"))
        .exclude(matter__about_unit_id__in=own)
        .exclude(matter__about_person_id=by.person_id)
        .order_by("-pk")
    )
    return list(rows.values_list("matter_id", flat=True)[:FOUND_MOST])


def categories() -> list[tuple[str, str]]:
    """Return every category's key and name in the reader's language, in the county's order."""
    english = _english()
    return [(c.key, c.name_en if english else c.name_zh) for c in rulebook().categories.values()]


def listed_reasons(sort: str) -> list[tuple[str, str, str]]:
    """Return key, name and words of the reasons of a sort."""
    english = _english()
    return [
        (r.key, r.name_en, r.text_en) if english else (r.key, r.name_zh, r.text_zh)
        for r in reasons(sort)
    ]


def suggest(matter_id: int, at: datetime) -> tuple[int, str] | None:
    """Return the unit that the first fitting rule names, and why."""
    decision = decide(Matter.objects.get(pk=matter_id), at)
    if decision.unit_id is None:
        return None
    return decision.unit_id, decision.why_en if _english() and decision.why_en else decision.why_zh


def _english() -> bool:
    return (get_language() or "").startswith("en")
