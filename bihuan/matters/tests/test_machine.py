"""The state machine: whatever people do in whatever order, the loop holds.

Held against a second, plain telling of it: a minute-by-minute walk for the clocks, a stack for the
states. `SEQUENCES=2000 pytest bihuan/matters/tests/test_machine.py` tries more.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from hypothesis import HealthCheck, assume, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as run

from bihuan.matters import actions
from bihuan.matters.errors import NotNow, Refused, TooMany
from bihuan.matters.loop import BACK
from bihuan.matters.models import Clock, Entry, Matter, Task
from bihuan.matters.tests.bed import verified
from bihuan.matters.tests.errand import LOOP
from bihuan.matters.tests.ways import Ways

pytestmark = pytest.mark.django_db
SHANGHAI = ZoneInfo("Asia/Shanghai")
MINUTE = timedelta(minutes=1)
SEQUENCES = int(os.environ.get("SEQUENCES", "50"))
STEPS = 18
MAX = 40 * 24 * 60  # minutes walked at most


def works(at: datetime) -> bool:
    """Say whether the minute that begins at `at` is office time: no calendar, just the rule.

    November and December 2026 have no holiday and no make-up day.
    """
    local = at.astimezone(SHANGHAI)
    return local.weekday() < 5 and (8 <= local.hour < 12 or 14 <= local.hour < 18)


@dataclass
class Walked:
    """A clock as told by hand: minutes left of its limit, and whether it runs."""

    left: int
    runs: bool = True
    over: bool = False

    def pass_time(self, start: datetime, minutes: int) -> None:
        if not self.runs or self.over:
            return
        for n in range(minutes):
            self.left -= works(start + n * MINUTE)

    def due(self, at: datetime) -> datetime | None:
        """Return when the last minute left is worked; None when it stands still or has passed."""
        if not self.runs or self.over or self.left <= 0:
            return None
        left = self.left
        for n in range(MAX):
            left -= works(at + n * MINUTE)
            if left == 0:
                return at + (n + 1) * MINUTE
        raise AssertionError("no end in sight")


@dataclass
class Told:
    """The errand as told by hand: states behind the present one, and its clocks."""

    state: str = "reported"
    behind: list[str] = field(default_factory=list)
    accept: Walked = field(default_factory=lambda: Walked(120))
    finish: Walked = field(default_factory=lambda: Walked(3 * 480))
    were: list[tuple[bool, bool, bool, bool]] = field(default_factory=list)
    pauses: int = 0
    waits: int = 0
    reopens: int = 0

    def go(self, state: str) -> None:
        self.state = state

    def stand(self, state: str) -> None:
        """Stand still: remember where from."""
        self.behind.append(self.state)
        self.state = state
        self.accept.runs = self.finish.runs = False

    def back(self) -> None:
        self.state = self.behind.pop()
        self.accept.runs = self.finish.runs = True


class Errands(RuleBasedStateMachine):
    """One errand, everybody who may act on it, and time that passes."""

    ways: Ways  # set by the test

    def __init__(self) -> None:
        super().__init__()
        self.undo = transaction.atomic()
        self.undo.__enter__()
        self.now = self.ways.at
        self.pk = self.ways.reported()
        self.other = self.ways.reported()
        self.told = Told()

    def teardown(self) -> None:
        try:
            assert verified() == []
            self.end_is_reachable()
        finally:
            transaction.set_rollback(True)
            self.undo.__exit__(None, None, None)

    def end_is_reachable(self) -> None:
        """Close it, whatever its state: the centre can always bring it to an end."""
        who, at = self.ways.cast.clerk, self.now
        state = Matter.objects.values_list("state", flat=True).get(pk=self.pk)
        if state not in LOOP.ends:
            actions.void(matter_id=self.pk, reason="x", note="止", by=who, at=at)
        assert Matter.objects.get(pk=self.pk).closed_at is not None
        assert verified() == []

    def take(self, verb: Any, *, by: str, steps: tuple[str, ...], **given: Any) -> bool:
        """Use a verb; it has to be refused exactly when the loop has no such step from here."""
        can = any(s.name in steps and self.told.state in s.sources for s in LOOP.steps)
        before = Entry.objects.count()
        try:
            verb(matter_id=self.pk, by=getattr(self.ways.cast, by), at=self.now, **given)
        except NotNow:
            assert not can or self.told.state in ("dispatched", "handling", "rework"), steps
            assert Entry.objects.count() == before
            return False
        except Refused as refused:
            assert isinstance(refused, TooMany), refused
            assert Entry.objects.count() == before
            return False
        assert can, f"{steps} from {self.told.state}"
        return True

    @rule(minutes=st.integers(1, 3 * 24 * 60))
    def time_passes(self, minutes: int) -> None:
        for clock in (self.told.accept, self.told.finish):
            clock.pass_time(self.now, minutes)
        self.now += minutes * MINUTE

    @rule()
    def accept(self) -> None:
        if self.take(actions.accept, by="clerk", steps=("accept",)):
            self.told.go("verifying")
            self.told.accept.over = True

    @rule()
    def verify(self) -> None:
        if self.take(actions.verify, by="worker", steps=("verify",), found=True, note="有"):
            self.told.go("registered")

    @rule()
    def register(self) -> None:
        if self.take(actions.register, by="clerk", steps=("register",)):
            self.told.go("registered")
            self.told.accept.over = True

    @rule()
    def assign(self) -> None:
        unit = self.ways.units.urban.pk
        if self.take(actions.assign, by="clerk", steps=("assign",), unit_id=unit):
            self.told.go("dispatched")

    @rule()
    def reassign(self) -> None:
        lead = Task.objects.filter(matter_id=self.pk, key="lead").exclude(state="returned").first()
        urban, roads = self.ways.units.urban.pk, self.ways.units.roads.pk
        unit = roads if lead and lead.unit_id == urban else urban
        if self.take(actions.reassign, by="clerk", steps=("reassign",), unit_id=unit, note="改"):
            self.told.go("dispatched")

    @rule()
    def take_up(self) -> None:
        if self.take(actions.take_up, by="system", steps=("take_up",), key="lead"):
            self.told.go("handling")

    @rule()
    def finish(self) -> None:
        if self.take(actions.finish, by="system", steps=("finish",), key="lead", opinion="好"):
            self.told.go("handled")
            self.told.finish.over = True

    @rule()
    def give_back(self) -> None:
        given = {"key": "lead", "reason": "x", "note": "不是我们的"}
        if self.take(actions.return_task, by="system", steps=("return",), **given):
            self.told.go("returned")

    @rule()
    def start_check(self) -> None:
        if self.take(actions.start_check, by="clerk", steps=("start_check",)):
            self.told.go("checking")

    @rule()
    def pass_check(self) -> None:
        if self.take(actions.pass_check, by="cell_head", steps=("pass_check",), note="好"):
            self.told.go("closed")
            self.told.accept.over = True

    @rule()
    def fail_check(self) -> None:
        if self.take(actions.fail_check, by="cell_head", steps=("fail_check",), note="没好"):
            self.told.go("rework")
            self.told.finish.over = False

    @rule()
    def solve_on_spot(self) -> None:
        if self.take(actions.solve_on_spot, by="worker", steps=("solve_on_spot",), note="好"):
            self.told.go("closed")
            self.told.accept.over = self.told.finish.over = True

    @rule(days=st.integers(1, 9))
    def pause(self, days: int) -> None:
        until = self.now + timedelta(days=days)
        given = {"cause": "season", "note": "等", "until": until}
        if self.take(actions.pause, by="clerk", steps=("pause",), **given):
            self.told.pauses += 1
            assert self.told.pauses == 1
            self.told.stand("paused")

    @rule()
    def revive(self) -> None:
        if self.take(actions.revive, by="clerk", steps=("revive",)):
            self.told.back()

    @rule()
    def ask(self) -> None:
        if self.take(actions.ask, by="clerk", steps=("ask",), cause="question", note="?"):
            self.told.waits += 1
            assert self.told.waits <= 3
            self.told.stand("waiting")

    @rule()
    def answer(self) -> None:
        if self.take(actions.answer, by="reporter", steps=("answer",), note="东侧"):
            self.told.back()

    @rule()
    def merge(self) -> None:
        given = {"into_id": self.other, "note": "同"}
        if self.take(actions.merge, by="clerk", steps=("merge",), **given):
            told = self.told
            told.were.append(
                (told.accept.runs, told.finish.runs, told.accept.over, told.finish.over)
            )
            told.behind.append(told.state)
            told.state = "merged"
            told.accept.over = told.finish.over = True

    @rule()
    def unmerge(self) -> None:
        if self.take(actions.unmerge, by="clerk", steps=("unmerge",), note="不同"):
            told = self.told
            told.state = told.behind.pop()
            a, b, c, d = told.were.pop()
            told.accept.runs, told.finish.runs, told.accept.over, told.finish.over = a, b, c, d

    @precondition(lambda self: self.told.state == "closed")
    @rule()
    def reopen(self) -> None:
        lead = Task.objects.filter(matter_id=self.pk, key="lead").exclude(state="returned").exists()
        closed_at = Matter.objects.get(pk=self.pk).closed_at
        assert closed_at is not None
        assume(self.now <= closed_at + timedelta(days=15))
        steps = ("reopen", "reopen_at_desk")
        if self.take(actions.reopen, by="reporter", steps=steps, note="又坏"):
            self.told.reopens += 1
            assert self.told.reopens <= 2
            self.told.go("rework" if lead else "registered")
            self.told.finish = Walked(3 * 480)

    @precondition(lambda self: self.told.state not in LOOP.ends)
    @rule()
    def split_and_unsplit(self) -> None:
        was = self._picture(self.pk)
        part = actions.split(
            matter_id=self.pk, title="另一件", category="lamp", note="两件",
            by=self.ways.cast.clerk, at=self.now,
        )  # fmt: skip
        actions.unsplit(part_id=part.matter_id, note="一件", by=self.ways.cast.clerk, at=self.now)
        assert self._picture(self.pk) == was
        assert Matter.objects.get(pk=part.matter_id).state == "void"

    @rule()
    def merge_and_unmerge_at_once(self) -> None:
        state = self.told.state
        if any(s.name == "merge" and state in s.sources for s in LOOP.steps):
            was = self._picture(self.pk)
            self.merge()
            self.unmerge()
            assert self._picture(self.pk) == was

    def _picture(self, pk: int) -> object:
        matter = Matter.objects.get(pk=pk)
        tasks = Task.objects.filter(matter_id=pk).order_by("pk")
        return (
            matter.state, matter.due_at, matter.owner_id, matter.closed_at, matter.merged_into_id,
            [(t.key, t.round, t.state, t.due_at, t.person_id, t.done_at) for t in tasks],
            [(c.name, c.due_at, c.done_at, c.limit_seconds)
             for c in Clock.objects.filter(matter_id=pk).order_by("pk")],
        )  # fmt: skip

    @invariant()
    def is_where_it_was_told(self) -> None:
        matter = Matter.objects.get(pk=self.pk)
        assert matter.state == self.told.state
        assert (matter.closed_at is not None) == (matter.state in LOOP.ends)

    @invariant()
    def last_line_was_allowed(self) -> None:
        last = Entry.objects.filter(matter_id=self.pk).order_by("-seq").first()
        assert last is not None
        if last.before not in ("", last.after):
            [step] = [s for s in LOOP.steps if s.name == last.step]
            assert last.before in step.sources
            assert step.target in (last.after, BACK)

    @invariant()
    def clocks_are_due_when_a_walk_says(self) -> None:
        dues = []
        for clock in Clock.objects.filter(matter_id=self.pk):
            told: Walked = getattr(self.told, clock.name)
            assert (clock.done_at is not None) == told.over
            if told.over or not told.runs:
                assert clock.due_at is None, clock.name
                continue
            assert clock.due_at is not None
            dues.append(clock.due_at)
            if told.left > 0:
                assert clock.due_at == told.due(self.now).astimezone(UTC)  # type: ignore[union-attr]
            else:
                assert clock.due_at <= self.now
        matter = Matter.objects.get(pk=self.pk)
        assert matter.due_at == min(dues, default=None)
        live = Task.objects.filter(matter_id=self.pk, key="lead", state__in=("ready", "doing"))
        finish = Clock.objects.get(matter_id=self.pk, name="finish")
        assert {t.due_at for t in live} <= {finish.due_at}

    @invariant()
    def as_many_live_tasks_as_its_state_asks(self) -> None:
        keys = list(
            Task.objects.filter(matter_id=self.pk, state__in=("ready", "doing")).values_list(
                "key", flat=True
            )
        )
        assert len(keys) == len(set(keys))
        if self.told.state in LOOP.ends:
            assert keys == []
        elif self.told.state in ("dispatched", "handling", "rework"):
            assert keys == ["lead"]


def test_no_order_of_steps_breaks_the_loop(ways: Ways) -> None:
    Errands.ways = ways
    run(
        Errands,
        settings=settings(
            max_examples=SEQUENCES,
            stateful_step_count=STEPS,
            deadline=None,
            derandomize="SEQUENCES" not in os.environ,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )
