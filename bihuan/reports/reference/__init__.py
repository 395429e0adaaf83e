"""Load the starting categories, rules, reasons and rungs; repeatable: adds, never changes."""

from __future__ import annotations

from bihuan.reports.actions.reference import load_reference


def load() -> dict[str, int]:
    """Add what is missing in the database; gives counts by table, and rules without their unit."""
    return load_reference()
