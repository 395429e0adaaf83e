"""One reporter's own page: how it goes, and what they may say to it. Opened by its secret link."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from bihuan.accounts.request import Request
from bihuan.base.clock import now
from bihuan.matters.errors import Refused
from bihuan.matters.models import Attachment, Entry, Matter, Rating, Stop
from bihuan.matters.photo_response import photo_response
from bihuan.reports.actions import add_words, answer, rate_report, remind_by_reporter
from bihuan.reports.catalogue import category_name
from bihuan.reports.forms import YES, AnswerForm, RateForm, WordsForm, refuse
from bihuan.reports.kind import AT_UNIT, DONE, KIND
from bihuan.reports.models import Report
from bihuan.reports.pages.common import promise_of, qr_of, show, state_label, unlisted
from bihuan.reports.queries import answering, open_by_secret
from bihuan.reports.timeline import lines_for

Forms = dict[str, forms.Form]
ASKED = ("question", "access")  # what the reporter can answer; the rest is the office's own
REFUSED = ("rejected", "void")


class NoSuchRecord(Http404):
    """Number and secret do not belong together; neither is said to be right."""


def opened(number: str, secret: str) -> Report:
    """Return the record of a secret link. Raises NoSuchRecord."""
    found = open_by_secret(number, secret)
    if found is None:
        raise NoSuchRecord
    return found


def _page(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Open a page by number and secret; a wrong link gets kind words and no hint."""

    def page(request: Request, /, number: str, secret: str, **more: Any) -> HttpResponseBase:
        try:
            report = opened(number, secret)
        except NoSuchRecord:
            return render(request, "reports/no_such.html", {"has_foot": False}, status=404)
        return view(request, report, secret, **more)

    return unlisted(page)


@require_safe
@_page
def progress(request: Request, report: Report, secret: str) -> HttpResponse:
    """Show how it goes, and the forms the reporter may fill in now."""
    return _draw(request, report, secret, {})


@require_safe
@_page
def sent(request: Request, report: Report, secret: str) -> HttpResponse:
    """Show the number, the link as a QR, the promise and what happens next."""
    return render(request, "reports/sent.html", _ticket(request, report, secret))


@require_safe
@_page
def slip(request: Request, report: Report, secret: str) -> HttpResponse:
    """Draw the receipt for paper."""
    return render(request, "reports/slip.html", _ticket(request, report, secret))


@require_safe
@_page
def photo(
    request: Request, report: Report, secret: str, *, photo_id: int, size: str
) -> HttpResponseBase:
    """Send a photo of the reporter's own, or of what was done."""
    found = _photos(report, answering(report)).filter(pk=photo_id).first()
    if found is None:
        raise Http404(photo_id)
    return photo_response(request, found, thumb=size == "thumb")


def _ticket(request: Request, report: Report, secret: str) -> dict[str, Any]:
    matter = report.matter
    link = reverse("reports:progress", args=[matter.number, secret])
    promise = promise_of(matter)
    return {
        "report": report,
        "matter": matter,
        "secret": secret,
        "number": matter.number,
        "category": category_name(matter.category),
        "promise_at": promise.due_at if promise else None,
        "provisional": promise is not None and promise.provisional,
        "link": link,
        "whole_link": request.build_absolute_uri(link),
        "qr": qr_of(request.build_absolute_uri(link)),
    }


def _photos(report: Report, matter: Matter) -> Any:
    """Return what this reporter may see: their own photos, and those of what was done."""
    own = Q(use="report", record_id=report.pk)
    done = Q(use__in=("before", "after"))
    return Attachment.objects.filter(matter_id__in={report.matter_id, matter.pk}).filter(own | done)


def _draw(
    request: Request, report: Report, secret: str, given: Forms, *, status: int = 200
) -> HttpResponse:
    matter = answering(report)
    photos = list(_photos(report, matter).order_by("pk"))

    def address(photo: Attachment, size: str) -> str:
        return reverse("reports:own_photo", args=[report.matter.number, secret, photo.pk, size])

    lines = [
        replace(line, photos=show(line.photos, address))
        for line in lines_for(report, matter, photos)
    ]
    wrong = next(iter(given.values()), None)
    context = {
        "report": report,
        "matter": matter,
        "merged": matter.pk != report.matter_id,
        "secret": secret,
        "state": state_label(matter),
        "category": category_name(matter.category),
        "steps": journey(matter, rated=_rated(report, matter)),
        "clock": promise_of(matter),
        "paused": matter.state in ("paused", "waiting"),
        "lines": lines,
        "own_photos": show([p for p in photos if p.record_id == report.pk], address),
        "pair": _pair(photos, address),
        "form": wrong,
        "may": _offered(report, matter, given),
    }
    return render(request, "reports/progress.html", context, status=status)


def _pair(photos: list[Attachment], address: Callable[[Attachment, str], str]) -> list[Any]:
    """Return the last photo from before and the last from after, when there are both."""
    before = [p for p in photos if p.use == "before"] or [p for p in photos if p.use == "report"]
    after = [p for p in photos if p.use == "after"]
    if not before or not after:
        return []
    shown = show([before[-1], after[-1]], address)
    shown[0]["word"] = _("处置前")
    return shown


def journey(matter: Matter, *, rated: bool) -> list[dict[str, str]]:
    """Return the four steps over the page, and which of them is now."""
    if matter.state in REFUSED:
        return [
            {"label": _("已上报"), "place": "past"},
            {"label": state_label(matter), "place": "now"},
        ]
    last = _("已评价") if rated else _("待评价")
    labels = (_("已上报"), _("已受理"), _("处置中"), last)
    here = _reached(matter)
    places = ["past" if n < here else "now" if n == here else "next" for n in range(4)]
    if matter.state == "closed" and rated:
        places[3] = "past"
    return [{"label": label, "place": place} for label, place in zip(labels, places, strict=True)]


def _reached(matter: Matter) -> int:
    """Return the step a matter stands at, 0 to 3; paused or waiting it stays where it was."""
    state = matter.state
    if state in ("paused", "waiting"):
        entry = Entry.objects.filter(matter=matter, after=state).order_by("-seq").first()
        state = entry.before if entry else state
    if state == "closed":
        return 3
    if state in (*AT_UNIT, *DONE):
        return 2
    return 0 if state == "reported" else 1


def _rated(report: Report, matter: Matter) -> bool:
    if matter.closed_at is None:
        return False
    judged = Rating.objects.filter(matter=matter, record_id=report.pk)
    return judged.filter(at__gte=matter.closed_at).exists()


def _offered(report: Report, matter: Matter, given: Forms) -> dict[str, Any]:
    """Return what the reporter may do now, each with its form."""
    ended = matter.state in KIND.loop.ends
    stop = Stop.objects.filter(matter=matter, sort="wait", ended_at=None).first()
    found: dict[str, Any] = {}
    if not ended:
        found["words"] = given.get("words") or WordsForm()
        found["remind"] = matter.state != "waiting"
    if stop is not None and stop.cause in ASKED and stop.begun_at >= report.at:
        asked = Entry.objects.filter(matter=matter, step="ask").order_by("-seq").first()
        note = getattr(asked, "note", None)
        found["answer"] = given.get("answer") or AnswerForm()
        found["question"] = note.text if note else ""
    if matter.state == "closed" and not _rated(report, matter):
        found["rate"] = given.get("rate") or RateForm()
    found["rated"] = ended and _rated(report, matter)
    return found


# ---- what the reporter does ----------------------------------------------------------------------

Act = Callable[[Request, Report], tuple[forms.Form | None, str]]


def _remind(request: Request, report: Report) -> tuple[forms.Form | None, str]:
    try:
        remind_by_reporter(report=report, at=now())
    except Refused as why:
        messages.warning(request, str(why.message))
        return None, ""
    return None, _("已催办，承办单位会看到。")


def _words(request: Request, report: Report) -> tuple[forms.Form | None, str]:
    form = WordsForm(request.POST, request.FILES)
    if form.is_valid():
        given = form.cleaned_data
        try:
            add_words(report=report, words=given["words"], photos=given["photos"], at=now())
        except Refused as why:
            refuse(form, why)
    return (form, "") if form.errors else (None, _("已收到您的补充。"))


def _answer(request: Request, report: Report) -> tuple[forms.Form | None, str]:
    form = AnswerForm(request.POST)
    if form.is_valid():
        try:
            answer(report=report, words=form.cleaned_data["answer"], at=now())
        except Refused as why:
            refuse(form, why)
    return (form, "") if form.errors else (None, _("已收到您的答复，继续办理。"))


def _rate(request: Request, report: Report) -> tuple[forms.Form | None, str]:
    form = RateForm(request.POST)
    if form.is_valid():
        given = form.cleaned_data
        solved = given["solved"] == YES
        try:
            rate_report(
                report=report, level=given["level"], solved=solved, words=given["say"], at=now()
            )
        except Refused as why:
            refuse(form, why)
    if form.errors:
        return form, ""
    if solved:
        return None, _("谢谢您的评价。")
    if Matter.objects.filter(pk=answering(report).pk, closed_at=None).exists():
        return None, _("已退回重新办理，会再请您评价。")
    return None, _("已记下没有解决。这件不能再自动重办，请拨打 12345，或重新上报。")


ACTS: dict[str, Act] = {"remind": _remind, "words": _words, "answer": _answer, "rate": _rate}


@require_POST
@_page
def act(request: Request, report: Report, secret: str, *, verb: str) -> HttpResponse:
    """Do what the reporter asks; a refused form comes back with the page around it."""
    if verb not in ACTS:
        raise Http404(verb)
    wrong, words = ACTS[verb](request, report)
    if wrong is not None:
        return _draw(request, report, secret, {verb: wrong}, status=422)
    if words:
        messages.success(request, words)
    return redirect("reports:progress", number=report.matter.number, secret=secret)
