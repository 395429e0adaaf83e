"""What the county publishes of its seals, and the receipt of one matter."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Max
from django.db.models.functions import TruncDate

from bihuan.matters import seal
from bihuan.matters.database import connected
from bihuan.matters.models import Matter, Seal


@dataclass(frozen=True)
class Published:
    """A seal as people see it; root and hash in hex."""

    id: int
    count: int
    root: str
    hash: str
    at: datetime

    @property
    def against(self) -> str:
        """Return what `bihuan verify --against` takes."""
        return f"{self.id}:{self.hash}"


def _published(row: Seal) -> Published:
    root, hashed = bytes(row.root).hex(), bytes(row.hash).hex()
    return Published(row.pk, row.count, root, hashed, row.at)


def last_seals(most: int = 20) -> list[Published]:
    """Return the latest seals, the newest first."""
    return [_published(row) for row in Seal.objects.order_by("-pk")[:most]]


def day_seals(most: int = 30, within: int = 50_000) -> list[Published]:
    """Return the last seal of each of the latest days, the newest first.

    Looked for among the latest `within` seals: one a minute makes 1440 a day.
    """
    newest = Seal.objects.aggregate(last=Max("pk"))["last"] or 0
    days = (
        Seal.objects.filter(pk__gt=newest - within)
        .annotate(day=TruncDate("at"))
        .values("day")
        .annotate(last=Max("pk"))
        .order_by("-day")[:most]
    )
    rows = Seal.objects.filter(pk__in=[row["last"] for row in days])
    return [_published(row) for row in rows.order_by("-pk")]


def receipt_of(matter: Matter) -> dict[str, Any]:
    """Return the receipts of all lines of a matter's history, to be kept by whoever reported it."""
    db = connected()
    lines = [
        seal.receipt(db, number=matter.number, seq=seq) for seq in range(1, matter.last_seq + 1)
    ]
    return {"number": matter.number, "lines": lines}
