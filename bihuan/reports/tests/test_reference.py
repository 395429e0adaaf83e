"""The reference data loads, may be loaded again, and never changes what a county edited."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from bihuan.accounts.models import Unit
from bihuan.accounts.roles import Role
from bihuan.base.cached import forget_all
from bihuan.matters.models import Rung
from bihuan.reports import reference
from bihuan.reports.kind import KIND
from bihuan.reports.models import Category, DispatchRule, Reason, Tile
from bihuan.reports.rules import OTHER, parse_window, rulebook
from conftest import Units

pytestmark = pytest.mark.django_db
FOLDER = Path(reference.__file__).parent


def rule_rows() -> list[dict[str, str]]:
    with (FOLDER / "dispatch_rules.csv").open(encoding="utf8", newline="") as file:
        return list(csv.DictReader(file))


def test_everything_is_loaded_once_and_a_second_time_adds_nothing() -> None:
    first = reference.load()
    assert first["categories"] == Category.objects.count() > 100
    assert first["tiles"] == Tile.objects.count() == 8
    assert first["reasons"] == Reason.objects.count()
    again = reference.load()
    assert {name: n for name, n in again.items() if name != "rules_without_unit"} == {
        "categories": 0, "tiles": 0, "reasons": 0, "rungs": 0, "rules": 0,
    }  # fmt: skip


def test_what_a_county_edited_stays() -> None:
    reference.load()
    Category.objects.filter(key="litter").update(finish_seconds=60, is_active=False)
    Rung.objects.filter(key="due_soon").update(offset_seconds=-60)
    reference.load()
    litter = Category.objects.get(key="litter")
    assert (litter.finish_seconds, litter.is_active) == (60, False)
    assert Rung.objects.get(key="due_soon").offset_seconds == -60


def test_rules_of_units_this_county_has_not_are_left_out_and_come_with_their_units(
    units: Units,
) -> None:
    rows = rule_rows()
    first = reference.load()
    assert first["rules"] + first["rules_without_unit"] == len(rows)
    gas = [row for row in rows if row["unit"] == "371581-gas" and row["area"] == "*"]
    assert gas and not DispatchRule.objects.filter(category="gas_smell").exists()
    Unit.objects.create(code="371581-gas", name="燃气公司", kind="department", parent=units.county)
    forget_all()
    assert reference.load()["rules"] == len(gas)
    assert DispatchRule.objects.get(category="gas_smell").unit.code == "371581-gas"  # type: ignore[union-attr]


def test_a_rule_that_a_county_moved_does_not_come_back(units: Units) -> None:
    reference.load()
    moved = DispatchRule.objects.order_by("order").first()
    if moved is None:
        Unit.objects.create(code="371581-gas", name="燃", kind="department", parent=units.county)
        forget_all()
        reference.load()
        moved = DispatchRule.objects.order_by("order")[0]
    count = DispatchRule.objects.count()
    moved.order = 5
    moved.save(update_fields=["order"])
    assert reference.load()["rules"] == 0
    assert DispatchRule.objects.count() == count


def test_every_row_fits_the_others() -> None:
    reference.load()
    book = rulebook()
    groups = set(Category.objects.filter(parent=None).values_list("key", flat=True))
    assert OTHER in book.categories
    for row in rule_rows():
        assert row["category"] in {*book.categories, *groups, "*"}, row
        assert row["mode"] in ("auto", "clerk") and row["why_zh"]
        parse_window(row["window"])
    for tile in Tile.objects.all():
        assert set(tile.categories) <= set(book.categories), tile.key
    for rung in Rung.objects.all():
        assert {*rung.to_unit, *rung.to_above} <= set(Role), rung.key
    causes = {
        sort: set(Reason.objects.filter(sort=sort).values_list("key", flat=True))
        for sort in ("pause", "wait")
    }
    assert causes == {"pause": set(KIND.pause_causes), "wait": set(KIND.wait_causes)}


def test_who_looks_again_on_the_spot_wants_a_photo() -> None:
    reference.load()
    assert (
        Category.objects.filter(check_by="worker", photo_owed=False, parent__isnull=False).count()
        == 0
    )
    assert Category.objects.filter(check_by="clerk", photo_owed=True).count() == 0
