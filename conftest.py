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
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import psycopg
import pytest
from psycopg import sql

from bihuan.base import keyfile
from bihuan.base.embedded import temporary

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

    from bihuan.accounts.models import Person, Unit

TEMPLATE = "bihuan_template"
APPEND_ONLY_ALL = "append_only_all"  # the triggers that refuse TRUNCATE
LOCAL = ("127.0.0.1", "::1", "localhost")
PASSWORD = "Bihuan-2026-test"  # of everybody in the cast
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

    # reads the settings now: a wrong one ends the run here; slow hashes would cost minutes
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the server and remove what the run has made, also after a crash of the run."""
    server = _run.pop("server", None)
    folder = _run.pop("folder", None)
    if server is not None:
        server.stop()
    elif folder is not None and (folder / "template.ready").exists():
        _drop(_name(TEMPLATE))
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)


def _begin_run() -> None:
    folder = Path(tempfile.mkdtemp(prefix="bihuan-run-", dir="/tmp"))
    _run["folder"] = folder
    os.environ["BIHUAN_TEST_RUN"] = str(folder)
    os.environ["BIHUAN_DATA"] = str(folder / "data")
    (folder / "data").mkdir(mode=0o700)
    (folder / "data" / "static").mkdir()
    keyfile.create(folder / "data" / "keys.toml")
    for name in [n for n in os.environ if n.startswith("BIHUAN_") and n not in KEPT]:
        del os.environ[name]
    if "DATABASE_URL" in os.environ:
        if "BIHUAN_OWNER_URL" not in os.environ:
            raise pytest.UsageError(
                "With DATABASE_URL the tests also need BIHUAN_OWNER_URL: a role that may create "
                "databases. Unset both and they start a server of their own."
            )
    else:
        _run["server"] = temporary()
        urls = _run["server"].start()
        os.environ["DATABASE_URL"] = urls.app
        os.environ["BIHUAN_OWNER_URL"] = urls.owner
        os.environ["BIHUAN_TEST_SERVER"] = "ours"


# what a developer may set for a run; every other BIHUAN_ setting would make runs differ
KEPT = ("BIHUAN_TEST_RUN", "BIHUAN_DATA", "BIHUAN_OWNER_URL", "BIHUAN_PG_USER", "BIHUAN_CHROMIUM")


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

    run = Path(os.environ["BIHUAN_TEST_RUN"])
    template = _name(TEMPLATE)
    name = _name(f"bihuan_test_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}")
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
        _flush_as_owner(name)
    yield
    if os.environ.get("BIHUAN_TEST_SERVER"):
        return  # it goes away with all its databases
    with django_db_blocker.unblock():
        connections.close_all()
        _drop(name)


def _name(start: str) -> str:
    """Name a database of this run alone: several runs may share one server."""
    return f"{start}_{Path(os.environ['BIHUAN_TEST_RUN']).name.rsplit('-', 1)[-1].lower()}"


def _drop(name: str) -> None:
    with contextlib.suppress(psycopg.Error), _owner("postgres") as link:
        link.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))


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
        NAME=name, USER=unquote(owner.username or ""), PASSWORD=unquote(owner.password or "")
    )
    try:
        call_command("migrate", verbosity=0, interactive=False)
    finally:
        default.close()
        default.settings_dict.update(served)


def _open_to_tests(name: str) -> None:
    """Give the application its rights as `bihuan migrate` does; let the owner empty every table."""
    from bihuan.cli.queries import grant

    app = urlsplit(os.environ["DATABASE_URL"]).username or ""
    owner = urlsplit(os.environ["BIHUAN_OWNER_URL"]).username or ""
    with _owner(name) as link:
        if app != owner:
            grant(link, app)
        found = link.execute(
            "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = %s", [APPEND_ONLY_ALL]
        ).fetchall()
        for (table,) in found:
            link.execute(
                sql.SQL("ALTER TABLE {} DISABLE TRIGGER {}").format(
                    sql.SQL(table), sql.Identifier(APPEND_ONLY_ALL)
                )
            )


def _flush_as_owner(name: str) -> None:
    """Let the owner empty the tables after a transaction=True test; the application may not.

    Set on the class: while Playwright's loop runs, Django gives this thread other connections.
    """
    from django.db.backends.postgresql.operations import DatabaseOperations

    def execute_sql_flush(_self: DatabaseOperations, sql_list: list[str]) -> None:
        with _owner(name) as link:
            link.execute("SET lock_timeout = '20s'")
            for line in sql_list:
                link.execute(line.encode())
            for table in ("procrastinate_jobs",):  # a table without a Django model of ours
                if link.execute("SELECT to_regclass(%s)", [table]).fetchone() != (None,):
                    link.execute(sql.SQL("TRUNCATE {} CASCADE").format(sql.Identifier(table)))

    DatabaseOperations.execute_sql_flush = execute_sql_flush  # type: ignore[method-assign, assignment]


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
    _forget()
    yield
    _forget()


def _forget() -> None:
    from bihuan.base.cached import forget_all

    forget_all()


@pytest.fixture
def at() -> datetime:
    """Give the fixed moment of the tests: Monday 23 November 2026, 09:00 in Shanghai."""
    return MONDAY_9AM


# ---- the cast, and where they work ---------------------------------------------------------------


@dataclass(frozen=True)
class Units:
    """A small tree: 聊城市 over two counties; 临清市 with two departments, a street and below."""

    city: Unit
    county: Unit  # 临清市
    other_county: Unit  # 冠县
    urban: Unit  # 临清市综合行政执法局
    roads: Unit  # 临清市交通运输局
    street: Unit  # 青年路街道
    community: Unit  # 温泉社区
    team: Unit  # 温泉社区第一网格
    other_street: Unit  # 冠县清泉街道


@pytest.fixture
def units(db: None) -> Units:
    """Make the small tree of units, with the official names and codes."""
    from bihuan.accounts.models import Unit

    def unit(code: str, name: str, kind: str, parent: Unit | None, area: str = "") -> Unit:
        return Unit.objects.create(code=code, name=name, kind=kind, parent=parent, area_code=area)

    city = unit("3715", "聊城市", "city", None, "3715")
    county = unit("371581", "临清市", "county", city, "371581")
    other = unit("371525", "冠县", "county", city, "371525")
    street = unit("371581001", "青年路街道", "street", county, "371581001")
    community = unit("371581001001", "温泉社区", "community", street, "371581001001")
    made = Units(
        city=city,
        county=county,
        other_county=other,
        urban=unit("371581-zf", "综合行政执法局", "department", county),
        roads=unit("371581-jt", "交通运输局", "department", county),
        street=street,
        community=community,
        team=unit("371581001001-01", "温泉社区第一网格", "team", community),
        other_street=unit("371525001", "清泉街道", "street", other, "371525001"),
    )
    _forget()
    return made


def _person(username: str, name: str, *posts: tuple[str, Unit]) -> Person:
    from bihuan.accounts.models import Person, Post

    person = Person(username=username, name=name, created_at=MONDAY_9AM)
    person.set_password(PASSWORD)
    person.save(force_insert=True)
    for role, unit in posts:
        Post.objects.create(person=person, unit=unit, role=role, from_on=date(2020, 1, 1))
    return person


@pytest.fixture
def zhang(units: Units) -> Person:
    """Give 张桂芳, a resident: an account, no post."""
    return _person("zhang", "张桂芳")


@pytest.fixture
def li(units: Units) -> Person:
    """Give 李建国, the worker (网格员) of 温泉社区第一网格."""
    return _person("li", "李建国", ("worker", units.team))


@pytest.fixture
def wang(units: Units) -> Person:
    """Give 王敏, the clerk (受理派遣员) of 临清市."""
    return _person("wang", "王敏", ("clerk", units.county))


@pytest.fixture
def zhao(units: Units) -> Person:
    """Give 赵磊, clerk and supervisor of 冠县: in 临清市 he may not."""
    return _person(
        "zhao", "赵磊", ("clerk", units.other_county), ("supervisor", units.other_county)
    )


@pytest.fixture
def staff(units: Units, li: Person, wang: Person) -> dict[str, Person]:
    """Give one person of 临清市 a role, by the role's word; li and wang among them."""
    return {
        "worker": li,
        "cell_head": _person("liu", "刘芳", ("cell_head", units.community)),
        "clerk": wang,
        "handler": _person("chen", "陈刚", ("handler", units.urban)),
        "unit_head": _person("sun", "孙丽", ("unit_head", units.urban)),
        "supervisor": _person("zhou", "周强", ("supervisor", units.county)),
        "county_admin": _person("wu", "吴涛", ("county_admin", units.county)),
        "auditor": _person("zheng", "郑红", ("auditor", units.county)),
    }
