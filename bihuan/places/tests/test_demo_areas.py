"""The invented areas hold what they promise, checked by shapely alone."""

from __future__ import annotations

import shapely
from shapely.geometry import shape

from bihuan.places.addresses import path_of
from bihuan.places.demo_areas import NOTE, STREET_CODES, demo_addresses, demo_places
from bihuan.places.divisions import county_outlines, divisions

PLACES = demo_places()
CELLS = [shape(cell.polygon) for cell in PLACES.cells]


def test_there_are_two_streets_28_communities_and_200_cells() -> None:
    assert [street.code for street in PLACES.streets] == list(STREET_CODES)
    assert len(PLACES.communities) == 28
    assert len(PLACES.cells) == 200
    assert len({cell.code for cell in PLACES.cells}) == 200


def test_communities_are_the_official_ones_of_the_two_streets() -> None:
    official = {row.code: row.name for row in divisions() if row.parent in STREET_CODES}
    assert {area.code: area.name for area in PLACES.communities} == official


def test_no_two_cells_overlap_and_no_gap_is_left() -> None:
    assert shapely.is_valid(CELLS).all()
    whole = shapely.union_all(CELLS)
    assert whole.geom_type == "Polygon"
    assert len(whole.interiors) == 0
    # Areas in degrees squared: 1e-14 is a tenth of a square millimetre.
    assert abs(sum(cell.area for cell in CELLS) - whole.area) < 1e-14
    left, right = shapely.STRtree(CELLS).query(CELLS, predicate="overlaps")
    assert len(left) == len(right) == 0


def test_every_cell_lies_in_its_community_and_every_community_in_its_street() -> None:
    areas = {area.code: shape(area.outline) for area in PLACES.communities + PLACES.streets}
    for cell, polygon in zip(PLACES.cells, CELLS, strict=True):
        assert cell.code.startswith(cell.community_code)
        assert areas[cell.community_code].covers(polygon)
    for area in PLACES.communities:
        assert areas[area.code].geom_type == "Polygon"
        assert areas[area.parent_code].covers(areas[area.code])


def test_communities_and_streets_hold_nothing_beyond_their_cells() -> None:
    whole = shapely.union_all(CELLS)
    for areas in (PLACES.communities, PLACES.streets):
        outlines = [shape(area.outline) for area in areas]
        assert abs(sum(each.area for each in outlines) - whole.area) < 1e-14


def test_everything_lies_inside_the_county() -> None:
    assert county_outlines()["371581"].covers(shapely.union_all(CELLS))


def test_every_cell_says_that_it_is_invented() -> None:
    assert NOTE == "演示用，非真实边界"
    assert all("（演示）" in cell.name for cell in PLACES.cells)


def test_the_drawing_is_the_same_every_time() -> None:
    assert demo_places.__wrapped__() == PLACES
    assert demo_addresses() == demo_addresses()


def test_about_3000_addresses_lie_in_cells_of_their_community() -> None:
    rows = demo_addresses()
    assert 2700 <= len(rows) <= 3300
    assert len({path_of(row.community, row.names) for row in rows}) == len(rows)
    outlines = {area.code: shape(area.outline) for area in PLACES.communities}
    placed = [row for row in rows if row.lon is not None and row.lat is not None]
    assert len(placed) > 400
    for row in placed:
        assert outlines[row.community].contains(shapely.Point(row.lon, row.lat))
