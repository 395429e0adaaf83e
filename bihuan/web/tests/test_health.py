from __future__ import annotations

import json
import logging
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import path

from bihuan.web import health
from bihuan.web.urls import handler500 as handler500


def _gone(request: HttpRequest) -> HttpResponse:
    raise OperationalError("connection to server failed")


def _busy(request: HttpRequest) -> HttpResponse:
    raise psycopg.errors.LockNotAvailable("canceling statement due to lock timeout")


def _wrong(request: HttpRequest) -> HttpResponse:
    raise ValueError("phone 13800000000")


urlpatterns = [
    path("gone", _gone),
    path("busy", _busy),
    path("wrong", _wrong),
    path("api/v1/gone", _gone),
    path("api/v1/wrong", _wrong),
]


@pytest.fixture
def visitor(settings: Any) -> Client:
    settings.ROOT_URLCONF = __name__
    return Client(raise_request_exception=False)


@pytest.mark.parametrize("page", ["/gone", "/busy"])
def test_a_page_without_its_database_says_so_and_when_to_come_again(
    visitor: Client, page: str
) -> None:
    answer = visitor.get(page)
    assert answer.status_code == 503
    assert answer["Retry-After"] == "10"
    assert answer["Cache-Control"] == "no-store"
    assert b"Traceback" not in answer.content and b"connection to server" not in answer.content


def test_another_fault_is_a_500_without_its_words(visitor: Client) -> None:
    answer = visitor.get("/wrong")
    assert answer.status_code == 500
    assert "Retry-After" not in answer
    assert b"13800000000" not in answer.content


@pytest.mark.parametrize(("page", "status"), [("/api/v1/gone", 503), ("/api/v1/wrong", 500)])
def test_the_interface_answers_with_a_problem_in_both_languages(
    visitor: Client, page: str, status: int
) -> None:
    answer = visitor.get(page)
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    said = json.loads(answer.content)
    assert said["status"] == status
    assert "没有保存" in said["title"] and "nothing was saved" in said["title"]


@pytest.mark.django_db
def test_health_is_503_while_no_worker_beats_and_names_the_part(
    client: Client, settings: Any, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path
    answer = client.get("/health")
    said = answer.json()
    assert (answer.status_code, said["ok"]) == (503, False)
    assert said["database"]["ok"] and said["storage"]["ok"]
    assert said["jobs"] == {"ok": False, "beat_seconds_ago": None}


@pytest.mark.django_db
@pytest.mark.parametrize(("seconds", "status"), [(5, 200), (39, 200), (41, 503), (3600, 503)])
def test_health_follows_the_workers_heart(
    client: Client, settings: Any, tmp_path: Path, seconds: int, status: int
) -> None:
    settings.MEDIA_ROOT = tmp_path
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat)"
            " VALUES (now() - make_interval(secs => %s))",
            [seconds],
        )
    answer = client.get("/health")
    assert answer.status_code == status
    assert answer.json()["jobs"]["beat_seconds_ago"] == pytest.approx(seconds, abs=1)


@pytest.mark.django_db
def test_health_is_503_when_attachments_cannot_be_stored(
    client: Client, settings: Any, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path / "gone"
    assert client.get("/health").json()["storage"] == {"ok": False, "free_mb": None}


def test_health_says_a_lost_database_instead_of_failing(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_cursor() -> None:
        raise OperationalError("server closed the connection")

    monkeypatch.setattr(connection, "cursor", no_cursor)
    answer = health.health(RequestFactory().get("/health"))
    assert answer.status_code == 503
    assert json.loads(answer.content)["database"] == {"ok": False}


def _record(error: BaseException) -> logging.LogRecord:
    try:
        raise error
    except type(error):
        return logging.LogRecord("x", logging.ERROR, "f", 1, "page %s", ("/a",), sys.exc_info())


def test_a_lost_database_is_one_line_in_the_log_and_other_faults_keep_their_traceback() -> None:
    shorten = health.ShortenDatabaseGone().filter
    wrapped = RuntimeError("queue")
    wrapped.__cause__ = psycopg.OperationalError("server closed\nthe connection")
    for error in (OperationalError("server closed\nthe connection"), wrapped):
        lost = _record(error)
        assert shorten(lost) and lost.exc_info is None
        assert lost.getMessage() == "page /a: database: server closed"
    other = _record(ValueError("x"))
    assert shorten(other) and other.exc_info is not None
