"""Finding the cell of a point in an index built by hand."""

from __future__ import annotations

import pytest
import shapely

from bihuan.places.cell_index import NOWHERE, CellIndex, Found
from bihuan.places.coordinates import metres_per_degree

EAST, NORTH = metres_per_degree(36.84)
WEST_EDGE, SOUTH_EDGE = 115.70, 36.83
SIDE = 0.004  # degrees


def box(column: int, row: int) -> shapely.Polygon:
    west, south = WEST_EDGE + column * SIDE, SOUTH_EDGE + row * SIDE
    return shapely.box(west, south, west + SIDE, south + SIDE)


def found(number: int, street: int | None = 9) -> Found:
    return Found(number, f"3715810010010{number:02d}", 50 + number, street, False, "inside")


@pytest.fixture
def index() -> CellIndex:
    """Two by two cells, numbered 1 2 below and 3 4 above, given in another order."""
    return CellIndex(
        [
            (found(3), box(0, 1)),
            (found(4), box(1, 1)),
            (found(2), box(1, 0)),
            (found(1), box(0, 0)),
        ]
    )


def test_a_point_inside_gets_its_cell_and_no_guess(index: CellIndex) -> None:
    assert index.find(WEST_EDGE + 1.5 * SIDE, SOUTH_EDGE + 0.5 * SIDE) == found(2)


def test_a_point_on_the_border_gets_the_lower_code_and_is_marked_guessed(
    index: CellIndex,
) -> None:
    answer = index.find(WEST_EDGE + SIDE, SOUTH_EDGE + 0.5 * SIDE)
    assert (answer.cell_id, answer.guessed, answer.how) == (1, True, "border")


def test_a_corner_of_four_cells_gets_the_lowest_code(index: CellIndex) -> None:
    answer = index.find(WEST_EDGE + SIDE, SOUTH_EDGE + SIDE)
    assert (answer.cell_id, answer.guessed, answer.how) == (1, True, "border")


@pytest.mark.parametrize("metres", [1, 60, 140])
def test_a_point_just_outside_gets_the_nearest_cell_as_a_guess(
    index: CellIndex, metres: float
) -> None:
    answer = index.find(WEST_EDGE + 1.5 * SIDE, SOUTH_EDGE - metres / NORTH)
    assert (answer.cell_id, answer.unit_id) == (2, 52)
    assert (answer.guessed, answer.how) == (True, "near")


def test_the_limit_is_in_metres_to_the_east_too(index: CellIndex) -> None:
    row = SOUTH_EDGE + 0.5 * SIDE
    rim = WEST_EDGE + 2 * SIDE
    assert index.find(rim + 145 / EAST, row).how == "near"
    assert index.find(rim + 155 / EAST, row).how == "outside"


@pytest.mark.parametrize("metres", [160, 2900])
def test_a_point_farther_out_gets_only_the_street_of_the_nearest_cell(
    index: CellIndex, metres: float
) -> None:
    answer = index.find(WEST_EDGE - metres / EAST, SOUTH_EDGE + 0.5 * SIDE)
    assert answer == Found(None, "", None, 9, True, "outside")


def test_a_point_beyond_three_kilometres_gets_nothing(index: CellIndex) -> None:
    assert index.find(WEST_EDGE - 3100 / EAST, SOUTH_EDGE) == NOWHERE


def test_a_point_in_a_hole_gets_the_cell_around_it_as_a_guess() -> None:
    pond = shapely.Point(box(0, 0).centroid).buffer(100 / NORTH)
    hole = CellIndex([(found(1), box(0, 0).difference(pond))])
    middle = (WEST_EDGE + SIDE / 2, SOUTH_EDGE + SIDE / 2)
    answer = hole.find(*middle)
    assert (answer.cell_id, answer.guessed, answer.how) == (1, True, "near")


def test_a_cell_inside_a_hole_of_another_is_found() -> None:
    """A school may be a cell of its own inside another."""
    school = shapely.Point(box(0, 0).centroid).buffer(0.001)
    index = CellIndex([(found(1), box(0, 0).difference(school)), (found(2), school)])
    assert index.find(school.centroid.x, school.centroid.y) == found(2)
    assert index.find(WEST_EDGE + SIDE / 10, SOUTH_EDGE + SIDE / 10) == found(1)


def test_no_cells_at_all_is_answered() -> None:
    assert CellIndex([]).find(115.7, 36.84) == NOWHERE
