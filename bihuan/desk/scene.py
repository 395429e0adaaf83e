"""A matter as one viewer sees it at one moment: its rows read once, and what they may do now.

Nothing is locked here; the kernel's verbs lock and ask again. This only decides what is offered.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from bihuan.accounts.actor import Actor
from bihuan.accounts.may import NotPermitted
from bihuan.matters.case import Case
from bihuan.matters.errors import OwnInterest
from bihuan.matters.kinds import Kind
from bihuan.matters.loop import Step
from bihuan.matters.models import (
    Appeal,
    Clock,
    ClockMark,
    Extension,
    Matter,
    Stop,
    Task,
)

AT_WORK = ("dispatched", "handling", "rework")
OPEN = ("ready", "doing")


@dataclass
class Scene:
    """Everything of a matter that offers depend on. rounds: every task row, old ones too."""

    matter: Matter
    by: Actor
    at: datetime
    rounds: list[Task]
    clocks: list[Clock]
    marks: list[ClockMark]
    stops: list[Stop]
    extensions: list[Extension]
    appeal: Appeal | None
    own: list[str] = field(default_factory=list)  # why something is not for this viewer
    denied: bool = False  # something was not offered for want of a right

    @cached_property
    def case(self) -> Case:
        """Give the kernel's own reading of the rows, for its questions about rights."""
        live = {t.key: t for t in self.rounds if t.state != "returned"}
        marks: dict[int, list[ClockMark]] = {c.pk: [] for c in self.clocks}
        for mark in self.marks:
            marks[mark.clock_id].append(mark)
        return Case(self.matter, live, {c.name: c for c in self.clocks}, marks)

    @property
    def kind(self) -> Kind:
        return self.case.kind

    @property
    def tasks(self) -> dict[str, Task]:
        return self.case.tasks

    @property
    def ended(self) -> bool:
        return self.matter.state in self.kind.loop.ends

    @property
    def stop(self) -> Stop | None:
        return next((s for s in self.stops if s.ended_at is None), None)

    @property
    def extension(self) -> Extension | None:
        return next((e for e in self.extensions if e.state in ("asked", "unit_agreed")), None)

    def step(self, name: str) -> Step | None:
        """Return the kind's step `name` when it may be taken from the present state."""
        steps = self.kind.loop.from_state(self.matter.state)
        return next((s for s in steps if s.name == name), None)

    def may(self, verb: str, *, place: str = "area", task: Task | None = None) -> bool:
        """Say whether the viewer may do `verb` here; remembers the words when it is their own."""
        try:
            self.case.allow(self.by, verb, place=place, task=task)
        except OwnInterest as refused:
            if str(refused) not in self.own:
                self.own.append(str(refused))
            return False
        except NotPermitted:
            self.denied = True
            return False
        return True

    def may_step(self, name: str, task: Task | None = None) -> bool:
        """Say whether the step `name` may be taken now by this viewer."""
        step = self.step(name)
        return step is not None and self.may(step.verb, place=step.place, task=task)


def read_scene(matter: Matter, by: Actor, at: datetime) -> Scene:
    """Read a matter's tasks, clocks, stops, extensions and appeal: six queries, however many."""
    clocks = list(Clock.objects.filter(matter=matter).order_by("pk"))
    return Scene(
        matter=matter,
        by=by,
        at=at,
        rounds=list(
            Task.objects.filter(matter=matter).select_related("person").order_by("opened_at", "pk")
        ),
        clocks=clocks,
        marks=list(ClockMark.objects.filter(clock__matter=matter).order_by("clock_id", "seq")),
        stops=list(Stop.objects.filter(matter=matter).order_by("pk")),
        extensions=list(Extension.objects.filter(matter=matter).order_by("pk")),
        appeal=Appeal.objects.filter(matter=matter).first(),
    )
