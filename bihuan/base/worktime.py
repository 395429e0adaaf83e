"""Working time: one non-decreasing function of the moment, and its inverse.

`worked(t)` counts the working seconds from the calendar's first day to t. A stretch of work is
a difference of two values and a deadline is the inverse, so sums, pauses and make-up Saturdays
need no cases of their own. Pure: knows neither Django nor the database.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from datetime import UTC as UTC
from datetime import date, datetime, timedelta
from functools import cached_property
from itertools import accumulate, pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

Spans = tuple[tuple[int, int], ...]

DAY = 86_400  # seconds
WORKING_DAY = 8 * 3600  # seconds: city management platforms count 1 working day = 8 hours
# Seconds from midnight. 08-12 and 14-18, as city management platforms time their cases.
DEFAULT_SPANS: Spans = ((8 * 3600, 12 * 3600), (14 * 3600, 18 * 3600))
NATURAL_SPANS: Spans = ((0, DAY),)
ZONE = ZoneInfo("Asia/Shanghai")
FIRST = date(2004, 1, 1)
LAST = date(2060, 12, 31)


class NoCalendar(LookupError):
    """The moment lies outside the calendar's years."""


class Hours:
    """Office hours over a calendar.

    first, last: its days, both counted in. exceptions: days that differ from Monday to Friday,
    True for a make-up day, False for a holiday; `every_day` counts all days alike (natural
    time). spans: the stretches worked on such a day, seconds from midnight in Asia/Shanghai,
    in order, not touching one another.
    """

    def __init__(
        self,
        exceptions: Mapping[date, bool],
        spans: Spans = DEFAULT_SPANS,
        *,
        first: date = FIRST,
        last: date = LAST,
        every_day: bool = False,
    ) -> None:
        check_spans(spans)
        self.first, self.last, self.spans = first, last, spans
        self._first = first.toordinal()
        self._count = last.toordinal() - self._first + 1
        # 1 January of year 1 has the ordinal 1 and was a Monday.
        days = [every_day or (self._first + n - 1) % 7 < 5 for n in range(self._count)]
        for day, worked in exceptions.items():
            n = day.toordinal() - self._first
            if 0 <= n < self._count:
                days[n] = worked
        self._days = days

    @cached_property
    def _sums(self) -> list[int]:
        """Working seconds before each day; one more than days."""
        length = sum(b - a for a, b in self.spans)
        return list(accumulate((length if worked else 0 for worked in self._days), initial=0))

    def is_worked(self, day: date) -> bool:
        """Say whether `day` is a working day. Raises NoCalendar outside the years."""
        n = day.toordinal() - self._first
        if not 0 <= n < self._count:
            raise NoCalendar(f"no calendar for {day}")
        return self._days[n]

    def worked(self, at: datetime) -> int:
        """Return the working seconds from the first day to `at`, part seconds dropped.

        Raises NoCalendar outside the years.
        """
        local = at.astimezone(ZONE)
        n = local.toordinal() - self._first
        if not 0 <= n < self._count:
            raise NoCalendar(f"no calendar for {local.date()}")
        before = self._sums[n]
        if not self._days[n]:
            return before
        now = local.hour * 3600 + local.minute * 60 + local.second
        return before + sum(min(now, b) - a for a, b in self.spans if now > a)

    def after(self, at: datetime, seconds: int) -> datetime:
        """Return the first moment, not before `at`, by which `seconds` more are worked.

        Zero seconds or less give `at` itself. In UTC. Raises NoCalendar when the years end
        first.
        """
        at = at.astimezone(UTC)
        if seconds <= 0:
            return at
        goal = self.worked(at) + seconds
        n = bisect_left(self._sums, goal) - 1
        if n >= self._count:
            raise NoCalendar(f"the calendar ends on {self.last}")
        left = goal - self._sums[n]
        start = 0
        for start, end in self.spans:
            if left <= end - start:
                break
            left -= end - start
        midnight = datetime.combine(date.fromordinal(self._first + n), datetime.min.time(), ZONE)
        return midnight.astimezone(UTC) + timedelta(seconds=start + left)


def check_spans(spans: Spans) -> None:
    """Raise ValueError unless the spans are whole seconds of one day, in order and apart."""
    edges = [second for span in spans for second in span]
    if not edges or any(len(span) != 2 for span in spans):
        raise ValueError("office hours need at least one span of a start and an end")
    if edges[0] < 0 or edges[-1] > DAY or any(a >= b for a, b in pairwise(edges)):
        raise ValueError("office hours must lie inside one day, in order and apart")


NATURAL = Hours({}, NATURAL_SPANS, every_day=True)


class Mark(NamedTuple):
    """From `at` on the clock runs, or it stands still."""

    at: datetime
    runs: bool


def elapsed(hours: Hours, marks: Sequence[Mark], now: datetime) -> int:
    """Return the seconds the clock has run by `now`. Marks are in order, at least one."""
    total = 0
    for mark, following in pairwise([*marks, Mark(max(now, marks[-1].at), False)]):
        if mark.runs and mark.at < now:
            total += hours.worked(min(following.at, now)) - hours.worked(mark.at)
    return total


def due(hours: Hours, marks: Sequence[Mark], limit: int) -> datetime | None:
    """Return when `limit` working seconds are used up; None while paused with time left.

    Marks are in order, at least one.
    """
    left = limit
    for mark, following in pairwise(marks):
        if not mark.runs:
            continue
        used = hours.worked(following.at) - hours.worked(mark.at)
        if used >= left:
            return hours.after(mark.at, left)
        left -= used
    return hours.after(marks[-1].at, left) if marks[-1].runs else None
