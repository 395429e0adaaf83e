"""bihuan verify: find the first line of history that somebody touched."""

from __future__ import annotations

import argparse
from datetime import datetime

import psycopg

from bihuan.base.clock import now
from bihuan.cli.house import House, opened, say

ZH = "核验全部流水和封存：找出被改动、删除、调换、截断的第一行。"
EN = "Check all history and seals: names the first line altered, deleted, reordered or cut."
SHOWN = 50


def arguments(parser: argparse.ArgumentParser) -> None:
    """Take a published seal to check against."""
    parser.add_argument(
        "--against",
        metavar="SEAL:HASH",
        help="对照公开页或备份里的封存号 a seal published on the day's page or kept in a backup",
    )


def run(args: argparse.Namespace) -> int:
    """Print each finding; 1 when there is one."""
    with opened("app") as house:
        return check(house, against=args.against, at=now())


def check(house: House, *, at: datetime, against: str | None = None) -> int:
    """Verify and say the outcome: 0 all whole, 1 something was touched. Needs Django loaded."""
    from bihuan.matters.verify import everything

    say("正在核验…… Verifying …")
    with psycopg.connect(house.owner_url, autocommit=True, connect_timeout=5) as link:
        findings = everything(link, at=at, against=against)
    for finding in findings[:SHOWN]:
        print(finding)
    if findings:
        say(f"发现 {len(findings)} 处问题。 {len(findings)} found.")
        return 1
    say("全部完整。 All whole.")
    return 0
