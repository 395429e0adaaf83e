"""What may change the calendar."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime

import chinese_calendar
from django.db import transaction
from django.utils.translation import gettext as _

from bihuan.base import calendar
from bihuan.base.cached import bump
from bihuan.base.calendar_import import Notice, NoticeDay, RowError
from bihuan.base.models import CalendarDay
from bihuan.base.statutory import provisional_days
from bihuan.base.worktime import FIRST, LAST

SHORT = ("清明", "端午", "中秋")  # data: names without their last character
SEED = "seed"  # set_by of the days that come with the program
FIRST_OPEN_YEAR = 2027  # notices before it come with the program

# Gets the first day from which dates computed from the calendar may differ. It runs inside the
# transaction, where the calendar already reads as changed.
Recompute = Callable[[date], object]


class BadNotice(ValueError):
    """The list of a year's holidays has errors, or none was given; nothing was written."""

    def __init__(self, errors: Sequence[RowError]) -> None:
        super().__init__(_("名单有%(n)s处错误，没有导入。") % {"n": len(errors)})
        self.errors = errors


@transaction.atomic
def seed_calendar(*, at: datetime, recompute: Recompute | None = None) -> list[int]:
    """Load the notices of 2004-2026 and, for later years, the days of the law as provisional.

    Repeatable. A year that the county has confirmed is left alone. Returns the years it wrote.
    Source of the notices: chinesecalendar, which follows the State Council's.
    """
    bump(calendar.NAME)
    noticed = _noticed()
    have: dict[int, set[tuple[date, bool, str, bool]]] = {}
    own = set()
    rows = CalendarDay.objects.values_list("day", "worked", "name", "provisional", "set_by")
    for day, worked, name, provisional, by in rows:
        have.setdefault(day.year, set()).add((day, worked, name, provisional))
        if not provisional and by != SEED:
            own.add(day.year)
    changed = []
    for year in sorted(set(calendar.YEARS) - own):
        provisional = year not in noticed
        days = noticed.get(year) or [
            NoticeDay(day, False, name) for day, name in provisional_days(year).items()
        ]
        if have.get(year, set()) != {(*day, provisional) for day in days}:
            _replace(year, days, provisional=provisional, at=at, by=SEED)
            changed.append(year)
    if changed and recompute is not None:
        recompute(date(changed[0], 1, 1))
    return changed


@transaction.atomic
def confirm_year(
    *, notice: Notice, at: datetime, by: str, recompute: Recompute | None = None
) -> list[date]:
    """Enter a year's holiday notice in place of what was there; return the days that changed.

    `by`: who enters it, for the record. Days in the December before are set one by one; after
    correcting a year enter the next one's notice again. Raises BadNotice, nothing written then.
    """
    _check(notice)
    bump(calendar.NAME)
    changed = changed_days(notice)
    inside = [day for day in notice.days if day.day.year == notice.year]
    before = [day for day in notice.days if day.day.year != notice.year]
    early = notice.year - 1 not in calendar.confirmed_years()
    _replace(notice.year, inside, provisional=False, at=at, by=by)
    CalendarDay.objects.filter(day__in=[day.day for day in before]).delete()
    _create(before, provisional=early, at=at, by=by)
    bump(calendar.NAME)  # the old days have been read meanwhile
    if recompute is not None:
        recompute(min([date(notice.year, 1, 1), *changed]))
    return changed


def changed_days(notice: Notice) -> list[date]:
    """Return the days on which work and rest would change: the dry run of confirm_year.

    Raises BadNotice as confirm_year does.
    """
    _check(notice)
    said = {day.day: day.worked for day in notice.days}
    return [
        day
        for year in (notice.year - 1, notice.year)
        for day, worked in calendar.worked_days(year).items()
        if day.year == notice.year or day in said
        if said.get(day, day.weekday() < 5) != worked
    ]


def _check(notice: Notice) -> None:
    errors = list(notice.errors)
    if not FIRST_OPEN_YEAR <= notice.year <= LAST.year:
        message = _("只能导入%(first)s至%(last)s年的名单。")
        errors.append(RowError(0, message % {"first": FIRST_OPEN_YEAR, "last": LAST.year}))
    if errors or not notice.days:
        raise BadNotice(errors or [RowError(0, _("名单是空的。"))])


def _noticed() -> dict[int, list[NoticeDay]]:
    """Return the days of the notices that come with the program, by year, exceptions alone."""
    constants = chinese_calendar.constants
    found: dict[int, list[NoticeDay]] = {}
    for names, worked in ((constants.holidays, False), (constants.workdays, True)):
        for day, english in names.items():
            if day >= FIRST and (day.weekday() < 5) != worked:
                name = constants.Holiday(english).chinese
                name += "节" if name in SHORT else ""  # data: as the notices write them
                found.setdefault(day.year, []).append(NoticeDay(day, worked, name))
    return found


def _replace(
    year: int, days: Iterable[NoticeDay], *, provisional: bool, at: datetime, by: str
) -> None:
    CalendarDay.objects.filter(day__year=year).delete()
    _create(days, provisional=provisional, at=at, by=by)


def _create(days: Iterable[NoticeDay], *, provisional: bool, at: datetime, by: str) -> None:
    """Write the days that differ from Monday to Friday; the others need no row."""
    CalendarDay.objects.bulk_create(
        CalendarDay(
            day=day.day, worked=day.worked, name=day.name,
            provisional=provisional, set_at=at, set_by=by,
        )
        for day in days
        if day.worked != (day.day.weekday() < 5)
    )  # fmt: skip
