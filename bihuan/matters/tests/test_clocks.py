"""Clocks of a matter against dates reckoned by hand: Shanghai time, hours 8-12 and 14-18."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from bihuan.base.actions import seed_calendar
from bihuan.base.cached import forget_all
from bihuan.base.models import CalendarDay
from bihuan.matters import actions, jobs
from bihuan.matters.errors import NotNow, TooLate, TooMany
from bihuan.matters.escalate import climb
from bihuan.matters.models import Clock, Entry, Extension, Matter, Rung, Stop, Task
from bihuan.matters.tests.bed import verified
from bihuan.matters.tests.ways import Ways

pytestmark = pytest.mark.django_db
SHANGHAI = ZoneInfo("Asia/Shanghai")


def on(month: int, day: int, hour: int, minute: int = 0, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=SHANGHAI)


def due(pk: int) -> datetime | None:
    return Matter.objects.values_list("due_at", flat=True).get(pk=pk)


def test_a_wait_moves_the_date_by_what_it_stopped_each_time(ways: Ways) -> None:
    pk, clerk = ways.handling(), ways.cast.clerk  # Monday 23 November 9:00; due Thursday 9:00
    for day, moved_to in ((23, on(11, 26, 11)), (24, on(11, 26, 15)), (25, on(11, 26, 17))):
        asked = on(11, day, 10)
        actions.ask(matter_id=pk, cause="question", note="?", by=clerk, at=asked)
        assert due(pk) is None
        # two office hours each: until 12:00, or over lunch until 14:00, which is the same
        ended = on(11, day, 14) if day == 24 else on(11, day, 12)
        actions.answer(matter_id=pk, note="东侧", by=clerk, at=ended)
        assert due(pk) == moved_to
    with pytest.raises(TooMany):
        actions.ask(matter_id=pk, cause="question", note="?", by=clerk, at=on(11, 25, 15))
    assert verified() == []


def test_a_pause_over_a_weekend_and_nights_moves_the_date_by_office_time_alone(ways: Ways) -> None:
    pk, clerk = ways.handling(), ways.cast.clerk
    # Wednesday 17:00 to Monday 15:00: 1 h + Thursday 8 + Friday 8 + Monday 5 = 22 h;
    # left at Wednesday 17:00: 2 h (1 h of Wednesday, 1 h of Thursday) -> Monday 15:00 + 2 h
    actions.pause(
        matter_id=pk, cause="season", until=on(12, 20, 9), note="等", by=clerk, at=on(11, 25, 17)
    )
    actions.revive(matter_id=pk, by=clerk, at=on(11, 30, 15))
    assert due(pk) == on(11, 30, 17)
    with pytest.raises(TooMany):
        actions.pause(
            matter_id=pk, cause="season", until=on(12, 20, 9), note="等", by=clerk,
            at=on(11, 30, 16),
        )  # fmt: skip
    assert verified() == []


def test_a_pause_ends_by_itself_on_its_date(ways: Ways) -> None:
    pk = ways.paused()  # Monday 9:00, until Thursday 9:00
    assert actions.revive_due(by=ways.cast.system, at=on(11, 26, 8, 59)) == 0
    jobs.each_minute(at=on(11, 26, 9))
    matter = Matter.objects.get(pk=pk)
    assert (matter.state, matter.due_at) == ("handling", on(12, 1, 9))
    assert Stop.objects.get(matter_id=pk).ended_at == on(11, 26, 9)
    last = Entry.objects.filter(matter_id=pk, step="revive").get()
    assert (last.by_id, last.facts["as"]) == (None, "system")


def test_one_matter_that_ended_while_paused_holds_up_no_other(ways: Ways) -> None:
    gone, merged, stays = ways.paused(), ways.paused(), ways.paused()
    clerk = ways.cast.clerk
    actions.void(matter_id=gone, reason="x", note="重复", by=clerk, at=on(11, 24, 9))
    into = ways.reported()
    actions.merge(matter_id=merged, into_id=into, note="同", by=clerk, at=on(11, 24, 9))
    jobs.each_minute(at=on(11, 27, 9))
    states = [Matter.objects.get(pk=pk).state for pk in (gone, merged, stays)]
    assert states == ["void", "merged", "handling"]
    # taken out again it is paused as before, and the next minute revives it to where it was
    actions.unmerge(matter_id=merged, note="不同", by=clerk, at=on(11, 27, 10))
    assert (Matter.objects.get(pk=merged).state, due(merged)) == ("paused", None)
    jobs.each_minute(at=on(11, 27, 10, 1))
    assert Matter.objects.get(pk=merged).state == "handling"
    assert verified() == []


def test_two_people_agree_to_an_extension_and_it_gives_one_limit_more(ways: Ways) -> None:
    pk, cast = ways.handling(), ways.cast
    for n, new_due in ((1, on(12, 1, 9)), (2, on(12, 4, 9))):  # three working days more each
        actions.ask_extension(matter_id=pk, note="缺料", by=cast.handler, at=ways.at)
        actions.agree_extension(matter_id=pk, by=cast.unit_head, at=ways.at)
        assert due(pk) != new_due
        actions.agree_extension(matter_id=pk, by=cast.clerk, at=ways.at)
        assert due(pk) == new_due, n
        assert Task.objects.get(matter_id=pk, key="lead").due_at == new_due
    with pytest.raises(TooMany):
        actions.ask_extension(matter_id=pk, note="缺料", by=cast.handler, at=ways.at)
    assert verified() == []


def test_an_extension_is_asked_before_the_date_and_a_refusal_does_not_count(
    ways: Ways,
) -> None:
    pk, cast = ways.handling(), ways.cast
    actions.ask_extension(matter_id=pk, note="缺料", by=cast.handler, at=on(11, 26, 9))
    with pytest.raises(NotNow):  # one at a time
        actions.ask_extension(matter_id=pk, note="缺料", by=cast.handler, at=on(11, 26, 9))
    actions.refuse_extension(matter_id=pk, note="不", by=cast.unit_head, at=on(11, 26, 9))
    with pytest.raises(TooLate):
        actions.ask_extension(matter_id=pk, note="缺料", by=cast.handler, at=on(11, 26, 9, 1))
    assert due(pk) == on(11, 26, 9)
    assert [e.state for e in Extension.objects.all()] == ["refused"]


def test_a_head_who_asks_is_not_the_centre_that_agrees(ways: Ways) -> None:
    from dataclasses import replace

    from bihuan.accounts.actor import Held
    from bihuan.accounts.roles import Role

    pk, head = ways.handling(), ways.cast.unit_head
    both = replace(head, posts=(*head.posts, Held(Role.CLERK, ways.units.county.pk)))
    actions.ask_extension(matter_id=pk, note="缺料", by=ways.cast.handler, at=ways.at)
    actions.agree_extension(matter_id=pk, by=both, at=ways.at)
    with pytest.raises(NotNow):
        actions.agree_extension(matter_id=pk, by=both, at=ways.at)
    assert due(pk) == on(11, 26, 9)


def test_an_extension_nobody_answered_lapses_when_the_work_is_done(ways: Ways) -> None:
    pk = ways.extension_asked()
    actions.finish(matter_id=pk, key="lead", opinion="好", by=ways.cast.handler, at=ways.at)
    assert Extension.objects.get().state == "lapsed"
    actions.fail_check(matter_id=pk, note="没好", by=ways.cast.clerk, at=ways.at)
    with pytest.raises(NotNow):
        actions.agree_extension(matter_id=pk, by=ways.cast.unit_head, at=ways.at)
    actions.ask_extension(matter_id=pk, note="缺料", by=ways.cast.handler, at=ways.at)


def test_rework_goes_on_with_what_is_left_and_reopening_gives_all_anew(ways: Ways) -> None:
    pk, clerk = ways.handled(on(11, 24, 9)), ways.cast.clerk  # one of three days used
    assert due(pk) is None
    actions.fail_check(matter_id=pk, note="没好", by=clerk, at=on(11, 30, 9))
    assert due(pk) == on(12, 2, 9)  # two days left, checking does not count
    actions.finish(matter_id=pk, key="lead", opinion="好", by=ways.cast.handler, at=on(12, 1, 9))
    actions.pass_check(matter_id=pk, note="好", by=clerk, at=on(12, 1, 10))
    actions.reopen(matter_id=pk, note="又坏", by=ways.cast.reporter, at=on(12, 7, 9))
    assert due(pk) == on(12, 10, 9)
    finish = Clock.objects.get(matter_id=pk, name="finish")
    assert (finish.base_seconds, finish.late) == (3 * 28_800, False)
    assert verified() == []


def test_a_make_up_saturday_counts_and_a_holiday_does_not(ways: Ways) -> None:
    # National Day 2026: 1-7 October off, Saturday 10 October worked (and Sunday 20 September)
    seed_calendar(at=ways.at)
    forget_all()
    pk = ways.reported(at=on(9, 30, 9))
    # Wednesday 30 September (8 h to Thursday 8 October 9:00), Friday 9:00, Saturday 9:00
    assert Clock.objects.get(matter_id=pk, name="finish").due_at == on(10, 10, 9)


def test_a_date_in_a_year_not_yet_announced_is_provisional_and_reckoned_anew(ways: Ways) -> None:
    seed_calendar(at=ways.at)
    forget_all()
    pk = ways.reported(at=on(12, 31, 9))
    actions.register(matter_id=pk, by=ways.cast.clerk, at=on(12, 31, 9))
    actions.assign(matter_id=pk, unit_id=ways.units.urban.pk, by=ways.cast.clerk, at=on(12, 31, 9))
    finish = Clock.objects.get(matter_id=pk, name="finish")
    # Friday 1 January off; Monday 4, Tuesday 5: due Tuesday evening's next morning
    assert (finish.due_at, finish.provisional) == (on(1, 6, 9, year=2027), True)
    for day, worked in ((date(2027, 1, 2), True), (date(2027, 1, 4), False)):
        CalendarDay.objects.update_or_create(
            day=day,
            defaults={"worked": worked, "provisional": False, "name": "元旦", "set_at": ways.at},
        )
    forget_all()
    assert jobs.recompute(days_from=on(1, 1, 0, year=2027), at=on(12, 31, 10)) == 0
    finish.refresh_from_db()
    # Saturday 2 worked instead of Monday 4: the same Wednesday, now for certain
    assert (finish.due_at, finish.provisional) == (on(1, 6, 9, year=2027), False)
    CalendarDay.objects.filter(day=date(2027, 1, 2)).update(worked=False)
    forget_all()
    assert jobs.recompute(days_from=on(1, 1, 0, year=2027), at=on(12, 31, 11)) == 1
    finish.refresh_from_db()
    assert finish.due_at == on(1, 7, 9, year=2027) == due(pk)
    assert Task.objects.get(matter_id=pk, key="lead").due_at == finish.due_at
    assert verified() == []


def test_lateness_stays_a_fact_and_an_upheld_appeal_only_exempts(ways: Ways) -> None:
    pk, cast = ways.appealed(), ways.cast
    at = ways.later
    actions.decide_appeal(matter_id=pk, agree=True, note="暴雨", by=cast.clerk, at=at)
    assert Matter.objects.get(pk=pk).exempt is False
    actions.decide_appeal(matter_id=pk, agree=True, note="属实", by=cast.supervisor, at=at)
    assert Matter.objects.get(pk=pk).exempt is True
    assert Clock.objects.get(matter_id=pk, name="finish").late is True
    with pytest.raises(TooMany):
        actions.appeal(matter_id=pk, note="再", by=cast.handler, at=at)
    assert verified() == []


def test_the_ladder_is_climbed_rung_by_rung_each_once(ways: Ways) -> None:
    for key, hours in (("soon", -4), ("over", 0), ("county", 72)):
        Rung.objects.create(
            kind="errand", key=key, clock="finish", offset_seconds=hours * 3600, label=key
        )
    pk = ways.handling()  # due Thursday 26 November 9:00

    def climbed(at: datetime) -> list[str]:
        climb(at=at)
        climb(at=at)
        lines = Entry.objects.filter(matter_id=pk, step="escalate").order_by("seq")
        return [e.facts["rung"] for e in lines]

    assert climbed(on(11, 26, 4, 59)) == []
    assert climbed(on(11, 26, 5)) == ["soon"]
    assert climbed(on(11, 26, 9)) == ["soon", "over"]
    assert climbed(on(11, 29, 8)) == ["soon", "over"]
    assert climbed(on(11, 29, 9)) == ["soon", "over", "county"]
    assert Clock.objects.get(matter_id=pk, name="finish").late is True
    assert verified() == []
