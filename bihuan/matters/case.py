"""A matter held for one change: its row locked, its live tasks and open clocks read after the lock.

Every verb works on a Case and ends in `write`, which adds one line of history holding
whatever the verb changed, so that the present can always be folded from the history.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256

from django.db import transaction
from django.utils.translation import gettext as _

from bihuan.accounts.actor import Actor
from bihuan.accounts.may import NotPermitted, may
from bihuan.accounts.units import tree
from bihuan.matters import chain, kinds
from bihuan.matters.errors import NoteMissing, NotNow, OwnInterest
from bihuan.matters.loop import BACK, NoSuchStep, Step
from bihuan.matters.models import Clock, ClockMark, Entry, Matter, Note, Notice, Stop, Task
from bihuan.matters.timed import OPEN, Timed

# Changed by verbs, saved by `write`, and told in the entry's facts: `verify` folds and compares.
FOLDED = (
    "due_at",
    "owner_id",
    "category",
    "merged_into_id",
    "about_unit_id",
    "about_person_id",
    "exempt",
    "resolved",
)
SAVED = (
    *FOLDED,
    "state",
    "title",
    "cell_id",
    "area_id",
    "lon",
    "lat",
    "address",
    "level",
    "urgency",
    "closed_at",
    "reminds",
    "presses",
    "reopens",
    "split_from_id",
)
TASK_SAVED = ("state", "unit_id", "person_id", "opinion", "opened_at", "due_at", "done_at", "needs")
HELD_KEYS = ("accept", "verify", "check")  # tasks that end by a verb of their own
# Verbs that nobody may use on a matter about themselves or their unit. What is left to them:
# words (note, remind), giving back what was given to them by mistake, an appeal.
OWN_INTEREST = frozenset(
    {
        "matters.accept",
        "matters.verify",
        "matters.register",
        "matters.reject",
        "matters.assign",
        "matters.take_up",
        "matters.finish",
        "matters.hand_over",
        "matters.add_helper",
        "matters.solve_on_spot",
        "matters.ask",
        "matters.extend",
        "matters.extend_agree_unit",
        "matters.extend_agree_centre",
        "matters.pause",
        "matters.revive",
        "matters.appeal_first",
        "matters.appeal_second",
        "matters.check",
        "matters.close",
        "matters.rework",
        "matters.callback",
        "matters.merge",
        "matters.split",
        "matters.void",
        "matters.reveal",
        "matters.say_about",
    }
)


def moment(at: datetime | None) -> str | None:
    """Write a moment the way facts keep it: UTC, microseconds."""
    return at.astimezone(UTC).isoformat(timespec="microseconds") if at else None


@dataclass
class Case(Timed):
    """A held matter: its rights, its loop, its tasks, its history (and its clocks, from Timed)."""

    new_photos: list[str] = field(default_factory=list)  # digests, for the next line of history
    gone: list[Task] = field(default_factory=list)  # rounds set aside by this change
    _was: dict[str, object] = field(default_factory=dict)
    _tasks_were: dict[int, tuple[object, ...]] = field(default_factory=dict)
    _late_were: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        self._remember()

    @property
    def kind(self) -> kinds.Kind:
        return kinds.get(self.matter.kind)

    # -- rights -----------------------------------------------------------------------------

    def units(self, place: str, task: Task | None) -> list[int]:
        """Return the units at which a right counts for a step whose place is `place`."""
        if place == "task":
            return [task.unit_id] if task else [t.unit_id for t in self.tasks.values()]
        found = [self.matter.owner_id]
        if self.matter.area_id:
            found.append(self.matter.area_id)
        return found

    def allow(self, by: Actor, verb: str, *, place: str = "area", task: Task | None = None) -> None:
        """Raise NotPermitted or OwnInterest unless `by` may do `verb` on this matter."""
        if not any(may(by, verb, unit_id) for unit_id in self.units(place, task)):
            raise NotPermitted(verb)
        if verb in OWN_INTEREST:
            self.allow_no_own_interest(by)

    def allow_no_own_interest(self, by: Actor) -> None:
        """Raise OwnInterest when the matter is about `by`, or about a unit they work for."""
        if by.person_id is None:
            return
        if self.matter.about_person_id == by.person_id:
            raise OwnInterest(_("这件事项反映的是您本人，请由他人办理。"))
        if any(self.concerns(unit_id) for unit_id in by.unit_ids):
            raise OwnInterest(_("这件事项反映的是您所在的单位，请由其他单位办理。"))

    def concerns(self, unit_id: int) -> bool:
        """Say whether the matter is about this unit, or about one above it."""
        about = self.matter.about_unit_id
        return about is not None and unit_id in tree().subtree(about)

    def allow_unit(self, unit_id: int) -> None:
        """Raise OwnInterest when work would be given to the unit that the matter is about."""
        if self.concerns(unit_id):
            raise OwnInterest(_("这件事项反映的就是该单位，请交给其他单位办理。"))

    # -- the loop ---------------------------------------------------------------------------

    def find_step(self, name: str) -> Step:
        """Return the kind's step `name` from the present state, or raise NotNow."""
        try:
            return self.kind.loop.step(name, self.matter.state)
        except NoSuchStep as error:
            raise NotNow(
                _("事项现在是“%(state)s”，不能这样办理。请刷新后再试。")
                % {"state": self.state_label}
            ) from error

    @property
    def state_label(self) -> str:
        return str(dict(self.kind.loop.labels).get(self.matter.state, self.matter.state))

    def before(self) -> str:
        """Return the state from which the present one was entered.

        Coming back is not entering: a matter that was merged while it was paused goes back to
        paused, and from there to where it was paused.
        """
        state = self.matter.state
        returns = [s.name for s in self.kind.loop.steps if s.target == BACK]
        last = (
            Entry.objects.filter(matter_id=self.matter.pk, after=state)
            .exclude(before=state)
            .exclude(step__in=returns)
            .order_by("-seq")
            .values_list("before", flat=True)
            .first()
        )
        return last or self.kind.loop.start

    # -- tasks ------------------------------------------------------------------------------

    def task(self, key: str, *, states: tuple[str, ...] = OPEN) -> Task:
        """Return the live task `key` when it is in one of `states`, or raise NotNow."""
        task = self.tasks.get(key)
        if task is None or task.state not in states:
            raise NotNow(_("这项任务已经有人办理或已经改派，请刷新后再看。"))
        return task

    def add_task(
        self,
        key: str,
        *,
        unit_id: int,
        at: datetime,
        person_id: int | None = None,
        needs: tuple[str, ...] = (),
        round: int = 1,
    ) -> Task:
        """Add a task; it is ready when all it needs is done, else it waits."""
        met = all(n in self.tasks and self.tasks[n].state in ("done", "skipped") for n in needs)
        task = Task(
            matter=self.matter,
            key=key,
            round=round,
            unit_id=unit_id,
            person_id=person_id,
            state="ready" if met else "waiting",
            needs=list(needs),
            opened_at=at if met else None,
            due_at=self._task_due(key),
        )
        task.save(force_insert=True)
        self.tasks[key] = task
        return task

    def next_round(
        self, key: str, *, unit_id: int, at: datetime, person_id: int | None = None
    ) -> Task:
        """Set the live round of `key` aside as returned (opinion kept) and open a new one.

        What the task needs, the new round needs too.
        """
        earlier = Task.objects.filter(matter=self.matter, key=key)
        rounds = list(earlier.order_by("round").values_list("needs", flat=True))
        if key in self.tasks:
            self.set_aside(self.tasks[key])
        return self.add_task(
            key,
            unit_id=unit_id,
            at=at,
            person_id=person_id,
            needs=tuple(rounds[-1]) if rounds else (),
            round=len(rounds) + 1,
        )

    def set_aside(self, task: Task) -> None:
        """Mark a live round as returned; saved at once, or its next round could not be opened."""
        task.state = "returned"
        task.save(update_fields=TASK_SAVED)
        self.gone.append(self.tasks.pop(task.key))

    def end_task(
        self, task: Task, state: str, *, at: datetime, by: Actor | None = None, opinion: str = ""
    ) -> None:
        """End a live task as done or skipped; open what waited for it."""
        task.state = state
        task.done_at = at
        if opinion:
            task.opinion = opinion
        if by is not None and by.person_id is not None:
            task.person_id = by.person_id
        met = {t.key for t in self.tasks.values() if t.state in ("done", "skipped")}
        for other in self.tasks.values():
            if other.state == "waiting" and met.issuperset(other.needs):
                other.state, other.opened_at = "ready", at

    def skip_open_tasks(self, at: datetime) -> None:
        """Skip every task that is not done: the loop ends without them."""
        for task in self.tasks.values():
            if task.state in ("waiting", *OPEN):
                task.state, task.done_at = "skipped", at

    def share(self) -> list[Task]:
        """Return the live tasks of handling: the lead and its helpers, or a kind's own shares."""
        return [t for t in self.tasks.values() if t.key not in HELD_KEYS]

    # -- history ----------------------------------------------------------------------------

    def write(
        self,
        step: str,
        *,
        by: Actor,
        at: datetime,
        task: str = "",
        note: str = "",
        facts: chain.Facts | None = None,
        before: str | None = None,
    ) -> Entry:
        """Save what changed and add one line of history, its note and its notice."""
        matter = self.matter
        said: dict[str, chain.Fact] = dict(facts or {})
        if by.person_id is None:
            said["as"] = by.label
        said |= self._changes()
        said |= {f"photo:{n}": digest for n, digest in enumerate(self.new_photos, 1)}
        self.new_photos.clear()
        salt = os.urandom(16)
        body = chain.Body(
            matter.last_seq + 1,
            step,
            task,
            matter.state if before is None else before,
            matter.state,
            by.person_id,
            at,
            said,
            sha256(salt + note.encode()).digest() if note else None,
        )
        matter.last_seq = body.seq
        matter.last_hash = chain.link(bytes(matter.last_hash), chain.digest(body))
        entry = Entry(
            matter=matter,
            seq=body.seq,
            step=step,
            task=task,
            before=body.before,
            after=body.after,
            by_id=by.person_id,
            at=at,
            facts=said,
            note_digest=body.note,
            hash=matter.last_hash,
        )
        entry.save(force_insert=True)
        self._save()
        if note:
            Note(entry=entry, salt=salt, text=note).save(force_insert=True)
        Notice(entry=entry).save(force_insert=True)
        self._remember()
        return entry

    def _changes(self) -> chain.Facts:
        """Return the folded values that differ from what the last line of history left."""
        said: dict[str, chain.Fact] = {}
        for name in FOLDED:
            value = getattr(self.matter, name)
            if value != self._was[name]:
                said[name.removesuffix("_at").removesuffix("_id")] = (
                    moment(value) if isinstance(value, datetime) else value
                )
        for task in (*self.tasks.values(), *self.gone):
            was = self._tasks_were.get(task.pk)
            if was is None or was[0] != task.state:
                said[f"task:{task.key}:{task.round}"] = task.state
            if was is None or was[1] != task.unit_id:
                said[f"unit:{task.key}:{task.round}"] = task.unit_id
        said.update({f"late:{name}": True for name in sorted(self._late() - self._late_were)})
        return said

    def _late(self) -> frozenset[str]:
        return frozenset(c.name for c in self.clocks.values() if c.late)

    def _save(self) -> None:
        changed = [n for n in SAVED if getattr(self.matter, n) != self._was[n]]
        self.matter.save(update_fields=[*changed, "last_seq", "last_hash"])
        for task in (*self.tasks.values(), *self.gone):
            if self._tasks_were.get(task.pk) != _task_values(task):
                task.save(update_fields=TASK_SAVED)

    def _remember(self) -> None:
        self._was = {name: getattr(self.matter, name) for name in SAVED}
        self._tasks_were = {t.pk: _task_values(t) for t in (*self.tasks.values(), *self.gone)}
        self._late_were = self._late()


def _task_values(task: Task) -> tuple[object, ...]:
    return tuple(getattr(task, name) for name in TASK_SAVED)


def hold(matter_id: int) -> Case:
    """Lock a matter, then read its live tasks and clocks: in this order, or the read may be stale.

    FOR NO KEY UPDATE: a plain FOR UPDATE would make new rows that point to the matter wait.
    """
    matter = Matter.objects.select_for_update(no_key=True).get(pk=matter_id)
    tasks = Task.objects.filter(matter=matter).exclude(state="returned").order_by("pk")
    clocks = {c.name: c for c in Clock.objects.filter(matter=matter).order_by("pk")}
    marks: dict[int, list[ClockMark]] = {c.pk: [] for c in clocks.values()}
    for mark in ClockMark.objects.filter(clock__in=marks).order_by("clock_id", "seq"):
        marks[mark.clock_id].append(mark)
    return Case(matter, {t.key: t for t in tasks}, clocks, marks)


@contextmanager
def held(matter_id: int) -> Iterator[Case]:
    """Hold a matter for one transaction."""
    with transaction.atomic():
        yield hold(matter_id)


@contextmanager
def step(
    matter_id: int,
    name: str,
    *,
    by: Actor,
    at: datetime,
    note: str = "",
    task: str = "",
    facts: chain.Facts | None = None,
) -> Iterator[Case]:
    """Hold a matter and take the step `name`; the body changes tasks and clocks."""
    with (
        held(matter_id) as case,
        taking(case, name, by=by, at=at, note=note, task=task, facts=facts),
    ):
        yield case


@contextmanager
def taking(
    case: Case,
    name: str,
    *,
    by: Actor,
    at: datetime,
    note: str = "",
    task: str = "",
    facts: chain.Facts | None = None,
) -> Iterator[None]:
    """Take the step `name` on a held matter: allowed? permitted? note given? then change and write.

    This alone changes a matter's state (`take_step` in architecture.md). Into an end of the loop
    it ends the clocks and skips the open tasks; out of one it clears `closed_at`.
    """
    wanted = case.find_step(name)
    if wanted.place == "task" and task:
        case.allow(by, wanted.verb, place="task", task=case.task(task))
    else:
        case.allow(by, wanted.verb, place=wanted.place)
    if wanted.note and not note.strip():
        raise NoteMissing(_("请写明情况或原因。"))
    before = case.matter.state
    case.matter.state = case.before() if wanted.target == BACK else wanted.target
    yield
    _close_or_open(case, name, before, at)
    case.write(name, by=by, at=at, note=note.strip(), task=task, facts=facts, before=before)


def _close_or_open(case: Case, name: str, before: str, at: datetime) -> None:
    ends = case.kind.loop.ends
    if case.matter.state in ends:
        case.skip_open_tasks(at)
        for clock in case.clocks:
            case.end_clock(clock, at=at, cause=name)
        if case.matter.merged_into_id is None:  # unmerged, it stands still as it did before
            Stop.objects.filter(matter=case.matter, ended_at=None).update(ended_at=at)
        case.matter.closed_at = at
    elif before in ends:
        case.matter.closed_at = None
