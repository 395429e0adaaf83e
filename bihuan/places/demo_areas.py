"""Invent areas and addresses for two streets of 临清市; nothing here is a real boundary.

No outlines of communities or cells are public, so the demo draws its own: a jittered lattice of
seeds in a round patch inside the county's outline, their Voronoi cells, and communities and
streets as unions of cells. Neighbours share their corners to the last digit: no overlaps, no
gaps. The same on every run and machine.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import shapely
from shapely.geometry import mapping

from bihuan.places.addresses import AddressRow
from bihuan.places.coordinates import metres_per_degree
from bihuan.places.divisions import divisions

NOTE = "演示用，非真实边界"
STREET_CODES = ("371581001", "371581002")  # 青年路街道, 新华路街道
CENTRE = (115.728, 36.838)  # WGS-84, in the built-up part of 临清市
CELLS = 200
SPACING_M = 270.0
JITTER = 0.24  # of the spacing
TURN = math.radians(-11)  # the lattice leans like the streets of an old canal town
STRETCH = 1.35  # the patch is this much longer than wide
SEED = 371581

Seed = tuple[float, float]


@dataclass(frozen=True, slots=True)
class DemoArea:
    """A street or community: official code and name, invented outline (GeoJSON, WGS-84)."""

    code: str
    name: str
    short_name: str
    parent_code: str
    is_rural: bool
    outline: dict[str, Any]


@dataclass(frozen=True, slots=True)
class DemoCell:
    """An invented cell; its polygon is GeoJSON in WGS-84."""

    code: str
    name: str
    community_code: str
    street_code: str
    polygon: dict[str, Any]


@dataclass(frozen=True, slots=True)
class DemoPlaces:
    """Everything invented, in the order streets, communities, cells."""

    streets: tuple[DemoArea, ...]
    communities: tuple[DemoArea, ...]
    cells: tuple[DemoCell, ...]


@cache
def demo_places() -> DemoPlaces:
    """Draw both streets, their 28 communities and 200 cells."""
    polygons = _voronoi(_lattice())
    inside = sorted(polygons, key=_from_centre)[:CELLS]
    rows = {row.code: row for row in divisions()}
    streets: list[DemoArea] = []
    communities: list[DemoArea] = []
    cells: list[DemoCell] = []
    for street_code, seeds in zip(STREET_CODES, _split(inside, 2), strict=True):
        members = [row for row in rows.values() if row.parent == street_code]
        areas = sorted(_split(seeds, len(members)), key=_area_from_centre)
        # The committees of towns lie in the middle, those of villages at the rim.
        for row, area in zip(members, areas, strict=True):
            outline = shapely.union_all([polygons[seed] for seed in area])
            communities.append(
                DemoArea(
                    row.code, row.name, row.short_name, street_code, row.is_rural, _json(outline)
                )
            )
            cells += _cells(row.code, row.short_name, [polygons[seed] for seed in _reading(area)])
        whole = shapely.union_all([polygons[seed] for seed in seeds])
        row = rows[street_code]
        streets.append(
            DemoArea(row.code, row.name, row.name, row.parent or "", False, _json(whole))
        )
    return DemoPlaces(tuple(streets), tuple(communities), tuple(cells))


def _cells(community: str, name: str, polygons: list[shapely.Polygon]) -> Iterator[DemoCell]:
    for serial, polygon in enumerate(polygons, start=1):
        yield DemoCell(
            code=f"{community}{serial:03d}",
            name=f"{name}第{serial}网格（演示）",
            community_code=community,
            street_code=community[:9],
            polygon=_json(polygon),
        )


def _json(polygon: shapely.Geometry) -> dict[str, Any]:
    """Give plain GeoJSON lists, as they come back from the database."""
    geometry = mapping(polygon)
    rings = [[list(point) for point in ring] for ring in geometry["coordinates"]]
    return {"type": geometry["type"], "coordinates": rings}


def _lattice() -> list[Seed]:
    """Lay jittered seeds, in metres from the centre, wider than the patch needs."""
    dice = random.Random(SEED)
    half = 14
    seeds = []
    for row in range(-half, half + 1):
        for column in range(-half, half + 1):
            x = (column + (row % 2) / 2 + dice.uniform(-JITTER, JITTER)) * SPACING_M
            y = (row + dice.uniform(-JITTER, JITTER)) * SPACING_M
            seeds.append(
                (
                    x * math.cos(TURN) - y * math.sin(TURN),
                    x * math.sin(TURN) + y * math.cos(TURN),
                )
            )
    return seeds


def _voronoi(seeds: list[Seed]) -> dict[Seed, shapely.Polygon]:
    """Give each seed its Voronoi cell, corners rounded to 1e-6 degree (0.1 m) alike for all."""
    drawn = shapely.voronoi_polygons(shapely.MultiPoint(seeds), ordered=True)
    per_degree = metres_per_degree(CENTRE[1])
    moved = shapely.transform(drawn, lambda xy: (xy / per_degree + CENTRE).round(6))
    return dict(zip(seeds, moved.geoms, strict=True))


def _from_centre(seed: Seed) -> float:
    return math.hypot(seed[0] / STRETCH, seed[1])


def _area_from_centre(area: list[Seed]) -> float:
    return sum(_from_centre(seed) for seed in area) / len(area)


def _split(seeds: list[Seed], parts: int) -> list[list[Seed]]:
    """Cut seeds into compact parts of equal size, each time across the longer way."""
    if parts == 1:
        return [seeds]
    xs = [x for x, _y in seeds]
    ys = [y for _x, y in seeds]
    axis = 0 if max(xs) - min(xs) >= max(ys) - min(ys) else 1
    ordered = sorted(seeds, key=lambda seed: seed[axis])
    first = parts // 2
    cut = round(len(seeds) * first / parts)
    return _split(ordered[:cut], first) + _split(ordered[cut:], parts - first)


def _reading(area: list[Seed]) -> list[Seed]:
    """Order cells as they are numbered: north to south, west to east."""
    return sorted(area, key=lambda seed: (-round(seed[1] / SPACING_M), seed[0]))


# Invented names; any likeness to a real compound is chance.
FIRST_WORDS = (
    "锦和", "福临", "瑞景", "和顺", "康宁", "清源", "长堤", "柳岸", "槐香", "晨光",
    "丰泽", "文昌", "嘉禾", "明德", "祥和", "金穗", "绿洲", "学府", "怡景", "安泰",
)  # fmt: skip
LAST_WORDS = ("家园", "花园", "苑", "新村", "小区")
VILLAGE_WORDS = ("东", "西", "南", "北", "前", "后")


def demo_addresses() -> list[AddressRow]:
    """Invent about 3,000 addresses inside the invented cells, as rows of an address book."""
    dice = random.Random(SEED + 1)
    places = demo_places()
    names = [first + last for last in LAST_WORDS for first in FIRST_WORDS]
    dice.shuffle(names)
    rows: list[AddressRow] = []
    for area in places.communities:
        cells = [cell for cell in places.cells if cell.community_code == area.code]
        ends = dice.sample(VILLAGE_WORDS, 2)
        for cell, end in zip(dice.sample(cells, 2), ends, strict=True):
            if area.is_rural:
                name = f"{area.short_name.removesuffix('村')}{end}庄"
                rows += _village(area.code, name, cell, dice)
            else:
                rows += _compound(area.code, names.pop(), cell, dice)
    return [
        AddressRow(number, row.community, row.names, row.lon, row.lat)
        for number, row in enumerate(rows, start=1)
    ]


def _spot(cell: DemoCell, dice: random.Random) -> tuple[float, float]:
    """Choose a point well inside a cell."""
    polygon = shapely.geometry.shape(cell.polygon)
    inner = polygon.buffer(-0.0003)  # about 30 m
    west, south, east, north = inner.bounds
    while True:
        point = shapely.Point(
            round(dice.uniform(west, east), 6), round(dice.uniform(south, north), 6)
        )
        if inner.contains(point):
            return point.x, point.y


def _compound(community: str, name: str, cell: DemoCell, dice: random.Random) -> list[AddressRow]:
    """Fill a compound: 2 buildings, 2 units each, 6 floors, 2 doors a floor."""
    top = (("compound", name),)
    rows = [AddressRow(0, community, top, *_spot(cell, dice))]
    for building in (1, 2):
        house = (*top, ("building", f"{building}号楼"))
        rows.append(AddressRow(0, community, house, *_spot(cell, dice)))
        for unit in (1, 2):
            stair = (*house, ("unit", f"{unit}单元"))
            rows.append(AddressRow(0, community, stair, None, None))
            for floor in range(1, 7):
                for door in (1, 2):
                    flat = (*stair, ("door", f"{floor}{door:02d}"))
                    rows.append(AddressRow(0, community, flat, None, None))
    return rows


def _village(community: str, name: str, cell: DemoCell, dice: random.Random) -> list[AddressRow]:
    """Fill a natural village: 2 groups of 22 courtyards."""
    top = (("village", name),)
    rows = [AddressRow(0, community, top, *_spot(cell, dice))]
    for group in (1, 2):
        team = (*top, ("group", f"{group}组"))
        rows.append(AddressRow(0, community, team, None, None))
        for yard in range(1, 23):
            home = (*team, ("courtyard", f"{yard}号"))
            rows.append(AddressRow(0, community, home, *_spot(cell, dice)))
    return rows
