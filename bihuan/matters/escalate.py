"""The escalation ladder: due soon, overdue, overdue by n; each once, each a line of history."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import IntegrityError
from django.db.models import Exists, OuterRef

from bihuan.accounts.actor import SYSTEM
from bihuan.matters.case import held
from bihuan.matters.models import Climbed, Clock, Rung

logger = logging.getLogger(__name__)


def climb(*, at: datetime, limit: int = 1000) -> int:
    """Let every open clock climb the rungs whose time has come; return how many were climbed."""
    done = 0
    for rung in Rung.objects.filter(is_active=True).order_by("offset_seconds", "pk"):
        reached = at - timedelta(seconds=rung.offset_seconds)
        climbed = Climbed.objects.filter(clock=OuterRef("pk"), rung=rung, due_at=OuterRef("due_at"))
        clocks = (
            Clock.objects.filter(
                ~Exists(climbed),
                name=rung.clock,
                done_at=None,
                due_at__lte=reached,
                matter__kind=rung.kind,
            )
            .order_by("due_at")
            .values_list("pk", "matter_id")[:limit]
        )
        for clock_id, matter_id in list(clocks):
            try:
                done += _climb_one(rung, clock_id, matter_id, at)
            except Exception:  # one matter that cannot climb must not hold up the others
                logger.exception("matter %s could not climb rung %s", matter_id, rung.key)
    return done


def _climb_one(rung: Rung, clock_id: int, matter_id: int, at: datetime) -> int:
    try:
        with held(matter_id) as case:
            clock = next(c for c in case.clocks.values() if c.pk == clock_id)
            reached = at - timedelta(seconds=rung.offset_seconds)
            if clock.done_at is not None or clock.due_at is None or clock.due_at > reached:
                return 0
            if rung.offset_seconds >= 0:
                clock.late = True
                clock.save(update_fields=["late"])
            facts = {"rung": rung.key, "clock": clock.name}
            entry = case.write("escalate", by=SYSTEM, at=at, facts=facts)
            Climbed(clock=clock, rung=rung, due_at=clock.due_at, entry=entry).save(
                force_insert=True
            )
    except IntegrityError:
        logger.info("clock %s climbed rung %s already", clock_id, rung.key)
        return 0
    return 1
