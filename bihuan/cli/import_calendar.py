"""bihuan import-calendar: enter a year's holiday notice, and move the dates that depend on it."""

from __future__ import annotations

import argparse
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from bihuan.base.clock import now
from bihuan.cli import importing
from bihuan.cli.house import opened, say

ZH = "导入一年的放假调休安排（csv 或 json），并重算受影响的期限。"
EN = "Enter a year's holiday notice (csv, json) and reckon anew every date it moves."


def arguments(parser: argparse.ArgumentParser) -> None:
    """Take the year and the file."""
    parser.add_argument("year", type=int, metavar="YEAR", help="年份 the year")
    importing.arguments(parser, datum=False)


def run(args: argparse.Namespace) -> int:
    """Enter the notice; prints each changed day."""
    data = importing.data(args)
    with opened("app"):
        from bihuan.base.actions import BadNotice, changed_days, confirm_year
        from bihuan.base.calendar_import import read_notice

        notice = read_notice(data, year=args.year)
        try:
            if args.dry_run:
                changed = changed_days(notice)
            else:
                changed = confirm_year(notice=notice, at=now(), by="bihuan", recompute=_recompute)
        except BadNotice as why:
            for error in why.errors:
                print(f"{error.row}\t{error.message}")
            say(str(why))
            return 1
    for day in changed:
        print(day)
    say(f"{len(changed)} 天有变化。 {len(changed)} days change.")
    return 0


def _recompute(since: date) -> None:
    from bihuan.matters.jobs import recompute

    first = datetime.combine(since, time(), ZoneInfo("Asia/Shanghai"))
    moved = recompute(days_from=first, at=now())
    say(f"{moved} 件事项的期限已重算。 {moved} matters reckoned anew.")
