"""bihuan token: make or revoke a token with which a program acts for a person."""

from __future__ import annotations

import argparse
from datetime import date

from bihuan.base.clock import now
from bihuan.base.trouble import Trouble
from bihuan.cli.house import opened, say

ZH = "发放或收回接口令牌：程序凭它代表一个账户办事。"
EN = "Make or revoke an API token: with it a program acts as one person."


def arguments(parser: argparse.ArgumentParser) -> None:
    """Take what to do, for whom or with which token."""
    todo = parser.add_subparsers(dest="todo", required=True, metavar="create | list | revoke")
    create = todo.add_parser("create", help="发放 make one")
    create.add_argument("username", help="用户名 user name")
    create.add_argument("--name", required=True, help="用途 what it is for")
    create.add_argument(
        "--expires", type=date.fromisoformat, metavar="YYYY-MM-DD", help="到期日 last day + 1"
    )
    shown = todo.add_parser("list", help="列出 list those of a person")
    shown.add_argument("username", help="用户名 user name")
    revoke = todo.add_parser("revoke", help="收回 revoke one")
    revoke.add_argument("token", type=int, help="令牌编号 the token's number, from list")


def run(args: argparse.Namespace) -> int:
    """Do it as the system; the administration log keeps a line."""
    with opened("app"):
        if args.todo == "revoke":
            _revoke(args.token)
        else:
            _of_person(args)
    return 0


def _of_person(args: argparse.Namespace) -> None:
    from bihuan.accounts.actions.log import Refused
    from bihuan.accounts.actions.tokens import create_token
    from bihuan.accounts.actor import SYSTEM
    from bihuan.accounts.models import Person

    try:
        person = Person.objects.get_by_natural_key(args.username)
    except Person.DoesNotExist:
        raise Trouble(f"没有用户 {args.username}。", f"There is no user {args.username}.") from None
    if args.todo == "list":
        for token in person.tokens.order_by("pk"):
            until = "revoked" if token.revoked_at else token.expires_on or "-"
            print(f"{token.pk}\t{token.name}\t{until}\t{token.last_used_on or '-'}")
        return
    try:
        _token, word = create_token(
            person=person, name=args.name, expires_on=args.expires, by=SYSTEM, at=now()
        )
    except Refused as why:
        raise Trouble(f"没有发放：{why}", f"Nothing was made: {why}") from why
    say("令牌只显示这一次，请保存好。 This is shown once: keep it safe.")
    print(word)


def _revoke(number: int) -> None:
    from bihuan.accounts.actions.tokens import revoke_token
    from bihuan.accounts.actor import SYSTEM
    from bihuan.accounts.models import ApiToken

    try:
        token = ApiToken.objects.get(pk=number)
    except ApiToken.DoesNotExist:
        raise Trouble(f"没有令牌 {number}。", f"There is no token {number}.") from None
    revoke_token(token=token, by=SYSTEM, at=now())
    say("已收回。 Revoked.")
