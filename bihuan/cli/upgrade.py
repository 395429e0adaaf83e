"""bihuan upgrade: after new program files are in place, bring the data along or go back."""

from __future__ import annotations

import argparse
from pathlib import Path

from bihuan.base.clock import now
from bihuan.base.environment import data_folder
from bihuan.base.trouble import Trouble
from bihuan.cli import backup, queries, reference, restore, schema, verify
from bihuan.cli.house import House, opened, say

ZH = "装好新版本后执行：先备份，再升级数据表，再核验；失败就恢复原样。请先停下平台。"
EN = "Run after installing a new version: back up, migrate, verify; goes back on failure."


def arguments(parser: argparse.ArgumentParser) -> None:
    """Take the folder for the backup."""
    parser.add_argument(
        "--backups",
        type=Path,
        metavar="FOLDER",
        help="备份放在哪里，默认数据文件夹的 backups where the backup goes",
    )


def run(args: argparse.Namespace) -> int:
    """Back up, migrate, load reference data, verify."""
    folder: Path = args.backups or data_folder() / "backups"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with opened("owner", attach=False) as house:
        with house.owner() as link:
            if queries.workers_alive(link):
                raise restore.Running
        if not schema.missing(house):
            say("数据表已是最新，不用升级。 The tables are up to date: nothing to do.")
            return 0
        at = now()
        path = folder / f"before-upgrade-{at:%Y%m%d-%H%M%S}.tar"
        backup.write(house, path, at=at)
        return _bring(house, path)


def _bring(house: House, path: Path) -> int:
    """Migrate and verify; on any failure put the backup's database back."""
    from django.db import connections

    try:
        schema.bring_up(house, verbosity=1)
        reference.load_all(at=now())
        code = verify.check(house, at=now())
    except (Exception, KeyboardInterrupt) as why:
        code, reason = 1, (str(why).splitlines() or [type(why).__name__])[0]
    else:
        reason = "verify"
    if code == 0:
        say("升级完成。 Upgraded.")
        return 0
    say(f"升级失败（{reason}），正在恢复原样…… The upgrade failed, going back …")
    connections.close_all()
    restore.database_only(house, path)
    raise Trouble(
        f"升级失败：{reason}。数据已恢复到升级前，请装回旧版本程序。备份在 {path}",
        f"The upgrade failed: {reason}. The data is as before: install the old version again. "
        f"The backup is {path}",
    )
