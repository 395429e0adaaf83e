"""Load the official divisions; repeatable: adds and renames, never deletes."""

from __future__ import annotations

from bihuan.places.actions.divisions import load_divisions
from bihuan.places.divisions import divisions


def load() -> int:
    """Write the official divisions into the database; gives their number."""
    return load_divisions(rows=list(divisions()))
