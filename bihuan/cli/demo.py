"""bihuan demo: fill a demo database with invented reports that went through the whole loop."""

from __future__ import annotations

import argparse
from pathlib import Path

from bihuan.base.clock import now
from bihuan.base.trouble import Trouble
from bihuan.cli import queries, reference, schema
from bihuan.cli.house import House, opened, say

ZH = "建立演示数据：虚构的单位、人员和上报，走完整个闭环。只用于空库或演示库。"
EN = "Make demo data: invented units, people and reports. Only in an empty or demo database."


def arguments(parser: argparse.ArgumentParser) -> None:
    """Take a county's own lines, if any."""
    parser.add_argument(
        "--from",
        dest="lines",
        type=Path,
        metavar="FILE.csv",
        help="用本县自己的诉求（CSV）代替虚构的 the county's own reports instead of invented ones",
    )


def run(args: argparse.Namespace) -> int:
    """Load the demo; refuses a county's database."""
    if args.lines is not None and not args.lines.is_file():
        raise Trouble(f"找不到文件 {args.lines}。", f"There is no file {args.lines}.")
    with opened("owner", new_keys=True) as house:
        schema.bring_up(house)
        fill(house, lines=args.lines)
    return 0


def fill(house: House, *, lines: Path | None = None) -> None:
    """Found a demo where nothing is yet, then load it. Needs Django loaded and the owner's role."""
    from bihuan.base.installation import COUNTY, DEMO, kind
    from bihuan.cli import actions

    with house.owner() as link:
        strangers = queries.people(link) if not kind() else 0
    if kind() == COUNTY or strangers:
        raise Trouble(
            "这是正式库，演示账户不能进来。请换一个空的数据库或数据文件夹。",
            "This is a county's own database: demo accounts may not come in. "
            "Take an empty database or data folder.",
        )
    from bihuan.demo.load import load_demo

    if not kind():
        reference.load_all(at=now())
        actions.found(as_kind=DEMO, at=now())
    load_demo(say=say, lines=lines)
