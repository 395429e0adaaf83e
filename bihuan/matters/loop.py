"""Loops: the allowed steps of a matter, as data.

A loop is closed (闭环) when every state that can be reached can still reach an
end. That is checked when the loop is built, so an open loop cannot be imported.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

BACK = "<back>"  # target of a step that returns to the state the matter was in before


class BadLoop(ValueError):
    """The table of steps strands a matter, or names a state twice."""


class NoSuchStep(ValueError):
    """The step is not allowed from the matter's present state."""


@dataclass(frozen=True)
class Step:
    """One allowed move: `name` takes a matter from any of `sources` to `target`.

    verb: what `accounts.may` is asked. place: whose right counts — "area" (the owner
    unit, the unit of the cell, or any unit above them), "task" (the unit that holds
    the task), "reporter" (the reporter too). note: words are owed.
    """

    name: str
    sources: tuple[str, ...]
    target: str
    verb: str
    note: bool = False
    place: str = "area"


@dataclass(frozen=True)
class Loop:
    """All steps of a kind. `labels` gives each state its word, translated when it is shown."""

    start: str
    ends: frozenset[str]
    steps: tuple[Step, ...]
    labels: tuple[tuple[str, Any], ...] = ()  # a lazy translation is no str

    def __post_init__(self) -> None:
        names = [step.name for step in self.steps]
        doubled = sorted({name for name in names if names.count(name) > 1})
        if doubled:
            raise BadLoop(f"declared twice: {', '.join(doubled)}")
        reachable = self._reach({self.start})
        stranded = sorted(s for s in reachable if not self._reach({s}) & self.ends)
        if stranded:
            raise BadLoop(f"no way to an end from: {', '.join(stranded)}")
        unreachable = sorted(self.states - reachable)
        if unreachable:
            raise BadLoop(f"never reached: {', '.join(unreachable)}")

    @property
    def states(self) -> frozenset[str]:
        found = {self.start, *self.ends}
        for step in self.steps:
            found.update(step.sources)
            if step.target != BACK:
                found.add(step.target)
        return frozenset(found)

    def step(self, name: str, state: str) -> Step:
        """Return the step `name` from `state`, or raise NoSuchStep."""
        for step in self.steps:
            if step.name == name and state in step.sources:
                return step
        raise NoSuchStep(f"cannot {name} from {state}")

    def find(self, name: str) -> Step | None:
        """Return the step `name`, whatever the state; None when the kind has no such step."""
        return next((step for step in self.steps if step.name == name), None)

    def from_state(self, state: str) -> tuple[Step, ...]:
        """Return every step allowed from `state`, in the table's order."""
        return tuple(step for step in self.steps if state in step.sources)

    def _targets(self, step: Step) -> Iterable[str]:
        if step.target != BACK:
            return (step.target,)
        # back to where any step into one of its sources began
        return {
            source
            for other in self.steps
            if other.target in step.sources and other.name != step.name
            for source in other.sources
        }

    def _reach(self, seen: set[str]) -> set[str]:
        while True:
            more = {
                target
                for step in self.steps
                if seen & set(step.sources)
                for target in self._targets(step)
            } - seen
            if not more:
                return seen
            seen = seen | more
