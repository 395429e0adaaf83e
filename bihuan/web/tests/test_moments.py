"""Moments and spans in people's words, against sentences written by hand."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation

from bihuan.web.templatetags import moments

COUNTY = ZoneInfo("Asia/Shanghai")
AT = datetime(2026, 11, 23, 11, 0, tzinfo=COUNTY)


@pytest.fixture(autouse=True)
def _chinese() -> object:
    with translation.override("zh-hans"):
        yield


@pytest.mark.parametrize(
    ("when", "said"),
    [
        (datetime(2026, 11, 23, 10, 12, tzinfo=COUNTY), "今天 10:12"),
        (datetime(2026, 11, 22, 23, 59, tzinfo=COUNTY), "昨天 23:59"),
        (datetime(2026, 11, 24, 18, 0, tzinfo=COUNTY), "明天 18:00"),
        (datetime(2026, 11, 19, 3, 5, tzinfo=COUNTY), "11月19日 03:05"),
        (datetime(2025, 12, 31, 9, 0, tzinfo=COUNTY), "2025年12月31日 09:00"),
        # 20:30 in London is 04:30 the next day in the county.
        (datetime(2026, 11, 23, 20, 30, tzinfo=ZoneInfo("UTC")), "明天 04:30"),
    ],
)
def test_a_moment_is_said_by_the_countys_day(when: datetime, said: str) -> None:
    assert moments.moment(when, AT) == said


@pytest.mark.parametrize(
    ("until", "said"),
    [
        (timedelta(days=1, hours=7, minutes=59), "还剩 1 天 7 小时"),
        (timedelta(days=2, minutes=5), "还剩 2 天"),
        (timedelta(hours=3), "还剩 3 小时"),
        (timedelta(minutes=52, seconds=59), "还剩 52 分钟"),
        (timedelta(seconds=59), "还剩 不到 1 分钟"),
        (timedelta(0), "还剩 不到 1 分钟"),
        (timedelta(hours=-2, minutes=-10), "超 2 小时 10 分"),
        (timedelta(seconds=-1), "超 不到 1 分钟"),
    ],
)
def test_what_is_left_is_said_in_the_two_largest_units(until: timedelta, said: str) -> None:
    assert moments.left(AT + until, AT) == said


@pytest.mark.parametrize(
    ("gone", "due_in", "colour"),
    [(10, 90, "blue"), (79, 21, "blue"), (80, 20, "orange"), (99, 0, "orange"), (100, -1, "red")],
)
def test_a_clock_turns_orange_at_four_fifths_and_red_when_over(
    gone: int, due_in: int, colour: str
) -> None:
    since, due_at = AT - timedelta(minutes=gone), AT + timedelta(minutes=due_in)
    assert moments.urgency(since, due_at, AT) == colour


def test_a_span_of_no_length_is_used_up() -> None:
    assert moments.used(AT, AT, AT) == 100
    assert moments.used(AT, AT + timedelta(hours=1), AT - timedelta(hours=1)) == 0
