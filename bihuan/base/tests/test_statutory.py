"""The holidays of the law, against the moon itself and dates worked out by hand."""

from __future__ import annotations

from datetime import date, timedelta
from math import floor, radians, sin

import pytest

from bihuan.base.statutory import LUNAR, provisional_days, statutory_days
from bihuan.base.worktime import LAST


def new_moon_days(year: int) -> set[date]:
    """Return the days in China on which the new moons of a year fall.

    Meeus, Astronomical Algorithms, chapter 49, its seven largest terms: right within minutes.
    """
    days = set()
    for k in range(int((year - 2000) * 12.3685) - 2, int((year - 2000) * 12.3685) + 15):
        sun = radians(2.5534 + 29.10535670 * k)
        moon = radians(201.5643 + 385.81693528 * k)
        node = radians(160.7108 + 390.67050284 * k)
        julian = 2451550.09766 + 29.530588861 * k
        julian += 0.17241 * sin(sun) - 0.40720 * sin(moon) + 0.01608 * sin(2 * moon)
        julian += 0.01039 * sin(2 * node) + 0.00739 * sin(moon - sun)
        julian += 0.00208 * sin(2 * sun) - 0.00514 * sin(moon + sun)
        days.add(date.fromordinal(floor(julian - 1721424.5 + 8 / 24)))
    return days


def test_the_table_reaches_as_far_as_the_calendar() -> None:
    assert list(LUNAR) == list(range(2027, LAST.year + 1))


@pytest.mark.parametrize("year", LUNAR)
def test_lunar_dates_stand_where_the_moon_does(year: int) -> None:
    spring, qingming, dragon_boat, mid_autumn = (
        date.fromisoformat(f"{year}-{text}") for text in LUNAR[year]
    )
    moons = new_moon_days(year)
    assert spring in moons
    assert dragon_boat - timedelta(4) in moons
    assert mid_autumn - timedelta(14) in moons
    assert date(year, 1, 21) <= spring <= date(year, 2, 20)
    assert qingming in (date(year, 4, 4), date(year, 4, 5))
    assert date(year, 5, 27) <= dragon_boat <= date(year, 6, 25)
    assert date(year, 9, 7) <= mid_autumn <= date(year, 10, 7)


def test_known_years() -> None:
    assert statutory_days(2027)[date(2027, 2, 5)] == "春节"  # its eve, off by law since 2025
    assert date(2027, 2, 9) not in statutory_days(2027)
    assert statutory_days(2028)[date(2028, 10, 3)] == "国庆节"  # Mid-Autumn on the same day
    assert [day for day, name in provisional_days(2028).items() if "中秋" in name] == [
        date(2028, 10, 5)
    ]
    assert provisional_days(2028)[date(2028, 1, 3)] == "元旦补休"  # 1 January is a Saturday


@pytest.mark.parametrize("year", LUNAR)
def test_everybody_gets_the_thirteen_days_of_the_law(year: int) -> None:
    days = provisional_days(year)
    assert len(days) == 13
    assert all(day.weekday() < 5 for day in days)


def test_before_the_table_only_the_solar_days_are_known() -> None:
    assert list(statutory_days(2030 - 100)) == [
        date(1930, 1, 1), date(1930, 5, 1), date(1930, 5, 2),
        date(1930, 10, 1), date(1930, 10, 1) + timedelta(1), date(1930, 10, 3),
    ]  # fmt: skip
