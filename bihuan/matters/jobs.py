"""The kernel's work in the background: tell notices, climb the ladder, revive, seal."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

from django.db import close_old_connections

from bihuan.accounts.actor import SYSTEM
from bihuan.base.clock import now
from bihuan.matters import blobs, escalate, reactions, seal
from bihuan.matters.actions.times import revive_due
from bihuan.matters.case import held
from bihuan.matters.channels.jobs import Couriers, forget_old
from bihuan.matters.database import connected
from bihuan.matters.models import Attachment, Clock

logger = logging.getLogger(__name__)
IDLE_SECONDS = 0.5
SWEEP_AFTER = timedelta(days=1)  # longer than any request that still wants its photos


def seal_all(*, at: datetime, from_start: bool = False) -> int:
    """Seal everything that is not sealed yet; return how many lines."""
    done = 0
    while count := seal.seal_new(connected(), at=at, from_start=from_start):
        done += count
    return done


def each_minute(*, at: datetime) -> None:
    """Do what is due once a minute; what fails holds up nothing else."""
    _quietly(lambda: revive_due(by=SYSTEM, at=at))
    _quietly(lambda: escalate.climb(at=at))
    _quietly(lambda: seal_all(at=at))


def each_night(*, at: datetime) -> None:
    """Seal what a transaction held open for over an hour has left behind; clear away what is old.

    Old words, and photos that no matter came to own: kept on disk before the report was refused.
    """
    _quietly(lambda: seal_all(at=at, from_start=True))
    _quietly(lambda: forget_old(at=at))
    _quietly(lambda: sweep_photos(at=at))


def sweep_photos(*, at: datetime) -> int:
    """Delete photos on disk that no attachment names and that are over a day old; say how many."""
    rows = Attachment.objects.values_list("name", "thumb").iterator(chunk_size=5000)
    gone = blobs.sweep(chain.from_iterable(rows), older_than=at - SWEEP_AFTER)
    if gone:
        logger.info("%s photos that no matter owns were deleted", len(gone))
    return len(gone)


def recompute(*, days_from: datetime, at: datetime) -> int:
    """Reckon every open clock anew that a changed calendar may move; return how many moved.

    Called when a year's holidays are confirmed: dates beyond it were provisional.
    """
    moved = 0
    rows = Clock.objects.filter(done_at=None, due_at__gte=days_from, hours__isnull=False)
    for matter_id in list(rows.values_list("matter_id", flat=True).distinct()):
        with held(matter_id) as case:
            clocks = [c for c in case.clocks.values() if c.done_at is None]
            before = [c.due_at for c in clocks]
            for clock in clocks:
                case.reckon(clock)
            if [c.due_at for c in clocks] != before:
                case.write("recompute", by=SYSTEM, at=at)
                moved += 1
    return moved


def loop(stop: threading.Event) -> None:
    """Tell notices as they come, send what waits and keep the minute, until `stop` is set.

    A failure is logged and tried again: nothing is lost, as every job reads what is still to do.
    """
    couriers = Couriers()
    minute = night = now() - timedelta(days=1)
    while not stop.is_set():
        at = now()
        told = _quietly(lambda at=at: reactions.tell(at=at)) or 0  # type: ignore[misc]
        _quietly(lambda at=at: couriers.send_due(at=at))  # type: ignore[misc]
        if at - minute >= timedelta(seconds=60):
            _quietly(lambda at=at: each_minute(at=at))  # type: ignore[misc]
            minute = at
        if at - night >= timedelta(days=1):
            _quietly(lambda at=at: each_night(at=at))  # type: ignore[misc]
            night = at
        close_old_connections()
        if not told:
            stop.wait(IDLE_SECONDS)


def _quietly(do: Callable[[], Any]) -> Any:
    begun = time.monotonic()
    try:
        return do()
    except Exception:
        logger.exception("a job failed after %.1f s", time.monotonic() - begun)
        return None
