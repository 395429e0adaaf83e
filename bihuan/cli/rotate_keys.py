"""bihuan rotate-keys: encrypt personal data anew under a new field key."""

from __future__ import annotations

import argparse

from bihuan.base import keyfile
from bihuan.base.environment import keys_file
from bihuan.base.trouble import Trouble
from bihuan.cli.house import opened, say

ZH = "换新的字段密钥，并用它重新加密手机号等字段；旧密钥保留以便读旧备份。请先停下平台。"
EN = "New field key: encrypt personal data anew. Old keys stay, to read old backups. Stop it first."


def arguments(parser: argparse.ArgumentParser) -> None:
    """Take whether a rotation cut short is to be finished."""
    parser.add_argument(
        "--go-on",
        action="store_true",
        help="接着上次没做完的，不再加新密钥 finish a rotation cut short, add no new key",
    )


def run(args: argparse.Namespace) -> int:
    """Add a key, make it current, rewrite every encrypted field."""
    from bihuan.cli import queries, restore

    path = keys_file()
    with opened("owner", attach=False, django=False) as house:
        with house.owner() as link:
            if queries.workers_alive(link):
                raise restore.Running
        if not path.exists():
            raise Trouble(f"没有密钥文件 {path}。", f"There is no key file {path}.")
        if not args.go_on:
            name = keyfile.add_field_key(path)
            say(f"新密钥 {name} 已写入 {path}，请另存一份。 New key: keep a copy apart.")
    with opened("owner"):
        from bihuan.base.jobs import left_to_rotate, rotate_all

        count = 0
        for batch in rotate_all():
            count += batch.done
            say(f"{batch.context}: {count}")
        left = left_to_rotate()
    if left:
        raise Trouble(
            f"还有读不出的数据：{left}。旧密钥不能删。",
            f"Some values cannot be read: {left}. Keep the old keys.",
        )
    say(f"已重新加密 {count} 处。 {count} values encrypted anew.")
    return 0
