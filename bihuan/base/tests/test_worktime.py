"""Working time, against a minute-by-minute count and against dates worked out by hand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bihuan.base.worktime import (
    DEFAULT_SPANS,
    NATURAL,
    UTC,
    WORKING_DAY,
    ZONE,
    Hours,
    Mark,
    NoCalendar,
    Spans,
    due,
    elapsed,
)

FIRST, LAST = date(2026, 1, 1), date(2027, 12, 31)
NATIONAL_WEEK = {date(2026, 10, n): False for n in range(1, 8)}
YEAR_2026 = {**NATIONAL_WEEK, date(2026, 9, 20): True, date(2026, 10, 10): True}


def make(exceptions: Mapping[date, bool], spans: Spans = DEFAULT_SPANS) -> Hours:
    return Hours(exceptions, spans, first=FIRST, last=LAST)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def pair(edges: list[int]) -> Spans:
    edges = sorted(edges)
    pairs = zip(edges[::2], edges[1::2], strict=False)
    return tuple((a * 60, b * 60) for a, b in pairs)


a_day = st.dates(date(2026, 1, 2), date(2027, 6, 1))
a_calendar = st.dictionaries(a_day, st.booleans(), max_size=60)
some_spans = st.lists(st.integers(0, 1440), min_size=2, max_size=6, unique=True).map(pair)
some_hours = st.builds(make, a_calendar, some_spans)
a_moment = st.datetimes(datetime(2026, 1, 2), datetime(2026, 12, 1)).map(  # noqa: DTZ001
    lambda naive: naive.replace(tzinfo=ZONE)
)
a_limit = st.integers(0, 20 * WORKING_DAY)
quick = settings(max_examples=100, deadline=None)


@quick
@given(some_hours, a_moment, a_moment, a_moment)
def test_stretches_add_up_and_time_never_runs_back(
    hours: Hours, x: datetime, y: datetime, z: datetime
) -> None:
    a, b, c = sorted((x, y, z))
    first, second = hours.worked(b) - hours.worked(a), hours.worked(c) - hours.worked(b)
    assert first >= 0
    assert second >= 0
    assert first + second == hours.worked(c) - hours.worked(a)
    assert hours.worked(c) - hours.worked(a) <= (c - a).total_seconds() + 1


@settings(max_examples=25, deadline=None)
@given(a_calendar, some_spans, a_moment, st.integers(0, 6000))
def test_counting_minute_by_minute_gives_the_same(
    exceptions: dict[date, bool], spans: Spans, start: datetime, minutes: int
) -> None:
    hours = make(exceptions, spans)
    start = start.replace(second=0, microsecond=0)
    count = 0
    for n in range(minutes):
        at = (start + timedelta(minutes=n)).astimezone(ZONE)
        second = at.hour * 3600 + at.minute * 60
        open_day = exceptions.get(at.date(), at.isoweekday() <= 5)
        count += 60 * (open_day and any(a <= second < b for a, b in spans))
    end = start + timedelta(minutes=minutes)
    assert hours.worked(end) - hours.worked(start) == count


@quick
@given(some_hours, a_moment, a_limit)
def test_a_deadline_is_the_first_moment_at_which_the_time_is_up(
    hours: Hours, at: datetime, seconds: int
) -> None:
    try:
        end = hours.after(at, seconds)
    except NoCalendar:
        assume(False)
    assert end >= at
    assert hours.worked(end) == hours.worked(at) + seconds
    if seconds:
        assert hours.worked(end - timedelta(seconds=1)) < hours.worked(end)


@quick
@given(some_hours, st.lists(a_moment, min_size=1, max_size=7, unique=True), a_limit.filter(bool))
def test_a_pause_never_shortens_and_moves_the_date_by_what_it_stopped(
    hours: Hours, moments: list[datetime], limit: int
) -> None:
    moments = sorted(moments)[: len(moments) - (len(moments) + 1) % 2]  # it ends running
    marks = [Mark(at, n % 2 == 0) for n, at in enumerate(moments)]
    try:
        plain, paused = due(hours, marks[:1], limit), due(hours, marks, limit)
    except NoCalendar:
        assume(False)
    assert plain is not None
    assert paused is not None
    assert paused >= plain
    assert elapsed(hours, marks, paused) == limit
    stopped = sum(
        hours.worked(min(end.at, paused)) - hours.worked(mark.at)
        for mark, end in zip(marks, marks[1:], strict=False)
        if not mark.runs and mark.at < paused
    )
    assert hours.worked(paused) == hours.worked(marks[0].at) + limit + stopped


@quick
@given(a_calendar, some_spans, a_moment, a_limit, a_day)
def test_a_new_holiday_never_shortens(
    exceptions: dict[date, bool], spans: Spans, at: datetime, seconds: int, holiday: date
) -> None:
    try:
        later = make({**exceptions, holiday: False}, spans).after(at, seconds)
    except NoCalendar:
        assume(False)
    assert later >= make(exceptions, spans).after(at, seconds)


@quick
@given(a_moment, a_limit)
def test_natural_time_is_the_time_of_the_clock_on_the_wall(at: datetime, seconds: int) -> None:
    at = at.replace(microsecond=0)
    assert NATURAL.after(at, seconds) == at + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        ("2026-09-30 17:00", 2, "2026-10-08 09:00"),  # over the National Day week
        ("2026-10-09 17:00", 2, "2026-10-10 09:00"),  # 10 October is a make-up Saturday
        ("2026-10-09 17:00", 1, "2026-10-09 18:00"),  # up at the close, not next morning
        ("2026-10-10 17:00", 9, "2026-10-12 18:00"),  # over a plain Sunday
        ("2026-10-11 10:00", 0, "2026-10-11 10:00"),  # no time at all is up at once
        ("2026-10-08 12:30", 1, "2026-10-08 15:00"),  # at noon nobody works
        ("2026-09-19 09:00", 8, "2026-09-20 18:00"),  # Saturday off, make-up Sunday: one day
    ],
)
def test_known_deadlines_of_autumn_2026(start: str, hours: int, end: str) -> None:
    assert make(YEAR_2026).after(local(start), hours * 3600) == local(end)


def test_a_working_day_has_eight_hours() -> None:
    hours = make({})
    day = hours.worked(local("2026-11-24 00:00")) - hours.worked(local("2026-11-23 00:00"))
    assert day == WORKING_DAY == 28_800


def test_a_paused_clock_has_no_date_and_an_ended_one_keeps_its_date() -> None:
    hours = make({})
    marks = [Mark(local("2026-11-23 09:00"), True), Mark(local("2026-11-23 11:00"), False)]
    assert due(hours, marks, 3 * 3600) is None
    assert due(hours, marks, 3600) == local("2026-11-23 10:00")
    assert elapsed(hours, marks, local("2026-11-25 09:00")) == 2 * 3600
    assert elapsed(hours, marks, local("2026-11-23 10:30")) == 5400


def test_outside_the_years_there_is_no_answer() -> None:
    hours = make({})
    with pytest.raises(NoCalendar):
        hours.worked(local("2028-01-01 09:00"))
    with pytest.raises(NoCalendar):
        hours.worked(datetime(2025, 12, 31, 15, 59, tzinfo=UTC))
    with pytest.raises(NoCalendar):
        hours.after(local("2027-12-31 17:00"), 3601)
    assert hours.after(local("2027-12-31 17:00"), 3600) == local("2027-12-31 18:00")
    with pytest.raises(NoCalendar):
        hours.is_worked(date(2028, 1, 1))


@pytest.mark.parametrize(
    "spans",
    [(), ((0,),), ((3600, 3600),), ((0, 7200), (7200, 9000)), ((-1, 5),), ((0, 86_401),)],
)
def test_office_hours_that_make_no_sense_are_refused(spans: Spans) -> None:
    with pytest.raises(ValueError, match="office hours"):
        make({}, spans)
