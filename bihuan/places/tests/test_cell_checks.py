"""Every kind of error of a cells file, each on a file that is right but for one thing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import mapping

from bihuan.places.cell_checks import Known, check_cells
from bihuan.places.coordinates import wgs84_to_bd09, wgs84_to_gcj02
from bihuan.places.divisions import county_outlines
from bihuan.places.geojson import area_m2, read_cells, read_geojson
from bihuan.places.imports import BadFile, RowError

COMMUNITY, UNIT = "371581001001", "371581001001"
WEST, SOUTH, SIDE = 115.72, 36.83, 0.003
KNOWN = Known(
    communities={COMMUNITY: None},
    counties=county_outlines(),
    units=frozenset({UNIT}),
)
Geometry = dict[str, Any]
Shift = Callable[[float, float], tuple[float, float]]


def square(column: float, row: float, size: float = SIDE) -> shapely.Polygon:
    west, south = WEST + column * SIDE, SOUTH + row * SIDE
    return shapely.box(west, south, west + size, south + size)


def feature(number: int, polygon: shapely.Geometry, **words: str) -> dict[str, Any]:
    code = f"{COMMUNITY}{number:03d}"
    properties = {"code": code, "name": f"第{number}网格", "unit_code": UNIT} | words
    return {"type": "Feature", "properties": properties, "geometry": mapping(polygon)}


def three_by_three() -> list[dict[str, Any]]:
    return [
        feature(1 + row * 3 + column, square(column, row))
        for row in range(3)
        for column in range(3)
    ]


def errors_of(features: list[Any], datum: str = "wgs84", known: Known = KNOWN) -> list[RowError]:
    rows, errors = read_cells(features, datum)
    return errors + check_cells(rows, datum, known)


def kinds(errors: Iterable[RowError]) -> set[tuple[int, str]]:
    return {(error.number, error.code) for error in errors}


def moved(features: list[dict[str, Any]], shift: Shift) -> list[dict[str, Any]]:
    """Write the same areas in another datum."""
    out = []
    for each in features:
        polygon = shapely.geometry.shape(each["geometry"])
        points = [shift(lon, lat) for lon, lat in shapely.get_coordinates(polygon).tolist()]
        out.append({**each, "geometry": mapping(shapely.set_coordinates(polygon, points))})
    return out


def test_a_right_file_has_no_errors() -> None:
    assert errors_of(three_by_three()) == []


@pytest.mark.parametrize(("datum", "shift"), [("gcj02", wgs84_to_gcj02), ("bd09", wgs84_to_bd09)])
def test_a_declared_datum_is_converted_and_has_no_errors(datum: str, shift: Shift) -> None:
    features = moved(three_by_three(), shift)
    rows, errors = read_cells(features, datum)
    assert errors == []
    assert check_cells(rows, datum, KNOWN) == []
    assert rows[0].polygon.equals_exact(square(0, 0), 1e-8)


def test_an_overlap_names_the_other_cell_and_its_size() -> None:
    features = three_by_three()[:2] + [feature(9, square(1.5, 0))]
    errors = errors_of(features)
    assert kinds(errors) == {(3, "overlap")}
    assert f"{COMMUNITY}002" in errors[0].words
    # Half a cell: 0.0015° × 0.003° at 36.83° N is about 133.8 m × 332.9 m.
    size = int("".join(c for c in errors[0].words.split("约")[1] if c.isdigit()))
    assert size == pytest.approx(133.8 * 332.9, rel=0.01)


def test_an_overlap_with_a_cell_already_there_is_reported() -> None:
    known = Known({f"{COMMUNITY}050": square(2.5, 0)}, {COMMUNITY: None}, {}, frozenset({UNIT}))
    assert kinds(errors_of(three_by_three(), known=known)) == {(3, "overlap")}


def test_a_cell_that_is_redrawn_does_not_overlap_its_old_self() -> None:
    known = Known({f"{COMMUNITY}001": square(0, 0)}, {COMMUNITY: None}, {}, frozenset({UNIT}))
    assert errors_of([feature(1, square(0.1, 0))], known=known) == []


def test_borders_that_differ_by_centimetres_pass() -> None:
    """0.1 m of overlap and 0.1 m of gap: nobody surveys better."""
    features = three_by_three()
    features[4] = feature(5, square(1, 1).buffer(1e-6, join_style="mitre"))
    assert errors_of(features) == []
    features[4] = feature(5, square(1, 1).buffer(-1e-6, join_style="mitre"))
    assert errors_of(features) == []


def test_an_overlap_of_a_metre_is_reported() -> None:
    features = three_by_three()
    features[4] = feature(5, square(1, 1).buffer(1e-5, join_style="mitre"))
    assert {code for _number, code in kinds(errors_of(features))} == {"overlap"}


def test_a_hole_in_one_cell_is_reported() -> None:
    ring = square(0, 0).difference(square(0.3, 0.3, SIDE / 3))
    assert kinds(errors_of([feature(1, ring)])) == {(1, "hole")}


def test_a_hole_that_another_cell_fills_is_none() -> None:
    school = square(0.3, 0.3, SIDE / 3)
    assert errors_of([feature(1, square(0, 0).difference(school)), feature(2, school)]) == []


def test_a_gap_between_cells_is_reported_at_the_first_beside_it() -> None:
    features = three_by_three()
    del features[4]
    errors = errors_of(features)
    assert kinds(errors) == {(1, "gap")}  # corners touch too


def test_self_crossing_is_reported_with_its_place() -> None:
    bow = shapely.Polygon(
        [(WEST, SOUTH), (WEST + SIDE, SOUTH + SIDE), (WEST + SIDE, SOUTH), (WEST, SOUTH + SIDE)]
    )
    errors = errors_of([feature(1, bow)])
    assert kinds(errors) == {(1, "self_crossing")}
    assert "115.7215" in errors[0].words


def test_swapped_axes_are_reported() -> None:
    errors = errors_of(moved(three_by_three(), lambda lon, lat: (lat, lon)))
    assert kinds(errors) == {(number, "bad_coordinates") for number in range(1, 10)}
    assert "写反" in errors[0].words


def test_projected_metres_are_reported() -> None:
    errors = errors_of(
        moved(three_by_three(), lambda lon, lat: (lon * 88_000 + 39e6, lat * 111_000))
    )
    assert kinds(errors) == {(number, "bad_coordinates") for number in range(1, 10)}
    assert "以米为单位" in errors[0].words


def test_a_code_twice_is_reported_at_the_second() -> None:
    features = three_by_three()
    features[3]["properties"]["code"] = f"{COMMUNITY}001"
    errors = errors_of(features)
    assert kinds(errors) == {(4, "duplicate_code")}
    assert "第 1 行" in errors[0].words


@pytest.mark.parametrize(
    "code", ["", "12", "37158100100100A", "３７１５８１００１００１００１", "9" * 21]
)
def test_a_code_that_is_no_code_is_reported(code: str) -> None:
    words = {"code": code, "community_code": COMMUNITY}
    assert kinds(errors_of([feature(1, square(0, 0), **words)])) == {(1, "bad_code")}


def test_an_unknown_unit_is_reported() -> None:
    errors = errors_of([feature(1, square(0, 0), unit_code="nobody")])
    assert kinds(errors) == {(1, "unknown_unit")}
    assert "nobody" in errors[0].words


def test_an_unknown_community_is_reported() -> None:
    code = "371581001777001"
    assert kinds(errors_of([feature(1, square(0, 0), code=code)])) == {(1, "unknown_community")}


def test_a_missing_name_is_reported() -> None:
    assert kinds(errors_of([feature(1, square(0, 0), name=" ")])) == {(1, "bad_name")}


def test_leaving_the_community_is_reported_where_its_outline_is_known() -> None:
    known = Known({}, {COMMUNITY: square(0, 0, SIDE * 2.5)}, {}, frozenset({UNIT}))
    assert {row for row, code in kinds(errors_of(three_by_three(), known=known))} == {3, 6, 7, 8, 9}
    assert {e.code for e in errors_of(three_by_three(), known=known)} == {"crosses_community"}


def test_another_county_is_reported() -> None:
    far = [feature(1, shapely.transform(square(0, 0), lambda xy: xy + [0.4, 0]))]
    assert kinds(errors_of(far)) == {(1, "outside_county")}


@pytest.mark.parametrize("shift", [wgs84_to_gcj02, wgs84_to_bd09])
def test_another_datum_than_declared_is_seen_by_cells_already_there(shift: Shift) -> None:
    cells = {f"{COMMUNITY}{1 + r * 3 + c:03d}": square(c, r) for r in range(3) for c in range(3)}
    known = Known(cells, {COMMUNITY: None}, {}, frozenset({UNIT}))
    errors = errors_of(moved(three_by_three(), shift), known=known)
    assert kinds(errors) == {(number, "wrong_datum") for number in range(1, 10)}
    assert ("GCJ-02" if shift is wgs84_to_gcj02 else "BD-09") in errors[0].words


def test_another_datum_than_declared_is_seen_by_the_communitys_outline() -> None:
    known = Known({}, {COMMUNITY: square(0, 0, 3 * SIDE)}, {}, frozenset({UNIT}))
    errors = errors_of(moved(three_by_three(), wgs84_to_gcj02), known=known)
    assert {error.code for error in errors} == {"wrong_datum"}
    assert len(errors) >= 5


@pytest.mark.parametrize(
    "geometry",
    [
        None,
        "Polygon",
        {"type": "Point", "coordinates": [115.7, 36.8]},
        {"type": "Polygon"},
        {"type": "Polygon", "coordinates": []},
        {"type": "Polygon", "coordinates": [[]]},
        {"type": "Polygon", "coordinates": [[[115.7, 36.8], [115.8, 36.8]]]},
        {"type": "Polygon", "coordinates": [[["a", "b"]] * 4]},
        {"type": "Polygon", "coordinates": [[[115.7, 36.8]] * 4]},
        {"type": "Polygon", "coordinates": [[[115.7], [36.8], [115.7], [36.8]]]},
        {"type": "Polygon", "coordinates": {"a": 1}},
        {"type": "Polygon", "coordinates": [[[10**400, 36.8]] * 4]},
        {"type": "MultiPolygon", "coordinates": [[[[None, 36.8]] * 4]]},
        {"type": "Polygon", "coordinates": [[[float("nan"), 36.8]] * 4]},
    ],
)
def test_a_geometry_that_is_none_is_reported_and_never_raises(geometry: Any) -> None:
    broken = {**feature(1, square(0, 0)), "geometry": geometry}
    errors = errors_of([broken, feature(2, square(1, 0))])
    assert {error.number for error in errors} == {1}
    assert {error.code for error in errors} <= {"no_polygon", "broken", "bad_coordinates"}


@pytest.mark.parametrize("thing", [None, 7, "x", [], {}, {"properties": []}])
def test_a_feature_that_is_none_is_reported_and_never_raises(thing: Any) -> None:
    assert "no_polygon" in {error.code for error in errors_of([thing])}


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)
NUMBER = st.floats() | st.integers() | st.floats(115, 116) | st.none() | st.text(max_size=3)
RING = st.lists(st.lists(NUMBER, max_size=3), max_size=6)
GEOMETRY = JUNK | st.fixed_dictionaries(
    {
        "type": st.sampled_from(["Polygon", "MultiPolygon"]),
        "coordinates": JUNK | st.lists(RING, max_size=3) | st.lists(st.lists(RING), max_size=2),
    }
)
FEATURE = JUNK | st.fixed_dictionaries(
    {"geometry": GEOMETRY},
    optional={
        "properties": JUNK
        | st.dictionaries(st.sampled_from(["code", "name", "unit_code", "编码"]), JUNK)
    },
)


@settings(deadline=None, max_examples=300)
@given(st.lists(FEATURE, max_size=4), st.sampled_from(["wgs84", "gcj02", "bd09"]))
def test_whatever_stands_in_a_file_is_answered_with_errors_and_never_raises(
    features: list[Any], datum: str
) -> None:
    errors = errors_of(features, datum)
    assert {error.number for error in errors} == set(range(1, len(features) + 1))
    for error in errors:
        (error.key + error.words).encode()
        assert "\0" not in error.key + error.words


def test_half_a_character_in_a_name_does_not_reach_the_database() -> None:
    rows, _errors = read_cells([feature(1, square(0, 0), name="网\ud800格\0")], "wgs84")
    assert rows[0].name == "网格"


def collection(**more: Any) -> bytes:
    content = {"type": "FeatureCollection", "features": three_by_three()} | more
    return json.dumps(content).encode()


def test_a_file_is_read_with_and_without_a_byte_order_mark() -> None:
    assert len(read_geojson(collection())) == 9
    assert len(read_geojson(b"\xef\xbb\xbf" + collection())) == 9
    cgcs2000 = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4490"}}
    assert len(read_geojson(collection(crs=cgcs2000))) == 9


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not json",
        b"[]",
        b"\xff\xfe\x00",
        b'{"type": "Feature"}',
        b"[" * 100_000,
        collection(features=[]),
        collection(features={"a": 1}),
        collection(crs={"type": "name", "properties": {"name": "EPSG:4549"}}),
        collection(crs={"type": "name", "properties": {"name": "EPSG:3857"}}),
    ],
)
def test_a_file_that_is_no_cells_file_is_refused(data: bytes) -> None:
    with pytest.raises(BadFile):
        read_geojson(data)


def test_the_area_agrees_with_the_ellipsoid() -> None:
    """0.003° × 0.003° at 36.8315° N: 267.59 m × 332.94 m on WGS-84."""
    assert area_m2(square(0, 0)) == pytest.approx(267.59 * 332.94, rel=0.001)
