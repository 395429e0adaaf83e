from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bihuan.accounts.may import NotPermitted
from bihuan.matters import actions
from bihuan.matters.errors import NotAnother, NoteMissing, NotNow, OwnInterest
from bihuan.matters.models import Clock, Entry, Matter, Notice, Task
from bihuan.matters.tests.bed import Cast, OpenErrand, state
from bihuan.matters.verify import Finding
from conftest import Units

pytestmark = pytest.mark.django_db
SHANGHAI = ZoneInfo("Asia/Shanghai")


def steps(matter_id: int) -> list[str]:
    rows = Entry.objects.filter(matter_id=matter_id).order_by("seq")
    return list(rows.values_list("step", flat=True))


def test_an_errand_walks_its_whole_loop_and_leaves_one_line_a_step(
    open_errand: OpenErrand,
    cast: Cast,
    units: Units,
    at: datetime,
    untouched: Callable[[], list[Finding]],
) -> None:
    it = open_errand()
    pk = it.matter_id
    assert re.fullmatch(r"TS-20261123-\d{6}", it.number)
    actions.accept(matter_id=pk, by=cast.clerk, at=at)
    actions.verify(matter_id=pk, found=True, note="灯罩碎了", by=cast.worker, at=at)
    actions.assign(matter_id=pk, unit_id=units.urban.pk, by=cast.clerk, at=at)
    actions.take_up(matter_id=pk, key="lead", by=cast.handler, at=at)
    actions.finish(matter_id=pk, key="lead", opinion="已换灯", by=cast.handler, at=at)
    actions.start_check(matter_id=pk, by=cast.clerk, at=at)
    actions.pass_check(matter_id=pk, note="亮了", by=cast.worker, at=at)
    actions.rate(matter_id=pk, level=5, solved=True, note="谢谢", by=cast.reporter, at=at)
    assert steps(pk) == [
        "open",
        "accept",
        "verify",
        "assign",
        "take_up",
        "finish",
        "start_check",
        "pass_check",
        "rate",
    ]
    matter = Matter.objects.get(pk=pk)
    assert (matter.state, matter.closed_at, matter.resolved) == ("closed", at, True)
    assert Notice.objects.count() == 9
    assert untouched() == []


def test_the_promise_is_three_working_days_of_eight_hours(
    open_errand: OpenErrand, units: Units
) -> None:
    it = open_errand()
    assert it.promise_at == datetime(2026, 11, 26, 9, 0, tzinfo=SHANGHAI)
    assert it.due_at == datetime(2026, 11, 23, 11, 0, tzinfo=SHANGHAI)
    due = dict(Clock.objects.values_list("name", "due_at"))
    assert due == {"accept": it.due_at, "finish": it.promise_at}


def test_a_stranger_may_not_accept_and_nothing_is_written(
    open_errand: OpenErrand, cast: Cast, at: datetime
) -> None:
    pk = open_errand().matter_id
    for who in (cast.other, cast.worker, cast.handler, cast.reporter):
        with pytest.raises(NotPermitted):
            actions.accept(matter_id=pk, by=who, at=at)
    assert (state(pk), Entry.objects.count()) == ("reported", 1)


def test_finishing_has_to_say_what_was_done(
    open_errand: OpenErrand, cast: Cast, units: Units, at: datetime
) -> None:
    pk = _at_unit(open_errand, cast, units, at)
    with pytest.raises(NoteMissing):
        actions.finish(matter_id=pk, key="lead", opinion="  ", by=cast.handler, at=at)
    assert state(pk) == "handling"
    assert "finish" not in steps(pk)


def test_a_pause_moves_the_date_by_exactly_what_it_stopped(
    open_errand: OpenErrand,
    cast: Cast,
    units: Units,
    at: datetime,
    untouched: Callable[[], list[Finding]],
) -> None:
    pk = _at_unit(open_errand, cast, units, at)
    actions.pause(
        matter_id=pk,
        cause="season",
        until=at + timedelta(days=30),
        note="要等开春",
        by=cast.clerk,
        at=at + timedelta(hours=1),
    )
    assert Matter.objects.get(pk=pk).due_at is None
    # one working day later: Tuesday 10:00 for Monday 10:00
    actions.revive(matter_id=pk, by=cast.clerk, at=at + timedelta(hours=25))
    matter = Matter.objects.get(pk=pk)
    assert matter.state == "handling"
    assert matter.due_at == datetime(2026, 11, 27, 9, 0, tzinfo=SHANGHAI)
    assert Task.objects.get(matter_id=pk, key="lead").due_at == matter.due_at
    assert untouched() == []


def test_a_return_goes_back_to_the_desk_and_keeps_the_opinion(
    open_errand: OpenErrand, cast: Cast, units: Units, at: datetime
) -> None:
    pk = _at_unit(open_errand, cast, units, at)
    actions.return_task(
        matter_id=pk, key="lead", reason="not_ours", note="属于供电公司", by=cast.handler, at=at
    )
    matter = Matter.objects.get(pk=pk)
    assert (matter.state, matter.owner_id) == ("returned", units.county.pk)
    old = Task.objects.get(matter_id=pk, key="lead")
    assert (old.state, old.opinion) == ("returned", "属于供电公司")
    actions.assign(matter_id=pk, unit_id=units.roads.pk, by=cast.clerk, at=at)
    rounds = Task.objects.filter(matter_id=pk, key="lead").order_by("round")
    assert [(t.round, t.state) for t in rounds] == [(1, "returned"), (2, "ready")]


def test_who_handled_it_may_not_check_it(
    open_errand: OpenErrand, cast: Cast, units: Units, at: datetime
) -> None:
    pk = open_errand().matter_id
    actions.register(matter_id=pk, by=cast.clerk, at=at)
    actions.assign(matter_id=pk, unit_id=units.team.pk, by=cast.clerk, at=at)
    actions.take_up(matter_id=pk, key="lead", by=cast.worker, at=at)
    actions.finish(matter_id=pk, key="lead", opinion="清了", by=cast.worker, at=at)
    with pytest.raises(NotAnother):
        actions.pass_check(matter_id=pk, note="好", by=cast.worker, at=at)
    assert state(pk) == "handled"
    actions.pass_check(matter_id=pk, note="好", by=cast.cell_head, at=at)
    assert state(pk) == "closed"


def test_a_matter_about_a_unit_is_not_handled_by_it(
    open_errand: OpenErrand, cast: Cast, units: Units, at: datetime
) -> None:
    pk = open_errand(about_unit_id=units.urban.pk).matter_id
    actions.register(matter_id=pk, by=cast.clerk, at=at)
    with pytest.raises(OwnInterest):
        actions.assign(matter_id=pk, unit_id=units.urban.pk, by=cast.clerk, at=at)
    assert state(pk) == "registered"
    other = open_errand().matter_id
    actions.register(matter_id=other, by=cast.clerk, at=at)
    actions.assign(matter_id=other, unit_id=units.urban.pk, by=cast.clerk, at=at)
    actions.say_about(matter_id=other, unit_id=units.urban.pk, note="是他们", by=cast.clerk, at=at)
    with pytest.raises(OwnInterest):
        actions.take_up(matter_id=other, key="lead", by=cast.handler, at=at)
    assert state(other) == "dispatched"


def test_a_merged_matter_comes_back_as_it_was(
    open_errand: OpenErrand,
    cast: Cast,
    units: Units,
    at: datetime,
    untouched: Callable[[], list[Finding]],
) -> None:
    one = _at_unit(open_errand, cast, units, at)
    other = open_errand().matter_id
    before = _picture(one)
    actions.merge(matter_id=one, into_id=other, note="同一处", by=cast.clerk, at=at)
    assert state(one) == "merged"
    assert Matter.objects.get(pk=one).due_at is None
    assert untouched() == []
    actions.unmerge(matter_id=one, note="不是同一处", by=cast.clerk, at=at)
    assert _picture(one) == before
    assert untouched() == []


def test_a_bad_rating_opens_a_callback(
    open_errand: OpenErrand, cast: Cast, units: Units, at: datetime
) -> None:
    pk = _closed(open_errand, cast, units, at)
    actions.rate(matter_id=pk, level=1, solved=False, note="没修", by=cast.reporter, at=at)
    callback = Matter.objects.get(kind="callback")
    assert callback.number.startswith("HF-20261123-")
    assert Matter.objects.get(pk=pk).resolved is False
    actions.take_up(matter_id=callback.pk, key="call", by=cast.clerk, at=at)
    actions.finish(matter_id=callback.pk, key="call", opinion="已道歉", by=cast.clerk, at=at)
    assert state(callback.pk) == "closed"


def test_reopening_gives_the_whole_limit_anew_and_only_twice(
    open_errand: OpenErrand,
    cast: Cast,
    units: Units,
    at: datetime,
    untouched: Callable[[], list[Finding]],
) -> None:
    pk = _closed(open_errand, cast, units, at)
    later = at + timedelta(days=7)
    actions.reopen(matter_id=pk, note="又坏了", by=cast.reporter, at=later)
    matter = Matter.objects.get(pk=pk)
    assert (matter.state, matter.closed_at) == ("rework", None)
    assert matter.due_at == datetime(2026, 12, 3, 9, 0, tzinfo=SHANGHAI)
    assert untouched() == []


def test_a_step_out_of_turn_is_refused_in_words(
    open_errand: OpenErrand, cast: Cast, at: datetime
) -> None:
    pk = open_errand().matter_id
    with pytest.raises(NotNow, match="不能这样办理"):
        actions.pass_check(matter_id=pk, note="好", by=cast.clerk, at=at)
    assert Entry.objects.count() == 1


def _at_unit(open_errand: OpenErrand, cast: Cast, units: Units, at: datetime) -> int:
    pk = open_errand().matter_id
    actions.register(matter_id=pk, by=cast.clerk, at=at)
    actions.assign(matter_id=pk, unit_id=units.urban.pk, by=cast.clerk, at=at)
    actions.take_up(matter_id=pk, key="lead", by=cast.handler, at=at)
    return pk


def _closed(open_errand: OpenErrand, cast: Cast, units: Units, at: datetime) -> int:
    pk = _at_unit(open_errand, cast, units, at)
    actions.finish(matter_id=pk, key="lead", opinion="已修", by=cast.handler, at=at)
    actions.pass_check(matter_id=pk, note="好了", by=cast.clerk, at=at)
    return pk


def _picture(matter_id: int) -> object:
    tasks = Task.objects.filter(matter_id=matter_id).order_by("pk")
    clocks = Clock.objects.filter(matter_id=matter_id).order_by("pk")
    matter = Matter.objects.get(pk=matter_id)
    return (
        matter.state,
        matter.due_at,
        matter.closed_at,
        matter.merged_into_id,
        [(t.key, t.round, t.state, t.due_at) for t in tasks],
        [(c.name, c.due_at, c.done_at) for c in clocks],
    )
