"""The index that finds the cell of a point; knows no database."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

import shapely
from shapely import Point, STRtree
from shapely.geometry.base import BaseGeometry

from bihuan.places.coordinates import metres_per_degree

# A phone's fix in the open is good to 10-20 m, between houses to 50-100 m; a point farther
# out than this is not taken for a cell by itself.
NEAR_LIMIT_M = 150.0
# Up to here the street of the nearest cell is asked to look; beyond, the county's desk.
STREET_LIMIT_M = 3000.0

How = Literal["inside", "border", "near", "outside"]


@dataclass(frozen=True, slots=True)
class Found:
    """What is known of a point: its cell, who serves it, and whether that was guessed.

    inside: in the cell. border: on a line between cells, the lowest code is taken. near: outside,
    within NEAR_LIMIT_M of the cell. outside: no cell; the street is that of the nearest cell
    within STREET_LIMIT_M, else None and the county's desk is asked.
    """

    cell_id: int | None
    code: str
    unit_id: int | None
    street_unit_id: int | None
    guessed: bool
    how: How


NOWHERE = Found(None, "", None, None, guessed=True, how="outside")


class CellIndex:
    """An STRtree over cells in plane metres, scaled at the middle latitude of all cells.

    The scale is off by 0.4 % at the edge of a county: the limits above carry that error.
    """

    def __init__(self, cells: Iterable[tuple[Found, BaseGeometry]]) -> None:
        """Take (what an inside point gets, WGS-84 polygon) for each cell."""
        ordered = sorted(cells, key=lambda pair: pair[0].code)
        self.found = [found for found, _polygon in ordered]
        polygons = [polygon for _found, polygon in ordered]
        bounds = shapely.total_bounds(polygons) if polygons else (0.0, 35.0, 0.0, 36.0)
        self.east, self.north = metres_per_degree((float(bounds[1]) + float(bounds[3])) / 2)
        scale = (self.east, self.north)
        self.tree = STRtree([shapely.transform(each, lambda xy: xy * scale) for each in polygons])

    def __len__(self) -> int:
        return len(self.found)

    def find(self, lon: float, lat: float) -> Found:
        """Give the cell of a WGS-84 point, or the best guess and how it was made."""
        point = Point(lon * self.east, lat * self.north)
        inside = self.tree.query(point, predicate="within")
        if len(inside):
            first: int = inside.min()
            return self.found[first]
        on_line = self.tree.query(point, predicate="intersects")
        if len(on_line):
            first = on_line.min()
            return replace(self.found[first], guessed=True, how="border")
        return self._nearest(point)

    def _nearest(self, point: Point) -> Found:
        """Give the nearest cell within the near limit, else only the street of the nearest."""
        nearest, metres = self.tree.query_nearest(
            point, max_distance=STREET_LIMIT_M, return_distance=True
        )
        if not len(nearest):
            return NOWHERE
        first: int = nearest.min()
        found = self.found[first]
        if metres[0] <= NEAR_LIMIT_M:
            return replace(found, guessed=True, how="near")
        return replace(NOWHERE, street_unit_id=found.street_unit_id)
