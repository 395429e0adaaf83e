"""What residents and workers send in, and the tables that decide who answers it."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from bihuan.base.crypto import EncryptedField


class Category(models.Model):
    """A sort of problem, with the times the county keeps for it. A group has no parent.

    *_seconds: of natural time when *_urgent, else of office hours (one working day = 28,800 s).
    Both limits count from the moment of reporting.
    """

    key = models.CharField(max_length=40)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="children", db_index=False
    )
    name_zh = models.CharField(max_length=40)
    name_en = models.CharField(max_length=80)
    gb_code = models.CharField(max_length=5, blank=True)
    accept_seconds = models.IntegerField(default=7200)
    accept_urgent = models.BooleanField(default=False)
    finish_seconds = models.IntegerField(default=5 * 28_800)
    finish_urgent = models.BooleanField(default=False)
    verify_first = models.BooleanField(default=False)
    check_by = models.CharField(max_length=10, default="clerk")
    photo_owed = models.BooleanField(default=False)
    is_public = models.BooleanField(default=True)
    duplicate_radius_m = models.IntegerField(default=50)
    duplicate_days = models.IntegerField(default=30)
    keywords = ArrayField(models.CharField(max_length=30), default=list)
    photo_hint = models.CharField(max_length=100, blank=True)
    icon = models.CharField(max_length=40, blank=True)
    source = models.CharField(max_length=80, blank=True)
    order = models.IntegerField(default=0)
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key"], name="category_key"),
            models.CheckConstraint(
                condition=Q(accept_seconds__gt=0, finish_seconds__gt=0), name="category_limits"
            ),
            models.CheckConstraint(
                condition=Q(check_by__in=("worker", "clerk")), name="category_check_by"
            ),
        ]


class Tile(models.Model):
    """One of the doors on the resident's first page: the categories behind it, in order."""

    key = models.CharField(max_length=40, primary_key=True)
    name_zh = models.CharField(max_length=20)
    name_en = models.CharField(max_length=40)
    icon = models.CharField(max_length=40)
    order = models.IntegerField()
    categories = ArrayField(models.CharField(max_length=40))


class DispatchRule(models.Model):
    """Who gets a report: first match wins, by order.

    category: a category's or group's key, or "*". area: at or below this unit, null = anywhere.
    window: "" or "mon-fri 08:00-18:00". unit null = the team of the cell. mode: auto assigns at
    once, clerk suggests. origin: the reference row it was made from, "" = the county's own.
    """

    order = models.IntegerField()
    category = models.CharField(max_length=40)
    area = models.ForeignKey(
        "accounts.Unit", models.PROTECT, null=True, related_name="+", db_index=False
    )
    window = models.CharField(max_length=40, blank=True)
    unit = models.ForeignKey(
        "accounts.Unit", models.PROTECT, null=True, related_name="+", db_index=False
    )
    mode = models.CharField(max_length=10)
    why_zh = models.CharField(max_length=100)
    why_en = models.CharField(max_length=160, blank=True)
    origin = models.CharField(max_length=20, blank=True, default="", db_default="")
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order"], name="rule_order"),
            models.UniqueConstraint(fields=["origin"], condition=~Q(origin=""), name="rule_origin"),
            models.CheckConstraint(condition=Q(mode__in=("auto", "clerk")), name="rule_mode"),
        ]


class Reason(models.Model):
    """A listed reason, or first lines of a reply.

    sort: refuse, return, void, pause, wait or reply. text_*: what the reporter reads. turn_to: who
    else can help. asks_zh: what the note must hold or what must be attached. most_days: how long a
    pause or a wait may last. step: the step at which a reply is offered.
    """

    sort = models.CharField(max_length=10)
    key = models.CharField(max_length=40)
    name_zh = models.CharField(max_length=60)
    name_en = models.CharField(max_length=120)
    text_zh = models.CharField(max_length=400, blank=True)
    text_en = models.CharField(max_length=600, blank=True)
    turn_to = models.CharField(max_length=120, blank=True)
    asks_zh = models.CharField(max_length=120, blank=True, default="", db_default="")
    needs_photo = models.BooleanField(default=False, db_default=False)
    most_days = models.IntegerField(null=True)
    step = models.CharField(max_length=20, blank=True, default="", db_default="")
    order = models.IntegerField(default=0)
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sort", "key"], name="reason_key"),
            models.CheckConstraint(
                condition=Q(sort__in=("refuse", "return", "void", "pause", "wait", "reply")),
                name="reason_sort",
            ),
        ]


class Report(models.Model):
    """What one person sent in (上报): several may stand on one matter, each is answered.

    text: their own words. lon, lat: WGS-84 degrees, null when only an address was given. phone,
    name: encrypted, hidden from those who handle it. by: the staff member who filed it, if any.
    """

    matter = models.ForeignKey(
        "matters.Matter", models.PROTECT, related_name="reports", db_index=False
    )
    text = models.TextField()
    category = models.CharField(max_length=40)
    category_chosen = models.BooleanField(default=False)
    phone = EncryptedField(context="reports.report.phone")
    phone_key = models.BinaryField(max_length=32, null=True)
    name = EncryptedField(context="reports.report.name")
    lon = models.FloatField(null=True)
    lat = models.FloatField(null=True)
    address = models.CharField(max_length=200, blank=True)
    channel = models.CharField(max_length=20)
    by = models.ForeignKey(
        "accounts.Person", models.PROTECT, null=True, db_index=False, related_name="+"
    )
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(channel__in=("resident", "worker", "clerk", "phone", "api")),
                name="report_channel",
            )
        ]
        indexes = [
            models.Index(fields=["matter"], name="report_of_matter"),
            models.Index(fields=["phone_key"], condition=~Q(phone_key=None), name="report_phone"),
            models.Index(fields=["by", "at"], condition=~Q(by=None), name="report_by"),
        ]


class Attempt(models.Model):
    """A try to look up a report by number and phone: few are allowed. who: a hash, no address."""

    who = models.BinaryField(max_length=32)
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["who", "at"], name="attempt_who"),
            models.Index(fields=["at"], name="attempt_at"),  # the old ones are cleared away
        ]
