"""Units: the tree, level by level; and the administration log."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from bihuan.accounts.actions import (
    Refused,
    close_unit,
    create_unit,
    move_unit,
    set_office_hours,
)
from bihuan.accounts.doors import needs
from bihuan.accounts.forms import HoursForm, MoveForm, UnitForm, hours_in_words, offered, refuse
from bihuan.accounts.may import require
from bihuan.accounts.models import Unit
from bihuan.accounts.queries import admin_entries, people_of_unit
from bihuan.accounts.request import Request
from bihuan.accounts.units import tree
from bihuan.accounts.words import what_in_words
from bihuan.base.clock import now

PAGE = 50


@require_safe
@needs("accounts.manage")
def units(request: Request) -> HttpResponse:
    """Go to the unit one manages; with several, list them."""
    own = sorted(request.actor.unit_ids)
    if len(own) == 1:
        return redirect("accounts:unit", own[0])
    return render(request, "accounts/units.html", {"children": [tree().get(at) for at in own]})


@require_safe
@needs("accounts.manage")
def unit(request: Request, unit_id: int) -> HttpResponse:
    """Show one unit: what is above and below it, who works there, its hours."""
    return _unit_page(request, _within_reach(request, unit_id))


def _within_reach(request: Request, unit_id: int) -> Unit:
    found = get_object_or_404(Unit, pk=unit_id)
    require(request.actor, "accounts.manage", unit_id)
    return found


def _unit_page(
    request: Request,
    found: Unit,
    *,
    add: UnitForm | None = None,
    move: MoveForm | None = None,
    hours: HoursForm | None = None,
) -> HttpResponse:
    units = tree()
    scope = units.scope(request.actor)
    line = [at for at in reversed(units.above(found.pk)) if scope is None or at in scope]
    given = {"hours": hours_in_words(units.get(found.pk).office_hours)}
    wrong = next((form for form in (add, move, hours) if form and form.errors), None)
    context = {
        "unit": found,
        "line": [units.get(at) for at in line],
        "children": units.children(found.pk),
        "usual_hours": hours_in_words(units.office_hours(found.pk)),
        "people": people_of_unit(found.pk, on=localdate(now())),
        "add": add or UnitForm(),
        "move": move or MoveForm(actor=request.actor),
        "hours": hours or HoursForm(initial=given),
        "form": wrong,
        "movable": bool(line),
        "units": offered(request.actor),
    }
    return render(request, "accounts/unit.html", context, status=422 if wrong else 200)


@require_POST
@needs("accounts.manage")
def unit_add(request: Request, unit_id: int) -> HttpResponse:
    """Add a unit below this one."""
    parent = _within_reach(request, unit_id)
    form = UnitForm(request.POST)
    if form.is_valid():
        try:
            made = create_unit(parent=parent, **form.cleaned_data, by=request.actor, at=now())
        except Refused as why:
            refuse(form, why)
        else:
            messages.success(request, _("已增加单位“%(name)s”。") % {"name": made.name})
            return redirect("accounts:unit", parent.pk)
    return _unit_page(request, parent, add=form)


@require_POST
@needs("accounts.manage")
def unit_move(request: Request, unit_id: int) -> HttpResponse:
    """Hang the unit under another one."""
    found = _within_reach(request, unit_id)
    form = MoveForm(request.POST, actor=request.actor)
    if form.is_valid():
        try:
            move_unit(unit=found, parent=form.cleaned_data["parent"], by=request.actor, at=now())
        except Refused as why:
            refuse(form, why)
        else:
            messages.success(request, _("已移到新的上级单位。"))
            return redirect("accounts:unit", found.pk)
    return _unit_page(request, found, move=form)


@require_POST
@needs("accounts.manage")
def unit_hours(request: Request, unit_id: int) -> HttpResponse:
    """Set the unit's office hours."""
    found = _within_reach(request, unit_id)
    form = HoursForm(request.POST)
    if form.is_valid():
        spans = form.cleaned_data["hours"]
        try:
            set_office_hours(unit=found, office_hours=spans, by=request.actor, at=now())
        except Refused as why:
            refuse(form, why)
        else:
            messages.success(request, _("办公时间已修改。"))
            return redirect("accounts:unit", found.pk)
    return _unit_page(request, found, hours=form)


@require_POST
@needs("accounts.manage")
def unit_close(request: Request, unit_id: int) -> HttpResponse:
    """Take the unit out of use."""
    found = _within_reach(request, unit_id)
    try:
        close_unit(unit=found, by=request.actor, at=now())
    except Refused as why:
        messages.error(request, str(why))
    else:
        messages.success(request, _("单位已停用。"))
    return redirect("accounts:unit", found.pk)


@require_safe
@needs("audit.view")
def admin_log(request: Request) -> HttpResponse:
    """List what was administered in the last half year, by whom."""
    page = Paginator(admin_entries(at=now()), PAGE).get_page(request.GET.get("page"))
    rows = [(entry, what_in_words(entry.what)) for entry in page.object_list]
    return render(request, "accounts/admin_log.html", {"page": page, "rows": rows})
