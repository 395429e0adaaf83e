"""The county's calendar as every clock reads it: kept in memory, new in a second when changed.

A year with the State Council's notice is confirmed; any other year counts weekends and the
statutory holidays, and is provisional. Reading never fails inside 2004-2060.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from bihuan.base.cached import Cached
from bihuan.base.models import CalendarDay
from bihuan.base.statutory import provisional_days
from bihuan.base.worktime import DEFAULT_SPANS, FIRST, LAST, NATURAL, ZONE, Hours, Spans

NAME = "calendar"  # the version's name
YEARS = range(FIRST.year, LAST.year + 1)


class Calendar:
    """The days that differ from Monday to Friday, the confirmed years, the hours made of them."""

    def __init__(self, exceptions: Mapping[date, bool], confirmed: frozenset[int]) -> None:
        self.exceptions = exceptions
        self.confirmed = confirmed
        self._hours: dict[Spans, Hours] = {}

    def hours(self, spans: Spans) -> Hours:
        """Return the hours made of `spans`, the same object each time."""
        hours = self._hours.get(spans)
        if hours is None:
            hours = self._hours[spans] = Hours(self.exceptions, spans)
        return hours


def _load() -> Calendar:
    rows = list(CalendarDay.objects.values_list("day", "worked", "provisional"))
    confirmed = frozenset(day.year for day, _, provisional in rows if not provisional)
    known = {day.year for day, _, _ in rows}
    exceptions = {
        day: False for year in YEARS if year not in known for day in provisional_days(year)
    }
    exceptions.update((day, worked) for day, worked, _ in rows)
    return Calendar(exceptions, confirmed)


_calendar = Cached(NAME, _load)


def hours_for(spans: Spans | None) -> Hours:
    """Return the office hours `spans` (seconds from midnight) over the calendar.

    None: natural time, which urgent clocks keep.
    """
    return NATURAL if spans is None else _calendar.get().hours(spans)


def provisional(at: datetime) -> bool:
    """Say whether the year of `at` (in Asia/Shanghai) still waits for its holiday notice."""
    return at.astimezone(ZONE).year not in _calendar.get().confirmed


def confirmed_years() -> frozenset[int]:
    """Return the years whose holiday notice has been entered."""
    return _calendar.get().confirmed


def worked_days(year: int) -> dict[date, bool]:
    """Say of every day of a year whether it is worked."""
    hours = hours_for(DEFAULT_SPANS)
    first = date(year, 1, 1).toordinal()
    days = [date.fromordinal(n) for n in range(first, date(year + 1, 1, 1).toordinal())]
    return {day: hours.is_worked(day) for day in days}
