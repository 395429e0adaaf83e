"""What the demo's loading says to the database itself."""

from __future__ import annotations

from django.db import connection


def wait_for_disk(wait: bool) -> None:
    """Let this connection's commits wait for the disk, or not: invented lines can be made again."""
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit TO on" if wait else "SET synchronous_commit TO off")
