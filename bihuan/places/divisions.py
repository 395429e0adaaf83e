"""Read the official divisions and the outlines of counties from reference/; knows no database."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import shapely
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

FOLDER = Path(__file__).resolve().parent / "reference"
FILES = (
    ("areas.csv", "county", None),
    ("streets.csv", "street", "areaCode"),
    ("villages.csv", "community", "streetCode"),
)
COMMITTEES = ("居民委员会", "村民委员会", "居委会", "村委会")  # data: endings of official names


@dataclass(frozen=True, slots=True)
class DivisionRow:
    """One line of the official list."""

    code: str
    name: str
    level: str
    parent: str | None

    @property
    def short_name(self) -> str:
        """Give the name people say: 温泉社区 for 温泉社区居民委员会."""
        return short_name(self.name)

    @property
    def is_rural(self) -> bool:
        """Say whether it is a village committee (serial from 200 up, by the statistics rules)."""
        return self.level == "community" and self.code[9:] >= "200"


def short_name(name: str) -> str:
    """Take the word for committee off a community's official name."""
    for ending in COMMITTEES:
        if name.endswith(ending) and name != ending:
            return name.removesuffix(ending)
    return name


def divisions() -> Iterator[DivisionRow]:
    """Read counties, then streets and towns, then communities and villages."""
    for file_name, level, parent_column in FILES:
        with (FOLDER / file_name).open(encoding="utf-8", newline="") as file:
            for line in csv.DictReader(file):
                parent = line[parent_column] if parent_column else None
                yield DivisionRow(line["code"], line["name"], level, parent)


@cache
def county_outlines() -> dict[str, BaseGeometry]:
    """Read the outlines of counties by code: WGS-84, simplified to about 100 m (README.md)."""
    content = json.loads((FOLDER / "counties_wgs84.geojson").read_text(encoding="utf-8"))
    return {
        feature["properties"]["adcode"]: shapely.make_valid(shape(feature["geometry"]))
        for feature in content["features"]
    }
