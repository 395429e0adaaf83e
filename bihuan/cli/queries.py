"""What the commands ask the database itself, over a plain connection, before Django is loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

SQL = Path(__file__).with_name("sql")


def applied(link: psycopg.Connection[Any]) -> set[tuple[str, str]]:
    """Read which migrations were applied; empty for a new database."""
    if link.execute("SELECT to_regclass('public.django_migrations')").fetchone() == (None,):
        return set()
    rows = link.execute("SELECT app, name FROM django_migrations").fetchall()
    return {(app, name) for app, name in rows}


def count_tables(link: psycopg.Connection[Any]) -> int:
    """Count the tables in schema public: none = an empty database."""
    row = link.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
    assert row is not None
    return int(row[0])


def people(link: psycopg.Connection[Any]) -> int:
    """Count the people who may sign in."""
    if link.execute("SELECT to_regclass('public.accounts_person')").fetchone() == (None,):
        return 0
    row = link.execute("SELECT count(*) FROM accounts_person").fetchone()
    assert row is not None
    return int(row[0])


def matters(link: psycopg.Connection[Any]) -> bool:
    """Say whether there is any matter."""
    row = link.execute("SELECT EXISTS (SELECT FROM matters_matter)").fetchone()
    return bool(row and row[0])


def workers_alive(link: psycopg.Connection[Any]) -> int:
    """Count job workers whose heart beat in the last 40 seconds: a Bihuan is running here."""
    if link.execute("SELECT to_regclass('public.procrastinate_workers')").fetchone() == (None,):
        return 0
    row = link.execute(
        "SELECT count(*) FROM procrastinate_workers"
        " WHERE last_heartbeat > now() - interval '40 seconds'"
    ).fetchone()
    assert row is not None
    return int(row[0])


def durable(link: psycopg.Connection[Any]) -> bool:
    """Say whether an answered write survives a power cut on this server."""
    row = link.execute(
        "SELECT current_setting('fsync'), current_setting('synchronous_commit')"
    ).fetchone()
    assert row is not None
    return bool(row[0] == "on" and row[1] != "off")


def last_seal(link: psycopg.Connection[Any]) -> str:
    """Give the last seal as "id:hash" for `verify --against`, or "" when there is none."""
    if link.execute("SELECT to_regclass('public.matters_seal')").fetchone() == (None,):
        return ""
    row = link.execute(
        "SELECT id || ':' || encode(hash, 'hex') FROM matters_seal ORDER BY id DESC LIMIT 1"
    ).fetchone()
    return str(row[0]) if row else ""


def grant(link: psycopg.Connection[Any], app: str) -> None:
    """Give the application's role its rights, and take away those on history (sql/grants.sql)."""
    text = (SQL / "grants.sql").read_text("utf8")
    link.execute(sql.SQL(text).format(app=sql.Literal(app)))
