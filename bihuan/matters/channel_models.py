"""The channels' tables: what people and other systems are told (imported by models.py)."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from bihuan.base.crypto import EncryptedField


class Message(models.Model):
    """One line in a person's inbox (消息). key says which words; no words are stored."""

    person = models.ForeignKey(
        "accounts.Person", models.PROTECT, related_name="messages", db_index=False
    )
    matter = models.ForeignKey("matters.Matter", models.PROTECT, related_name="+", db_index=False)
    entry = models.ForeignKey("matters.Entry", models.PROTECT, related_name="+", db_index=False)
    key = models.CharField(max_length=30)
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            # a reaction that runs twice tells once
            models.UniqueConstraint(fields=["entry", "person"], name="message_once"),
            models.CheckConstraint(condition=~Q(key=""), name="message_key"),
        ]
        indexes = [
            models.Index(fields=["person", "-id"], name="message_of_person"),
            # the number beside the bell
            models.Index(fields=["person"], condition=Q(read_at=None), name="message_unread"),
        ]


class Outgoing(models.Model):
    """A text message on its way to a phone (短信): the key is the gateway's idempotency key.

    state: waiting; sent; failed (given up, can be sent again); limited (that phone has had its
    number for the day); unsent (no gateway is set). receiver, text: encrypted, and emptied when
    they are old. receiver_key: keyed hash, for the daily limit. receipt: the gateway's own id.
    """

    channel = models.CharField(max_length=10, default="sms")
    receiver = EncryptedField(context="matters.outgoing.receiver")
    receiver_key = models.BinaryField(max_length=32)
    text = EncryptedField(context="matters.outgoing.text")
    key = models.CharField(max_length=80)
    state = models.CharField(max_length=10)
    tries = models.SmallIntegerField(default=0)
    at = models.DateTimeField()
    next_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    receipt = models.CharField(max_length=64, blank=True)
    error = models.CharField(max_length=80, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key"], name="outgoing_key"),
            models.CheckConstraint(
                condition=Q(state__in=("waiting", "sent", "failed", "limited", "unsent")),
                name="outgoing_state",
            ),
            models.CheckConstraint(
                condition=~Q(state="sent") | Q(sent_at__isnull=False), name="outgoing_sent_at"
            ),
        ]
        indexes = [
            models.Index(fields=["next_at"], condition=Q(state="waiting"), name="outgoing_waiting"),
            # the daily limit of a phone
            models.Index(fields=["receiver_key", "at"], name="outgoing_of_receiver"),
            # clearing old words away, and the figures of a page
            models.Index(fields=["at"], name="outgoing_at"),
        ]


class Webhook(models.Model):
    """An address of another system that is told of steps of matters in or below `unit`.

    kinds, steps: empty = all. secret: signs every call; encrypted, shown once.
    """

    url = models.CharField(max_length=300)
    secret = EncryptedField(context="matters.webhook.secret")
    unit = models.ForeignKey("accounts.Unit", models.PROTECT, related_name="+", db_index=False)
    kinds = ArrayField(models.CharField(max_length=30), default=list)
    steps = ArrayField(models.CharField(max_length=30), default=list)
    is_active = models.BooleanField(default=True)
    created_by = models.ForeignKey(
        "accounts.Person", models.PROTECT, related_name="+", db_index=False
    )
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(url=""), name="webhook_url")]


class Call(models.Model):
    """One entry told to one webhook: the body as it was made, tried until taken or given up.

    state: waiting, done, failed (24 hours of trying, or switched off meanwhile). status: the last
    answer's HTTP code.
    """

    webhook = models.ForeignKey(Webhook, models.PROTECT, related_name="calls", db_index=False)
    entry = models.ForeignKey("matters.Entry", models.PROTECT, related_name="+", db_index=False)
    body = models.TextField()
    state = models.CharField(max_length=10, default="waiting")
    tries = models.SmallIntegerField(default=0)
    at = models.DateTimeField()
    give_up_at = models.DateTimeField()
    next_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    status = models.SmallIntegerField(null=True)
    error = models.CharField(max_length=80, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["entry", "webhook"], name="call_once"),
            models.CheckConstraint(
                condition=Q(state__in=("waiting", "done", "failed")), name="call_state"
            ),
            models.CheckConstraint(
                condition=~Q(state="done") | Q(done_at__isnull=False), name="call_done_at"
            ),
        ]
        indexes = [
            models.Index(
                fields=["webhook", "next_at"], condition=Q(state="waiting"), name="call_waiting"
            ),
            models.Index(fields=["webhook", "-id"], name="call_of_webhook"),
        ]
