"""What the tests of places share: the divisions, and the invented cells with their units.

Imports wait inside: this file is read before Django has its settings.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest


@dataclass(frozen=True)
class Somebody:
    """Whoever imports; no account is needed."""

    person_id: int | None = None


@pytest.fixture
def by() -> Somebody:
    return Somebody()


@pytest.fixture
def divisions(db: None) -> int:
    """Load the official divisions of 临清市 alone: 1 county, 16 streets and towns, 116 below."""
    from bihuan.places.actions import load_divisions
    from bihuan.places.divisions import divisions as rows

    return load_divisions(rows=[row for row in rows() if row.code.startswith("371581")])


@pytest.fixture
def unit_ids(units: Any) -> dict[str, int]:
    """Give the ids of units by code: both streets and all their communities."""
    from bihuan.accounts.models import Unit
    from bihuan.places.demo_areas import STREET_CODES, demo_places

    ids = {units.street.code: units.street.pk, units.community.code: units.community.pk}
    for code in STREET_CODES:
        if code not in ids:
            street = Unit.objects.create(
                code=code, name="新华路街道", kind="street", parent=units.county, area_code=code
            )
            ids[code] = street.pk
    for area in demo_places().communities:
        if area.code not in ids:
            unit = Unit.objects.create(
                code=area.code,
                name=area.short_name,
                kind="community",
                parent_id=ids[area.parent_code],
                area_code=area.code,
            )
            ids[area.code] = unit.pk
    return ids


@pytest.fixture
def demo_cells(divisions: int, unit_ids: dict[str, int], at: datetime) -> int:
    """Write the 200 invented cells."""
    from bihuan.places.actions import create_demo_cells

    return create_demo_cells(unit_ids=unit_ids, at=at)


@pytest.fixture
def demo_book(demo_cells: int, at: datetime) -> int:
    """Write the invented address book."""
    from bihuan.places.actions import create_demo_addresses

    return create_demo_addresses(at=at)
