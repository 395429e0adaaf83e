"""Importing cells: all of a file or nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
import shapely
from django.db import IntegrityError, transaction
from shapely.geometry import mapping

from bihuan.base.models import Version
from bihuan.places.actions import create_demo_cells, import_cells
from bihuan.places.actions.demo import UnitMissing
from bihuan.places.coordinates import distance_m, wgs84_to_bd09
from bihuan.places.imports import ImportResult, Reach
from bihuan.places.models import Address, Cell, Division, ImportRun
from bihuan.places.tests.conftest import Somebody

COMMUNITY = "371581001001"
WEST, SOUTH, SIDE = 115.72, 36.83, 0.003


def square(column: float, row: float, size: float = SIDE) -> shapely.Polygon:
    west, south = WEST + column * SIDE, SOUTH + row * SIDE
    return shapely.box(west, south, west + size, south + size)


def feature(number: int, column: float, row: float, **words: str) -> dict[str, Any]:
    properties = {
        "code": f"{COMMUNITY}{number:03d}",
        "name": f"第{number}网格",
        "unit_code": COMMUNITY,
    }
    return {
        "type": "Feature",
        "properties": properties | words,
        "geometry": mapping(square(column, row)),
    }


def import_now(
    features: list[dict[str, Any]],
    by: Somebody,
    at: datetime,
    *,
    datum: str = "wgs84",
    dry_run: bool = False,
    complete: bool = False,
) -> ImportResult:
    return import_cells(
        features=features, datum=datum, dry_run=dry_run, by=by, at=at, complete=complete
    )


@pytest.fixture
def ready(divisions: int, unit_ids: dict[str, int]) -> dict[str, int]:
    """Divisions and units, no cells."""
    return unit_ids


def test_a_right_file_is_written_whole(ready: dict[str, int], by: Somebody, at: datetime) -> None:
    result = import_now([feature(1, 0, 0), feature(2, 1, 0)], by, at)
    assert (result.rows, result.added, result.changed, result.written) == (2, 2, 0, True)
    cell = Cell.objects.get(code=f"{COMMUNITY}001")
    assert (cell.community_id, cell.unit_id) == (COMMUNITY, ready[COMMUNITY])
    assert cell.street_unit_id == ready["371581001"]
    assert cell.area_m2 == pytest.approx(267.6 * 332.9, rel=0.001)
    assert not cell.is_demo
    run = ImportRun.objects.get()
    assert (run.kind, run.rows, run.added, run.at) == ("cells", 2, 2, at)


def test_a_team_below_a_community_finds_its_street(
    ready: dict[str, int], by: Somebody, at: datetime, units: Any
) -> None:
    import_now([feature(1, 0, 0, unit_code=units.team.code)], by, at)
    cell = Cell.objects.get()
    assert (cell.unit_id, cell.street_unit_id) == (units.team.pk, units.street.pk)


def test_a_dry_run_says_the_same_and_writes_nothing(
    ready: dict[str, int], by: Somebody, at: datetime
) -> None:
    before = list(Version.objects.values_list("name", "n"))
    result = import_now([feature(1, 0, 0), feature(2, 1, 0)], by, at, dry_run=True)
    assert (result.ok, result.added, result.written) == (True, 2, False)
    assert Cell.objects.count() == ImportRun.objects.count() == 0
    assert list(Version.objects.values_list("name", "n")) == before


def test_one_wrong_row_keeps_the_whole_file_out(
    ready: dict[str, int], by: Somebody, at: datetime
) -> None:
    wrong = feature(3, 1.5, 0, unit_code="nobody")
    result = import_now([feature(1, 0, 0), feature(2, 1, 0), wrong], by, at)
    assert {(error.number, error.code) for error in result.errors} == {
        (3, "overlap"),
        (3, "unknown_unit"),
    }
    assert not result.written
    assert Cell.objects.count() == ImportRun.objects.count() == 0


def test_a_retired_unit_is_unknown(
    ready: dict[str, int], by: Somebody, at: datetime, units: Any
) -> None:
    type(units.team).objects.filter(pk=units.team.pk).update(is_active=False)
    result = import_now([feature(1, 0, 0, unit_code=units.team.code)], by, at)
    assert [error.code for error in result.errors] == ["unknown_unit"]
    assert Cell.objects.count() == 0


def test_the_same_file_again_changes_codes_in_place(
    ready: dict[str, int], by: Somebody, at: datetime
) -> None:
    import_now([feature(1, 0, 0)], by, at)
    ident = Cell.objects.get().pk
    result = import_now([feature(1, 0.1, 0, name="新名")], by, at)
    assert (result.added, result.changed) == (0, 1)
    assert Cell.objects.get().pk == ident
    assert Cell.objects.get().name == "新名"


def test_a_complete_file_retires_the_communitys_other_cells_only(
    ready: dict[str, int], by: Somebody, at: datetime
) -> None:
    other = feature(1, 5, 5, code="371581001008001", unit_code="371581001008")
    import_now([feature(1, 0, 0), feature(2, 1, 0), other], by, at)
    result = import_now([feature(7, 0.5, 0)], by, at, complete=True)
    assert (result.written, result.added, result.retired) == (True, 1, 2)
    active = set(Cell.objects.filter(is_active=True).values_list("code", flat=True))
    assert active == {f"{COMMUNITY}007", "371581001008001"}
    back = import_now([feature(1, 0, 0), feature(2, 1, 0)], by, at, complete=True)
    assert (back.written, back.changed, back.retired) == (True, 2, 1)


def test_areas_and_units_that_others_run_are_out_of_reach(
    ready: dict[str, int], by: Somebody, at: datetime
) -> None:
    import_now([feature(1, 0, 0)], by, at)
    before = Cell.objects.values().get()
    guan_county = Reach(areas=("371525",), unit_ids=frozenset())
    taken = feature(1, 3, 3, community_code="371525001001")
    for wanted in (feature(1, 1, 0), feature(2, 3, 0), taken):
        result = import_cells(
            features=[wanted],
            datum="wgs84",
            dry_run=False,
            by=by,
            at=at,
            complete=True,
            reach=guan_county,
        )
        codes = {error.code for error in result.errors}
        assert {"out_of_reach", "unknown_unit"} <= codes
        assert Cell.objects.values().get() == before
    own = Reach(areas=("371581",), unit_ids=frozenset(ready.values()))
    assert import_cells(
        features=[feature(2, 1, 0)], datum="wgs84", dry_run=False, by=by, at=at, reach=own
    ).written


def test_a_file_in_baidus_datum_lands_where_it_should(
    ready: dict[str, int], by: Somebody, at: datetime
) -> None:
    ring = [wgs84_to_bd09(*point) for point in square(0, 0).exterior.coords]
    moved = feature(1, 0, 0) | {"geometry": {"type": "Polygon", "coordinates": [ring]}}
    import_now([moved], by, at, datum="bd09")
    corner = Cell.objects.get().polygon["coordinates"][0][0]
    assert distance_m(*corner, *square(0, 0).exterior.coords[0]) < 0.01


def test_addresses_get_their_new_cell_and_doors_that_of_their_building(
    ready: dict[str, int], by: Somebody, at: datetime
) -> None:
    house = Address.objects.create(
        community_id=COMMUNITY, level="compound", name="锦和家园", path=f"{COMMUNITY}/锦和家园",
        text="x", search="x", lon=WEST + SIDE / 2, lat=SOUTH + SIDE / 2, changed_at=at,
    )  # fmt: skip
    door = Address.objects.create(
        community_id=COMMUNITY, parent=house, level="door", name="101", text="x", search="x",
        path=f"{COMMUNITY}/锦和家园/101", changed_at=at,
    )  # fmt: skip
    import_now([feature(1, 0, 0)], by, at)
    cell = Cell.objects.get()
    assert set(Address.objects.values_list("cell_id", flat=True)) == {cell.pk}
    import_now([feature(2, 3, 3)], by, at, complete=True)
    assert set(Address.objects.values_list("cell_id", flat=True)) == {None}
    assert Address.objects.get(pk=door.pk).parent_id == house.pk


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"code": "12"}, "cell_code_is_digits"),
        ({"area_m2": 0}, "cell_area_positive"),
        ({"code": f"{COMMUNITY}002"}, "cell_code_once"),
    ],
)
def test_the_database_refuses_cells_that_cannot_be(
    ready: dict[str, int], by: Somebody, at: datetime, change: dict[str, Any], rule: str
) -> None:
    import_now([feature(1, 0, 0), feature(2, 1, 0)], by, at)
    with pytest.raises(IntegrityError, match=rule), transaction.atomic():
        Cell.objects.filter(code=f"{COMMUNITY}001").update(**change)


def test_the_demo_is_written_marked_and_may_be_written_again(
    demo_cells: int, unit_ids: dict[str, int], at: datetime
) -> None:
    assert demo_cells == Cell.objects.filter(is_demo=True, is_active=True).count() == 200
    assert Division.objects.filter(is_demo_outline=True).count() == 30
    assert create_demo_cells(unit_ids=unit_ids, at=at) == 200
    assert Cell.objects.count() == 200


def test_the_demo_says_which_unit_is_missing_and_writes_nothing(
    divisions: int, at: datetime
) -> None:
    with pytest.raises(UnitMissing, match="371581"), transaction.atomic():
        create_demo_cells(unit_ids={}, at=at)
    assert Cell.objects.count() == 0
