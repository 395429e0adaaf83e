"""Write what is to be told, and what people do with it: read, switch off, send again."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from bihuan.accounts.actions.log import log
from bihuan.accounts.actor import Actor
from bihuan.accounts.may import require
from bihuan.base import crypto
from bihuan.base.environment import value
from bihuan.matters import kinds
from bihuan.matters.channel_models import Call, Message, Outgoing, Webhook
from bihuan.matters.channels import webhooks
from bihuan.matters.channels.inbox import told_of
from bihuan.matters.channels.post import ForbiddenAddress, Unreachable, checked_address, parse
from bihuan.matters.errors import BadValue, NotNow
from bihuan.matters.models import Entry

TEXTS_A_DAY = 10  # to one phone, whoever writes it into a form
STEP = re.compile(r"[a-z_]{1,30}")
CALL_HOURS = 24  # a webhook is tried for so long
URL_MOST = 300


class BadSteps(BadValue):
    """The names of steps cannot be names of steps."""

    code = "bad_steps"


# ---- the inbox -----------------------------------------------------------------------------------


def tell_people(entry: Entry, at: datetime) -> None:
    """Put a line into the inbox of everybody who is told of an entry; safe to run twice."""
    Message.objects.bulk_create(
        (
            Message(
                person_id=person, matter_id=entry.matter_id, entry_id=entry.pk, key=key, at=entry.at
            )
            for person, key in sorted(told_of(entry, at).items())
        ),
        ignore_conflicts=True,
    )


def read_message(*, message_id: int, by: Actor, at: datetime) -> Message | None:
    """Mark one's own message as read and return it; None when it is nobody's or somebody else's."""
    if by.person_id is None:
        return None
    own = Message.objects.filter(pk=message_id, person_id=by.person_id)
    found = own.select_related("matter").first()
    if found is not None and found.read_at is None:
        found.read_at = at
        found.save(update_fields=["read_at"])
    return found


def read_all(*, up_to: int, by: Actor, at: datetime) -> int:
    """Mark one's own messages as read, up to the newest one that was on the page."""
    if by.person_id is None:
        return 0
    own = Message.objects.filter(person_id=by.person_id, read_at=None)
    return own.filter(pk__lte=up_to).update(read_at=at)


# ---- text messages -------------------------------------------------------------------------------


def queue_text(*, to: str, text: str, key: str, at: datetime) -> bool:
    """Keep a text message for a phone until it has gone; False when the key was used before.

    Beyond the daily number of a phone the message is kept, not sent: anybody can write anybody's
    number into a form.
    """
    receiver_key = crypto.lookup_hash(to, "phone")
    day_ago = at - timedelta(days=1)
    had = Outgoing.objects.filter(receiver_key=receiver_key, at__gt=day_ago)
    over = had.exclude(state="limited").count() >= TEXTS_A_DAY
    row = Outgoing(
        receiver=to,
        receiver_key=receiver_key,
        text=text,
        key=key,
        state="limited" if over else "waiting",
        at=at,
        next_at=at,
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        return False
    return True


def send_failed_again(*, by: Actor, at: datetime) -> int:
    """Let the text messages that were given up, or never sent, wait for the gateway once more."""
    require(by, "matters.webhooks")
    rows = Outgoing.objects.filter(state__in=("failed", "unsent"), text__isnull=False)
    count = rows.update(state="waiting", next_at=at, tries=0, error="")
    log("channels.send_again", by=by, at=at, facts={"count": count})
    return count


# ---- webhooks ------------------------------------------------------------------------------------


def queue_calls(*, entry: Entry, category: str, at: datetime) -> None:
    """Keep a call for every webhook that is told of an entry. category: as far as it is public."""
    hooks = webhooks.wanting(entry)
    if not hooks:
        return
    body = webhooks.body_of(entry, category=category)
    Call.objects.bulk_create(
        (
            Call(
                webhook=hook,
                entry_id=entry.pk,
                body=body,
                at=at,
                next_at=at,
                give_up_at=at + timedelta(hours=CALL_HOURS),
            )
            for hook in hooks
        ),
        ignore_conflicts=True,
    )


def add_webhook(
    *,
    url: str,
    unit_id: int,
    by: Actor,
    at: datetime,
    kinds_told: Sequence[str] = (),
    steps: Sequence[str] = (),
) -> tuple[Webhook, str]:
    """Tell another system of the matters in or below a unit; returns the secret, shown once."""
    require(by, "matters.webhooks", unit_id)
    assert by.person_id is not None
    url = url.strip()
    _check_address(url)
    known = {kind.key: kind for kind in kinds.every()}
    if set(kinds_told) - set(known):
        raise BadValue(_("没有这类事项。"))
    if any(not STEP.fullmatch(step) for step in steps):
        raise BadSteps(_("步骤名只用英文小写字母和下划线。"))
    secret = secrets.token_urlsafe(32)
    with transaction.atomic():
        hook = Webhook(
            url=url,
            secret=secret,
            unit_id=unit_id,
            kinds=sorted(set(kinds_told)),
            steps=sorted(set(steps)),
            created_by_id=by.person_id,
            created_at=at,
        )
        hook.save(force_insert=True)
        log("channels.add_webhook", by=by, at=at, unit_id=unit_id, facts={"webhook": hook.pk})
    return hook, secret


def switch_webhook(*, webhook_id: int, on: bool, by: Actor, at: datetime) -> Webhook:
    """Switch a webhook off or on; what was waiting when it is switched off counts as failed."""
    with transaction.atomic():
        hook = Webhook.objects.select_for_update(no_key=True).get(pk=webhook_id)
        require(by, "matters.webhooks", hook.unit_id)
        hook.is_active = on
        hook.save(update_fields=["is_active"])
        if not on:
            waiting = Call.objects.filter(webhook=hook, state="waiting")
            waiting.update(state="failed", error="switched off")
        log(
            "channels.switch_webhook",
            by=by,
            at=at,
            unit_id=hook.unit_id,
            facts={"webhook": hook.pk, "on": on},
        )
    return hook


def redeliver(*, webhook_id: int, by: Actor, at: datetime) -> int:
    """Try every failed call of a webhook again, for another 24 hours; return how many."""
    hook = Webhook.objects.get(pk=webhook_id)
    require(by, "matters.webhooks", hook.unit_id)
    if not hook.is_active:
        raise NotNow(_("这个地址已停用，请先启用。"))
    with transaction.atomic():
        count = Call.objects.filter(webhook=hook, state="failed").update(
            state="waiting",
            next_at=at,
            give_up_at=at + timedelta(hours=CALL_HOURS),
            tries=0,
            error="",
        )
        log(
            "channels.redeliver",
            by=by,
            at=at,
            unit_id=hook.unit_id,
            facts={"webhook": hook.pk, "count": count},
        )
    return count


def _check_address(url: str) -> None:
    if len(url) > URL_MOST:
        raise BadValue(_("网址太长。"))
    try:
        host, port, tls, _path = parse(url)
        checked_address(host, port, tls=tls, inside=value("BIHUAN_WEBHOOK_HOSTS"))
    except ForbiddenAddress as why:
        if str(why) == "https needed":
            raise BadValue(_("网址要以 https:// 开头。")) from why
        if str(why) == "inside address":
            raise BadValue(
                _("这个地址在内部网络里。确需使用时，请运维人员把主机名加入 BIHUAN_WEBHOOK_HOSTS。")
            ) from why
        raise BadValue(_("这不是一个可用的网址。")) from why
    except Unreachable as why:
        raise BadValue(_("找不到这个主机，请核对网址。")) from why
