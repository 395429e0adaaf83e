"""The test bed: one throw-away PostgreSQL a run, keys of its own, a fixed cast, no way out.

The first process of a run (never an xdist worker) starts the server; every process then clones
its database from one that was migrated once. Tests use the application's role, as the county
does; only emptying tables after a `transaction=True` test is done by the owner's. With
DATABASE_URL set, that server is used (BIHUAN_OWNER_URL: a role that may create databases).
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

TEMPLATE = "bihuan_template"
APPEND_ONLY_ALL = "append_only_all"  # the triggers that refuse TRUNCATE
LOCAL = ("127.0.0.1", "::1", "localhost")
MONDAY_9AM = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)  # 09:00 in Shanghai, a working day

_run: dict[str, Any] = {}


# ---- the run: database server, keys ------------------------------------------------------------


def pytest_configure(config: pytest.Config) -> None:
    """Make the run's folder, keys and database server before Django reads its settings."""
    if config.getoption("help", False) or config.getoption("version", 0):
        return
    if "PYTEST_XDIST_WORKER" not in os.environ:
        _begin_run()
    os.environ["DJANGO_SETTINGS_MODULE"] = "bihuan.settings"
    from django.conf import settings

    settings.DATABASES  # noqa: B018  # read them now: a wrong setting ends the run here


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the server and remove what the run has made, also after a crash of the run."""
    server = _run.pop("server", None)
    if server is not None:
        server.stop()
    folder = _run.pop("folder", None)
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)


def _begin_run() -> None:
    folder = Path(tempfile.mkdtemp(prefix="bihuan-run-", dir="/tmp"))
    _run["folder"] = folder
    os.environ["BIHUAN_TEST_RUN"] = str(folder)
    os.environ["BIHUAN_DATA"] = str(folder / "data")
    (folder / "data").mkdir(mode=0o700)
    for name in [n for n in os.environ if n.startswith("BIHUAN_") and n not in KEPT]:
        del os.environ[name]
    if "DATABASE_URL" in os.environ:
        os.environ.setdefault("BIHUAN_OWNER_URL", os.environ["DATABASE_URL"])
    else:
        from bihuan.base.embedded import temporary

        _run["server"] = temporary()
        urls = _run["server"].start()
        os.environ["DATABASE_URL"] = urls.app
        os.environ["BIHUAN_OWNER_URL"] = urls.owner


# what a developer may set for a run; every other BIHUAN_ setting would make runs differ
KEPT = ("BIHUAN_TEST_RUN", "BIHUAN_DATA", "BIHUAN_OWNER_URL", "BIHUAN_CHROMIUM")


@contextlib.contextmanager
def _owner(database: str) -> Iterator[psycopg.Connection[Any]]:
    """Connect as the owner to one database of the run's server."""
    parts = urlsplit(os.environ["BIHUAN_OWNER_URL"])
    url = parts._replace(path=f"/{database}").geturl()
    with psycopg.connect(url, autocommit=True) as link:
        yield link


# ---- databases ---------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def django_db_setup(
    request: pytest.FixtureRequest, django_test_environment: None, django_db_blocker: Any
) -> Iterator[None]:
    """Clone this process's database from the run's template, which the first one migrates."""
    from django.db import connections

    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    run = Path(os.environ["BIHUAN_TEST_RUN"])
    name = f"bihuan_test_{run.name.rsplit('-', 1)[-1].lower()}_{worker}"
    template = f"{TEMPLATE}_{run.name.rsplit('-', 1)[-1].lower()}"
    default = connections["default"]
    with django_db_blocker.unblock():
        default.close()
        with (run / "template.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (run / "template.ready").exists():
                _create(template)
                _migrate(default, template)
                _open_to_tests(template)
                (run / "template.ready").touch()
            _create(name, template=template)
        default.settings_dict["NAME"] = name
        _flush_as_owner(default, name)
    yield
    with django_db_blocker.unblock():
        connections.close_all()
        with _owner("postgres") as link:
            link.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )


def _create(name: str, template: str = "template1") -> None:
    with _owner("postgres") as link:
        link.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )


def _migrate(default: BaseDatabaseWrapper, name: str) -> None:
    """Run the migrations as the owner, as `bihuan migrate` does."""
    from django.core.management import call_command

    served = dict(default.settings_dict)
    owner = urlsplit(os.environ["BIHUAN_OWNER_URL"])
    default.settings_dict.update(
        NAME=name, USER=owner.username or "", PASSWORD=owner.password or ""
    )
    try:
        call_command("migrate", verbosity=0, interactive=False)
    finally:
        default.close()
        default.settings_dict.update(served)


def _open_to_tests(name: str) -> None:
    """Give the application its rights, and let tests empty the append-only tables (owner only)."""
    app = urlsplit(os.environ["DATABASE_URL"]).username or ""
    owner = urlsplit(os.environ["BIHUAN_OWNER_URL"]).username or ""
    with _owner(name) as link:
        if app != owner:
            _grant(link, app)
        found = link.execute(
            "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = %s", [APPEND_ONLY_ALL]
        ).fetchall()
        for (table,) in found:
            link.execute(
                sql.SQL("ALTER TABLE {} DISABLE TRIGGER {}").format(
                    sql.SQL(table), sql.Identifier(APPEND_ONLY_ALL)
                )
            )


def _grant(link: psycopg.Connection[Any], app: str) -> None:
    role = sql.Identifier(app)
    link.execute(
        sql.SQL("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {}").format(
            role
        )
    )
    link.execute(
        sql.SQL("GRANT USAGE, SELECT, UPDATE ON ALL SEQUENCES IN SCHEMA public TO {}").format(role)
    )
    guarded = link.execute(
        "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = %s", [APPEND_ONLY_ALL]
    ).fetchall()
    for (table,) in guarded:
        link.execute(
            sql.SQL("REVOKE UPDATE, DELETE, TRUNCATE ON {} FROM {}").format(sql.SQL(table), role)
        )


def _flush_as_owner(default: BaseDatabaseWrapper, name: str) -> None:
    """Let the owner empty the tables after a transaction=True test; the application may not."""

    def execute_sql_flush(sql_list: list[str]) -> None:
        with _owner(name) as link:
            link.execute("SET lock_timeout = '20s'")
            for line in sql_list:
                link.execute(line.encode())
            for table in ("procrastinate_jobs",):  # a table without a Django model of ours
                if link.execute("SELECT to_regclass(%s)", [table]).fetchone() != (None,):
                    link.execute(sql.SQL("TRUNCATE {} CASCADE").format(sql.Identifier(table)))

    default.ops.execute_sql_flush = execute_sql_flush  # type: ignore[method-assign]


# ---- nothing goes out ---------------------------------------------------------------------------


@pytest.fixture(scope="session", autouse=True)
def nothing_goes_out() -> Iterator[None]:
    """Refuse every connection that leaves this machine: a test must not need or touch others."""
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    def check(sock: socket.socket, address: Any) -> None:
        if sock.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in LOCAL:
            raise PermissionError(f"a test tried to reach {address[0]}:{address[1]}")

    def guarded(sock: socket.socket, address: Any) -> None:
        check(sock, address)
        connect(sock, address)

    def guarded_ex(sock: socket.socket, address: Any) -> int:
        check(sock, address)
        return connect_ex(sock, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded)
        patch.setattr(socket.socket, "connect_ex", guarded_ex)
        yield


# ---- a clean desk before every test --------------------------------------------------------------


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """Drop in-process copies of tables, so that no test sees another's rows."""
    try:
        from bihuan.base.cached import forget_all
    except ImportError:
        yield
        return
    forget_all()
    yield
    forget_all()


@pytest.fixture
def at() -> datetime:
    """Give the fixed moment of the tests: Monday 23 November 2026, 09:00 in Shanghai."""
    return MONDAY_9AM
