"""For the clerk: writing down what somebody says by phone or at the counter (代录)."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import NoReverseMatch, reverse
from django.views.decorators.http import require_http_methods, require_safe

from bihuan.accounts.doors import needs
from bihuan.accounts.request import Request
from bihuan.reports.catalogue import category_name
from bihuan.reports.forms import CallForm
from bihuan.reports.models import Report
from bihuan.reports.pages.common import file_form, promise_of
from bihuan.reports.pages.resident import form_context
from bihuan.reports.queries import secret_of


@require_http_methods(["GET", "HEAD", "POST"])
@needs("matters.accept")
def desk_report(request: Request) -> HttpResponse:
    """Take a report on somebody's behalf."""
    if request.method != "POST":
        return _draw(request, CallForm())
    form = CallForm(request.POST, request.FILES)
    filed = file_form(form, by=request.actor) if form.is_valid() else None
    if filed is None:
        return _draw(request, form, status=422)
    return redirect("reports:desk_filed", record_id=filed.record_id)


def _draw(request: Request, form: CallForm, *, status: int = 200) -> HttpResponse:
    context = form_context(form) | {"form": form, "narrow": True}
    return render(request, "reports/desk_report.html", context, status=status)


@require_safe
@needs("matters.accept")
def desk_filed(request: Request, record_id: int) -> HttpResponse:
    """Show the number to tell the caller, and the slip to print; only to who wrote it down."""
    rows = Report.objects.filter(by_id=request.actor.person_id).select_related("matter")
    report = get_object_or_404(rows, pk=record_id)
    matter = report.matter
    promise = promise_of(matter)
    try:
        onward = reverse("desk:matter", args=[matter.number])
    except NoReverseMatch:
        onward = ""
    context = {
        "matter": matter,
        "category": category_name(matter.category),
        "promise_at": promise.due_at if promise else None,
        "slip": reverse("reports:slip", args=[matter.number, secret_of(report.pk)]),
        "onward": onward,
        "narrow": True,
    }
    return render(request, "reports/desk_filed.html", context)
