"""Load every capability's reference data; safe to run again at any time."""

from __future__ import annotations

import importlib
import importlib.util
from datetime import datetime

from bihuan.cli.house import say

# Slices that bring reference data of their own: a module `reference` with `load()`.
SLICES = ("bihuan.places", "bihuan.reports")


def load_all(*, at: datetime) -> None:
    """Load calendar, divisions, categories and rules. Needs Django loaded."""
    from bihuan.base.actions import seed_calendar

    say("正在装载日历、区划、类别…… Loading calendar, divisions, categories …")
    seed_calendar(at=at)
    for slice_ in SLICES:
        module = importlib.util.find_spec(f"{slice_}.reference")
        load = getattr(importlib.import_module(module.name), "load", None) if module else None
        if load is not None:
            load()
