"""What every import answers: how many rows, what would change, and each error with its row."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

MOST_ROWS = 200_000
MOST_BYTES = 64 * 1024 * 1024


class BadFile(ValueError):
    """A file that cannot be read as a whole; the message is for people."""


class Who(Protocol):
    """The part of an actor that an import keeps: who it was."""

    @property
    def person_id(self) -> int | None: ...


@dataclass(frozen=True, slots=True)
class RowError:
    """One thing wrong with one row.

    number: 1 for the first feature of a GeoJSON file, the sheet's own line number for a table.
    key: the cell code or the address as written. code: a word for programs. words: for people.
    """

    number: int
    key: str
    code: str
    words: str


@dataclass(frozen=True, slots=True)
class ImportResult:
    """The outcome of an import or its rehearsal; with errors nothing was written."""

    rows: int
    added: int
    changed: int
    retired: int
    errors: tuple[RowError, ...]
    written: bool

    @property
    def ok(self) -> bool:
        """Say whether the file may be imported as it is."""
        return not self.errors


@dataclass(frozen=True, slots=True)
class Reach:
    """What an importer runs; of None, everything.

    areas: beginnings of division codes; unit_ids: units that cells may be given to.
    """

    areas: tuple[str, ...] | None = None
    unit_ids: frozenset[int] | None = None

    def holds(self, community: str) -> bool:
        """Say whether a community lies in the importer's areas."""
        return self.areas is None or any(community.startswith(area) for area in self.areas if area)


EVERYWHERE = Reach()


def in_order(errors: Iterable[RowError]) -> tuple[RowError, ...]:
    """Sort errors by row, then by kind."""
    return tuple(sorted(errors, key=lambda error: (error.number, error.code)))
