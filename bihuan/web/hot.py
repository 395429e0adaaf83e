"""The busiest door without the middleware it does not need: no session, no form, no cookie.

What every answer owes (content type not guessed, no frames, referrer, content policy) is taken from
the same middleware, once, at the start.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Iterable
from typing import Any

from csp.middleware import CSPMiddleware
from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.db import close_old_connections, reset_queries
from django.http import HttpResponse
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.security import SecurityMiddleware

from bihuan.reports.api import reports
from bihuan.web.health import server_error

ADDRESS = "/api/v1/reports"
StartResponse = Callable[..., Any]
Application = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]

log = logging.getLogger("django.request")


def safe_headers() -> dict[str, str]:
    """Return the headers that the security middleware adds to a plain answer."""
    scheme = "https" if settings.PUBLIC_URL.startswith("https:") else "http"
    request = WSGIRequest(
        {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": ADDRESS,
            "wsgi.input": io.BytesIO(),
            "wsgi.url_scheme": scheme,
            "HTTP_X_FORWARDED_PROTO": scheme,  # what the reverse proxy would say
        }
    )
    response = HttpResponse()
    before = set(response.headers)
    for middleware in (SecurityMiddleware, XFrameOptionsMiddleware, CSPMiddleware):
        middleware(lambda _request: response)(request)  # each adds to the same answer
    return {name: value for name, value in response.items() if name not in before}


def beside(application: Application) -> Application:
    """Put the hot door in front of the application; all other addresses go through."""
    safe = list(safe_headers().items())

    def serve(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        if environ.get("PATH_INFO") != ADDRESS:
            return application(environ, start_response)
        close_old_connections()
        try:
            response = _answer(environ)
        finally:
            close_old_connections()
            reset_queries()
        body = response.content
        headers = [(name, value) for name, value in response.items() if name != "Content-Length"]
        headers += [*safe, ("Content-Length", str(len(body)))]
        start_response(f"{response.status_code} {response.reason_phrase}", headers)
        return [body]

    return serve


def _answer(environ: dict[str, Any]) -> HttpResponse:
    request = WSGIRequest(environ)
    try:
        return reports(request)
    except Exception:
        log.exception("failed: %s", ADDRESS)
        return server_error(request)
    finally:
        request.close()
