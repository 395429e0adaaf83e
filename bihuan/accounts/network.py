"""Where a request comes from."""

from __future__ import annotations

from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest


def address(request: HttpRequest) -> str | None:
    """Give the sender's address, None when there is none (a socket) or it is no address.

    Behind a reverse proxy it is the last of X-Forwarded-For, which our own proxy wrote; the ones
    before it are the sender's own words and would let anybody dodge a lockout.
    """
    if settings.BEHIND_PROXY:
        text = request.META.get("HTTP_X_FORWARDED_FOR", "").rsplit(",", 1)[-1].strip()
    else:
        text = str(request.META.get("REMOTE_ADDR", ""))
    try:
        return str(ip_address(text))
    except ValueError:
        return None
