"""Write the invented areas of the demo, each marked as invented."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from shapely.geometry import shape

from bihuan.base.cached import bump
from bihuan.places.actions.addresses import add_demo_addresses
from bihuan.places.actions.cells import write_cells
from bihuan.places.demo_areas import demo_addresses, demo_places
from bihuan.places.geojson import area_m2
from bihuan.places.models import Cell, Division


class UnitMissing(LookupError):
    """A demo unit that must exist before its cells; names the code."""


@transaction.atomic
def create_demo_cells(*, unit_ids: Mapping[str, int], at: datetime) -> int:
    """Write the demo's cells and outlines; repeatable. Gives the number of cells.

    unit_ids: ids of units by code; each cell goes to the unit with its own code if there is one,
    else to its community's, and names its street's unit. Raises UnitMissing.
    """
    bump("cells")
    places = demo_places()
    old = {cell.code: cell for cell in Cell.objects.filter(is_demo=True)}
    cells = []
    for each in places.cells:
        unit_id = unit_ids.get(each.code) or unit_ids.get(each.community_code)
        street_id = unit_ids.get(each.street_code)
        if unit_id is None or street_id is None:
            raise UnitMissing(each.community_code)
        cell = old.get(each.code) or Cell(code=each.code)
        cell.name, cell.community_id = each.name, each.community_code
        cell.unit_id, cell.street_unit_id = unit_id, street_id
        cell.polygon, cell.area_m2 = each.polygon, area_m2(shape(each.polygon))
        cell.is_active, cell.is_demo, cell.changed_at = True, True, at
        cells.append(cell)
    _draw_outlines()
    write_cells(cells, [], at)
    return len(cells)


def _draw_outlines() -> None:
    """Keep the invented outlines of streets and communities, marked as invented."""
    places = demo_places()
    outlines = {area.code: area.outline for area in (*places.streets, *places.communities)}
    divisions = list(Division.objects.filter(code__in=outlines))
    for division in divisions:
        division.outline, division.is_demo_outline = outlines[division.code], True
    Division.objects.bulk_update(divisions, ["outline", "is_demo_outline"])


@transaction.atomic
def create_demo_addresses(*, at: datetime) -> int:
    """Write the demo's address book; repeatable. Gives how many addresses are new."""
    bump("addresses")
    return add_demo_addresses(rows=demo_addresses(), at=at)
