"""What people do with one demo report, step by step, each at a time at which they would.

A script looks at where its matter stands and does the next thing a person would do there, until
the story of its line is told or the present is reached.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from bihuan.accounts.actor import REPORTER, Actor
from bihuan.base.calendar import hours_for
from bihuan.base.worktime import DEFAULT_SPANS
from bihuan.demo.hands import Hands
from bihuan.demo.lines import Line
from bihuan.matters import actions as matters
from bihuan.matters.models import Clock, Matter
from bihuan.reports import automatic
from bihuan.reports.rules import CategoryRow, category_of

WAY = ("reported", "verifying", "registered", "dispatched", "handling", "handled", "checking")
ENDS = ("closed", "void", "rejected", "merged")
NOT_OURS = "现场看过，不归我们管，请派给管这块的单位。"


@dataclass
class Script:
    """One report's story. `numbers` gives the matter of every line filed so far, by line id."""

    line: Line
    matter_id: int
    record_id: int
    hands: Hands
    matters: dict[str, int]
    dice: Random
    done: set[str] = field(default_factory=set)

    def play(self, filed_at: datetime) -> Iterator[datetime]:
        """Yield the moment of each next step before doing it."""
        at = filed_at
        while True:
            state = Matter.objects.values_list("state", flat=True).get(pk=self.matter_id)
            step = getattr(self, f"_{state}", None)
            wait = self._wait(state)
            if step is None or wait is None:
                break
            at = self._later(at, wait, state)
            yield at
            # the rules may have gone on by themselves meanwhile
            if Matter.objects.filter(pk=self.matter_id, state=state).exists():
                step(at)
        if state == "closed":
            yield from self._afterwards(at)

    # -- when ---------------------------------------------------------------------------------

    def _wait(self, state: str) -> int | None:
        """Return the working seconds until the next step; None when the story stops here."""
        outcome = self.line.outcome
        if _far_enough(outcome, state):
            return None
        if state == "handling":
            return self._handling_seconds()
        waits = {
            "reported": (240, 2400), "verifying": (1200, 5400), "registered": (300, 1800),
            "returned": (600, 3600), "dispatched": (600, 4800), "rework": (900, 5400),
            "handled": (600, 3600), "checking": (1800, 9000), "waiting": (3600, 18000),
        }  # fmt: skip
        least, most = waits.get(state, (600, 3600))
        return self.dice.randint(least, most)

    def _handling_seconds(self) -> int:
        limit = Clock.objects.values_list("limit_seconds", flat=True).get(
            matter_id=self.matter_id, name="finish"
        )
        share = self.dice.uniform(0.08, 0.7)
        if self.line.outcome == "overdue" and "late" not in self.done:
            self.done.add("late")
            share = self.dice.uniform(1.2, 1.8)
        if self.line.outcome in ("extended", "asked_question", "paused") and not self.done:
            share = 0.15
        return max(240, int(limit * share))

    def _later(self, at: datetime, seconds: int, state: str) -> datetime:
        """Return when the next step is taken: sooner for what is urgent, in office hours else."""
        row = self._category()
        urgent = row is not None and (
            row.accept_urgent if state == "reported" else row.finish_urgent
        )
        if row is not None and state == "reported":
            seconds = min(seconds, int(row.accept_seconds * self.dice.uniform(0.1, 0.9)))
        elif row is not None and state != "handling":
            seconds = min(seconds, int(row.finish_seconds * self.dice.uniform(0.02, 0.1)))
        few = timedelta(seconds=self.dice.randint(1, 50))
        if urgent:
            return at + timedelta(seconds=seconds) + few
        return hours_for(DEFAULT_SPANS).after(at, seconds) + few

    # -- what, by where the matter stands ------------------------------------------------------

    def _reported(self, at: datetime) -> None:
        clerk = self.hands.clerk(self._matter())
        if self._settled_at_desk(at):
            return
        row = self._category()
        if row is not None and row.verify_first and self._matter().cell_id:
            matters.accept(matter_id=self.matter_id, by=clerk, at=at)
        else:
            matters.register(matter_id=self.matter_id, by=clerk, at=at)

    def _settled_at_desk(self, at: datetime) -> bool:
        line, clerk = self.line, self.hands.clerk(self._matter())
        if line.outcome == "on_the_spot":
            self._solve_on_spot(at)
        elif line.outcome == "rejected" and self._matter().state in ("reported", "verifying"):
            matters.reject(
                matter_id=self.matter_id, reason=line.detail or "unclear",
                note=self.hands.reason("refuse", line.detail), by=clerk, at=at,
            )  # fmt: skip
        elif line.outcome in ("void", "rejected"):
            matters.void(
                matter_id=self.matter_id, reason=line.detail or "not_there",
                note=self.hands.reason("void", line.detail), by=clerk, at=at,
            )  # fmt: skip
        elif line.outcome == "merged" and line.merged_with in self.matters:
            into = Matter.objects.get(pk=self.matters[line.merged_with])
            if into.state in ENDS or into.pk == self.matter_id:
                return False
            matters.merge(
                matter_id=self.matter_id,
                into_id=into.pk,
                note="同一地点、同一件事",
                by=clerk,
                at=at,
            )
        else:
            return False
        return True

    def _solve_on_spot(self, at: datetime) -> None:
        matters.solve_on_spot(
            matter_id=self.matter_id,
            note=self.line.answer or "到现场当即处理好了。",
            photos=self.hands.photos(self.line, after=True),
            by=self.hands.worker(self._matter()),
            at=at,
        )

    def _verifying(self, at: datetime) -> None:
        if self._settled_at_desk(at):
            return
        worker = self.hands.worker(self._matter())
        matters.verify(
            matter_id=self.matter_id, found=True, note="到现场看过，情况属实。", by=worker, at=at
        )

    def _registered(self, at: datetime) -> None:
        if self._settled_at_desk(at):
            return
        matter = self._matter()
        decision = automatic.decide(matter, at)
        unit_id = self.hands.unit_for(decision.unit_id)
        matters.assign(
            matter_id=self.matter_id, unit_id=unit_id, by=self.hands.clerk(matter), at=at,
            why=decision.why_zh,
        )  # fmt: skip

    def _returned(self, at: datetime) -> None:
        matter = self._matter()
        matters.assign(
            matter_id=self.matter_id, unit_id=self.hands.other_unit(matter),
            by=self.hands.clerk(matter), at=at, note="核对职责后改派。",
        )  # fmt: skip

    def _dispatched(self, at: datetime) -> None:
        if not self.done and self._settled_at_desk(at):
            return
        if self.line.outcome == "returned_then_solved" and "returned" not in self.done:
            self.done.add("returned")
            matters.return_task(
                matter_id=self.matter_id, key="lead", reason=self.line.detail or "not_our_duty",
                note=NOT_OURS, by=self.hands.holder(self._matter()), at=at,
            )  # fmt: skip
            return
        by = self.hands.holder(self._matter())
        matters.take_up(matter_id=self.matter_id, key="lead", by=by, at=at)

    _rework = _dispatched

    def _handling(self, at: datetime) -> None:
        outcome, holder = self.line.outcome, self.hands.holder(self._matter())
        if outcome == "asked_question" and "asked" not in self.done:
            self.done.add("asked")
            note = self.line.detail or "请问具体在什么位置？"
            matters.ask(matter_id=self.matter_id, cause="question", note=note, by=holder, at=at)
        elif outcome == "paused" and "paused" not in self.done:
            self.done.add("paused")
            matters.pause(
                matter_id=self.matter_id, cause=self.line.detail or "season",
                until=at + timedelta(days=60), note=self.line.answer or "条件不具备，先挂账。",
                by=self.hands.clerk(self._matter()), at=at,
            )  # fmt: skip
        elif outcome == "extended" and "extended" not in self.done:
            self.done.add("extended")
            self._extend(at)
        else:
            before = self.hands.photos(self.line, after=False) if not self._report_photos() else ()
            matters.finish(
                matter_id=self.matter_id, key="lead",
                opinion=self.line.answer or "已到现场处理完毕。", by=holder, at=at,
                photos=self.hands.photos(self.line, after=True), before_photos=before,
            )  # fmt: skip

    def _extend(self, at: datetime) -> None:
        matter = self._matter()
        holder = self.hands.holder(matter)
        matters.ask_extension(
            matter_id=matter.pk, note="要等备料和协调，申请延期一次。", by=holder, at=at
        )
        head = self.hands.head(matter)
        matters.agree_extension(matter_id=matter.pk, by=head, at=at + timedelta(minutes=7))
        matters.agree_extension(
            matter_id=matter.pk, by=self.hands.clerk(matter), at=at + timedelta(minutes=19)
        )

    def _waiting(self, at: datetime) -> None:
        matters.answer(
            matter_id=self.matter_id,
            note=self.line.reply or "就在我说的地方，门口有棵大树，好找。",
            by=REPORTER,
            at=at,
        )

    def _handled(self, at: datetime) -> None:
        self._check(at, self.hands.clerk(self._matter()))

    def _checking(self, at: datetime) -> None:
        self._check(at, self.hands.checker(self._matter()))

    def _check(self, at: datetime, by: Actor) -> None:
        if self.line.outcome == "rework" and "rework" not in self.done:
            self.done.add("rework")
            matters.fail_check(
                matter_id=self.matter_id, note="现场还没有弄好，请再去一趟。", by=by, at=at
            )
        else:
            matters.pass_check(matter_id=self.matter_id, note="看过了，已经办好。", by=by, at=at)

    def _afterwards(self, at: datetime) -> Iterator[datetime]:
        """The reporter's word, some hours later; and what the county makes of it."""
        line = self.line
        if not line.rating and not line.solved:
            return
        at += timedelta(minutes=self.dice.randint(40, 1600))
        yield at
        solved = {"yes": True, "no": False}.get(line.solved)
        level = int(line.rating) if line.rating else None
        reopens = line.outcome == "reopened" and "reopened" not in self.done
        if reopens:
            self.done.add("reopened")
            level, solved = None, False
        matters.rate(
            matter_id=self.matter_id, level=level, solved=solved, note=line.closing, by=REPORTER,
            at=at, record_id=self.record_id,
        )  # fmt: skip
        if level is not None and level <= 2:
            yield from self._call_back(at)
        if reopens:
            at += timedelta(minutes=3)
            yield at
            matters.reopen(
                matter_id=self.matter_id, note=line.closing or "又这样了。", by=REPORTER, at=at
            )
            yield from self.play(at)

    def _call_back(self, at: datetime) -> Iterator[datetime]:
        """Somebody of the desk rings whoever was not content."""
        title = self._matter().title[:100]
        callback = Matter.objects.filter(kind="callback", title__contains=title).last()
        if callback is None:
            return
        by = self.hands.clerk(self._matter())
        at = self._later(at, self.dice.randint(3600, 40_000), "call")
        yield at
        matters.take_up(matter_id=callback.pk, key="call", by=by, at=at)
        at += timedelta(minutes=self.dice.randint(3, 12))
        yield at
        note = "已电话道歉并听取意见，承办单位答应再去一次。"
        matters.finish(matter_id=callback.pk, key="call", opinion=note, by=by, at=at)

    # -- short words ---------------------------------------------------------------------------

    def _matter(self) -> Matter:
        return Matter.objects.get(pk=self.matter_id)

    def _category(self) -> CategoryRow | None:
        return category_of(self._matter().category)

    def _report_photos(self) -> bool:
        return self._matter().attachments.filter(use="report").exists()


def _far_enough(outcome: str, state: str) -> bool:
    """Say whether a story that is to stay open has come to its state, or past it by rule."""
    if outcome == "paused":
        return state == "paused"
    target = outcome.removeprefix("still_open_")
    return target in WAY and state in WAY and WAY.index(state) >= WAY.index(target)
