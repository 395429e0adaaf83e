"""bihuan import-cells: take the county's cells from GeoJSON."""

from __future__ import annotations

import argparse

from bihuan.base.clock import now
from bihuan.base.trouble import Trouble
from bihuan.cli import importing
from bihuan.cli.house import opened

ZH = "导入网格（GeoJSON）：先整份检查，有一处错误就都不写。"
EN = "Import cells (GeoJSON): the whole file is checked first; one error and nothing is written."


def arguments(parser: argparse.ArgumentParser) -> None:
    """Take the file and whether it is complete."""
    importing.arguments(parser)
    parser.add_argument(
        "--complete",
        action="store_true",
        help="文件含有这些社区的全部网格，缺的停用 cells missing from the file are retired",
    )


def run(args: argparse.Namespace) -> int:
    """Import, and print each error with its row."""
    data = importing.data(args)
    with opened("app"):
        from bihuan.accounts.actor import SYSTEM
        from bihuan.places.actions.cells import import_cells
        from bihuan.places.geojson import read_geojson
        from bihuan.places.imports import BadFile

        try:
            result = import_cells(
                features=read_geojson(data),
                datum=args.datum,
                dry_run=args.dry_run,
                complete=args.complete,
                by=SYSTEM,
                at=now(),
            )
        except BadFile as why:
            raise Trouble(str(why), "The file cannot be read.") from why
    return importing.tell(result)
