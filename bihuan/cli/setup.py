"""bihuan setup: found a county of one's own, empty, with its first administrator."""

from __future__ import annotations

import argparse
import getpass
import sys

from bihuan.base.clock import now
from bihuan.base.trouble import Trouble
from bihuan.cli import reference, schema, static
from bihuan.cli.house import opened, say

ZH = "建立本县自己的空库和第一位系统管理员（没有默认密码，也没有演示数据）。"
EN = "Found your own empty county and its first administrator: no default password, no demo data."


def arguments(parser: argparse.ArgumentParser) -> None:
    """Take the county and the administrator; the password is asked for, or read from stdin."""
    parser.add_argument("--county", metavar="NAME", help="县名 the county's name")
    parser.add_argument("--code", metavar="371581", help="区划代码，6 位 its division code")
    parser.add_argument("--username", help="管理员用户名 the administrator's user name")
    parser.add_argument("--name", help="管理员姓名 the administrator's name")
    parser.add_argument(
        "--password-stdin",
        action="store_true",
        help="从标准输入读密码（一行） read the password from standard input, one line",
    )


def run(args: argparse.Namespace) -> int:
    """Make tables, reference data, the county's unit and the account."""
    with opened("owner", new_keys=True) as house:
        schema.bring_up(house)
        from bihuan.base.installation import kind
        from bihuan.cli import actions

        if kind():
            raise actions.FoundedBefore(kind())
        reference.load_all(at=now())
        asked = {
            "county": args.county or _ask("县（市、区）名称 county: "),
            "code": args.code or _ask("区划代码 division code (371581): "),
            "username": args.username or _ask("管理员用户名 user name: "),
            "name": args.name or _ask("管理员姓名 name: "),
        }
        actions.found_county(**asked, password=_password(args.password_stdin), at=now())
        static.collect()
    say("已建好。现在可以启动：bihuan run  Done. Start it with: bihuan run")
    return 0


def _ask(words: str) -> str:
    if not sys.stdin.isatty():
        raise Trouble(f"缺少参数：{words}", f"Missing: {words}")
    return input(words).strip()


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise Trouble(
            "没有终端可以输入密码，请用 --password-stdin。",
            "There is no terminal to ask for the password: use --password-stdin.",
        )
    first = getpass.getpass("密码（至少 10 位） password (10 characters up): ")
    if first != getpass.getpass("再输一遍 again: "):
        raise Trouble("两次输入的密码不一样，没有建立。", "The two differ: nothing was made.")
    return first
