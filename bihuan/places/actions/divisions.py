"""Write the official divisions."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from bihuan.places.divisions import DivisionRow
from bihuan.places.models import Division


@transaction.atomic
def load_divisions(*, rows: Sequence[DivisionRow]) -> int:
    """Add divisions and renew names and parents; outlines stay. Gives the number of rows."""
    for level in ("county", "street", "community"):
        Division.objects.bulk_create(
            [
                Division(code=row.code, name=row.name, level=row.level, parent_id=row.parent)
                for row in rows
                if row.level == level
            ],
            batch_size=1000,
            update_conflicts=True,
            unique_fields=["code"],
            update_fields=["name", "level", "parent"],
        )
    return len(rows)
