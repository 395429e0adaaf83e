"""The demo's files agree with the reference data and with each other."""

from __future__ import annotations

import csv
import hashlib
import io
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from bihuan.accounts.roles import APPOINTED, Role
from bihuan.demo.people import LOGINS, invented_names
from bihuan.demo.pictures import SCENES, picture

DEMO = Path(__file__).parents[1]
REFERENCE = DEMO.parent / "reports" / "reference"
DIVISIONS = DEMO.parent / "places" / "reference" / "villages.csv"


def _toml(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


REPORTS = _rows(DEMO / "reports.csv")
CATEGORIES = {row["key"]: row for row in _toml(REFERENCE / "categories.toml")["category"]}
REASONS = {
    "returned_then_solved": _toml(REFERENCE / "return_reasons.toml")["reason"],
    "void": _toml(REFERENCE / "void_reasons.toml")["reason"],
    "rejected": _toml(REFERENCE / "refusals.toml")["refusal"],
    "paused": _toml(REFERENCE / "pause_causes.toml")["cause"],
}


def test_there_are_400_reports_and_no_two_say_the_same() -> None:
    assert [row["id"] for row in REPORTS] == [str(number) for number in range(1, 401)]
    for column in ("text", "answer", "closing"):
        said = Counter(row[column] for row in REPORTS if row[column])
        assert [words for words, times in said.items() if times > 1] == []
    assert all(8 <= len(row["text"]) <= 160 for row in REPORTS)


def test_every_report_names_a_known_category_community_scene_and_reason() -> None:
    communities = {row["code"] for row in _rows(DIVISIONS)}
    for row in REPORTS:
        assert row["category"] in CATEGORIES
        assert row["community_code"] in communities
        assert row["scene"] in {"", *SCENES}
        if row["outcome"] in REASONS:
            assert row["detail"] in {reason["key"] for reason in REASONS[row["outcome"]]}


def test_a_merged_report_tells_of_the_same_thing_and_comes_later() -> None:
    by_id = {row["id"]: row for row in REPORTS}
    merged = [row for row in REPORTS if row["outcome"] == "merged"]
    assert len(merged) > 10
    for row in merged:
        first = by_id[row["merged_with"]]
        assert first["outcome"] != "merged"
        assert (first["category"], first["community_code"]) == (
            row["category"],
            row["community_code"],
        )
        assert (-int(first["days_ago"]), first["time"]) < (-int(row["days_ago"]), row["time"])


def test_what_is_done_is_answered_and_what_is_bad_says_not_solved() -> None:
    unanswered = ("void", "rejected", "merged", "still_open")
    for row in REPORTS:
        if not row["outcome"].startswith(unanswered):
            assert row["answer"], row["id"]
        if row["outcome"] in ("solved_bad_rating", "callback"):
            assert row["solved"] == "no" and row["closing"], row["id"]


def test_each_role_has_a_log_in_at_a_unit_of_the_demo() -> None:
    units = {row["code"] for row in _toml(DEMO / "units.toml")["unit"]}
    assert {login.role for login in LOGINS} == {str(Role(role)) for role in APPOINTED}
    for login in LOGINS:
        assert login.unit in units or login.unit.startswith(("371581001", "371581002"))


def test_invented_names_are_all_different_and_the_same_each_time() -> None:
    names = invented_names(400)
    assert len(set(names)) == 400
    assert names == invented_names(400)
    assert not set(names) & {login.name for login in LOGINS}


@pytest.mark.parametrize("scene", ["pothole", "stall"])
def test_a_picture_is_a_photo_sized_jpeg_that_differs_after_the_work(scene: str) -> None:
    before, after = picture(scene), picture(scene, after=True)
    for data in (before, after):
        image = Image.open(io.BytesIO(data))
        assert (image.format, image.size) == ("JPEG", (1280, 960))
        assert 60_000 < len(data) <= 200_000
    assert hashlib.sha256(before).digest() != hashlib.sha256(after).digest()
    picture.cache_clear()
    assert picture(scene) == before
