"""Several people at the same time: one wins, the other is told, nothing is lost."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import Any

import pytest
from django.db import connection, connections, transaction

from bihuan.accounts.actor import SYSTEM
from bihuan.matters import actions, jobs, seal
from bihuan.matters.actions.opening import NewTask, Once, Opening, forget_bases
from bihuan.matters.database import connected
from bihuan.matters.errors import NotNow
from bihuan.matters.models import Entry, Leaf, Matter, Task
from bihuan.matters.tests.bed import OFFICE, OpenErrand, state, verified
from bihuan.matters.tests.ways import Ways
from conftest import Units

pytestmark = pytest.mark.django_db(transaction=True)
LONG = 60  # seconds until a thread that still waits counts as a deadlock


def at_once(*todo: Callable[[], object]) -> list[str]:
    """Run all at the same moment, each in a thread with its own connection; name what each raised,
    "" for nothing."""
    gate = threading.Barrier(len(todo))
    said = [""] * len(todo)

    def run(n: int) -> None:
        connection.ensure_connection()
        gate.wait(LONG)
        try:
            todo[n]()
        except Exception as error:
            said[n] = type(error).__name__
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(n,), daemon=True) for n in range(len(todo))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LONG)
    assert not any(thread.is_alive() for thread in threads), "somebody waits for ever"
    return said


def lines(matter_id: int, step: str) -> int:
    return Entry.objects.filter(matter_id=matter_id, step=step).count()


@pytest.mark.parametrize("step", ["register", "assign", "take_up", "pass_check", "void"])
def test_of_two_people_who_take_the_same_step_one_wins(step: str, ways: Ways) -> None:
    at, clerk, unit = ways.at, ways.cast.clerk, ways.units.urban.pk
    table: dict[str, tuple[Callable[[], int], Callable[..., object], dict[str, Any]]] = {
        "register": (ways.reported, actions.register, {}),
        "assign": (ways.registered, actions.assign, {"unit_id": unit}),
        "take_up": (ways.dispatched, actions.take_up, {"key": "lead"}),
        "pass_check": (ways.handled, actions.pass_check, {"note": "好"}),
        "void": (ways.handling, actions.void, {"reason": "x", "note": "重复"}),
    }
    bring, do, more = table[step]
    by = ways.cast.handler if step == "take_up" else clerk
    for _ in range(4):
        pk = bring()
        take = partial(do, matter_id=pk, by=by, at=at, **more)
        assert sorted(at_once(take, take)) == ["", "NotNow"]
        assert lines(pk, step) == 1
    assert verified() == []


def test_two_who_finish_the_last_shares_together_make_it_handled_once(ways: Ways) -> None:
    key = f"helper-{ways.units.roads.pk}"
    for _ in range(8):
        pk = ways.handling(ways.units.roads.pk)

        def finish(share: str, pk: int = pk) -> Callable[[], object]:
            return lambda: actions.finish(
                matter_id=pk, key=share, opinion=share, by=SYSTEM, at=ways.at
            )

        assert at_once(finish("lead"), finish(key)) == ["", ""]
        assert state(pk) == "handled"
        assert (lines(pk, "finish"), lines(pk, "finish_share")) == (1, 1)
        assert Task.objects.filter(matter_id=pk, state="done", opinion__gt="").count() == 2
    assert verified() == []


REVIEWS = tuple(f"r{n}" for n in range(5))


def test_no_survey_and_no_opinion_is_lost_when_many_review_at_once(
    units: Units, at: datetime, ways: Ways
) -> None:
    """Four cases, five reviews and a send-back each, eight threads on the same cases."""
    cases = [_reviewed(units, at) for _ in range(8)]
    dice = Random(7)
    todo: deque[tuple[int, str, str, int]] = deque()
    for pk in cases:
        back = dice.choice(REVIEWS)
        # that review once more: after a send-back, or refused for good as it is done already
        steps = [(pk, "finish", key, 0) for key in REVIEWS]
        steps += [(pk, "back", back, 0), (pk, "finish", back, 0)]
        dice.shuffle(steps)
        todo.extend(steps)
    kept: list[tuple[int, str]] = []

    def work() -> None:
        while True:
            try:
                pk, verb, key, tries = todo.popleft()
            except IndexError:
                return
            word = f"{pk}:{key}:{tries}:{threading.get_ident()}"
            try:
                if verb == "finish":
                    actions.finish(matter_id=pk, key=key, opinion=word, by=SYSTEM, at=at)
                    kept.append((pk, word))
                else:
                    actions.send_back(matter_id=pk, key=key, note="再看", by=SYSTEM, at=at)
            except NotNow:
                if tries < 60:
                    todo.append((pk, verb, key, tries + 1))

    assert set(at_once(*[work] * 8)) == {""}
    opinions = set(Task.objects.exclude(opinion="").values_list("matter_id", "opinion"))
    assert len(kept) == len(cases) * (len(REVIEWS) + 1)
    assert set(kept) <= opinions  # a send-back keeps the old words
    for pk in cases:
        survey = Task.objects.get(matter_id=pk, key="survey")
        assert (survey.state, survey.needs) == ("ready", list(REVIEWS))
        opened = [
            facts["task:survey:1"]
            for facts in Entry.objects.filter(matter_id=pk).values_list("facts", flat=True)
            if "task:survey:1" in facts
        ]
        # waits first, opens once, and once more when a send-back closed it
        assert opened in (["waiting", "ready"], ["waiting", "ready", "waiting", "ready"])
        actions.finish(matter_id=pk, key="survey", opinion="可", by=SYSTEM, at=at)
        assert state(pk) == "decided"
    assert verified() == []


def _reviewed(units: Units, at: datetime) -> int:
    roads = units.roads.pk
    tasks = (*(NewTask(key, roads) for key in REVIEWS), NewTask("survey", roads, REVIEWS))
    one = Opening(
        kind="review", title="占道", owner_id=roads, channel="window", tasks=tasks,
        clocks=(("finish", 28_800, OFFICE),),
    )  # fmt: skip
    return actions.open_matter(one, by=SYSTEM, at=at).matter_id


def test_merges_in_opposite_directions_never_wait_for_each_other(ways: Ways) -> None:
    clerk, at = ways.cast.clerk, ways.at
    for _ in range(8):
        one, two = ways.registered(), ways.registered()

        def merge(a: int, b: int) -> Callable[[], object]:
            return lambda: actions.merge(matter_id=a, into_id=b, note="同", by=clerk, at=at)

        assert sorted(at_once(merge(one, two), merge(two, one))) == ["", "NotNow"]
        assert sorted((state(one), state(two))) == ["merged", "registered"]
    assert verified() == []


def test_sixteen_threads_draw_distinct_numbers_over_midnight(
    open_errand: OpenErrand, at: datetime
) -> None:
    midnight = at.replace(hour=16, minute=0)  # in Shanghai
    forget_bases()
    numbers: list[str] = []

    def open_some(thread: int) -> Callable[[], None]:
        def run() -> None:
            for n in range(-6, 6):
                numbers.append(open_errand(at=midnight + timedelta(seconds=n + thread / 20)).number)

        return run

    assert set(at_once(*map(open_some, range(16)))) == {""}
    days = Counter(number[3:11] for number in numbers)
    assert days == {"20261123": 96, "20261124": 96}
    assert len(set(numbers)) == len(numbers) == Matter.objects.count()


def test_two_who_send_the_same_key_make_one_matter(open_errand: OpenErrand, at: datetime) -> None:
    opening = Opening(
        kind="errand", title="灯", owner_id=_desk(open_errand), channel="resident",
        tasks=(), clocks=(("finish", 3600, None),),
    )  # fmt: skip
    for n in range(6):
        once = Once(bytes([n]) * 32, b"x" * 32)

        def send(once: Once = once) -> None:
            actions.open_matter(opening, by=SYSTEM, at=at, once=once)

        assert sorted(at_once(*[send] * 5)) == ["", *["KeyTaken"] * 4]
    assert Matter.objects.count() == 1 + 6
    assert verified() == []


def _desk(open_errand: OpenErrand) -> int:
    return Matter.objects.get(pk=open_errand().matter_id).owner_id


def test_a_line_that_is_committed_late_is_in_the_next_seal_and_none_is_missed(
    open_errand: OpenErrand, at: datetime
) -> None:
    """Ten writers, one of which dawdles before each commit, and a sealer that never rests."""
    stop = threading.Event()
    pause = threading.Event()

    def write(dawdle: bool) -> Callable[[], None]:
        def run() -> None:
            for _ in range(6 if dawdle else 12):
                with transaction.atomic():
                    open_errand()
                    if dawdle:
                        pause.wait(0.03)

        return run

    def sealer() -> None:
        while not stop.is_set():
            seal.seal_new(connected(), at=at)
            stop.wait(0.005)
        connections.close_all()

    open_errand()  # the day's first number
    sealing = threading.Thread(target=sealer, daemon=True)
    sealing.start()
    said = at_once(*(write(n % 3 == 0) for n in range(10)))
    stop.set()
    sealing.join(LONG)
    assert set(said) == {""}
    jobs.seal_all(at=at)
    entries = set(Entry.objects.values_list("pk", flat=True))
    assert set(Leaf.objects.values_list("entry_id", flat=True)) == entries
    order = list(Leaf.objects.order_by("seal_id", "position").values_list("entry_id", flat=True))
    assert order != sorted(order), "no commit was late: the test has shown nothing"
    assert verified() == []


def test_two_sealers_at_once_seal_each_line_once(open_errand: OpenErrand, at: datetime) -> None:
    for _ in range(20):
        open_errand()

    def run() -> None:
        for _ in range(4):
            seal.seal_new(connected(), at=at, limit=3)

    assert at_once(run, run, run) == ["", "", ""]
    assert Leaf.objects.count() == 20
    assert verified() == []


def test_unmerge_by_two_and_a_merge_between_leave_one_way(ways: Ways) -> None:
    clerk, at = ways.cast.clerk, ways.at
    one, into = ways.merged()
    third = ways.reported()

    def unmerge() -> None:
        actions.unmerge(matter_id=one, note="不同", by=clerk, at=at)

    def merge_again() -> None:
        with suppress(NotNow):
            actions.merge(matter_id=one, into_id=third, note="同", by=clerk, at=at)

    said = at_once(unmerge, unmerge, merge_again)
    assert sorted(said[:2]) in (["", "NotNow"], ["", ""])
    assert verified() == []
    merged_into = Matter.objects.get(pk=one).merged_into_id
    assert merged_into in (None, third)
    assert into != merged_into
