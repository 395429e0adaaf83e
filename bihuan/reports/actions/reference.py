"""Add the reference data that the database does not have yet; what a county edited stays."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.db import transaction

from bihuan.accounts.units import UnknownUnit, tree
from bihuan.base.cached import bump
from bihuan.matters.models import Rung
from bihuan.reports.models import Category, DispatchRule, Reason, Tile
from bihuan.reports.rules import EVERY, parse_window

FOLDER = Path(__file__).resolve().parent.parent / "reference"
FORMAT = 1
CELL = "cell"  # in the column "unit": the team of the cell
KIND = "report"


class BadReference(ValueError):
    """A reference file has a form this version does not know."""


@transaction.atomic
def load_reference() -> dict[str, int]:
    """Add missing rows; give how many of each, and `rules_without_unit` that were left out.

    A rule whose unit or area this county has not is left out; run it again when units were added.
    """
    bump("report_rules")
    book = _toml("categories")
    return {
        "categories": _categories(book["group"], book["category"]),
        "tiles": _tiles(book["tile"]),
        "reasons": _reasons(),
        "rungs": _rungs(),
        **_rules(),
    }


def _toml(name: str) -> dict[str, Any]:
    with (FOLDER / f"{name}.toml").open("rb") as file:
        content = tomllib.load(file)
    if content.pop("format", None) != FORMAT:
        raise BadReference(f"{name}.toml: unknown format")
    return content


def _categories(groups: list[dict[str, Any]], rows: list[dict[str, Any]]) -> int:
    have = set(Category.objects.values_list("key", flat=True))
    added = Category.objects.bulk_create(Category(**g) for g in groups if g["key"] not in have)
    parents = dict(Category.objects.filter(parent=None).values_list("key", "pk"))
    new = [_category(row, parents) for row in rows if row["key"] not in have]
    return len(added) + len(Category.objects.bulk_create(new))


def _category(row: dict[str, Any], parents: dict[str, int]) -> Category:
    return Category(
        key=row["key"],
        parent_id=parents[row["parent"]],
        name_zh=row["name_zh"],
        name_en=row["name_en"],
        gb_code=row.get("gb_code", ""),
        accept_seconds=row["accept_seconds"],
        accept_urgent=row["accept_clock"] == "urgent",
        finish_seconds=row["finish_seconds"],
        finish_urgent=row["finish_clock"] == "urgent",
        verify_first=row["verify_first"],
        check_by=row["check_by"],
        # who looks on the spot afterwards wants to see what was done
        photo_owed=row["check_by"] == "worker",
        is_public=row["is_public"],
        duplicate_radius_m=row["duplicate_radius_m"],
        duplicate_days=row["duplicate_days"],
        keywords=row["keywords"],
        photo_hint=row.get("photo_hint", ""),
        icon=row.get("icon", ""),
        source=row["source"],
        order=row["order"],
    )


def _tiles(rows: list[dict[str, Any]]) -> int:
    have = set(Tile.objects.values_list("key", flat=True))
    return len(Tile.objects.bulk_create(Tile(**row) for row in rows if row["key"] not in have))


def _reasons() -> int:
    have = set(Reason.objects.values_list("sort", "key"))
    new = [row for row in _all_reasons() if (row.sort, row.key) not in have]
    return len(Reason.objects.bulk_create(new))


def _all_reasons() -> Iterator[Reason]:
    for order, row in enumerate(_toml("refusals")["refusal"], 1):
        yield _reason("refuse", order, row, turn_to=row["turn_to"])
    for order, row in enumerate(_toml("return_reasons")["reason"], 1):
        yield _reason("return", order, row, asks_zh=row["must_say"])
    for order, row in enumerate(_toml("void_reasons")["reason"], 1):
        yield _reason("void", order, row, needs_photo=row["needs_photo"])
    for order, row in enumerate(_toml("pause_causes")["cause"], 1):
        yield _reason(row["sort"], order, row, asks_zh=row["evidence"], most_days=row["max_days"])
    for order, row in enumerate(_toml("reply_templates")["reply"], 1):
        named = {"key": row["key"], "name_zh": row["zh"][:60], "name_en": row["en"][:120]}
        yield _reason("reply", order, named, text_zh=row["zh"], text_en=row["en"], step=row["when"])


def _reason(sort: str, order: int, row: dict[str, Any], **more: Any) -> Reason:
    words = {"text_zh": row.get("to_reporter_zh", ""), "text_en": row.get("to_reporter_en", "")}
    return Reason(
        sort=sort,
        key=row["key"],
        name_zh=row["name_zh"],
        name_en=row["name_en"],
        order=order * 10,
        **{**words, **more},
    )


def _rungs() -> int:
    have = set(Rung.objects.filter(kind=KIND).values_list("clock", "key"))
    new = [
        Rung(kind=KIND, **row)
        for row in _toml("rungs")["rung"]
        if (row["clock"], row["key"]) not in have
    ]
    return len(Rung.objects.bulk_create(new))


def _rules() -> dict[str, int]:
    with (FOLDER / "dispatch_rules.csv").open(encoding="utf8", newline="") as file:
        rows = list(csv.DictReader(file))
    have = set(DispatchRule.objects.values_list("origin", flat=True))
    taken = set(DispatchRule.objects.values_list("order", flat=True))
    missing = [row for row in rows if row["order"] not in have and int(row["order"]) not in taken]
    found = [rule for rule in map(_rule, missing) if rule is not None]
    DispatchRule.objects.bulk_create(found)
    return {"rules": len(found), "rules_without_unit": len(missing) - len(found)}


def _rule(row: dict[str, str]) -> DispatchRule | None:
    """Make a rule of a row, or None when this county has not its unit or area."""
    parse_window(row["window"])
    try:
        area, unit = (unit_id_of(row[name]) for name in ("area", "unit"))
    except UnknownUnit:
        return None
    return DispatchRule(
        order=int(row["order"]),
        category=row["category"],
        area_id=area,
        window=row["window"],
        unit_id=unit,
        mode=row["mode"],
        why_zh=row["why_zh"],
        why_en=row["why_en"],
        origin=row["order"],
    )


def unit_id_of(code: str) -> int | None:
    """Return the unit with this code; None for "any" and "the cell's team". Raises UnknownUnit."""
    return None if code in (EVERY, CELL, "") else tree().by_code(code).id
