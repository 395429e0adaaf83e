"""Open the house for a command: keys, database server, Django, under the role it needs.

Everything is checked before Django reads its settings, so that each fault is one sentence.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

import psycopg

from bihuan.base import keyfile
from bihuan.base.embedded import Embedded
from bihuan.base.environment import data_folder, keys_file, value
from bihuan.base.trouble import Trouble
from bihuan.cli import queries

OLDEST_POSTGRES = 150000
Role = Literal["owner", "app"]


@dataclass(frozen=True)
class House:
    """An opened house: both database addresses, and the server if it is the embedded one."""

    app_url: str
    owner_url: str
    server: Embedded | None

    @property
    def app_role(self) -> str:
        """The application's role, or "" when the owner serves too (nothing to grant then)."""
        app, owner = urlsplit(self.app_url).username, urlsplit(self.owner_url).username
        return "" if app == owner else app or ""

    @contextlib.contextmanager
    def owner(self) -> Iterator[psycopg.Connection[Any]]:
        """Connect plainly as the owner; commits at the end."""
        with psycopg.connect(self.owner_url, connect_timeout=5) as link:
            yield link


def say(line: str) -> None:
    """Tell the person at the terminal how far we are."""
    print(line, file=sys.stderr, flush=True)


@contextlib.contextmanager
def opened(
    role: Role = "app", *, attach: bool = True, new_keys: bool = False, django: bool = True
) -> Iterator[House]:
    """Open the house; at the end the embedded server stops if we started it.

    attach: use the server of a running `bihuan run` (else AlreadyRunning). new_keys: make the key
    file when there is none and the database is empty. django: load Django too.
    """
    with _addresses(attach=attach) as house:
        with house.owner() as link:
            _good_server(link)
            _keys(link, new_keys=new_keys)
        before = os.environ.get("DATABASE_URL", "")
        os.environ["DATABASE_URL"] = house.owner_url if role == "owner" else house.app_url
        try:
            if django:
                load_django()
            yield house
        finally:
            os.environ["DATABASE_URL"] = before
            if django:
                from django.db import connections

                connections.close_all()


@contextlib.contextmanager
def _addresses(*, attach: bool) -> Iterator[House]:
    app_url = value("DATABASE_URL")
    owner_url = value("BIHUAN_OWNER_URL") or app_url
    if app_url:
        yield House(app_url=app_url, owner_url=owner_url, server=None)
        return
    if owner_url:
        raise Trouble(
            "设了 BIHUAN_OWNER_URL，却没有设 DATABASE_URL，请两个都设或都不设。",
            "BIHUAN_OWNER_URL is set but DATABASE_URL is not: set both or none.",
        )
    server = Embedded(data_folder() / "pg", attach=attach, say=say)
    with server as urls:
        yield House(app_url=urls.app, owner_url=urls.owner, server=server)


def _good_server(link: psycopg.Connection[Any]) -> None:
    if link.info.server_version < OLDEST_POSTGRES:
        have = link.info.server_version // 10000
        raise Trouble(
            f"数据库是 PostgreSQL {have}，需要 15 以上。",
            f"The database is PostgreSQL {have}; 15 or newer is needed.",
        )
    if not queries.durable(link):
        raise Trouble(
            "数据库关掉了 fsync 或 synchronous_commit，断电会丢已答复的数据，请打开后再启动。",
            "The database has fsync or synchronous_commit off: a power cut would lose what was "
            "acknowledged. Turn them on and start again.",
        )


def _keys(link: psycopg.Connection[Any], *, new_keys: bool) -> None:
    path = keys_file()
    if path.exists():
        keyfile.read(path)
        return
    if queries.applied(link):
        raise Trouble(
            f"数据库里已有数据，密钥文件 {path} 却不见了。"
            "请从另存的副本中找回；新密钥读不出旧数据。",
            f"The database holds data but the key file {path} is missing. Bring it back from "
            "your copy; new keys could not read the old data.",
        )
    if new_keys:
        path.parent.mkdir(parents=True, exist_ok=True)
        keyfile.create(path)
        say(f"已生成密钥文件 {path}，请另存一份。 Key file made: keep a copy apart.")


def load_django() -> None:
    """Load Django with the settings of this house."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "bihuan.settings"
    import django

    django.setup()
