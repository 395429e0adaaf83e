"""Say how we are: /health for machines, and an honest 503 page while the database is gone.

This file speaks SQL, as part of the frame: two statements that need no table of ours.
"""

from __future__ import annotations

import logging
import os
import shutil
import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import psycopg
from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse, HttpResponseServerError, JsonResponse
from django.template.loader import render_to_string
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

GONE = (OperationalError, InterfaceError, psycopg.OperationalError, psycopg.InterfaceError)
BEAT_SECONDS = 40  # the job worker beats every 10 s; silent for four beats = not running
FREE_BYTES = 200 * 1024 * 1024  # below this an attachment or the database soon fails
RETRY_SECONDS = 10
BEAT = "SELECT extract(epoch FROM now() - max(last_heartbeat))::float FROM procrastinate_workers"


@require_safe
@never_cache
def health(request: HttpRequest) -> JsonResponse:
    """Answer 200 when database, jobs and storage work, else 503; the body says which does not."""
    parts = {"database": _database(), "jobs": _jobs(), "storage": _storage()}
    good = all(part["ok"] for part in parts.values())
    body = {"ok": good, "version": _version(), **parts}
    return JsonResponse(body, status=200 if good else 503)


def _database() -> dict[str, Any]:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_is_in_recovery()")
            (standby,) = cursor.fetchone()
    except GONE:
        drop_dead_connections()
        return {"ok": False}
    return {"ok": not standby}


def _jobs() -> dict[str, Any]:
    try:
        with connection.cursor() as cursor:
            cursor.execute(BEAT)
            (age,) = cursor.fetchone()
    except DatabaseError:
        return {"ok": False, "beat_seconds_ago": None}
    beat = None if age is None else round(age, 1)
    return {"ok": beat is not None and beat <= BEAT_SECONDS, "beat_seconds_ago": beat}


def _storage() -> dict[str, Any]:
    folder = settings.MEDIA_ROOT
    try:
        free = shutil.disk_usage(folder).free
    except OSError:
        return {"ok": False, "free_mb": None}
    return {
        "ok": os.access(folder, os.W_OK) and free >= FREE_BYTES,
        "free_mb": free // (1024 * 1024),
    }


def _version() -> str:
    try:
        return version("bihuan")
    except PackageNotFoundError:  # run from a clone without an install
        return "dev"


def drop_dead_connections() -> None:
    """Let the pool try its idle connections and replace the dead, after the database was gone."""
    pool = getattr(connection, "pool", None)
    if pool is not None:
        connection.close()
        pool.check()


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer an error nobody caught (handler500): 503 when the database is gone, else 500."""
    gone = isinstance(sys.exc_info()[1], GONE)
    if gone:
        drop_dead_connections()
    status = 503 if gone else 500
    if request.path.startswith("/api/"):
        response: HttpResponse = JsonResponse(
            {"type": "about:blank", "status": status, "title": TITLES[status]},
            status=status,
            content_type="application/problem+json",
            json_dumps_params={"ensure_ascii": False},
        )
    else:
        response = HttpResponseServerError(render_to_string(f"{status}.html"), status=status)
    if gone:
        response["Retry-After"] = str(RETRY_SECONDS)
    response["Cache-Control"] = "no-store"
    return response


# Both languages at once: which one the reader chose may itself stand in the database.
TITLES = {
    500: "服务器出错了，没有保存。 The server failed; nothing was saved.",
    503: "暂时连不上数据库，没有保存，请稍后再试。 "
    "The database cannot be reached, nothing was saved; please try again shortly.",
}


class ShortenDatabaseGone(logging.Filter):
    """Log a database that is gone as one line: a traceback a request would hide the cause."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep every record; cut the traceback of those that tell of a lost database."""
        why = record.exc_info[1] if record.exc_info else None
        while why is not None and not isinstance(why, GONE):
            why = why.__cause__
        if why is not None:
            first = str(why).strip().splitlines()[:1]
            record.msg = f"{record.getMessage()}: database: {' '.join(first)}"
            record.args = ()
            record.exc_info = None
            record.exc_text = None
        return True
