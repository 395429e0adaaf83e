"""The rules are pure: windows, categories by their words, the first rule that fits."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bihuan.reports.rules import (
    BadWindow,
    CategoryRow,
    Decision,
    Rulebook,
    RuleRow,
    parse_window,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
COUNTY, STREET, TEAM, URBAN, NIGHT = 1, 2, 3, 4, 5
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=SHANGHAI)  # a Monday


def at(day: int, clock: str) -> datetime:
    """Give a moment of November 2026; the 23rd is a Monday."""
    hour, minute = map(int, clock.split(":"))
    return datetime(2026, 11, day, hour, minute, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("window", "moment", "inside"),
    [
        ("22:00-06:00", at(23, "21:59"), False),
        ("22:00-06:00", at(23, "22:00"), True),
        ("22:00-06:00", at(24, "05:59"), True),
        ("22:00-06:00", at(24, "06:00"), False),
        # a span over midnight belongs to the day it starts: Friday night ends on Saturday
        ("fri 22:00-06:00", at(27, "23:00"), True),
        ("fri 22:00-06:00", at(28, "05:00"), True),
        ("fri 22:00-06:00", at(27, "05:00"), False),
        ("fri 22:00-06:00", at(28, "22:30"), False),
        ("sun 22:00-06:00", at(23, "05:00"), True),  # Monday morning after Sunday
        ("mon-fri 08:30-18:00", at(23, "08:30"), True),
        ("mon-fri 08:30-18:00", at(23, "18:00"), False),
        ("mon-fri 08:30-18:00", at(28, "12:00"), False),
        ("sat,sun 08:30-18:00", at(29, "12:00"), True),
        ("fri-mon 08:30-18:00", at(29, "12:00"), True),
        ("fri-mon 08:30-18:00", at(25, "12:00"), False),
        ("mon-sun 18:00-08:30", at(25, "08:29"), True),
    ],
)
def test_a_window_holds_its_hours_and_no_others(
    window: str, moment: datetime, inside: bool
) -> None:
    parsed = parse_window(window)
    assert parsed is not None and parsed.holds(moment) is inside
    utc = moment.astimezone(ZoneInfo("UTC"))
    assert parsed.holds(utc) is inside


def test_a_window_over_midnight_holds_as_many_minutes_as_it_says() -> None:
    parsed = parse_window("fri 22:00-06:00")
    assert parsed is not None
    week = [at(23, "00:00") + timedelta(minutes=n) for n in range(7 * 24 * 60)]
    assert sum(parsed.holds(moment) for moment in week) == 8 * 60


@pytest.mark.parametrize(
    "text", ["08:00", "8-18", "mon", "xyz 08:00-18:00", "08:00-08:00", "mon tue 08:00-18:00",
             "25:00-26:00", "mon- 08:00-18:00"]
)  # fmt: skip
def test_a_window_written_wrongly_is_refused(text: str) -> None:
    with pytest.raises(BadWindow):
        parse_window(text)


def test_no_window_is_any_time() -> None:
    assert parse_window("  ") is None


def category(key: str, group: str = "g", *words: str) -> CategoryRow:
    return CategoryRow(
        key, group, key, key, 1, False, 1, False, False, "clerk", False, True, words, "", ""
    )  # fmt: skip


def rule(
    number: int,
    key: str,
    *,
    unit: int | None,
    area: int | None = None,
    window: str = "",
    auto: bool = True,
) -> RuleRow:
    return RuleRow(number, key, area, parse_window(window), unit, auto, f"因为{number}", "why")


BOOK = Rulebook(
    [category("litter", "clean", "垃圾", "垃圾桶"), category("lamp", "roads", "路灯")],
    [
        rule(10, "litter", unit=NIGHT, window="22:00-06:00"),
        rule(20, "litter", unit=URBAN, area=STREET),
        rule(30, "clean", unit=None),
        rule(40, "*", unit=COUNTY, auto=False),
    ],
)


def decide(key: str, *areas: int, team: int | None = None, moment: datetime = NOON) -> Decision:
    return BOOK.decide(key, areas=frozenset(areas), team=team, at=moment)


def test_the_first_rule_that_fits_decides_and_says_why() -> None:
    found = decide("litter", TEAM, STREET, COUNTY, team=TEAM)
    assert (found.rule_id, found.unit_id, found.auto, found.why_zh) == (20, URBAN, True, "因为20")


def test_at_night_another_rule_comes_first() -> None:
    assert decide("litter", STREET, moment=at(23, "23:00")).unit_id == NIGHT


def test_outside_its_area_a_rule_does_not_fit_and_the_groups_rule_gives_it_to_the_cell() -> None:
    assert decide("litter", COUNTY, team=TEAM).unit_id == TEAM


def test_without_a_cell_the_rule_for_the_cells_team_is_passed_over() -> None:
    found = decide("litter", COUNTY)
    assert (found.rule_id, found.unit_id, found.auto) == (40, COUNTY, False)


def test_an_unknown_category_gets_what_every_category_gets() -> None:
    assert decide("unicorns").rule_id == 40


def test_no_rule_is_no_decision() -> None:
    empty = Rulebook([], [])
    assert empty.decide("a", areas=frozenset(), team=None, at=NOON).unit_id is None


def test_the_words_suggest_a_category_and_longer_words_weigh_more() -> None:
    assert BOOK.suggest("路灯下面垃圾桶满了") == ["litter", "lamp"]
    assert BOOK.suggest("我要表扬") == []
