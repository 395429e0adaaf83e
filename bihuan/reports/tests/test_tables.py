"""The county's own tables come in whole or not at all, and go out as they came in."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import pytest

from bihuan.accounts.actor import SYSTEM, actor_of
from bihuan.accounts.may import NotPermitted
from bihuan.accounts.models import AdminEntry, Person
from bihuan.base.cached import forget_all
from bihuan.reports.actions import tables
from bihuan.reports.models import Category, DispatchRule
from bihuan.reports.pages.tables import window_words
from bihuan.reports.reference import load
from bihuan.reports.rules import rulebook
from conftest import Units

pytestmark = pytest.mark.django_db


def rule(order: str, **changes: str) -> dict[str, str]:
    return {
        "order": order, "category": "pothole", "area": "*", "window": "", "unit": "371581-jt",
        "mode": "auto", "why_zh": "道路归交通局", "why_en": "Roads", **changes,
    }  # fmt: skip


def as_lines(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[tables.Line]:
    return [(n, dict(zip(columns, row, strict=True))) for n, row in enumerate(rows, 2)]


def test_the_file_becomes_the_rules_and_what_is_not_in_it_is_off(
    units: Units, at: datetime
) -> None:
    load()
    before = DispatchRule.objects.count()
    lines = [(2, rule("10")), (3, rule("999", category="*", unit="cell", mode="clerk"))]
    taken = tables.replace_rules(lines=lines, dry_run=False, by=SYSTEM, at=at)
    assert (taken.errors, taken.written) == ([], True)
    active = DispatchRule.objects.filter(is_active=True).order_by("order")
    assert [(r.order, r.unit_id) for r in active] == [(10, units.roads.pk), (999, None)]
    assert AdminEntry.objects.filter(what="reports.import_rules").count() == 1
    forget_all()
    decision = rulebook().decide("pothole", areas=frozenset(), team=None, at=at)
    assert (decision.unit_id, decision.why_zh) == (units.roads.pk, "道路归交通局")
    load()  # the shipped rules do not come back
    assert DispatchRule.objects.filter(is_active=True).count() == 2
    assert DispatchRule.objects.count() >= before


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"unit": "nobody"}, "没有这个单位"),
        ({"area": "nowhere"}, "没有这个单位"),
        ({"category": "dragons"}, "没有这个类别"),
        ({"window": "随时"}, "时间写法不对"),
        ({"mode": "maybe"}, "auto"),
        ({"order": "-1"}, "正整数"),
        ({"order": "十"}, "正整数"),
        ({"why_zh": ""}, "依据"),
    ],
)
def test_a_wrong_row_is_named_and_nothing_is_written(
    units: Units, at: datetime, changes: dict[str, str], words: str
) -> None:
    load()
    before = list(DispatchRule.objects.order_by("pk").values())
    lines = [(2, rule("10")), (3, {**rule("20"), **changes})]
    taken = tables.replace_rules(lines=lines, dry_run=False, by=SYSTEM, at=at)
    assert [(e.number, words in e.words) for e in taken.errors] == [(3, True)]
    assert list(DispatchRule.objects.order_by("pk").values()) == before
    assert not AdminEntry.objects.filter(what="reports.import_rules").exists()


def test_a_rehearsal_writes_nothing(units: Units, at: datetime) -> None:
    load()
    before = list(DispatchRule.objects.order_by("pk").values())
    taken = tables.replace_rules(lines=[(2, rule("10"))], dry_run=True, by=SYSTEM, at=at)
    assert (taken.errors, taken.written) == ([], False)
    assert list(DispatchRule.objects.order_by("pk").values()) == before


def test_a_clerk_may_not_change_the_rules(units: Units, wang: Person, at: datetime) -> None:
    with pytest.raises(NotPermitted):
        tables.replace_rules(lines=[(2, rule("10"))], dry_run=False, by=actor_of(wang), at=at)
    assert not DispatchRule.objects.exists()


def test_categories_go_out_as_they_came_in_and_a_limit_can_be_changed(
    units: Units, at: datetime
) -> None:
    load()
    before = list(Category.objects.order_by("pk").values())
    lines = as_lines(tables.CATEGORY_COLUMNS, tables.categories_as_rows())
    assert tables.take_categories(lines=lines, dry_run=False, by=SYSTEM, at=at).errors == []
    assert list(Category.objects.order_by("pk").values()) == before
    changed = [
        (n, {**row, "finish_seconds": "57600"}) for n, row in lines if row["key"] == "pothole"
    ]
    assert tables.take_categories(lines=changed, dry_run=False, by=SYSTEM, at=at).written
    assert Category.objects.get(key="pothole").finish_seconds == 57_600
    assert Category.objects.count() == len(before)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"parent": "none"}, "大类"),
        ({"accept_seconds": "0"}, "正整数"),
        ({"finish_clock": "soon"}, "urgent"),
        ({"verify_first": "maybe"}, "yes"),
        ({"check_by": "nobody"}, "worker"),
        ({"name_en": ""}, "英文名"),
        ({"key": "路"}, "小写英文"),
    ],
)
def test_a_wrong_category_is_named_and_nothing_is_written(
    units: Units, at: datetime, changes: dict[str, str], words: str
) -> None:
    load()
    before = list(Category.objects.order_by("pk").values())
    (n, row), *_ = as_lines(tables.CATEGORY_COLUMNS, tables.categories_as_rows())
    lines = [(n, {**row, **changes})]
    taken = tables.take_categories(lines=lines, dry_run=False, by=SYSTEM, at=at)
    assert [(e.number, words in e.words) for e in taken.errors] == [(n, True)]
    assert list(Category.objects.order_by("pk").values()) == before


@pytest.mark.parametrize(
    ("window", "words"),
    [
        ("", ""),
        ("22:00-06:00", "每天 22:00–次日 06:00"),
        ("mon-fri 08:00-18:00", "周一至周五 08:00–18:00"),
        ("sat,sun 08:00-18:00", "周六、周日 08:00–18:00"),
    ],
)
def test_a_window_is_said_in_words(window: str, words: str) -> None:
    assert window_words(window) == words
