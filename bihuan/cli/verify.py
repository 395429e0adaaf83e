"""bihuan verify: find the first line of history that somebody touched."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

from bihuan.base.clock import now
from bihuan.base.trouble import Trouble
from bihuan.cli.house import House, opened, say

if TYPE_CHECKING:
    from bihuan.matters.verify import Finding

ZH = "核验全部流水和封存：找出被改动、删除、调换、截断的第一行。"
EN = "Check all history and seals: names the first line altered, deleted, reordered or cut."
SHOWN = 50
SEAL = re.compile(r"\d{1,9}:[0-9a-f]{64}", re.ASCII)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Take a published seal to check against, a resident's receipt, and whether to read files."""
    parser.add_argument(
        "--against",
        metavar="SEAL:HASH",
        help="对照公开页或备份里的封存号 a seal published on the day's page or kept in a backup",
    )
    parser.add_argument(
        "--receipt",
        metavar="FILE",
        help="核对一位居民保存的回执 check the receipt that a resident has kept",
    )
    parser.add_argument(
        "--files",
        action="store_true",
        help="把每个照片文件也重新计算一遍 hash every photo on disk again, too",
    )


def run(args: argparse.Namespace) -> int:
    """Print each finding; 1 when there is one, 2 when what was given cannot be read."""
    if args.against and not SEAL.fullmatch(args.against):
        raise Trouble(
            "封存号的写法是“号:64 位十六进制”，请从公开页原样复制。",
            "A seal is written NUMBER:64 hex digits; copy it from the public page.",
        )
    receipts = read_receipt(Path(args.receipt)) if args.receipt else []
    with opened("app") as house:
        return check(house, against=args.against, receipts=receipts, files=args.files, at=now())


def read_receipt(path: Path) -> list[dict[str, Any]]:
    """Read a receipt as the page gives it (or one line of it). Raises Trouble."""
    try:
        kept = json.loads(path.read_text("utf8"))
        lines = kept.get("lines", [kept])
        for line in lines:
            bytes.fromhex(line["hash"])
            if line["seal"] is not None:
                [bytes.fromhex(other) for _, other in line["path"]]
            str(line["number"]), int(line["seq"])
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as why:
        raise Trouble(
            f"读不出回执 {path}：请用保存时的原文件。",
            f"The receipt {path} cannot be read ({type(why).__name__}): use the file as saved.",
        ) from None
    return list(lines)


def check(
    house: House,
    *,
    at: datetime,
    against: str | None = None,
    receipts: list[dict[str, Any]] | None = None,
    files: bool = False,
) -> int:
    """Verify and say the outcome: 0 all whole, 1 something was touched. Needs Django loaded."""
    say("正在核验…… Verifying …")
    with psycopg.connect(house.owner_url, autocommit=True, connect_timeout=5) as link:
        findings = list(_findings(link, at, against, receipts or [], files))
    for finding in findings[:SHOWN]:
        print(finding)
    if findings:
        say(f"发现 {len(findings)} 处问题。 {len(findings)} found.")
        return 1
    say("全部完整。 All whole.")
    return 0


def _findings(
    link: psycopg.Connection[Any],
    at: datetime,
    against: str | None,
    receipts: list[dict[str, Any]],
    files: bool,
) -> Iterator[Finding | str]:
    from bihuan.matters import seal, verify

    yield from verify.everything(link, at=at, against=against)
    for kept in receipts:
        wrong = seal.check_receipt(link, kept)
        if wrong:
            yield wrong
    if files:
        say("正在核对照片文件…… Hashing the photos …")
        with link.transaction():
            yield from verify.files(link)
