"""Units, the people who work in them, the posts they hold, and the log of what was administered."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from bihuan.accounts.roles import APPOINTED, LABELS, Role
from bihuan.base.crypto import EncryptedField

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

USERNAME = r"^[a-z0-9][a-z0-9._-]{1,39}$"


class Unit(models.Model):
    """A part of government: the county, a department, a street, a community, a cell's team.

    office_hours: [[start, end], …] in seconds of the day, null = as the unit above. area_code: the
    statistics code of the area served, where there is one; development zones (功能区) have none.
    A centre (综治中心) speaks for the unit above it: its people's posts reach as far as that unit.
    """

    class Kind(models.TextChoices):
        CITY = "city", _("市")
        COUNTY = "county", _("县（市、区）")
        CENTRE = "centre", _("综治中心")
        DEPARTMENT = "department", _("部门")
        STREET = "street", _("乡镇（街道）")
        COMMUNITY = "community", _("村（社区）")
        TEAM = "team", _("网格队伍")
        ZONE = "zone", _("功能区")

    code = models.CharField(_("编码"), max_length=30)
    name = models.CharField(_("名称"), max_length=60)
    kind = models.CharField(_("类别"), max_length=12, choices=Kind)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children"
    )
    area_code = models.CharField(_("区划代码"), max_length=12, blank=True, default="")
    office_hours = models.JSONField(_("办公时间"), null=True, blank=True)
    is_active = models.BooleanField(_("在用"), default=True, db_default=True)

    class Meta:
        verbose_name = _("单位")
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(fields=["code"], name="unit_code"),
            models.CheckConstraint(
                condition=Q(
                    kind__in=(
                        "city",
                        "county",
                        "centre",
                        "department",
                        "street",
                        "community",
                        "team",
                        "zone",
                    )
                ),
                name="unit_kind",
            ),
            models.CheckConstraint(
                condition=Q(area_code="")
                | Q(area_code__regex=r"^([0-9]{4}|[0-9]{6}|[0-9]{9}|[0-9]{12})$"),
                name="unit_area_code",
            ),
            models.CheckConstraint(
                condition=Q(parent=None) | ~Q(parent=F("id")), name="unit_not_in_itself"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class PersonManager(BaseUserManager["Person"]):
    """Find people the way they sign in."""

    def get_by_natural_key(self, username: str | None) -> Person:
        """Find by user name; capitals and surrounding blanks do not matter."""
        return self.get(username=clean_username(username or ""))


def clean_username(text: str) -> str:
    """Bring a typed user name into its one stored form (NFKC, no blanks around, lower case)."""
    return str(AbstractBaseUser.normalize_username(text)).strip().lower()


class Person(AbstractBaseUser):
    """Somebody who signs in. What they may do hangs on their posts alone: no superusers, no groups.

    phone_key: keyed hash of the phone for look-up (base.crypto.lookup_hash, purpose "phone").
    last_login is Django's own name, so that its sign-in code keeps it.
    """

    username = models.CharField(_("用户名"), max_length=40)
    name = models.CharField(_("姓名"), max_length=40)
    phone = EncryptedField(_("手机"))
    phone_key = models.BinaryField(max_length=32, null=True, editable=False)
    language = models.CharField(
        _("语言"), max_length=10, choices=settings.LANGUAGES, blank=True, default=""
    )
    is_active = models.BooleanField(_("在用"), default=True, db_default=True)
    must_change_password = models.BooleanField(default=False, db_default=False)
    created_at = models.DateTimeField(null=True)

    objects = PersonManager()

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        verbose_name = _("人员")
        constraints = [
            models.UniqueConstraint(fields=["username"], name="person_username"),
            models.CheckConstraint(
                condition=Q(username__regex=USERNAME), name="person_username_form"
            ),
            models.CheckConstraint(condition=~Q(name=""), name="person_has_name"),
            models.CheckConstraint(
                condition=Q(phone__isnull=True, phone_key__isnull=True)
                | Q(phone__isnull=False, phone_key__isnull=False),
                name="person_phone_with_key",
            ),
        ]
        indexes = [
            models.Index(
                fields=["phone_key"], condition=Q(phone_key__isnull=False), name="person_phone_key"
            )
        ]

    def __str__(self) -> str:
        return self.name


class Post(models.Model):
    """A role a person holds at a unit, and so at every unit below it.

    from_on: the first day it counts; to_on: the first day it counts no more, so that whoever is
    dismissed today may do nothing today.
    """

    person = models.ForeignKey(Person, models.PROTECT, related_name="posts", db_index=False)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="posts")
    role = models.CharField(
        _("角色"), max_length=20, choices=[(r.value, LABELS[r]) for r in APPOINTED]
    )
    from_on = models.DateField(_("自"))
    to_on = models.DateField(_("至"), null=True, blank=True)

    class Meta:
        verbose_name = _("任职")
        constraints = [
            models.UniqueConstraint(
                fields=["person", "unit", "role"], condition=Q(to_on=None), name="post_once"
            ),
            models.CheckConstraint(
                condition=Q(
                    role__in=(
                        "worker",
                        "cell_head",
                        "clerk",
                        "handler",
                        "unit_head",
                        "supervisor",
                        "county_admin",
                        "auditor",
                    )
                ),
                name="post_role",
            ),
            models.CheckConstraint(
                condition=Q(to_on=None) | Q(to_on__gte=F("from_on")), name="post_ends_after_start"
            ),
        ]
        indexes = [
            # actor_of: what a person is today, at every signed-in request
            models.Index(fields=["person", "from_on"], name="post_of_person")
        ]

    def __str__(self) -> str:
        return f"{self.person_id} {self.role} @ {self.unit_id}"

    @property
    def role_label(self) -> StrPromise:
        """Give the role's name for people."""
        return Role(self.role).label


def current(on: date) -> Q:
    """Pick the posts that count on a day."""
    return Q(from_on__lte=on) & (Q(to_on=None) | Q(to_on__gt=on))


class SignIn(models.Model):
    """One attempt to sign in, append-only (GB/T 22239-2019 8.1.4.3: sign-ins are audited).

    person: null when no such user name exists; what was typed is not kept, people type passwords
    there. network: keyed hash of the address, enough to see that two attempts came from one place.
    """

    person = models.ForeignKey(
        Person, models.PROTECT, null=True, related_name="sign_ins", db_index=False
    )
    at = models.DateTimeField()
    success = models.BooleanField()
    network = models.BinaryField(max_length=32)

    class Meta:
        indexes = [
            # a person's own latest sign-ins
            models.Index(fields=["person", "-at"], name="sign_in_of_person"),
            # many failures from one address, whatever names were tried
            models.Index(
                fields=["network", "at"], condition=Q(success=False), name="sign_in_failed_from"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} {self.at:%Y-%m-%d %H:%M} {self.success}"


class AdminEntry(models.Model):
    """One line of what was administered, append-only; ids and facts, no personal data.

    what: "accounts.create_person", "rules.edit", … by: null = the system (by_label says).
    """

    what = models.CharField(max_length=60)
    by = models.ForeignKey(
        Person, models.PROTECT, null=True, related_name="administered", db_index=False
    )
    by_label = models.CharField(max_length=10)
    person = models.ForeignKey(
        Person, models.PROTECT, null=True, related_name="admin_entries", db_index=False
    )
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="+", db_index=False)
    at = models.DateTimeField()
    facts: models.JSONField[Any, dict[str, Any]] = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(what=""), name="admin_entry_says_what"),
            models.CheckConstraint(
                condition=Q(by__isnull=False, by_label="person") | Q(by=None, by_label="system"),
                name="admin_entry_says_who",
            ),
        ]
        indexes = [
            models.Index(fields=["-at"], name="admin_entry_latest"),
            models.Index(fields=["person", "-at"], name="admin_entry_about_person"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.what}"


class ApiToken(models.Model):
    """A program's key to act as a person through the API; the word itself is not kept.

    expires_on: the first day it counts no more, null = until it is revoked.
    """

    person = models.ForeignKey(Person, models.PROTECT, related_name="tokens")
    name = models.CharField(_("用途"), max_length=60)
    digest = models.BinaryField(max_length=32)
    created_at = models.DateTimeField()
    expires_on = models.DateField(_("到期日"), null=True)
    last_used_on = models.DateField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["digest"], name="token_digest"),
            models.CheckConstraint(condition=~Q(name=""), name="token_has_name"),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.name}"
