"""Measure one look-up of a cell: microseconds a point at 5,000 cells, no database needed.

    python -m bench.locate [--cells 5000] [--points 20000] [--rounds 7]

Draws cells (jittered lattice, Voronoi, borders of about 100 corners as surveyed ones have) over
a county of 70 km by 70 km, and asks the same index class that serves requests. Points per kind:
in a cell, near the rim (within 150 m outside), far outside. The median and the best round count;
loading is measured once.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from collections.abc import Callable

import shapely

from bihuan.places.cell_index import CellIndex, Found
from bihuan.places.coordinates import bd09_to_wgs84, check, gcj02_to_wgs84

WEST, SOUTH, WIDTH, HEIGHT = 115.4, 36.5, 0.78, 0.63  # degrees: about 70 km by 70 km
Points = list[tuple[float, float]]


def draw(count: int, dice: random.Random) -> list[tuple[Found, shapely.Geometry]]:
    """Draw `count` cells without gaps."""
    side = round(count**0.5)
    rows = -(-count // side)
    seeds = [
        (
            WEST + WIDTH * (column + dice.uniform(0.2, 0.8)) / side,
            SOUTH + HEIGHT * (row + dice.uniform(0.2, 0.8)) / rows,
        )
        for row in range(rows)
        for column in range(side)
    ][:count]
    frame = shapely.box(WEST, SOUTH, WEST + WIDTH, SOUTH + HEIGHT)
    drawn = shapely.voronoi_polygons(shapely.MultiPoint(seeds), extend_to=frame)
    shapes = [shapely.segmentize(each.intersection(frame), 0.0004) for each in drawn.geoms]
    return [
        (Found(number, f"{371581001001000 + number}", 1, 1, guessed=False, how="inside"), each)
        for number, each in enumerate(shapes)
    ]


def measure(work: Callable[[float, float], object], points: Points, rounds: int) -> list[float]:
    """Give microseconds a point for each round."""
    times = []
    for _round in range(rounds):
        start = time.perf_counter()
        for lon, lat in points:
            work(lon, lat)
        times.append((time.perf_counter() - start) / len(points) * 1e6)
    return times


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--cells", type=int, default=5000)
    parser.add_argument("--points", type=int, default=20000)
    parser.add_argument("--rounds", type=int, default=7)
    asked = parser.parse_args()
    dice = random.Random(1)
    cells = draw(asked.cells, dice)
    start = time.perf_counter()
    index = CellIndex(cells)
    index.find(WEST + WIDTH / 2, SOUTH + HEIGHT / 2)
    loading = (time.perf_counter() - start) * 1000
    corners = sum(shapely.get_num_coordinates([each for _found, each in cells])) / len(cells)
    print(f"{len(cells)} cells, {corners:.0f} corners each; index built in {loading:.0f} ms")

    def across(lon_0: float, lon_1: float, lat_0: float, lat_1: float, count: int) -> Points:
        return [(dice.uniform(lon_0, lon_1), dice.uniform(lat_0, lat_1)) for _ in range(count)]

    inside = across(WEST, WEST + WIDTH, SOUTH, SOUTH + HEIGHT, asked.points)
    few = max(200, asked.points // 10)
    rim = across(WEST - 0.0014, WEST - 0.0002, SOUTH + 0.01, SOUTH + HEIGHT - 0.01, few)
    far = across(WEST - 0.5, WEST - 0.2, SOUTH, SOUTH + HEIGHT, few)
    right = sum(index.find(lon, lat).how == "inside" for lon, lat in inside)
    near = sum(index.find(lon, lat).how == "near" for lon, lat in rim)
    print(f"found inside: {right} of {len(inside)}; taken as near: {near} of {len(rim)}")
    print(f"{'µs a point':32}{'median':>9}{'best':>9}")

    def whole(lon: float, lat: float) -> Found:
        check(lon, lat)
        return index.find(lon, lat)

    table: list[tuple[str, Callable[[float, float], object], Points]] = [
        ("inside a cell", whole, inside),
        ("near the rim", whole, rim),
        ("far outside", whole, far),
        ("GCJ-02 to WGS-84", gcj02_to_wgs84, inside[: asked.points // 4]),
        ("BD-09 to WGS-84", bd09_to_wgs84, inside[: asked.points // 4]),
    ]
    for name, work, points in table:
        times = measure(work, points, asked.rounds)
        print(f"{name:32}{statistics.median(times):9.1f}{min(times):9.1f}")


if __name__ == "__main__":
    main()
