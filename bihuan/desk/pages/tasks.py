"""My work: the open tasks of a person and of their units, the soonest due first."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render

from bihuan.accounts.doors import needs
from bihuan.accounts.request import Request
from bihuan.base.clock import now
from bihuan.desk import words
from bihuan.matters.queries import open_tasks

MOST = 100  # tasks on the page


@needs("matters.view")
def show(request: Request) -> HttpResponse:
    """Show what waits for this person: their own first named, then their units'."""
    # ids first: a busy unit has thousands of open tasks, and only the first need their matters
    soonest = open_tasks(request.actor).select_related(None).values_list("pk", flat=True)
    found = list(open_tasks(request.actor).filter(pk__in=list(soonest[: MOST + 1])))
    rows = [
        {
            "task": task,
            "matter": task.matter,
            "name": words.task_label(task.key),
            "unit": words.unit_label(task.unit_id),
            "state": words.state_label(task.matter.kind, task.matter.state),
            "task_state": words.TASK_STATES[task.state],
            "mine": task.person_id == request.actor.person_id,
            "stopped": task.due_at is None,
        }
        for task in found[:MOST]
    ]
    context = {"rows": rows, "more": len(found) > MOST, "at": now()}
    return render(request, "desk/tasks.html", context)
