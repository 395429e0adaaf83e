"""bihuan restore: bring database and attachments back from a backup."""

from __future__ import annotations

import argparse
import sys
from datetime import datetime
from pathlib import Path

from bihuan.base.clock import now
from bihuan.base.environment import data_folder, keys_file
from bihuan.base.trouble import Trouble
from bihuan.cli import archive, queries, schema, verify
from bihuan.cli.house import House, load_django, opened, say

ZH = "从备份恢复数据库和附件，然后核验。只恢复到空库；--force 会替换现有数据。"
EN = "Restore database and attachments, then verify. Into an empty database, unless --force."


def arguments(parser: argparse.ArgumentParser) -> None:
    """Take the backup, and what to do with data that is there."""
    parser.add_argument("file", type=Path, metavar="FILE", help="备份文件 the backup")
    parser.add_argument(
        "--force", action="store_true", help="替换现有数据（会先询问） replace what is there (asks)"
    )
    parser.add_argument("--yes", action="store_true", help="不再询问 do not ask")


def run(args: argparse.Namespace) -> int:
    """Restore, then migrate and verify; 1 when verifying finds something."""
    path: Path = args.file
    if not path.is_file():
        raise Trouble(f"找不到备份 {path}。", f"There is no backup {path}.")
    _keys_there()
    with opened("owner", django=False) as house:
        with house.owner() as link:
            empty = queries.count_tables(link) == 0
            busy = queries.workers_alive(link)
        if busy:
            raise Running
        if not empty and not (args.force and (args.yes or _agreed())):
            raise Trouble(
                "数据库不是空的，没有恢复。要替换现有数据，请加 --force。",
                "The database is not empty, nothing was restored. To replace it, add --force.",
            )
        return put_back(house, path, at=now())


class Running(Trouble):
    """The platform is serving from this database."""

    def __init__(self) -> None:
        super().__init__(
            "闭环正在运行，请先停下它（停后约 40 秒内仍算在运行）。",
            "Bihuan is running: stop it first (for 40 s after a crash it still counts as running).",
        )


def _keys_there() -> None:
    if not keys_file().exists():
        raise Trouble(
            f"没有密钥文件 {keys_file()}。请先放回备份时另存的那一份。",
            f"There is no key file {keys_file()}. First put back the copy kept apart.",
        )


def _agreed() -> bool:
    if not sys.stdin.isatty():
        return False
    answer = input("现有数据将全部被替换，确定吗？输入 yes 继续。 Replace everything? yes: ")
    return answer.strip() == "yes"


def database_only(house: House, path: Path) -> None:
    """Put the database back as the backup has it, without migrating; for a failed upgrade."""
    with archive.checked(path) as (tar, _manifest):
        archive.unpack_database(tar, url=house.owner_url)
    schema.grant(house)


def put_back(house: House, path: Path, *, at: datetime) -> int:
    """Restore `path` into this house, migrate, grant, verify; gives verify's exit code."""
    with archive.checked(path) as (tar, manifest):
        if manifest["keys"] != archive.keys_digest():
            raise Trouble(
                "这份备份用的是另一套密钥，没有恢复。请先放回当时的密钥文件。",
                "This backup was made under other keys, nothing was restored. "
                "Put back the key file of that time first.",
            )
        archive.unpack_database(tar, url=house.owner_url)
        count = archive.unpack_files(tar, data_folder() / "files")
    say(f"已恢复，附件 {count} 个。 Restored.")
    load_django()
    if not schema.bring_up(house):
        schema.grant(house)
    return verify.check(house, at=at, against=manifest["seal"] or None)
