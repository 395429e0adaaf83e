"""From a point to its cell, through the database and the in-process index."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import pytest
from django.db import connection, transaction
from shapely.geometry import Point, shape

from bihuan.base.cached import bump
from bihuan.places.coordinates import BadCoordinates
from bihuan.places.demo_areas import demo_places
from bihuan.places.locate import INDEX, locate
from bihuan.places.models import Cell
from bihuan.places.tests.conftest import Somebody
from bihuan.places.tests.test_cell_import import feature, import_now


def test_400_points_get_the_cell_that_a_plain_search_finds(demo_cells: int) -> None:
    cells = {cell.code: shape(cell.polygon) for cell in demo_places().cells}
    dice = random.Random(7)
    for _ in range(400):
        point = Point(dice.uniform(115.69, 115.77), dice.uniform(36.815, 36.86))
        holders = [code for code, polygon in cells.items() if polygon.contains(point)]
        found = locate(point.x, point.y)
        if holders:
            assert (found.code, found.how, found.guessed) == (holders[0], "inside", False)
        else:
            assert found.how in ("near", "outside")
            assert found.guessed


def test_the_cell_comes_with_its_unit_and_its_street(
    demo_cells: int, unit_ids: dict[str, int]
) -> None:
    cell = demo_places().cells[0]
    inner = shape(cell.polygon).representative_point()
    found = locate(inner.x, inner.y)
    assert found.cell_id == Cell.objects.get(code=cell.code).pk
    assert found.unit_id == unit_ids[cell.community_code]
    assert found.street_unit_id == unit_ids[cell.street_code]


def test_swapped_numbers_are_refused(demo_cells: int) -> None:
    with pytest.raises(BadCoordinates):
        locate(36.83, 115.72)


def test_without_any_cells_the_answer_is_nowhere(db: None) -> None:
    assert locate(115.72, 36.83).how == "outside"


def test_a_lookup_asks_the_database_at_most_for_the_versions(
    demo_cells: int, django_assert_max_num_queries: object
) -> None:
    locate(115.72, 36.83)
    with django_assert_max_num_queries(1):  # type: ignore[operator]
        for _ in range(50):
            locate(115.72, 36.83)


@pytest.mark.django_db(transaction=True)
def test_an_import_is_seen_at_once_in_its_process_and_soon_in_others(
    divisions: int, unit_ids: dict[str, int], by: Somebody, at: datetime
) -> None:
    assert locate(115.7215, 36.8315).how == "outside"
    import_now([feature(1, 0, 0)], by, at)
    assert locate(115.7215, 36.8315).code == "371581001001001"

    # Another process: its write reaches us only by the version row.
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("UPDATE places_cell SET is_active = false")
            cursor.execute("UPDATE base_version SET n = n + 1 WHERE name = 'cells'")
    finally:
        other.close()
    INDEX._check_seconds = 0.0
    try:
        assert locate(115.7215, 36.8315).cell_id is None
    finally:
        INDEX._check_seconds = 1.0


@pytest.mark.django_db(transaction=True)
def test_a_change_that_is_rolled_back_is_seen_by_nobody(
    divisions: int, unit_ids: dict[str, int], by: Somebody, at: datetime
) -> None:
    import_now([feature(1, 0, 0)], by, at)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        bump("cells")
        Cell.objects.update(is_active=False, changed_at=at + timedelta(hours=1))
        assert locate(115.7215, 36.8315).cell_id is None
        raise ZeroDivisionError
    assert locate(115.7215, 36.8315).code == "371581001001001"
