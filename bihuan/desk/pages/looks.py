"""Who looked at whose data, when and why: for auditors and supervisors."""

from __future__ import annotations

from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import render

from bihuan.accounts.doors import needs
from bihuan.accounts.request import Request
from bihuan.base.clock import now
from bihuan.desk import words
from bihuan.desk.history import who
from bihuan.desk.queries import Key, posts_of, read_key
from bihuan.matters.models import Entry
from bihuan.matters.queries import visible_to

PAGE = 50


@needs("audit.view")
def show(request: Request) -> HttpResponse:
    """Show the looks at hidden data of the matters this auditor may see, newest first."""
    at = now()
    rows = Entry.objects.filter(step="reveal").order_by("-at", "-pk")
    after = read_key(request.GET.get("after", ""))
    if after is not None and after.due_at is not None:
        rows = rows.filter(at__lte=after.due_at).filter(Q(at__lt=after.due_at) | Q(pk__lt=after.pk))
    rows = rows.filter(matter__in=visible_to(request.actor).order_by())
    found = list(rows.select_related("by", "note", "matter")[: PAGE + 1])
    posts = posts_of((e.by_id for e in found if e.by_id), at)
    looks = [
        {
            "entry": e,
            "who": who(e, posts),
            "field": words.FIELDS.get(str(e.facts.get("field")), e.facts.get("field")),
            "why": e.note.text if hasattr(e, "note") else "",
        }
        for e in found[:PAGE]
    ]
    older = (
        f"after={Key(found[PAGE - 1].at, found[PAGE - 1].pk).text()}" if len(found) > PAGE else ""
    )
    context = {"looks": looks, "older": older, "at": at}
    return render(request, "desk/looks.html", context)
