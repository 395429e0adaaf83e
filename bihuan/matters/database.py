"""The psycopg connection under Django's: for streams, COPY and prepared text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import psycopg
from django.db import connection

if TYPE_CHECKING:
    from django.db.backends.postgresql.base import DatabaseWrapper


def connected() -> psycopg.Connection[Any]:
    """Return this thread's connection, made when there is none; Django's transaction is its own."""
    django = cast("DatabaseWrapper", connection)
    django.ensure_connection()
    return cast("psycopg.Connection[Any]", django.connection)
