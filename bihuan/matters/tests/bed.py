"""What the kernel's tests stand on: actors by role, an errand to open, a whole verification."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bihuan.accounts.actor import REPORTER, SYSTEM, Actor, actor_of
from bihuan.accounts.models import Person
from bihuan.base.clock import now
from bihuan.matters.actions import Opening, open_matter
from bihuan.matters.actions.opening import NewTask, Opened
from bihuan.matters.database import connected
from bihuan.matters.models import Matter
from bihuan.matters.tests import errand  # noqa: F401 — registers the kind
from bihuan.matters.verify import Finding, everything

if TYPE_CHECKING:
    from conftest import Units

OFFICE = [[8 * 3600, 12 * 3600], [14 * 3600, 18 * 3600]]
OpenErrand = Callable[..., Opened]


@dataclass(frozen=True)
class Cast:
    """Actors by role; `other` is of another county."""

    worker: Actor
    cell_head: Actor
    clerk: Actor
    handler: Actor
    unit_head: Actor
    supervisor: Actor
    other: Actor
    reporter: Actor = REPORTER
    system: Actor = SYSTEM


def cast_of(staff: dict[str, Person], zhao: Person) -> Cast:
    roles = ("worker", "cell_head", "clerk", "handler", "unit_head", "supervisor")
    return Cast(other=actor_of(zhao), **{role: actor_of(staff[role]) for role in roles})


def opener(units: Units, at: datetime) -> OpenErrand:
    def open_one(**changes: Any) -> Opened:
        desk = units.county.pk
        given: dict[str, Any] = {
            "kind": "errand",
            "title": "路灯不亮",
            "owner_id": desk,
            "channel": "resident",
            "category": "lamp",
            "area_id": units.team.pk,
            "lon": 115.7,
            "lat": 36.85,
            "address": "温泉路 3 号",
            "tasks": (NewTask("accept", desk),),
            "clocks": (("accept", 7200, OFFICE), ("finish", 3 * 28_800, OFFICE)),
        }
        when = changes.pop("at", at)
        by = changes.pop("by", REPORTER)
        return open_matter(Opening(**{**given, **changes}), by=by, at=when)

    return open_one


def verified() -> list[Finding]:
    return everything(connected(), at=now())


def state(matter_id: int) -> str:
    return Matter.objects.values_list("state", flat=True).get(pk=matter_id)
