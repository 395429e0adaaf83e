"""The clocks of a held matter: they run, stop, end, and tell their due moments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bihuan.base import calendar, worktime
from bihuan.matters.models import Clock, ClockMark, Extension, Matter, Task

OPEN = ("ready", "doing")
ASKED = ("asked", "unit_agreed")  # states of an extension that still waits for a word


@dataclass
class Timed:
    """A held matter's tasks (live rounds by key), clocks (by name) and their marks, in order."""

    matter: Matter
    tasks: dict[str, Task]
    clocks: dict[str, Clock]
    marks: dict[int, list[ClockMark]]

    def mark(
        self, clock: Clock, *, at: datetime, runs: bool, cause: str, evidence: str = ""
    ) -> None:
        """Add a mark to a clock and tell it, its tasks and the matter the new due moment."""
        marks = self.marks[clock.pk]
        at = max(at, marks[-1].at) if marks else at
        mark = ClockMark(
            clock=clock, seq=len(marks) + 1, at=at, runs=runs, cause=cause, evidence=evidence
        )
        mark.save(force_insert=True)
        marks.append(mark)
        self.reckon(clock)

    def reckon(self, clock: Clock) -> None:
        """Compute a clock's due moment from its marks, save it and pass it on."""
        marks = [worktime.Mark(m.at, m.runs) for m in self.marks[clock.pk]]
        hours = calendar.hours_for(clock_spans(clock.hours))
        clock.due_at = None
        if clock.done_at is None and marks[-1].runs:
            clock.due_at = worktime.due(hours, marks, clock.limit_seconds)
        clock.provisional = clock.due_at is not None and calendar.provisional(clock.due_at)
        clock.save(update_fields=["due_at", "done_at", "late", "limit_seconds", "provisional"])
        for task in self.tasks.values():
            if task.state in ("waiting", *OPEN):
                task.due_at = self._task_due(task.key)
        open_due = [c.due_at for c in self.clocks.values() if c.done_at is None and c.due_at]
        self.matter.due_at = min(open_due, default=None)

    def elapsed(self, clock: Clock, at: datetime) -> int:
        """Return the seconds (of the clock's hours) used up by `at`."""
        marks = [worktime.Mark(m.at, m.runs) for m in self.marks[clock.pk]]
        hours = calendar.hours_for(clock_spans(clock.hours))
        return worktime.elapsed(hours, marks, at)

    def stop_clocks(self, *, at: datetime, cause: str, evidence: str = "") -> None:
        """Stop every clock that runs; their due moments move by as long as they stand still."""
        for clock in self.clocks.values():
            if clock.done_at is None and self.marks[clock.pk][-1].runs:
                self._note_late(clock, at)
                self.mark(clock, at=at, runs=False, cause=cause, evidence=evidence)

    def run_clocks(self, *, at: datetime, cause: str) -> None:
        """Let every clock that stands still run again."""
        for clock in self.clocks.values():
            if clock.done_at is None and not self.marks[clock.pk][-1].runs:
                self.mark(clock, at=at, runs=True, cause=cause)

    def end_clock(self, name: str, *, at: datetime, cause: str = "met") -> None:
        """End a clock for good (unless reopened) and keep whether it was late."""
        clock = self.clocks.get(name)
        if clock is None or clock.done_at is not None:
            return
        self._note_late(clock, at)
        clock.done_at = at
        self.mark(clock, at=at, runs=False, cause=cause)
        if name == "finish":  # more time for what is over is asked no longer
            asked = Extension.objects.filter(matter=self.matter, state__in=ASKED)
            asked.update(state="lapsed", decided_at=at)

    def reopen_clock(self, name: str, *, at: datetime, fresh: bool) -> None:
        """Let an ended clock run again; `fresh` gives it its whole limit anew."""
        clock = self.clocks.get(name)
        if clock is None:
            return
        if fresh:
            clock.limit_seconds = self.elapsed(clock, at) + clock.base_seconds
        clock.done_at = None
        self.mark(clock, at=at, runs=True, cause="reopened" if fresh else "rework")

    def _note_late(self, clock: Clock, at: datetime) -> None:
        clock.late = clock.late or self.elapsed(clock, at) > clock.limit_seconds

    def _task_due(self, key: str) -> datetime | None:
        clock = self.clocks.get("accept" if key in ("accept", "verify") else "finish")
        if key == "verify" and (clock is None or clock.done_at is not None):
            clock = self.clocks.get("finish")
        return clock.due_at if clock else None


def clock_spans(hours: list[list[int]] | None) -> tuple[tuple[int, int], ...] | None:
    """Turn a clock's stored spans into what the calendar takes; None = natural time."""
    return tuple((a, b) for a, b in hours) if hours is not None else None
