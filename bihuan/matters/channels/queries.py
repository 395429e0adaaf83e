"""Reads of the channels: one's inbox, the webhooks one runs, how messages are getting on."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Count, Q, QuerySet

from bihuan.accounts.actor import Actor
from bihuan.accounts.may import MAY
from bihuan.accounts.units import tree
from bihuan.matters.channel_models import Call, Message, Outgoing, Webhook
from bihuan.matters.queries import visible_to


def inbox_of(person_id: int, *, unread: bool = False) -> QuerySet[Message]:
    """Give a person's messages, newest first, their matters loaded."""
    rows = Message.objects.filter(person_id=person_id).select_related("matter")
    return rows.filter(read_at=None).order_by("-id") if unread else rows.order_by("-id")


def unread_of(person_id: int) -> int:
    """Count a person's unread messages by their own index."""
    return Message.objects.filter(person_id=person_id, read_at=None).count()


def still_theirs(by: Actor, messages: Iterable[Message]) -> frozenset[int]:
    """Give the ids of those messages' matters that `by` may see today, in one query."""
    ids = {message.matter_id for message in messages}
    return frozenset(visible_to(by).filter(pk__in=ids).values_list("pk", flat=True))


def units_run(by: Actor) -> list[int]:
    """Give the units whose webhooks `by` may run: of their posts; a centre's the one above."""
    units = tree()
    roles = MAY["matters.webhooks"]
    held = {units.reach(p.unit_id) for p in by.posts if p.role in roles and p.unit_id in units}
    return sorted(held)


def webhooks_of(by: Actor) -> list[Webhook]:
    """Give the webhooks of the units `by` runs and of those below, with figures of their calls."""
    units = tree()
    reached: frozenset[int] = frozenset().union(*(units.subtree(u) for u in units_run(by)))
    rows = Webhook.objects.filter(unit_id__in=reached).defer("secret").select_related("unit")
    return list(
        rows.annotate(
            waiting=Count("calls", filter=Q(calls__state="waiting")),
            failed=Count("calls", filter=Q(calls__state="failed")),
        ).order_by("-is_active", "pk")
    )


def last_calls(webhook: Webhook, *, number: int = 50) -> list[Call]:
    """Give the latest calls of a webhook, newest first, with their entries' matters."""
    rows = Call.objects.filter(webhook=webhook).select_related("entry__matter")
    return list(rows.order_by("-id")[:number])


def texts_by_state(*, at: datetime, days: int = 7) -> dict[str, int]:
    """Count the text messages of the last days by state."""
    rows = Outgoing.objects.filter(at__gte=at - timedelta(days=days)).order_by()
    return dict(rows.values_list("state").annotate(n=Count("pk")))


def last_texts(*, number: int = 50) -> list[Outgoing]:
    """Give the latest text messages that still have their words: for a demo's page."""
    return list(Outgoing.objects.filter(text__isnull=False).order_by("-id")[:number])
