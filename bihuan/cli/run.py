"""bihuan run: the whole platform in one command, and its clean end."""

from __future__ import annotations

import argparse
import errno
import http.client
import logging
import os
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg

from bihuan.base.clock import now
from bihuan.base.environment import value
from bihuan.base.trouble import Trouble
from bihuan.cli import demo, queries, reference, schema, static
from bihuan.cli.house import House, opened, say
from bihuan.cli.supervise import Child, Stop, keep

ZH = "启动整个平台：数据库、网页、后台任务。第一次会建库并放入演示数据。Ctrl-C 停止。"
EN = "Start everything: database, web, jobs. The first time makes a demo. Ctrl-C stops it."

log = logging.getLogger(__name__)

REQUESTS_WAITING_PER_THREAD = 16  # more than this wait in the socket's queue
DATABASE_AGAIN_SECONDS = 2
SLOW_START_SECONDS = 30


def arguments(parser: argparse.ArgumentParser) -> None:
    """Take none: everything is a setting (bihuan settings)."""


def run(args: argparse.Namespace) -> int:
    """Prepare, serve until asked to stop, stop all in order."""
    host, port = value("BIHUAN_HOST"), value("PORT")
    _port_free(host, port)
    stop = Stop()
    begun = time.monotonic()
    with opened("owner", attach=False, new_keys=True) as house:
        is_demo = _prepare(house)
        stop.listen()
        watch = _Watch(house, host, port, lambda: _welcome(host, port, is_demo, begun))
        keep([_web(house, host, port), _worker(house)], stop=stop, tick=watch)
        say("正在停止…… Stopping …")
    say("已停止。 Stopped.")
    return 0


def _prepare(house: House) -> bool:
    """Bring tables, reference data, static files up; says whether this is a demo."""
    from django.conf import settings
    from django.db import connections

    from bihuan.base.installation import DEMO, kind

    changed = schema.bring_up(house)
    with house.owner() as link:
        # a demo without a matter was cut short the first time
        empty = not (queries.people(link) and queries.matters(link))
    if empty and kind() in ("", DEMO):
        demo.fill(house)
    elif changed:
        reference.load_all(at=now())
    Path(settings.MEDIA_ROOT).mkdir(mode=0o700, parents=True, exist_ok=True)
    static.collect()
    is_demo = kind() == DEMO
    connections.close_all()
    return is_demo


def _port_free(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except socket.gaierror as why:
            raise Trouble(
                f"设置 BIHUAN_HOST={host} 不是本机的地址。",
                f"The setting BIHUAN_HOST={host} is not an address of this machine.",
            ) from why
        except OSError as why:
            if why.errno == errno.EADDRINUSE:
                raise Trouble(
                    f"端口 {port} 已被占用，请停下占用它的程序，"
                    f"或换一个：PORT={port + 1} bihuan run",
                    f"Port {port} is taken: stop what uses it, or take another: "
                    f"PORT={port + 1} bihuan run",
                ) from why
            raise Trouble(
                f"不能监听 {host}:{port}({why.strerror}）。请换 BIHUAN_HOST 或 PORT。",
                f"Cannot listen on {host}:{port} ({why.strerror}): change BIHUAN_HOST or PORT.",
            ) from why


def _environment(house: House, process: str) -> dict[str, str]:
    """Give a child the application's role alone, never the owner's."""
    env = os.environ | {"DATABASE_URL": house.app_url, "BIHUAN_PROCESS": process}
    env.pop("BIHUAN_OWNER_URL", None)
    return env


def _web(house: House, host: str, port: int) -> Child:
    threads = value("BIHUAN_THREADS")
    words = [
        *(sys.executable, "-m", "granian", "--interface", "wsgi"),
        *("--host", host, "--port", str(port)),
        *("--workers", str(value("BIHUAN_WORKERS")), "--blocking-threads", str(threads)),
        *("--backpressure", str(threads * REQUESTS_WAITING_PER_THREAD)),
        *("--respawn-failed-workers", "--workers-kill-timeout", "5"),
        *("--no-ws", "--log-level", "error"),
        "bihuan.web.wsgi:application",
    ]
    return Child("web", words, _environment(house, "web"))


def _worker(house: House) -> Child:
    words = [sys.executable, "-m", "bihuan.cli.worker"]
    return Child("worker", words, _environment(house, "worker"))


class _Watch:
    """Looked at five times a second: is the web up yet, does the embedded database still run?"""

    def __init__(self, house: House, host: str, port: int, welcome: Callable[[], None]) -> None:
        self.house = house
        self.address = ("127.0.0.1" if host in ("0.0.0.0", "::") else host, port)
        self.welcome = welcome
        self.up = False
        self.begun = time.monotonic()
        self.warned = False
        self.database_again_at = 0.0

    def __call__(self) -> None:
        """Do what is to be done now."""
        if not self.up:
            self._look_for_web()
        server = self.house.server
        if server is not None and not server.alive() and time.monotonic() > self.database_again_at:
            log.error("the database ended by itself, starting it again")
            self.database_again_at = time.monotonic() + DATABASE_AGAIN_SECONDS
            try:
                server.revive()
            except (Trouble, OSError, psycopg.Error) as why:
                log.error("%s", str(why).splitlines()[-1])

    def _look_for_web(self) -> None:
        link = http.client.HTTPConnection(*self.address, timeout=2)
        try:
            link.request("GET", "/health", headers={"Host": "localhost"})
            link.getresponse().read()
        except (OSError, http.client.HTTPException):
            if not self.warned and time.monotonic() - self.begun > SLOW_START_SECONDS:
                self.warned = True
                say("网页还没起来，请看上面的日志。 The web is not up yet: see the log above.")
        else:
            self.up = True
            self.welcome()
        finally:
            link.close()


def _welcome(host: str, port: int, is_demo: bool, begun: float) -> None:
    """Print the addresses, and the demo's log-ins."""
    public = value("BIHUAN_PUBLIC_URL") or f"http://{host}:{port}"
    lines = [
        "",
        f"闭环已启动（{time.monotonic() - begun:.1f} 秒） Bihuan is up:",
        f"  居民 residents   {public}/",
        f"  工作台 desk      {public}/desk",
        f"  状态 health      {public}/health",
    ]
    if is_demo:
        lines += ["", "演示账户（只在演示库里） Demo log-ins, one per role:", *_logins()]
        if host not in ("127.0.0.1", "::1", "localhost"):
            lines.append(
                "  注意：演示库的密码人人知道，现在外面也能访问。"
                " Everybody knows these passwords, and this is open to others."
            )
    lines += ["", "Ctrl-C 停止 stops everything."]
    print("\n".join(lines), flush=True)


def _logins() -> list[str]:
    from bihuan.demo.people import DEMO_PASSWORD, LOGINS

    lines = [f"  {login.username:<6} {login.name}  {login.title}" for login in LOGINS]
    return [*lines, f"  密码 password: {DEMO_PASSWORD}"]
