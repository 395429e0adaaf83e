"""The calendar in the database: seeded, entered, confirmed; never without an answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from bihuan.base import calendar
from bihuan.base.actions import BadNotice, changed_days, confirm_year, seed_calendar
from bihuan.base.calendar_import import Notice, read_notice
from bihuan.base.models import CalendarDay, Version
from bihuan.base.statutory import statutory_days
from bihuan.base.worktime import DEFAULT_SPANS, NATURAL, WORKING_DAY, ZONE

NOTICE_2026 = Path(calendar.__file__).parent / "reference" / "notice-2026.csv"

pytestmark = pytest.mark.django_db


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def notice_2027(extra: Mapping[str, bool] | None = None) -> Notice:
    """Give a notice as the State Council might write it: 4 January worked, 4-7 October off."""
    rows = {day.isoformat(): False for day in statutory_days(2027)}
    rows |= {f"2027-10-0{n}": False for n in range(4, 8)}
    rows |= {"2027-10-09": True} | dict(extra or {})
    lines = [f"{day},{'是' if worked else '否'},节日" for day, worked in rows.items()]
    return read_notice("\n".join(["日期,上班,名称", *lines]).encode(), year=2027)


def test_2026_is_as_the_state_council_said(at: datetime) -> None:
    seed_calendar(at=at)
    hours = calendar.hours_for(DEFAULT_SPANS)
    for text in ("01-04", "02-14", "02-28", "05-09", "09-20", "10-10"):
        day = date.fromisoformat(f"2026-{text}")
        assert day.weekday() >= 5
        assert hours.is_worked(day), day
    for text in ("01-02", "02-16", "02-23", "04-06", "05-05", "06-19", "09-25", "10-07"):
        day = date.fromisoformat(f"2026-{text}")
        assert day.weekday() < 5
        assert not hours.is_worked(day), day
    # 248 working days: 365 days, less 104 weekend days and 13 of the law
    assert sum(calendar.worked_days(2026).values()) == 365 - 104 - 13


def test_the_seeded_2026_is_the_notice_typed_from_the_state_council(at: datetime) -> None:
    seed_calendar(at=at)
    notice = read_notice(NOTICE_2026.read_bytes(), year=2026)
    assert notice.errors == ()
    assert len(notice.days) == 33 + 6  # seven holidays of 33 days together, six make-up days
    said = {day.day: day.worked for day in notice.days}
    for day, worked in calendar.worked_days(2026).items():
        assert worked == said.get(day, day.isoweekday() <= 5), day


def test_a_deadline_jumps_over_the_spring_festival(at: datetime) -> None:
    seed_calendar(at=at)
    hours = calendar.hours_for(DEFAULT_SPANS)
    # Friday 13 February; Saturday 14 is worked, 15-23 off
    assert hours.after(local("2026-02-13 17:00"), 2 * WORKING_DAY) == local("2026-02-24 17:00")


def test_seeding_again_changes_nothing(at: datetime) -> None:
    assert seed_calendar(at=at) == list(range(2004, 2061))
    before = list(CalendarDay.objects.values())
    calls: list[date] = []
    assert seed_calendar(at=at, recompute=calls.append) == []
    assert list(CalendarDay.objects.values()) == before
    assert calls == []


def test_later_years_are_provisional_and_count_the_days_of_the_law(at: datetime) -> None:
    seed_calendar(at=at)
    assert not calendar.provisional(local("2026-12-31 23:59"))
    assert calendar.provisional(local("2027-01-01 00:00"))
    assert not calendar.hours_for(DEFAULT_SPANS).is_worked(date(2027, 2, 8))
    assert max(calendar.confirmed_years()) == 2026


def test_without_any_rows_there_is_still_an_answer() -> None:
    hours = calendar.hours_for(DEFAULT_SPANS)
    assert not hours.is_worked(date(2050, 10, 3))
    assert not hours.is_worked(date(2026, 5, 1))
    assert hours.after(local("2060-12-30 17:00"), 3601) == local("2060-12-31 08:00:01")
    assert calendar.provisional(local("2026-11-23 09:00"))


def test_natural_time_needs_no_calendar() -> None:
    with CaptureQueriesContext(connection) as queries:
        assert calendar.hours_for(None) is NATURAL
    assert len(queries) == 0


def test_hours_are_made_once(at: datetime) -> None:
    first = calendar.hours_for(DEFAULT_SPANS)
    with CaptureQueriesContext(connection) as queries:
        assert calendar.hours_for(((8 * 3600, 12 * 3600), (14 * 3600, 18 * 3600))) is first
    assert len(queries) == 0


def test_confirming_a_year_changes_its_days_and_recomputes_inside(at: datetime) -> None:
    seed_calendar(at=at)
    notice = notice_2027()
    seen: list[tuple[date, bool]] = []

    def recompute(since: date) -> None:
        seen.append((since, calendar.hours_for(DEFAULT_SPANS).is_worked(date(2027, 10, 9))))

    expected = changed_days(notice)
    assert confirm_year(notice=notice, at=at, by="wu", recompute=recompute) == expected
    assert {date(2027, 10, 6), date(2027, 10, 7), date(2027, 10, 9)} <= set(expected)
    assert date(2027, 10, 4) not in expected  # off before as well, as a day made up
    assert seen == [(date(2027, 1, 1), True)]
    assert not calendar.provisional(local("2027-06-01 09:00"))
    assert calendar.provisional(local("2028-06-01 09:00"))
    row = CalendarDay.objects.get(day=date(2027, 10, 9))
    assert (row.worked, row.provisional, row.set_by, row.set_at) == (True, False, "wu", at)
    assert changed_days(notice) == []


def test_a_notice_may_reach_into_the_december_before(at: datetime) -> None:
    # as for New Year 2019: a Saturday in December worked, the Monday before 1 January off
    seed_calendar(at=at)
    notice = notice_2027({"2026-12-26": True, "2026-12-31": False})
    seen: list[date] = []
    changed = confirm_year(notice=notice, at=at, by="wu", recompute=seen.append)
    assert changed[:2] == [date(2026, 12, 26), date(2026, 12, 31)]
    assert seen == [date(2026, 12, 26)]
    hours = calendar.hours_for(DEFAULT_SPANS)
    assert hours.is_worked(date(2026, 12, 26))
    assert not hours.is_worked(date(2026, 12, 31))
    assert hours.is_worked(date(2026, 10, 10))  # the rest of 2026 stays
    assert not calendar.provisional(local("2026-12-31 09:00"))
    assert seed_calendar(at=at) == []


def test_a_county_s_own_year_survives_the_next_seeding(at: datetime) -> None:
    seed_calendar(at=at)
    confirm_year(notice=notice_2027(), at=at, by="wu")
    assert seed_calendar(at=at) == []
    assert calendar.hours_for(DEFAULT_SPANS).is_worked(date(2027, 10, 9))


def test_a_year_may_be_corrected(at: datetime) -> None:
    seed_calendar(at=at)
    confirm_year(notice=notice_2027(), at=at, by="wu")
    again = notice_2027({"2027-10-10": True, "2027-10-09": False})
    changed = confirm_year(notice=again, at=at, by="wu")
    assert changed == [date(2027, 10, 9), date(2027, 10, 10)]


@pytest.mark.parametrize("year", [2026, 2061])
def test_a_year_that_is_not_open_is_refused(at: datetime, year: int) -> None:
    seed_calendar(at=at)
    before = list(CalendarDay.objects.values())
    notice = Notice(year, notice_2027().days, ())
    with pytest.raises(BadNotice):
        changed_days(notice)
    with pytest.raises(BadNotice) as caught:
        confirm_year(notice=notice, at=at, by="wu")
    assert "2027" in caught.value.errors[0].message
    assert list(CalendarDay.objects.values()) == before


def test_a_list_with_errors_is_refused_and_nothing_is_written(at: datetime) -> None:
    seed_calendar(at=at)
    before = list(CalendarDay.objects.values())
    version = Version.objects.get(name="calendar").n
    with pytest.raises(BadNotice, match="1处"):
        confirm_year(notice=notice_2027({"2027-10-01": True}), at=at, by="wu")
    with pytest.raises(BadNotice):
        confirm_year(notice=Notice(2027, (), ()), at=at, by="wu")
    assert list(CalendarDay.objects.values()) == before
    assert Version.objects.get(name="calendar").n == version


def test_a_recompute_that_fails_takes_the_year_back(at: datetime) -> None:
    seed_calendar(at=at)

    def fail(since: date) -> None:
        raise KeyError(since)

    with pytest.raises(KeyError):
        confirm_year(notice=notice_2027(), at=at, by="wu", recompute=fail)
    assert calendar.provisional(local("2027-06-01 09:00"))
    assert not calendar.hours_for(DEFAULT_SPANS).is_worked(date(2027, 10, 9))


@pytest.mark.parametrize(("day", "name"), [(date(2003, 12, 31), "早"), (date(2027, 1, 1), "")])
def test_the_database_refuses_days_without_name_or_outside_the_years(
    at: datetime, day: date, name: str
) -> None:
    with pytest.raises(IntegrityError, match="calendar_day"), transaction.atomic():
        CalendarDay.objects.create(day=day, worked=False, name=name, set_at=at, set_by="wu")
    assert not CalendarDay.objects.exists()
