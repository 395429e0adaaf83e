"""Read addresses, units and cells by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from bihuan.base.text import bigrams, narrow
from bihuan.places.coordinates import distance_m
from bihuan.places.models import Address, Cell
from bihuan.places.words import fold


@dataclass(frozen=True, slots=True)
class UnitRow:
    """What places needs of a unit: its id, and the street's desk above it."""

    id: int
    street_id: int | None


def units_by_code(only: frozenset[int] | None = None) -> dict[str, UnitRow]:
    """Read active units by code, each with the nearest street or zone at or above it.

    only: the ids to give; None, all.
    """
    unit_model = Cell._meta.get_field("unit").related_model
    rows = list(
        unit_model._default_manager.filter(is_active=True).values_list(
            "id", "code", "kind", "parent_id"
        )
    )
    kind_of = {unit_id: (kind, parent_id) for unit_id, _code, kind, parent_id in rows}
    return {
        code: UnitRow(unit_id, _street(unit_id, kind_of))
        for unit_id, code, _kind, _parent in rows
        if only is None or unit_id in only
    }


def _street(unit_id: int | None, kind_of: dict[int, tuple[str, int | None]]) -> int | None:
    """Climb to the nearest street or zone; 20 steps at most, should the tree hold a ring."""
    for _step in range(20):
        if unit_id is None or unit_id not in kind_of:
            return None
        kind, parent_id = kind_of[unit_id]
        if kind in ("street", "zone"):
            return unit_id
        unit_id = parent_id
    return None


@dataclass(frozen=True, slots=True)
class FoundAddress:
    """An address found; its WGS-84 point is its own or that of the nearest address above it."""

    id: int
    text: str
    level: str
    community: str
    cell_id: int | None
    lon: float | None
    lat: float | None


# Read so many at most before ordering: a word as common as a street's name matches thousands.
MOST_MATCHES = 2000
# purpose: addresses that hold every word given, upper levels and short texts first
# params: whether doors count, bigrams of all words, each word as a LIKE pattern, a limit in rows
# rows: up to MOST_MATCHES; index: address_search_bigrams
SEARCH = """
SELECT id, text, level, community_id, cell_id, lon, lat, path
FROM places_address
WHERE is_active AND (%s OR level <> 'door') AND bigrams(search) @> %s::text[]
{likes}
ORDER BY length(path) - length(replace(path, '/', '')), length(text), text
LIMIT %s
"""
LIKE = "AND search LIKE %s"


def search_addresses(
    text: str,
    limit: int = 20,
    near: tuple[float, float] | None = None,
    *,
    doors: bool = True,
) -> list[FoundAddress]:
    """Find addresses by words of two characters up: 锦和 3-2-101, 温泉社区, jhjy.

    Words are parted by blanks and all must be there; nothing is found when no two characters
    stand together. near: a WGS-84 point, nearest first instead of highest level first.
    doors: whether single doors are shown; the public is led as far as the unit.
    """
    words = [fold(word) for word in narrow(text.replace("\0", "")).split()][:6]
    pairs = [pair for word in words for pair in bigrams(word)]
    if not pairs:
        return []
    params: list[Any] = [
        doors,
        pairs,
        *(_pattern(word) for word in words),
        MOST_MATCHES if near else limit,
    ]
    with connection.cursor() as cursor:
        cursor.execute(SEARCH.format(likes="\n".join([LIKE] * len(words))), params)
        rows = cursor.fetchall()
    found = _with_points(rows)
    if near:
        lon, lat = near
        found.sort(key=lambda each: _metres(each, lon, lat))
    return found[:limit]


def _pattern(word: str) -> str:
    """Make a LIKE pattern that finds the word as it is."""
    for sign in ("\\", "%", "_"):
        word = word.replace(sign, f"\\{sign}")
    return f"%{word}%"


def _metres(found: FoundAddress, lon: float, lat: float) -> float:
    if found.lon is None or found.lat is None:
        return float("inf")
    return distance_m(found.lon, found.lat, lon, lat)


def _with_points(rows: Sequence[tuple[Any, ...]]) -> list[FoundAddress]:
    """Lend addresses without a point the one of the nearest address above them (one query)."""
    wanted = {upper for row in rows if row[5] is None for upper in _uppers(row[7])}
    points = {
        path: (lon, lat)
        for path, lon, lat in Address.objects.filter(
            path__in=wanted, lon__isnull=False
        ).values_list("path", "lon", "lat")
    }
    found = []
    for ident, text, level, community, cell_id, lon, lat, path in rows:
        if lon is None:
            lent = next((points[upper] for upper in _uppers(path) if upper in points), None)
            lon, lat = lent or (None, None)
        found.append(FoundAddress(ident, text, level, community, cell_id, lon, lat))
    return found


def _uppers(path: str) -> list[str]:
    """List the paths above a path, nearest first."""
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(len(parts) - 1, 1, -1)]


def cells_geojson(under: str = "") -> dict[str, Any]:
    """Give active cells as a GeoJSON feature collection, WGS-84 (CGCS2000) degrees.

    under: a division's code; only cells of communities in it. Empty: all.
    """
    cells = Cell.objects.filter(is_active=True, community__code__startswith=under)
    features = [
        {
            "type": "Feature",
            "id": cell.pk,
            "properties": {"code": cell.code, "name": cell.name, "demo": cell.is_demo},
            "geometry": cell.polygon,
        }
        for cell in cells.only("id", "code", "name", "is_demo", "polygon")
    ]
    return {"type": "FeatureCollection", "features": features}
