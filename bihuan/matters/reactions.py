"""Reactions: what else happens after a step has been committed.

They are all declared in bihuan/web/wiring.py. `fan_out` turns each notice into one delivery a
receiver, `deliver` runs them, at least once each, so a reaction must be safe to run twice. A
receiver that fails is tried again later, by itself; it loses nothing and holds up nobody.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from bihuan.matters.models import Delivery, Entry, Notice

logger = logging.getLogger(__name__)

Reaction = Callable[[Entry, datetime], None]
Wanted = Callable[[], bool]
ANY = "*"
# seconds until the next try, by the number of tries so far; the last value repeats
BACKOFF = (5, 30, 120, 600, 1800, 3600)


@dataclass(frozen=True)
class Receiver:
    """A named reaction to a kind's step; "*" stands for every kind or step.

    wanted: asked once a fan-out, whether there is anybody to react for; None = always.
    """

    name: str
    kind: str
    step: str
    do: Reaction
    wanted: Wanted | None = None


_receivers: dict[str, Receiver] = {}


def when(kind: str, step: str, name: str, do: Reaction, *, wanted: Wanted | None = None) -> None:
    """Declare that `do` reacts to `step` of `kind`. The name is stored: never reuse it."""
    if name in _receivers:
        raise ValueError(f"reaction {name} is declared twice")
    _receivers[name] = Receiver(name, kind, step, do, wanted)


def receivers_of(kind: str, step: str) -> list[str]:
    """Return the names of all that react to `step` of `kind`."""
    return [r.name for r in _receivers.values() if r.kind in (ANY, kind) and r.step in (ANY, step)]


def fan_out(*, at: datetime, limit: int = 500) -> int:
    """Turn up to `limit` untold notices into deliveries; return how many notices were taken."""
    with transaction.atomic():
        notices = list(
            Notice.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(told_at=None)
            .order_by("entry_id")
            .values_list("entry_id", "entry__matter__kind", "entry__step")[:limit]
        )
        idle = {r.name for r in _receivers.values() if notices and r.wanted and not r.wanted()}
        Delivery.objects.bulk_create(
            (
                Delivery(entry_id=entry_id, receiver=name, next_at=at)
                for entry_id, kind, step in notices
                for name in receivers_of(kind, step)
                if name not in idle
            ),
            ignore_conflicts=True,
        )
        Notice.objects.filter(entry_id__in=[n[0] for n in notices]).update(told_at=at)
    return len(notices)


def deliver(*, at: datetime, limit: int = 200) -> int:
    """Run up to `limit` deliveries that are due; return how many succeeded."""
    due = Delivery.objects.filter(done_at=None, next_at__lte=at).order_by("next_at", "pk")
    return sum(_deliver_one(pk, at) for pk in list(due.values_list("pk", flat=True)[:limit]))


def tell(*, at: datetime) -> int:
    """Fan out and deliver until nothing is due; return how many deliveries succeeded."""
    told = 0
    while True:
        taken, done = fan_out(at=at), deliver(at=at)
        told += done
        if not taken and not done:
            return told


def _deliver_one(pk: int, at: datetime) -> bool:
    try:
        with transaction.atomic():
            row = (
                Delivery.objects.select_for_update(skip_locked=True, of=("self",))
                .select_related("entry__matter")
                .filter(pk=pk, done_at=None)
                .first()
            )
            if row is None:
                return False
            receiver = _receivers.get(row.receiver)
            if receiver is None:
                raise LookupError(f"no receiver {row.receiver}")
            receiver.do(row.entry, at)
            row.done_at = at
            row.error = ""
            row.save(update_fields=["done_at", "error"])
    except Exception as error:  # one bad receiver must not hold up the others
        logger.warning("delivery %s failed: %s", pk, type(error).__name__)
        _put_off(pk, at, f"{type(error).__name__}: {error}")
        return False
    return True


def _put_off(pk: int, at: datetime, why: str) -> None:
    row = Delivery.objects.get(pk=pk)
    wait = BACKOFF[min(row.tries, len(BACKOFF) - 1)]
    row.tries = min(row.tries + 1, 30_000)
    row.next_at = at + timedelta(seconds=wait)
    row.error = why[:200]
    row.save(update_fields=["tries", "next_at", "error"])
