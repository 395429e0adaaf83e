"""bihuan import-addresses: take the address book from a spreadsheet."""

from __future__ import annotations

import argparse

from bihuan.base.clock import now
from bihuan.base.trouble import Trouble
from bihuan.cli import importing
from bihuan.cli.house import opened

ZH = "导入地址簿（xlsx 或 csv）：先整份检查，有一处错误就都不写。"
EN = "Import the address book (xlsx, csv): checked whole first; one error and nothing is written."


def arguments(parser: argparse.ArgumentParser) -> None:
    """Take the file."""
    importing.arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Import, and print each error with its row."""
    data = importing.data(args)
    with opened("app"):
        from bihuan.accounts.actor import SYSTEM
        from bihuan.places.actions.addresses import import_addresses
        from bihuan.places.imports import BadFile
        from bihuan.places.tables import read_table

        try:
            result = import_addresses(
                lines=read_table(data),
                datum=args.datum,
                dry_run=args.dry_run,
                by=SYSTEM,
                at=now(),
            )
        except BadFile as why:
            raise Trouble(str(why), "The file cannot be read.") from why
    return importing.tell(result)
