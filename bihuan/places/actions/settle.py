"""Give addresses their cell: by their own point, else as the address above them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from bihuan.places.locate import load_index
from bihuan.places.models import Address


def settle_addresses(*, communities: Collection[str], at: datetime) -> int:
    """Renew the cell of every address of these communities; gives how many changed.

    Only a point inside a cell counts: a guessed cell is not kept. Reads the cells afresh,
    within the caller's transaction.
    """
    index = load_index()
    changed = 0
    for community in sorted(communities):
        cell_of: dict[int, int | None] = {}
        moved = []
        for address in _from_the_top(community):
            cell_id = cell_of.get(address.parent_id or 0)
            if address.lon is not None and address.lat is not None:
                found = index.find(address.lon, address.lat)
                cell_id = None if found.guessed else found.cell_id
            cell_of[address.pk] = cell_id
            if address.cell_id != cell_id:
                address.cell_id, address.changed_at = cell_id, at
                moved.append(address)
        Address.objects.bulk_update(moved, ["cell", "changed_at"], batch_size=1000)
        changed += len(moved)
    return changed


DEPTH = {"compound": 0, "village": 0, "building": 1, "group": 1, "unit": 2, "courtyard": 2}


def _from_the_top(community: str) -> list[Address]:
    """List a community's addresses, each after the one above it."""
    addresses = Address.objects.filter(community_id=community).only(
        "id", "parent_id", "level", "lon", "lat", "cell_id"
    )
    return sorted(addresses, key=lambda address: DEPTH.get(address.level, 3))
