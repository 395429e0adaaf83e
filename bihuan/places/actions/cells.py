"""Import cells from GeoJSON: all of a file or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from shapely.geometry import mapping, shape
from shapely.geometry.base import BaseGeometry

from bihuan.base.cached import bump
from bihuan.places.actions.settle import settle_addresses
from bihuan.places.cell_checks import Known, check_cells
from bihuan.places.divisions import county_outlines
from bihuan.places.geojson import CellRow, area_m2, read_cells
from bihuan.places.imports import EVERYWHERE, ImportResult, Reach, RowError, Who, in_order
from bihuan.places.models import Cell, Division, ImportRun
from bihuan.places.queries import UnitRow, units_by_code


@transaction.atomic
def import_cells(
    *,
    features: Sequence[Any],
    datum: str,
    dry_run: bool,
    by: Who,
    at: datetime,
    complete: bool = False,
    reach: Reach = EVERYWHERE,
) -> ImportResult:
    """Check every feature, and write all of them when none is wrong and this is no dry run.

    A known code is redrawn, a new one added. complete: the file holds all cells of its
    communities, and cells of theirs that are missing from it are retired. reach: the areas and
    units the importer runs. The caller has asked for the permission `places.import`.
    """
    if not dry_run:
        bump("cells")  # first: its row lock makes two imports wait for each other
    rows, errors = read_cells(features, datum)
    units = units_by_code(reach.unit_ids)
    active = {cell.code: cell for cell in Cell.objects.filter(is_active=True)}
    retired = _missing(rows, active.values()) if complete else []
    gone = {cell.code for cell in retired}
    known = Known(
        cells={code: shape(cell.polygon) for code, cell in active.items() if code not in gone},
        communities=_communities(),
        counties=county_outlines(),
        units=frozenset(units),
    )
    errors += check_cells(rows, datum, known)
    old = {cell.code: cell for cell in Cell.objects.filter(code__in=[row.code for row in rows])}
    errors += _out_of_reach(rows, old, reach)
    written = not errors and not dry_run
    if written:
        _write(rows, old, retired, units, by, at)
    changed = sum(row.code in old for row in rows)
    return ImportResult(
        rows=len(features),
        added=len(rows) - changed,
        changed=changed,
        retired=len(retired),
        errors=in_order(errors),
        written=written,
    )


def _missing(rows: Sequence[CellRow], active: Iterable[Cell]) -> list[Cell]:
    """List active cells of the file's communities that the file does not hold."""
    communities = {row.community for row in rows}
    codes = {row.code for row in rows}
    return [c for c in active if c.community_id in communities and c.code not in codes]


def _out_of_reach(rows: Sequence[CellRow], old: Mapping[str, Cell], reach: Reach) -> list[RowError]:
    """Report cells of areas that others run, and codes that are taken there."""
    words = _("这个网格不在您管理的区域内。")
    return [
        RowError(row.number, row.code, "out_of_reach", words)
        for row in rows
        if not reach.holds(row.community)
        or (row.code in old and not reach.holds(old[row.code].community_id))
    ]


def _communities() -> dict[str, BaseGeometry | None]:
    """Read all community codes with their outlines where known."""
    pairs = Division.objects.filter(level="community").values_list("code", "outline")
    return {code: shape(outline) if outline else None for code, outline in pairs}


def _write(
    rows: Sequence[CellRow],
    old: Mapping[str, Cell],
    retired: Sequence[Cell],
    units: Mapping[str, UnitRow],
    by: Who,
    at: datetime,
) -> None:
    cells = []
    for row in rows:
        cell = old.get(row.code) or Cell(code=row.code)
        unit = units[row.unit]
        cell.name = row.name
        cell.community_id = row.community
        cell.unit_id = unit.id
        cell.street_unit_id = unit.street_id
        cell.polygon = mapping(row.polygon)
        cell.area_m2 = area_m2(row.polygon)
        cell.is_active, cell.is_demo, cell.changed_at = True, False, at
        cells.append(cell)
    write_cells(cells, retired, at)
    ImportRun.objects.create(
        kind=ImportRun.Kind.CELLS,
        by_id=by.person_id,
        at=at,
        rows=len(rows),
        added=len(rows) - len(old),
        changed=len(old),
        retired=len(retired),
    )


FIELDS = ["name", "community", "unit", "street_unit", "polygon", "area_m2"]
FIELDS += ["is_active", "is_demo", "changed_at"]


def write_cells(cells: Sequence[Cell], retired: Sequence[Cell], at: datetime) -> None:
    """Save new and redrawn cells, retire others, and give addresses there their new cell."""
    new = [cell for cell in cells if cell._state.adding]
    old = [cell for cell in cells if not cell._state.adding]
    Cell.objects.bulk_create(new, batch_size=1000)
    Cell.objects.bulk_update(old, FIELDS, batch_size=500)
    for cell in retired:
        cell.is_active, cell.changed_at = False, at
    Cell.objects.bulk_update(retired, ["is_active", "changed_at"], batch_size=500)
    settle_addresses(communities={cell.community_id for cell in [*cells, *retired]}, at=at)
