"""Hand over what waits: text messages to the gateway, calls to each webhook.

A row is claimed for a while, handed over outside any transaction, then marked. Killed in between,
it is handed over again with the same idempotency key: at least once here, once at the receiver.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import connections
from django.db.models import F

from bihuan.base.clock import now
from bihuan.base.crypto import WrongKey
from bihuan.base.environment import value
from bihuan.matters.channel_models import Call, Message, Outgoing
from bihuan.matters.channels.post import Unreachable, post, signed
from bihuan.matters.channels.senders import NotTaken, sender
from bihuan.matters.channels.webhooks import key_of

logger = logging.getLogger(__name__)

# seconds until the next try, by the number of tries so far; the last value repeats
BACKOFF = (10, 30, 120, 600, 1800, 3600)
LEASE_SECONDS = 60  # how long a claimed row is left alone; longer than a call may take
TEXT_HOURS = 72  # a text message is tried for so long: a gateway may be down over a weekend
KEEP_TEXT_DAYS = 30  # then phone and words are cleared away
KEEP_CALL_DAYS = 30
KEEP_MESSAGE_DAYS = 365
REST_SECONDS = 5  # after trouble with a receiver


def send_due(*, at: datetime) -> int:
    """Hand over whatever is due, one after the other; return how many were taken."""
    return send_texts(at=at) + sum(call_webhook(pk, at=at) for pk in hooks_due(at=at))


def send_texts(*, at: datetime, limit: int = 50) -> int:
    """Hand text messages to the gateway; stop at the first that shows it to be down."""
    due = Outgoing.objects.filter(state="waiting", next_at__lte=at).order_by("next_at", "pk")
    ids = list(due.values_list("pk", flat=True)[:limit])
    if not ids:
        return 0
    out = sender()
    if out is None:
        Outgoing.objects.filter(pk__in=ids).update(state="unsent", error="no gateway")
        return 0
    done = 0
    for pk in ids:
        if not _claimed(Outgoing, pk, at):
            continue
        try:
            row = Outgoing.objects.get(pk=pk)
            receipt = out.send(row.receiver or "", row.text or "", row.key)
        except (NotTaken, WrongKey) as why:
            _give_up(Outgoing, pk, why)
        except Unreachable as why:
            _put_off_text(pk, at, why)
            break
        else:
            row.state, row.sent_at, row.receipt, row.error = "sent", at, receipt, ""
            row.save(update_fields=["state", "sent_at", "receipt", "error"])
            done += 1
    return done


def hooks_due(*, at: datetime) -> list[int]:
    """Return the ids of the active webhooks for which a call is due."""
    due = Call.objects.filter(state="waiting", next_at__lte=at, webhook__is_active=True)
    return sorted(due.order_by().values_list("webhook_id", flat=True).distinct())


def call_webhook(webhook_id: int, *, at: datetime, limit: int = 50) -> int:
    """Make the calls that are due to one webhook; stop at the first it does not take."""
    due = Call.objects.filter(webhook_id=webhook_id, state="waiting", next_at__lte=at)
    ids = list(due.order_by("next_at", "pk").values_list("pk", flat=True)[:limit])
    done = 0
    for pk in ids:
        if not _claimed(Call, pk, at):
            continue
        try:
            call = Call.objects.select_related("webhook").get(pk=pk)
            status = _call(call, at)
        except WrongKey as why:
            _give_up(Call, pk, why)
        except Unreachable as why:
            _put_off_call(pk, at, None, str(why))
            break
        else:
            if not 200 <= status < 300:
                _put_off_call(pk, at, status, f"HTTP {status}")
                break
            call.state, call.done_at, call.status, call.error = "done", at, status, ""
            call.save(update_fields=["state", "done_at", "status", "error"])
            done += 1
    return done


def forget_old(*, at: datetime) -> None:
    """Clear away phones and words of old text messages, and old lines of inboxes and calls."""
    old = Outgoing.objects.filter(at__lt=at - timedelta(days=KEEP_TEXT_DAYS), text__isnull=False)
    old.exclude(state="waiting").update(receiver="", text="")
    calls = Call.objects.filter(at__lt=at - timedelta(days=KEEP_CALL_DAYS), state="done")
    calls.delete()
    Message.objects.filter(at__lt=at - timedelta(days=KEEP_MESSAGE_DAYS)).delete()


class Couriers:
    """Hand over in the background, a thread for each receiver: a slow one holds up nobody."""

    def __init__(self) -> None:
        self._running: dict[str, threading.Thread] = {}
        self._rests: dict[str, datetime] = {}

    def send_due(self, *, at: datetime) -> None:
        """Set out for every receiver that has something due and is not being served."""
        if Outgoing.objects.filter(state="waiting", next_at__lte=at).exists():
            self._set_out("texts", lambda: send_texts(at=now()), at)
        for pk in hooks_due(at=at):
            self._set_out(f"webhook-{pk}", _calling(pk), at)

    def wait(self, seconds: float) -> None:
        """Wait for those under way, each at most so long."""
        for thread in list(self._running.values()):
            thread.join(seconds)

    def _set_out(self, name: str, work: Callable[[], int], at: datetime) -> None:
        running = self._running.get(name)
        if (running is not None and running.is_alive()) or self._rests.get(name, at) > at:
            return
        self._rests.pop(name, None)
        thread = threading.Thread(target=self._run, args=(name, work), name=name, daemon=True)
        self._running[name] = thread
        thread.start()

    def _run(self, name: str, work: Callable[[], int]) -> None:
        try:
            if not work():
                self._rests[name] = now() + timedelta(seconds=REST_SECONDS)
        except Exception:  # the rows stay queued; the next tick tries again
            logger.exception("the courier %s failed", name)
            self._rests[name] = now() + timedelta(seconds=REST_SECONDS)
        finally:
            connections.close_all()


def _calling(pk: int) -> Callable[[], int]:
    return lambda: call_webhook(pk, at=now())


def _call(call: Call, at: datetime) -> int:
    body = call.body.encode()
    headers = signed(call.webhook.secret or "", body, key=key_of(call), at=at)
    return post(call.webhook.url, body, headers, inside=value("BIHUAN_WEBHOOK_HOSTS")).status


def _claimed(model: type[Outgoing] | type[Call], pk: int, at: datetime) -> bool:
    """Take a row for a while, in one statement: of two who try, one gets it."""
    rows = model._default_manager.filter(pk=pk, state="waiting", next_at__lte=at)
    lease = at + timedelta(seconds=LEASE_SECONDS)
    return rows.update(next_at=lease, tries=F("tries") + 1) == 1


def _give_up(model: type[Outgoing] | type[Call], pk: int, why: Exception) -> None:
    error = str(why)[:80] if isinstance(why, NotTaken) else type(why).__name__
    logger.warning("%s %s is given up: %s", model._meta.model_name, pk, error)
    model._default_manager.filter(pk=pk).update(state="failed", error=error)


def _put_off_text(pk: int, at: datetime, why: Exception) -> None:
    row = Outgoing.objects.defer("receiver", "text").get(pk=pk)
    over = at - row.at >= timedelta(hours=TEXT_HOURS)
    row.state = "failed" if over else "waiting"
    row.next_at, row.error = at + _wait(row.tries), str(why)[:80]
    row.save(update_fields=["state", "next_at", "error"])
    logger.warning("text %s was not taken (%s), try %s", pk, row.error, row.tries)


def _put_off_call(pk: int, at: datetime, status: int | None, why: str) -> None:
    call = Call.objects.get(pk=pk)
    call.state = "failed" if at >= call.give_up_at else "waiting"
    call.next_at, call.status, call.error = at + _wait(call.tries), status, why[:80]
    call.save(update_fields=["state", "next_at", "status", "error"])
    logger.warning("call %s was not taken (%s), try %s", pk, call.error, call.tries)


def _wait(tries: int) -> timedelta:
    return timedelta(seconds=BACKOFF[min(max(tries, 1), len(BACKOFF)) - 1])
