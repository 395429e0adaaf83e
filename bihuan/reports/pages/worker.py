"""For those who go and see, and those who put right: tasks, one verb a page, own reports."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from bihuan.accounts.doors import needs
from bihuan.accounts.request import Request
from bihuan.base.clock import now
from bihuan.matters.actions.opening import Once
from bihuan.matters.errors import EvidenceMissing, Refused
from bihuan.matters.models import Attachment, Task
from bihuan.matters.photo_response import photo_response
from bihuan.matters.queries import open_tasks, pressed_until, visible_to
from bihuan.reports.actions import Filed, Sent, file_report
from bihuan.reports.actions.on_spot import file_solved
from bihuan.reports.catalogue import category_name
from bihuan.reports.forms import WorkerReportForm
from bihuan.reports.pages.common import file_form, show, state_label
from bihuan.reports.pages.resident import form_context
from bihuan.reports.queries import reports_on, words_without_phone
from bihuan.reports.task_verbs import SHARE_WORDS, VERBS, Verb, task_label, verbs_for

PAGE = 30  # tasks


@require_safe
@needs("matters.take_up")
def tasks(request: Request) -> HttpResponse:
    """List the tasks that wait for somebody or their unit, the soonest due first."""
    at = now()
    rows = open_tasks(request.actor).filter(matter__kind="report")
    ends = localtime(at).replace(hour=23, minute=59, second=59)
    counts = rows.order_by().aggregate(
        all=Count("pk"),
        over=Count("pk", filter=Q(due_at__lt=at)),
        today=Count("pk", filter=Q(due_at__gte=at, due_at__lte=ends)),
        ready=Count("pk", filter=Q(state="ready")),
    )
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "jobs": [_job(task, at, ends) for task in page],
        "counts": counts,
    }
    return render(request, "reports/tasks.html", context)


def _job(task: Task, at: datetime, ends: datetime) -> dict[str, Any]:
    """Return a task as a card: what, where, until when, in which colour."""
    stopped = task.matter.state in ("paused", "waiting")
    verbs = verbs_for(task)
    colour = "blue"
    if stopped or task.due_at is None:
        colour = ""
    elif task.due_at < at:
        colour = "red"
    elif task.due_at <= ends:
        colour = "orange"
    return {
        "task": task,
        "colour": colour,
        "stopped": state_label(task.matter) if stopped else "",
        "label": task_label(task),
        "category": category_name(task.matter.category),
        "main": None if stopped else next(iter(verbs), None),
    }


def _mine(request: Request, task_id: int) -> Task:
    """Return a task on a report that this person may see. Raises Http404."""
    rows = Task.objects.filter(matter__in=visible_to(request.actor), matter__kind="report")
    return get_object_or_404(rows.select_related("matter", "unit", "person"), pk=task_id)


@require_safe
@needs("matters.take_up")
def task(request: Request, task_id: int) -> HttpResponse:
    """Show one task: what was reported, where, what others found, and what can be done."""
    row = _mine(request, task_id)
    matter = row.matter
    photos = Attachment.objects.filter(matter=matter).order_by("pk")
    said = matter.tasks.exclude(opinion="").exclude(pk=row.pk).select_related("unit")
    reports = reports_on(matter).only("text", "phone")
    words = [words_without_phone(report) for report in reports if report.text]
    context = {
        "task": row,
        "matter": matter,
        "label": task_label(row),
        "state": state_label(matter),
        "stopped": matter.state in ("paused", "waiting"),
        "pressed_until": pressed_until(matter),
        "category": category_name(matter.category),
        "words": words,
        "photos": show(photos, staff_photo),
        "said": [{"label": task_label(other), "row": other} for other in said.order_by("done_at")],
        "verbs": verbs_for(row),
        "ended": SHARE_WORDS.get(row.state, ""),
    }
    return render(request, "reports/task.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs("matters.take_up")
def task_verb(request: Request, task_id: int, verb: str) -> HttpResponse:
    """Ask for what a verb needs, and do it."""
    if verb not in VERBS:
        raise Http404(verb)
    row = _mine(request, task_id)
    found = VERBS[verb]
    form = None
    if found.form is not None:
        given = (request.POST, request.FILES) if request.method == "POST" else ()
        form = found.form(*given, task=row, by=request.actor)
    if request.method != "POST":
        if form is None:
            return redirect("reports:task", task_id=row.pk)
        return _ask(request, row, found, form)
    if form is not None and not form.is_valid():
        return _ask(request, row, found, form, status=422)
    try:
        found.do(row, form.cleaned_data if form is not None else {}, request.actor, now())
    except Refused as why:
        if form is None:
            messages.warning(request, str(why.message))
            return redirect("reports:task", task_id=row.pk)
        owed = isinstance(why, EvidenceMissing) and "photos" in form.fields
        form.add_error("photos" if owed else None, str(why.message))
        return _ask(request, row, found, form, status=422)
    messages.success(request, str(found.done))
    if found.stays:
        return redirect("reports:task", task_id=row.pk)
    return redirect("reports:tasks")


def _ask(request: Request, row: Task, verb: Verb, form: Any, *, status: int = 200) -> HttpResponse:
    context = {"task": row, "matter": row.matter, "verb": verb, "form": form}
    return render(request, "reports/task_verb.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@needs("matters.take_up")
def report(request: Request) -> HttpResponse:
    """Take what a worker saw; put right at once, it is closed with it."""
    if request.method != "POST":
        return _draw(request, WorkerReportForm())
    form = WorkerReportForm(request.POST, request.FILES)

    def file(sent: Sent, once: Once) -> Filed:
        given, at = form.cleaned_data, now()
        if not given["solved"]:
            return file_report(sent=sent, by=request.actor, at=at, once=once)
        return file_solved(
            sent=sent,
            note=given["done"].strip(),
            photos=given["after"],
            by=request.actor,
            at=at,
            once=once,
        )

    filed = file_form(form, by=request.actor, file=file) if form.is_valid() else None
    if filed is None:
        return _draw(request, form, status=422)
    words = (
        _("已现场办结 %(number)s。") if form.cleaned_data["solved"] else _("已上报 %(number)s。")
    )
    messages.success(request, words % {"number": filed.number})
    return redirect("reports:tasks")


def _draw(request: Request, form: WorkerReportForm, *, status: int = 200) -> HttpResponse:
    context = form_context(form) | {"form": form}
    return render(request, "reports/my_report.html", context, status=status)


def staff_photo(photo: Attachment, size: str) -> str:
    """Return the address of a photo for those who may see its matter."""
    return reverse("reports:photo", args=[photo.pk, size])


@require_safe
@needs("matters.view")
def photo(request: Request, photo_id: int, size: str) -> HttpResponse:
    """Send a photo of a matter to somebody who may see the matter."""
    rows = Attachment.objects.filter(matter__in=visible_to(request.actor))
    found = get_object_or_404(rows, pk=photo_id)
    return photo_response(request, found, thumb=size == "thumb")
