"""The seals, for everybody: what the county cannot take back. And a reporter's own receipt."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from bihuan.matters import published
from bihuan.reports.queries import open_by_secret


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """Show each day's last seal and the latest ones: number, time, root, hash."""
    page = {"days": published.day_seals(), "latest": published.last_seals()}
    return render(request, "web/seals.html", page)


@require_safe
def receipt(request: HttpRequest, number: str, secret: str) -> HttpResponse:
    """Give the receipts of one's own report's history as a file to keep (JSON)."""
    report = open_by_secret(number, secret)
    if report is None:
        raise Http404(_("没有这件上报，或链接不对。"))
    kept = published.receipt_of(report.matter)
    answer = JsonResponse(kept, json_dumps_params={"indent": 1, "ensure_ascii": False})
    answer["Content-Disposition"] = f'attachment; filename="{kept["number"]}-receipt.json"'
    answer["Cache-Control"] = "no-store"
    return answer
