"""What every template may use: the page's moment, the reader's mode, the navigation."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _

from bihuan.accounts.units import tree
from bihuan.base.clock import now
from bihuan.matters.channels.queries import unread_of
from bihuan.web import nav


def look(request: HttpRequest) -> dict[str, Any]:
    """Return at, care, site_name, nav, unit_name, unread; the last three only when drawn."""
    unread = _unread(request)
    return {
        "at": now(),
        "care": request.COOKIES.get("care") == "1",
        "site_name": getattr(settings, "SITE_NAME", "") or _("县域治理平台"),
        "nav": lambda: nav.groups(request, counts={"inbox:list": unread}),
        "unread": unread,
        "unit_name": _unit_name(request),
    }


def _unit_name(request: HttpRequest) -> Callable[[], str]:
    def name() -> str:
        posts = getattr(getattr(request, "actor", None), "posts", ())
        return tree().name(posts[0].unit_id) if posts else ""

    return name


def _unread(request: HttpRequest) -> Callable[[], int]:
    """Count the unread messages of whoever is signed in, once a page."""

    @cache
    def unread() -> int:
        person_id = getattr(getattr(request, "actor", None), "person_id", None)
        return unread_of(person_id) if person_id is not None else 0

    return unread
