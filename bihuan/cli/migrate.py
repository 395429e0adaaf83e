"""bihuan migrate: bring the tables up to this program."""

from __future__ import annotations

import argparse

from bihuan.cli import schema
from bihuan.cli.house import opened, say

ZH = "建立或升级数据表，并重新授权给应用角色。"
EN = "Bring the tables up to date and grant the application's rights again."


def arguments(parser: argparse.ArgumentParser) -> None:
    """Take none."""


def run(args: argparse.Namespace) -> int:
    """Migrate with the owner's role."""
    with opened("owner", new_keys=True) as house:
        if schema.bring_up(house, verbosity=1):
            say("完成。 Done.")
        else:
            schema.grant(house)
            say("数据表已是最新。 The tables are up to date already.")
    return 0
