"""bihuan backup: write database and attachments into one file."""

from __future__ import annotations

import argparse
from datetime import datetime
from pathlib import Path

from bihuan.base.clock import now
from bihuan.base.environment import data_folder, keys_file
from bihuan.base.trouble import Trouble
from bihuan.cli import archive, queries
from bihuan.cli.house import House, opened, say

ZH = "备份数据库和附件到一个文件。密钥不在里面，请另存 keys.toml。"
EN = "Back up database and attachments into one file. Keys are not inside: keep keys.toml apart."


def arguments(parser: argparse.ArgumentParser) -> None:
    """Take the file to write."""
    parser.add_argument("file", type=Path, metavar="FILE", help="新文件 a new file, *.tar")


def run(args: argparse.Namespace) -> int:
    """Write the backup; never over an existing file."""
    path: Path = args.file.absolute()
    if path.exists():
        raise Trouble(f"文件 {path} 已存在，请换一个名字。", f"{path} exists: choose another name.")
    if not path.parent.is_dir():
        raise Trouble(f"文件夹 {path.parent} 不存在。", f"There is no folder {path.parent}.")
    with opened("owner", django=False) as house:
        write(house, path, at=now())
    return 0


def write(house: House, path: Path, *, at: datetime) -> None:
    """Write the backup of this house to `path`."""
    with house.owner() as link:
        done = queries.applied(link)
        if not done:
            raise Trouble(
                "数据库是空的，没有可备份的。", "The database is empty: nothing to back up."
            )
        facts = {
            "server": link.info.server_version,
            "migrations": sorted(f"{app}.{name}" for app, name in done),
            "seal": queries.last_seal(link),
        }
    count = archive.pack(
        path, url=house.owner_url, files=data_folder() / "files", facts=facts, at=at
    )
    size = path.stat().st_size / 1024 / 1024
    say(f"已备份到 {path}（{size:.1f} MB，附件 {count} 个）。 Backed up.")
    say(f"密钥文件 {keys_file()} 请另存他处。 Keep a copy of the key file elsewhere.")
