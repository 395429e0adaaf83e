"""bihuan load-reference: load calendar, divisions, categories and rules again."""

from __future__ import annotations

import argparse

from bihuan.base.clock import now
from bihuan.cli import reference
from bihuan.cli.house import opened

ZH = "重新装载基础数据：日历、区划、类别、派遣规则（可重复执行）。"
EN = "Load reference data again: calendar, divisions, categories, rules (repeatable)."


def arguments(parser: argparse.ArgumentParser) -> None:
    """Take none."""


def run(args: argparse.Namespace) -> int:
    """Load all of it."""
    with opened("owner"):
        reference.load_all(at=now())
    return 0
