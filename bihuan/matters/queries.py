"""Reads worth a name. `visible_to` is the one gate for rows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db.models import (
    BigIntegerField,
    BooleanField,
    Exists,
    F,
    Func,
    OuterRef,
    Q,
    QuerySet,
    Value,
)

from bihuan.accounts.actor import Actor
from bihuan.accounts.may import may
from bihuan.accounts.units import tree
from bihuan.matters.models import Entry, Matter, Task

# A viewer whose units own or hold more open matters than this walks a list and leaves out what
# is not theirs; one with fewer collects theirs by unit.
MANY = 2000


class Among(Func):
    """A column that is one of some ids, sent as one array: a county has hundreds of units."""

    template = "%(expressions)s)"
    arg_joiner = " = ANY("
    output_field = BooleanField()

    def __init__(self, column: str, ids: Iterable[int]) -> None:
        super().__init__(F(column), Value(list(ids), output_field=ArrayField(BigIntegerField())))


def visible_to(by: Actor) -> QuerySet[Matter]:
    """Return the matters whose rows `by` may see: their units own them, work on them, or lie there.

    Anonymous people see no rows this way: a reporter opens one record by its secret link. Good
    for one matter, and for walking a list of which the viewer sees much.
    """
    units = _units(by)
    if units is None:
        return _not_about(by)
    if not units:
        return Matter.objects.none()
    # Two bounds instead of "=": PostgreSQL would otherwise hash every task of these units before
    # the first row. The index task_round finds a matter's few tasks by the bounds as well.
    at_work = Task.objects.filter(
        Among("unit_id", units), matter_id__gte=OuterRef("pk"), matter_id__lte=OuterRef("pk")
    )
    return _not_about(by).filter(
        Q(Among("owner_id", units)) | Q(Among("area_id", units)) | Exists(at_work)
    )


def collected_for(by: Actor, within: Q, order: str = "", most: int = 0) -> QuerySet[Matter]:
    """Return the same rows as visible_to(by).filter(within), collected unit by unit.

    Good for a viewer who sees few of many: each branch has its own index by unit. order ("pk" or
    "-pk") and most: the first so many are enough, so that no branch reads its unit's whole past.
    """
    units = _units(by)
    if units is None:
        return _not_about(by).filter(within)
    if not units:
        return Matter.objects.none()
    rows = Matter.objects.filter(within).order_by()
    if most:  # else whom it is about is asked of the few rows found, so that an index is enough
        rows = rows.exclude(about_person_id=by.person_id)
    branches = [
        rows.filter(Among("owner_id", units)),
        rows.filter(Among("area_id", units)),
        rows.filter(Among("tasks__unit_id", units)).distinct(),
    ]
    if order:
        branches = [branch.order_by(order)[:most] for branch in branches]
    owned, lying, at_work = (branch.values("pk") for branch in branches)
    return _not_about(by).filter(pk__in=owned.union(lying, at_work))


def past_of(by: Actor, *, before: int | None, most: int) -> list[int]:
    """Return ids of past matters of the viewer's units, the newest first, from indexes alone.

    Open ones that the units worked on are among them. Ask visible_to of what is shown: whom a
    matter is about was not looked at. before: only ids below; fewer than most: there are no more.
    """
    units = _units(by) or []
    over = Matter.objects.filter(closed_at__isnull=False).order_by("-pk").values_list("pk")
    worked = Task.objects.filter(Among("unit_id", units)).order_by("-matter_id")
    if before is not None:
        over, worked = over.filter(pk__lt=before), worked.filter(matter_id__lt=before)
    found: set[int] = set()
    for part in (
        over.filter(Among("owner_id", units)),
        over.filter(Among("area_id", units)),
        worked.values_list("matter_id").distinct(),
    ):
        found.update(pk for (pk,) in part[:most])
    return sorted(found, reverse=True)[:most]


def sees_much(by: Actor) -> bool:
    """Say whether `by` sees so many open matters that walking a list finds them soon."""
    units = _units(by)
    if units is None:
        return True
    open_ones = Matter.objects.filter(closed_at=None).order_by()
    return any(
        open_ones.filter(Among(name, units)).values(name)[:MANY].count() == MANY
        for name in ("owner_id", "area_id")
    )


def _units(by: Actor) -> list[int] | None:
    """Return the units whose matters `by` may see: all (None), or none at all."""
    if by.person_id is None or not may(by, "matters.view"):
        return []
    scope = tree().scope(by)
    return None if scope is None else sorted(scope)


def _not_about(by: Actor) -> QuerySet[Matter]:
    return Matter.objects.exclude(about_person_id=by.person_id)


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


def pressed_until(matter: Matter) -> datetime | None:
    """Return the moment by which the last order (督办) wants an open matter done."""
    if not matter.presses or matter.closed_at is not None:
        return None
    orders = Entry.objects.filter(matter=matter, step="press").order_by("-seq")
    facts = orders.values_list("facts", flat=True).first() or {}
    until = facts.get("until")
    return datetime.fromisoformat(until) if until else None
