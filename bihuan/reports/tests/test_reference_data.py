"""Categories, rules and reasons hold together."""

from __future__ import annotations

import csv
import re
import tomllib
from pathlib import Path
from typing import Any

REFERENCE = Path(__file__).parents[1] / "reference"
UNITS = REFERENCE.parents[1] / "demo" / "units.toml"


def _toml(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


FILE = _toml(REFERENCE / "categories.toml")
GROUPS = {row["key"] for row in FILE["group"]}
CATEGORIES = {row["key"]: row for row in FILE["category"]}


def test_category_keys_are_plain_words_and_used_once() -> None:
    keys = [row["key"] for row in FILE["category"]] + [row["key"] for row in FILE["group"]]
    assert len(keys) == len(set(keys))
    assert all(re.fullmatch(r"[a-z_]+", key) for key in keys)
    assert {row["parent"] for row in CATEGORIES.values()} == GROUPS


def test_every_category_has_limits_words_and_a_source() -> None:
    for row in CATEGORIES.values():
        assert {row["accept_clock"], row["finish_clock"]} <= {"urgent", "working"}
        assert row["accept_seconds"] > 0
        assert row["finish_seconds"] > 0
        assert row["source"] in FILE["sources"].values()
        assert 5 <= len(row["keywords"]) <= 20
        assert row["check_by"] in ("worker", "clerk")
        assert row["photo_hint"] and row["icon"] and row["name_en"]


def test_limits_agree_with_the_public_list_where_they_name_it() -> None:
    # Read off the list by hand: 积存垃圾渣土 5 working days, 道路不洁 2 working hours,
    # 井盖缺失 2 urgent hours, 路灯单灯不亮 2 working days, 非法小广告 1 working day.
    for key, seconds, clock in (
        ("rubble", 144_000, "working"),
        ("dirty_road", 7_200, "working"),
        ("missing_cover", 7_200, "urgent"),
        ("street_lamp", 57_600, "working"),
        ("advert_stickers", 28_800, "working"),
    ):
        row = CATEGORIES[key]
        assert (row["finish_seconds"], row["finish_clock"]) == (seconds, clock)
        assert row["source"].startswith("运城")


def test_eight_tiles_open_known_categories() -> None:
    assert len(FILE["tile"]) == 8
    for tile in FILE["tile"]:
        assert set(tile["categories"]) <= set(CATEGORIES)


def test_rules_name_known_categories_and_units_and_the_last_takes_all() -> None:
    units = {row["code"] for row in _toml(UNITS)["unit"]} | {"cell"}
    with (REFERENCE / "dispatch_rules.csv").open(encoding="utf-8", newline="") as lines:
        rules = list(csv.DictReader(lines))
    orders = [int(rule["order"]) for rule in rules]
    assert orders == sorted(set(orders))
    day = "(mon|tue|wed|thu|fri|sat|sun)"
    for rule in rules:
        assert rule["category"] in CATEGORIES or rule["category"] in GROUPS | {"*"}
        assert rule["unit"] in units
        assert rule["area"] in units | {"*"}
        assert rule["mode"] in ("auto", "clerk")
        assert re.fullmatch(rf"({day}-{day} \d\d:\d\d-\d\d:\d\d)?", rule["window"])
        assert rule["why_zh"] and rule["why_en"]
    last = rules[-1]
    assert (last["category"], last["area"], last["window"]) == ("*", "*", "")


def test_there_are_nine_refusals_each_with_where_to_turn() -> None:
    refusals = _toml(REFERENCE / "refusals.toml")["refusal"]
    assert len(refusals) == 9
    assert all(row["turn_to"] and row["to_reporter_zh"] for row in refusals)
