"""Reads worth a name. `visible_to` is the one gate for rows."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from bihuan.accounts.actor import Actor
from bihuan.accounts.may import may
from bihuan.accounts.units import tree
from bihuan.matters.models import Matter, Task


def visible_to(by: Actor) -> QuerySet[Matter]:
    """Return the matters whose rows `by` may see: their units own them, work on them, or lie there.

    Anonymous people see no rows this way: a reporter opens one record by its secret link.
    """
    if by.person_id is None or not may(by, "matters.view"):
        return Matter.objects.none()
    scope = tree().scope(by)
    if scope is None:
        return Matter.objects.all()
    units = list(scope)
    at_work = Task.objects.filter(matter_id=OuterRef("pk"), unit_id__in=units)
    return Matter.objects.filter(
        Q(owner_id__in=units) | Q(area_id__in=units) | Exists(at_work)
    ).exclude(about_person_id=by.person_id)


def open_tasks(by: Actor) -> QuerySet[Task]:
    """Return the tasks that wait for `by` or their units: ready or doing, the soonest due first."""
    if by.person_id is None:
        return Task.objects.none()
    return (
        Task.objects.filter(state__in=("ready", "doing"))
        .filter(
            Q(person_id=by.person_id)
            | Q(person_id=None, unit_id__in=list(by.unit_ids))
            | Q(state="doing", person_id=by.person_id)
        )
        .select_related("matter", "unit")
        .order_by("due_at", "pk")
    )


def overdue(at: datetime) -> QuerySet[Matter]:
    """Return the open matters whose earliest due moment has passed."""
    return Matter.objects.filter(closed_at=None, due_at__lt=at)
