"""The secret of a tracking link never reaches a log."""

from __future__ import annotations

import io
import logging
from typing import Any

from django.conf import settings

from bihuan.base.redact import HideSecrets, without_secrets

LINK = "/t/SP-20261123-000142/abcdefghijklmnopqrstuvwxyz"


def said(message: str, *args: object) -> str:
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.addFilter(HideSecrets())
    record = logging.LogRecord("django.request", 30, "", 1, message, args, None)
    handler.handle(record)
    return out.getvalue()


def test_a_refused_request_is_logged_without_its_secret() -> None:
    line = said("%s: %s", "Unprocessable Entity", f"{LINK}/rate")
    assert "abcdefghij" not in line
    assert "SP-20261123-000142/***/rate" in line


def test_other_lines_are_left_alone() -> None:
    assert said("%s: %s", "Not Found", "/my/tasks/7/finish") == "Not Found: /my/tasks/7/finish\n"
    assert without_secrets("/track") == "/track"


def test_whole_links_lose_their_secret_too() -> None:
    assert without_secrets(f"https://x.example{LINK}?a=1") == (
        "https://x.example/t/SP-20261123-000142/***?a=1"
    )


def test_a_secret_in_the_query_is_hidden_as_well() -> None:
    line = said("%s: %s", "Bad", "/api/v1/matters/SP-20261123-000142?a=1&secret=abcdefghij&b=2")
    assert line == "Bad: /api/v1/matters/SP-20261123-000142?a=1&secret=***&b=2\n"


def test_the_handler_of_the_settings_hides_secrets() -> None:
    handlers: Any = settings.LOGGING["handlers"]
    assert "secrets" in handlers["screen"]["filters"]
