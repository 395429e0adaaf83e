"""How long somebody stays signed in."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase

from bihuan.accounts.actor import Actor
from bihuan.accounts.roles import Role

# GB/T 22239-2019 8.1.4.1: an idle session ends. A desk stands in a room others walk through;
# a worker's phone is locked in a pocket between two doors, so there only the day's limit holds.
IDLE_SECONDS = 30 * 60
OUTDOORS = frozenset({Role.WORKER, Role.CELL_HEAD})
RENEW_SECONDS = 60  # one write a minute at most, however many pages are opened

SINCE, SEEN = "since", "seen"


def begin(session: SessionBase, actor: Actor, at: datetime) -> None:
    """Start the two clocks of a session: the idle one, and the day's (SESSION_COOKIE_AGE)."""
    session[SINCE] = session[SEEN] = int(at.timestamp())
    outdoors = bool(actor.posts) and actor.roles <= OUTDOORS
    session.set_expiry(settings.SESSION_COOKIE_AGE if outdoors else IDLE_SECONDS)


def keep(session: SessionBase, at: datetime) -> bool:
    """Say whether the session still holds, and move its idle clock on.

    Django itself refuses one that was idle for too long; this refuses one that is too old.
    """
    moment = int(at.timestamp())
    if moment - int(session.get(SINCE, moment)) >= settings.SESSION_COOKIE_AGE:
        return False
    if moment - int(session.get(SEEN, 0)) >= RENEW_SECONDS:
        session[SEEN] = moment
        session.setdefault(SINCE, moment)
    return True
