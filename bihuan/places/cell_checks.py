"""Check the cells of a file against each other and against what is known; knows no database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import shapely
from django.utils.translation import gettext as _
from shapely import Point, STRtree
from shapely.geometry.base import BaseGeometry

from bihuan.places.coordinates import (
    BD09,
    DATUMS,
    GCJ02,
    WGS84,
    BadCoordinates,
    distance_m,
    metres_per_degree,
    to_wgs84,
)
from bihuan.places.geojson import CellRow
from bihuan.places.imports import RowError

# Borders drawn twice never agree to the centimetre: overlaps and gaps narrower than this pass.
SLIVER_M = 0.5
# The outlines of counties at hand are simplified to about 100 m.
OUTLINE_TOLERANCE_M = 300.0
# A cell redrawn in place keeps its middle to about this; GCJ-02 moves by about 500 m.
SAME_PLACE_M = 100.0
DATUM_NAMES = {WGS84: "WGS-84", GCJ02: "GCJ-02", BD09: "BD-09"}


@dataclass(frozen=True)
class Known:
    """What the check compares with; all geometries WGS-84.

    cells: active cells by code, without those the import retires. communities: each known
    community code and its outline, or None. counties: outlines by six-digit code.
    """

    cells: Mapping[str, BaseGeometry] = field(default_factory=dict)
    communities: Mapping[str, BaseGeometry | None] = field(default_factory=dict)
    counties: Mapping[str, BaseGeometry] = field(default_factory=dict)
    units: frozenset[str] = frozenset()


def check_cells(rows: Sequence[CellRow], datum: str, known: Known) -> list[RowError]:
    """List everything wrong with rows that could be read; an empty list means they may enter."""
    if not rows:
        return []
    errors = _unknown_words(rows, known)
    suspect = _wrong_datum(rows, datum, known)
    errors += suspect
    plane = _Plane(rows, known)
    if not suspect:  # else every border would be reported too, 500 m off
        errors += _outside(rows, known, plane)
    return errors + plane.overlaps() + plane.gaps()


def _unknown_words(rows: Sequence[CellRow], known: Known) -> list[RowError]:
    errors = []
    for row in rows:
        if row.community not in known.communities:
            words = _("没有编码为 %(code)s 的村（社区）。") % {"code": row.community or "—"}
            errors.append(RowError(row.number, row.code, "unknown_community", words))
        if row.unit not in known.units:
            words = _("没有编码为 %(code)s 的责任单位。") % {"code": row.unit or "—"}
            errors.append(RowError(row.number, row.code, "unknown_unit", words))
    return errors


def _fits(row: CellRow, datum: str, known: Known) -> bool | None:
    """Say whether the row's middle, read in `datum`, is where it should be; None if unknown."""
    try:
        lon, lat = to_wgs84(*row.raw_centre, datum)
    except BadCoordinates:
        return False
    old = known.cells.get(row.code)
    if old is not None:
        middle = old.representative_point()
        return distance_m(lon, lat, middle.x, middle.y) <= SAME_PLACE_M
    outline = known.communities.get(row.community) or known.counties.get(row.code[:6])
    return None if outline is None else bool(outline.intersects(Point(lon, lat)))


def _wrong_datum(rows: Sequence[CellRow], declared: str, known: Known) -> list[RowError]:
    """Report rows that fit badly as declared while another datum would make more of them fit.

    Compares with cells of the same code, else with the community's or the county's outline.
    """
    fits = {datum: [_fits(row, datum, known) for row in rows] for datum in DATUMS}
    judged = sum(fit is not None for fit in fits[declared])
    as_declared = sum(fit is True for fit in fits[declared])
    best = max(DATUMS, key=lambda datum: sum(fit is True for fit in fits[datum]))
    best_count = sum(fit is True for fit in fits[best])
    if as_declared >= 0.9 * judged or best_count <= as_declared:
        return []
    words = _("坐标系不对：按 %(declared)s 偏出原处，按 %(best)s 才吻合，请核对坐标系。") % {
        "declared": DATUM_NAMES[declared],
        "best": DATUM_NAMES[best],
    }
    return [
        RowError(row.number, row.code, "wrong_datum", words)
        for row, fit in zip(rows, fits[declared], strict=True)
        if fit is False
    ]


def _outside(rows: Sequence[CellRow], known: Known, plane: _Plane) -> list[RowError]:
    """Report cells that leave their community, or their county, where its outline is known."""
    errors = []
    communities = {code: plane.metres(each) for code, each in known.communities.items() if each}
    counties = {
        code: plane.metres(each).buffer(OUTLINE_TOLERANCE_M)
        for code, each in known.counties.items()
    }
    for row, polygon in zip(rows, plane.new, strict=True):
        community = communities.get(row.community)
        county = counties.get(row.code[:6])
        if community is not None and _wide(polygon.difference(community)):
            words = _("网格越出所属村（社区）的边界。")
            errors.append(RowError(row.number, row.code, "crosses_community", words))
        elif county is not None and not county.covers(polygon):
            words = _("网格越出所属县（市、区）的边界，请核对坐标和坐标系。")
            errors.append(RowError(row.number, row.code, "outside_county", words))
    return errors


def _wide(geometry: BaseGeometry) -> bool:
    """Say whether an area in metres is anywhere wider than a sliver."""
    return not geometry.is_empty and not geometry.buffer(-SLIVER_M / 2).is_empty


class _Plane:
    """New and old cells side by side in plane metres."""

    def __init__(self, rows: Sequence[CellRow], known: Known) -> None:
        self.rows = rows
        self.scale = metres_per_degree(rows[0].polygon.centroid.y)
        self.new = [self.metres(row.polygon) for row in rows]
        replaced = {row.code for row in rows}
        self.old_codes = [code for code in known.cells if code not in replaced]
        self.old = [self.metres(known.cells[code]) for code in self.old_codes]

    def metres(self, geometry: BaseGeometry) -> BaseGeometry:
        """Scale a WGS-84 geometry to metres."""
        return shapely.transform(geometry, lambda xy: xy * self.scale)

    def overlaps(self) -> list[RowError]:
        """Report each pair of cells that share an area, at the later row."""
        everything = self.new + self.old
        errors = []
        left, right = STRtree(everything).query(self.new, predicate="intersects")
        for i, j in sorted(zip(left.tolist(), right.tolist(), strict=True)):
            if j >= len(self.new) or j < i:
                errors += self._overlap(i, j, everything[j])
        return errors

    def _overlap(self, i: int, j: int, other: BaseGeometry) -> list[RowError]:
        shared = self.new[i].intersection(other)
        if not _wide(shared):
            return []
        is_new = j < len(self.new)
        code = self.rows[j].code if is_new else self.old_codes[j - len(self.new)]
        words = _("与网格 %(code)s 重叠约 %(area)s 平方米。") % {
            "code": code,
            "area": max(1, round(shared.area)),
        }
        return [RowError(self.rows[i].number, self.rows[i].code, "overlap", words)]

    def gaps(self) -> list[RowError]:
        """Report areas that cells enclose and none covers: holes of one cell, gaps between some.

        A hole that another cell fills (a school, a market) is no hole.
        """
        whole = shapely.union_all(self.new + self.old)
        rings = [
            shapely.Polygon(ring)
            for part in shapely.get_parts(whole).tolist()
            for ring in getattr(part, "interiors", ())
        ]
        # A ring may have islands: cells that touch no other.
        empty = [hole for hole in (ring.difference(whole) for ring in rings) if _wide(hole)]
        if not empty:
            return []
        errors = []
        tree = STRtree(self.new)
        for ring in empty:
            beside = tree.query(ring.buffer(SLIVER_M), predicate="intersects").tolist()
            if beside:
                errors.append(self._gap(ring, min(beside), alone=self._alone(ring, beside)))
        return errors

    def _alone(self, ring: BaseGeometry, beside: list[int]) -> bool:
        """Say whether the empty area lies within one cell's own outer border."""
        return len(beside) == 1 and shapely.covers(
            shapely.union_all([shapely.Polygon(p.exterior) for p in _parts(self.new[beside[0]])]),
            ring,
        )

    def _gap(self, ring: BaseGeometry, i: int, *, alone: bool) -> RowError:
        row = self.rows[i]
        if alone:
            words = _("网格中间有空洞，约 %(area)s 平方米不属于任何网格。")
            return RowError(row.number, row.code, "hole", words % {"area": round(ring.area)})
        words = _("与相邻网格之间有空隙，约 %(area)s 平方米不属于任何网格。")
        return RowError(row.number, row.code, "gap", words % {"area": round(ring.area)})


def _parts(geometry: BaseGeometry) -> list[shapely.Polygon]:
    return [part for part in shapely.get_parts(geometry).tolist() if part.geom_type == "Polygon"]
