"""bihuan rules: take the county's dispatch rules and categories out as files, and in again."""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

from bihuan.base.clock import now
from bihuan.base.trouble import Trouble
from bihuan.cli.house import opened, say

ZH = "派遣规则和类别：导出成表格，改好再导入；有一处错误就都不写。"
EN = "Dispatch rules and categories: out as tables, and in again; one error, nothing written."
RULES, CATEGORIES = "dispatch_rules.csv", "categories.csv"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Take the direction, the folder, and whether this is a rehearsal."""
    parser.add_argument("direction", choices=("export", "import"), help="导出或导入 out or in")
    parser.add_argument(
        "folder",
        type=Path,
        metavar="FOLDER",
        help=f"放 {RULES}、{CATEGORIES} 的文件夹",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="只检查，不写入 check only, write nothing"
    )


def run(args: argparse.Namespace) -> int:
    """Write both tables, or take those that are in the folder, both or none."""
    with opened("app"):
        return _export(args.folder) if args.direction == "export" else _import(args)


def _export(folder: Path) -> int:
    from bihuan.reports.actions import tables

    folder.mkdir(parents=True, exist_ok=True)
    for name, columns, rows in (
        (RULES, tables.RULE_COLUMNS, tables.rules_as_rows()),
        (CATEGORIES, tables.CATEGORY_COLUMNS, tables.categories_as_rows()),
    ):
        with (folder / name).open("w", encoding="utf-8-sig", newline="") as file:
            out = csv.writer(file)
            out.writerow(columns)
            out.writerows(rows)
        say(f"已写出 {folder / name}。 Written.")
    return 0


def _import(args: argparse.Namespace) -> int:
    from django.db import transaction

    from bihuan.accounts.actor import SYSTEM
    from bihuan.places.imports import BadFile
    from bihuan.places.tables import read_table
    from bihuan.reports.actions import tables

    there = [name for name in (CATEGORIES, RULES) if (args.folder / name).is_file()]
    if not there:
        raise Trouble(
            f"{args.folder} 里没有 {RULES}，也没有 {CATEGORIES}。",
            f"Neither {RULES} nor {CATEGORIES} is in {args.folder}.",
        )
    take = {CATEGORIES: tables.take_categories, RULES: tables.replace_rules}
    wrong = 0
    with transaction.atomic():
        for name in there:
            try:
                lines = read_table((args.folder / name).read_bytes())
            except BadFile as why:
                raise Trouble(f"{name}：{why}", f"{name} cannot be read.") from why
            taken = take[name](lines=lines, dry_run=args.dry_run, by=SYSTEM, at=now())
            for error in taken.errors:
                print(f"{name}\t{error.number}\t{error.key}\t{error.words}")
            wrong += len(taken.errors)
            say(f"{name}：{taken.rows} 行，{len(taken.errors)} 处错误。")
        if wrong:
            transaction.set_rollback(True)
    if wrong:
        say("没有写入。 Nothing was written.")
    return 1 if wrong else 0
