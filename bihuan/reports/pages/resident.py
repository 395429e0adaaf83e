"""For residents: the first page, reporting, the result, finding a report again."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core import signing
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from bihuan.accounts import network
from bihuan.accounts.actor import REPORTER, Actor
from bihuan.accounts.request import Request
from bihuan.accounts.roles import Role
from bihuan.base.bucket import Buckets, network_of
from bihuan.base.clock import now
from bihuan.matters.models import Attachment
from bihuan.matters.photo_response import photo_response
from bihuan.reports.actions import TriedTooOften, find_by_phone
from bihuan.reports.catalogue import Door, doors, name_of
from bihuan.reports.forms import ReportForm, TrackForm, refuse
from bihuan.reports.models import Report
from bihuan.reports.pages.common import file_form
from bihuan.reports.queries import secret_of
from bihuan.reports.uploads import open_token

BUCKETS = Buckets(30)  # reports at once from one address before the hourly rate counts
# where somebody with a post begins, the first role that fits; names that do not exist are skipped
FIRST_PAGES: tuple[tuple[frozenset[Role], tuple[str, ...]], ...] = (
    (frozenset({Role.WORKER, Role.CELL_HEAD}), ("reports:tasks",)),
    (frozenset({Role.CLERK, Role.SUPERVISOR}), ("desk:board", "reports:desk_report")),
    (frozenset({Role.HANDLER, Role.UNIT_HEAD}), ("desk:board", "reports:tasks")),
    (frozenset({Role.COUNTY_ADMIN}), ("accounts:people",)),
    (frozenset({Role.AUDITOR}), ("desk:audit", "accounts:admin_log")),
)


def first_page(actor: Actor) -> str | None:
    """Return the address at which somebody with a post begins, None for residents."""
    for roles, names in FIRST_PAGES:
        if not roles & actor.roles:
            continue
        for name in names:
            try:
                return reverse(name)
            except NoReverseMatch:
                continue
    return None


@never_cache
@require_safe
def home(request: Request) -> HttpResponse:
    """Show residents the camera, the eight doors and the way to their report; send staff on."""
    onward = first_page(request.actor)
    if onward is not None:
        return redirect(onward)
    context = {"doors": doors(), "has_foot": False}
    return render(request, "reports/home.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def report(request: Request) -> HttpResponse:
    """Take a report from anybody; the same form sent twice is one report."""
    tile = request.POST.get("tile", request.GET.get("tile", ""))
    if request.method != "POST":
        return _draw(request, ReportForm(), tile)
    if wait := _too_often(request):
        form = ReportForm(request.POST)  # no new photo is kept
        form.full_clean()
        form.add_error(None, _("提交得太频繁了，请 %(n)s 秒后再试。") % {"n": wait})
        return _draw(request, form, tile, status=429)
    form = ReportForm(request.POST, request.FILES)
    filed = file_form(form, by=REPORTER) if form.is_valid() else None
    if filed is None:
        return _draw(request, form, tile, status=422)
    return redirect("reports:sent", number=filed.number, secret=filed.secret)


def _too_often(request: Request) -> int:
    """Return the seconds to wait before this address may send another report, 0 for none."""
    an_hour: int = settings.REPORTS_AN_HOUR
    if not an_hour:
        return 0
    return BUCKETS.take(network_of(network.address(request)), an_hour=an_hour, at=now())


def _draw(request: Request, form: ReportForm, tile: str, *, status: int = 200) -> HttpResponse:
    context = form_context(form, tile) | {"form": form}
    return render(request, "reports/report.html", context, status=status)


def form_context(form: ReportForm, tile: str = "") -> dict[str, Any]:
    """Return what the shared part of every report form draws: the door, its tiles, the hint."""
    door = next((door for door in form.doors if door.key == tile), None)
    return {
        "door": door,
        "tiles": _tiles(form, door) if door else [],
        "hints": {row.key: row.photo_hint for each in form.doors for row in each.categories},
    }


def _tiles(form: ReportForm, door: Door) -> list[dict[str, Any]]:
    chosen = str(form["category"].value() or "")
    rows = [(row.key, name_of(row)) for row in door.categories]
    return [
        {"value": key, "label": label, "checked": key == chosen}
        for key, label in (*rows, ("", _("说不清")))
    ]


@require_safe
def kept_photo(request: Request, token: str) -> HttpResponseBase:
    """Show a photo that was uploaded with a form not accepted yet, to who holds its token."""
    photo = open_token(token)
    if photo is None:
        raise Http404(signing.BadSignature.__name__)
    return photo_response(request, Attachment(pk=0, name=photo.name, thumb=photo.thumb), thumb=True)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def track(request: Request) -> HttpResponse:
    """Find a report by its number and the phone left with it; only so many attempts."""
    form = TrackForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        found, status = _find(request, form) if form.is_valid() else (None, 422)
        if found is not None:
            return redirect(
                "reports:progress", number=found.matter.number, secret=secret_of(found.pk)
            )
    return render(request, "reports/track.html", {"form": form}, status=status)


def _find(request: Request, form: TrackForm) -> tuple[Report | None, int]:
    """Return the report, or why not on the form, and the status to answer with."""
    given = form.cleaned_data
    try:
        found = find_by_phone(
            number=given["number"],
            phone=given["phone"],
            who=network.address(request) or "",
            at=now(),
        )
    except TriedTooOften as why:
        refuse(form, why)
        return None, 429
    if found is None:
        form.add_error(None, _("没有查到。请核对编号，并填写上报时留的手机号。"))
    return found, 422
