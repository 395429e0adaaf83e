"""Who acts in this request."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from django.conf import settings
from django.contrib.auth import logout
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from bihuan.accounts import sessions
from bihuan.accounts.actor import REPORTER, Actor, actor_of
from bihuan.accounts.models import Person
from bihuan.accounts.request import Request
from bihuan.base.clock import now

# What somebody with a one-time password may open before choosing their own.
STILL_OPEN = ("accounts:password", "accounts:logout", "accounts:language")

Next = Callable[[HttpRequest], HttpResponse]


def actor(get_response: Next) -> Next:
    """Set request.actor; without a session cookie it is REPORTER and no query is made."""

    def middleware(request: HttpRequest) -> HttpResponse:
        ours = cast("Request", request)
        ours.actor = _who(request)
        if _owes_password(ours):
            if request.method not in ("GET", "HEAD"):
                raise PermissionDenied
            return redirect("accounts:password")
        return get_response(request)

    return middleware


def _who(request: HttpRequest) -> Actor:
    if settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return REPORTER
    person = request.user
    if not isinstance(person, Person):
        return REPORTER
    if not sessions.keep(request.session, now()):
        logout(request)
        return REPORTER
    return actor_of(person)


def _owes_password(request: Request) -> bool:
    if request.actor.person_id is None or not isinstance(request.user, Person):
        return False
    if not request.user.must_change_password:
        return False
    return request.path not in {reverse(name) for name in STILL_OPEN}
