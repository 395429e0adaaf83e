"""Read cells from GeoJSON and say, row by row, what is wrong with each; knows no database."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import shapely
from django.utils.translation import gettext as _
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry
from shapely.validation import explain_validity

from bihuan.places.coordinates import BadCoordinates, metres_per_degree, to_wgs84
from bihuan.places.imports import MOST_BYTES, MOST_ROWS, BadFile, RowError

# EPSG 4490 is CGCS2000, EPSG 4326 and CRS84 are WGS-84: degrees, and the same to centimetres.
DEGREES_CRS = ("4326", "4490", "CRS84")
WORDS = {
    "code": ("code", "网格编码", "编码"),
    "name": ("name", "网格名称", "名称"),
    "community": ("community_code", "社区编码", "村社区编码"),
    "unit": ("unit_code", "责任单位编码", "单位编码"),
}


# What a geometry of the wrong form makes shapely raise.
BROKEN = (ArithmeticError, LookupError, TypeError, ValueError, shapely.errors.ShapelyError)


@dataclass(frozen=True, slots=True)
class CellRow:
    """One feature as read: its words, and its polygon in WGS-84 degrees."""

    number: int
    code: str
    name: str
    community: str
    unit: str
    polygon: BaseGeometry
    raw_centre: tuple[float, float]


def read_geojson(data: bytes) -> list[Any]:
    """Take the features out of a GeoJSON file; raises BadFile with words for people."""
    if len(data) > MOST_BYTES:
        raise BadFile(_("文件太大，请分几次导入。"))
    try:
        content = json.loads(data.decode("utf-8-sig"))
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise BadFile(_("文件不是 GeoJSON：读不出 JSON 内容，请确认编码为 UTF-8。")) from error
    if not isinstance(content, dict) or content.get("type") != "FeatureCollection":
        raise BadFile(_("文件不是 GeoJSON 要素集合（FeatureCollection）。"))
    crs = json.dumps(content.get("crs") or "CRS84")
    if not any(word in crs for word in DEGREES_CRS):
        raise BadFile(_("文件用的不是经纬度坐标系，请先转换为 CGCS2000 或 WGS-84 经纬度。"))
    features = content.get("features")
    if not isinstance(features, list) or not features:
        raise BadFile(_("文件里没有网格。"))
    if len(features) > MOST_ROWS:
        raise BadFile(_("文件太大，请分几次导入。"))
    return features


def read_cells(features: Sequence[Any], datum: str) -> tuple[list[CellRow], list[RowError]]:
    """Turn features of the declared datum into rows; those that cannot be read become errors."""
    rows: list[CellRow] = []
    errors: list[RowError] = []
    for number, feature in enumerate(features, start=1):
        words = _words(feature)
        faults = _word_faults(number, words)
        try:
            polygon, centre = _polygon(feature, datum)
        except _Fault as fault:
            faults.append(RowError(number, words["code"], fault.code, fault.words))
        else:
            rows.append(CellRow(number, **words, polygon=polygon, raw_centre=centre))
        errors += faults
    return rows, errors + _duplicates(features)


class _Fault(Exception):
    """A geometry that cannot be used; carries the error's code and words."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(words)
        self.code = code
        self.words = words


def _words(feature: Any) -> dict[str, str]:
    """Take code, name, community and unit under any of their accepted names."""
    properties = feature.get("properties") if isinstance(feature, dict) else None
    if not isinstance(properties, dict):
        properties = {}
    words = {}
    for field, names in WORDS.items():
        value = next((properties[name] for name in names if properties.get(name)), "")
        words[field] = _clean(str(value)) if isinstance(value, str | int) else ""
    words["community"] = words["community"] or words["code"][:12]
    return words


def _clean(text: str) -> str:
    """Drop what no database and no page can hold: half characters and zero bytes."""
    return text.encode("utf-8", "ignore").decode().replace("\0", "").strip()


def _word_faults(number: int, words: dict[str, str]) -> list[RowError]:
    """Check the words alone: code of 15 to 20 digits, a name of sensible length."""
    faults = []
    code = words["code"]
    if not (15 <= len(code) <= 20 and code.isascii() and code.isdigit()):
        faults.append(RowError(number, code, "bad_code", _("网格编码应为 15 至 20 位数字。")))
    if not 1 <= len(words["name"]) <= 80:
        faults.append(RowError(number, code, "bad_name", _("网格名称应为 1 至 80 个字。")))
    return faults


def _duplicates(features: Sequence[Any]) -> list[RowError]:
    """Report each code that came before in the same file."""
    seen: dict[str, int] = {}
    errors = []
    for number, feature in enumerate(features, start=1):
        code = _words(feature)["code"]
        if not code:
            continue
        first = seen.setdefault(code, number)
        if first != number:
            words = _("编码与第 %(first)s 行重复。") % {"first": first}
            errors.append(RowError(number, code, "duplicate_code", words))
    return errors


def _polygon(feature: Any, datum: str) -> tuple[BaseGeometry, tuple[float, float]]:
    """Build the WGS-84 polygon of a feature, and its centre as it stood in the file."""
    geometry = feature.get("geometry") if isinstance(feature, dict) else None
    if not isinstance(geometry, dict) or geometry.get("type") not in ("Polygon", "MultiPolygon"):
        raise _Fault("no_polygon", _("没有面：网格范围应为 Polygon 或 MultiPolygon。"))
    try:
        raw = shapely.force_2d(shape(geometry))
        points = shapely.get_coordinates(raw).tolist()
    except BROKEN as error:
        raise _Fault("broken", _("范围读不出来：坐标不完整或点数不足。")) from error
    if not points:
        raise _Fault("no_polygon", _("没有面：网格范围应为 Polygon 或 MultiPolygon。"))
    try:
        moved = [to_wgs84(lon, lat, datum) for lon, lat in points]
    except BadCoordinates as error:
        raise _Fault("bad_coordinates", str(error)) from error
    polygon = shapely.set_coordinates(raw, moved)
    if not polygon.is_valid:
        raise _invalid(polygon)
    if polygon.area <= 0:
        raise _Fault("broken", _("范围面积为零。"))
    centre = raw.representative_point()
    return polygon, (centre.x, centre.y)


def _invalid(polygon: BaseGeometry) -> _Fault:
    """Say in words why a polygon is not valid, and where."""
    reason, _sep, where = explain_validity(polygon).partition("[")
    if "Self-intersection" in reason:
        lon, _space, lat = where.rstrip("]").partition(" ")
        words = _("边界自相交，位置约在经度 %(lon)s、纬度 %(lat)s。") % {
            "lon": lon[:9],
            "lat": lat[:8],
        }
        return _Fault("self_crossing", words)
    return _Fault("broken", _("范围不成立：内环在外环之外，或环与环重叠。"))


def area_m2(polygon: BaseGeometry) -> float:
    """Give the area in square metres of a small WGS-84 polygon, scaled at its own latitude."""
    east, north = metres_per_degree(polygon.centroid.y)
    return float(polygon.area) * east * north
