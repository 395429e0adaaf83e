"""What the import commands share: their arguments, and how an outcome is told."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from bihuan.base.trouble import Trouble
from bihuan.cli.house import say

if TYPE_CHECKING:
    from bihuan.places.imports import ImportResult

SHOWN = 100


def arguments(parser: argparse.ArgumentParser, *, datum: bool = True) -> None:
    """Take the file, its datum, and whether this is a rehearsal."""
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument(
        "--dry-run", action="store_true", help="只检查，不写入 check only, write nothing"
    )
    if datum:
        parser.add_argument(
            "--datum",
            choices=("wgs84", "gcj02", "bd09"),
            required=True,
            help="文件用的坐标系 coordinate system of the file",
        )


def data(args: argparse.Namespace) -> bytes:
    """Read the whole file."""
    path: Path = args.file
    if not path.is_file():
        raise Trouble(f"找不到文件 {path}。", f"There is no file {path}.")
    return path.read_bytes()


def tell(result: ImportResult) -> int:
    """Print the errors row by row, or what was done; gives the exit code."""
    for error in result.errors[:SHOWN]:
        print(f"{error.number}\t{error.key}\t{error.words}")
    if result.errors:
        n = len(result.errors)
        say(f"{result.rows} 行，{n} 处错误，没有导入。 {n} errors, nothing was imported.")
        return 1
    done = "已导入 imported" if result.written else "检查通过，没有写入 checked, not written"
    counts = f"新增 {result.added}，更新 {result.changed}，停用 {result.retired}"
    say(f"{result.rows} 行：{counts}。{done}")
    return 0
