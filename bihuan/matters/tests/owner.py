"""Work as the owner of the database, who may switch triggers off: what tampering looks like."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote, urlsplit

import psycopg
from django.db import connection


def address(of: str = "BIHUAN_OWNER_URL") -> str:
    """Return the owner's address (or DATABASE_URL, the application's) of this test's database."""
    name = quote(str(connection.settings_dict["NAME"]))
    return urlsplit(os.environ[of])._replace(path=f"/{name}").geturl()


def owner_connection() -> psycopg.Connection[Any]:
    """Connect as the owner to the database of this test process."""
    return psycopg.connect(address(), autocommit=True)


GUARDED = ("matter", "entry", "seal", "leaf", "clockmark")


@contextmanager
def undone(db: psycopg.Connection[Any]) -> Iterator[None]:
    """Do something with the guarding triggers off, in a transaction that is taken back.

    Foreign keys are asked at the end of a transaction, so they never object either.
    """
    with db.transaction(force_rollback=True):
        for table in GUARDED:
            db.execute(f"ALTER TABLE matters_{table} DISABLE TRIGGER USER")
        yield
