"""Accounts are made, changed, closed and opened again."""

from __future__ import annotations

import re
from datetime import datetime

from django.contrib.auth.password_validation import validate_password
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from bihuan.accounts.actions.log import NameMissing, Refused, log, not_oneself, require_over
from bihuan.accounts.actions.posts import end_post, give_post
from bihuan.accounts.actor import Actor
from bihuan.accounts.may import require
from bihuan.accounts.models import USERNAME, Person, Unit, clean_username
from bihuan.accounts.roles import Role
from bihuan.base.crypto import lookup_hash
from bihuan.base.text import normalise_phone


class UsernameWrong(Refused):
    """The user name has not the allowed form."""

    field = "username"

    def __init__(self) -> None:
        super().__init__(
            _("用户名为 2 到 40 个字符，只用小写字母、数字、点、横线和下划线，以字母或数字开头。")
        )


class UsernameTaken(Refused):
    """Somebody has this user name."""

    field = "username"

    def __init__(self) -> None:
        super().__init__(_("这个用户名已被使用，请换一个。"))


class PhoneWrong(Refused):
    """The phone number is none."""

    field = "phone"

    def __init__(self) -> None:
        super().__init__(_("手机号码有误，请检查。"))


@transaction.atomic
def create_person(
    *,
    username: str,
    name: str,
    password: str,
    unit: Unit,
    role: Role,
    by: Actor,
    at: datetime,
    phone: str = "",
    language: str = "",
    must_change_password: bool = True,
) -> Person:
    """Make an account with its first post; the password is checked against the rules.

    Raises NotPermitted, UsernameWrong, UsernameTaken, NameMissing, PhoneWrong,
    django.core.exceptions.ValidationError for a weak password.
    """
    require(by, "accounts.manage", unit.pk)
    username = clean_username(username)
    if not re.fullmatch(USERNAME, username):
        raise UsernameWrong
    if not name.strip():
        raise NameMissing
    person = Person(
        username=username,
        name=name.strip(),
        language=language,
        must_change_password=must_change_password,
        created_at=at,
    )
    _put_phone(person, phone)
    validate_password(password, person)
    person.set_password(password)
    try:
        with transaction.atomic():
            person.save(force_insert=True)
    except IntegrityError as error:
        if "person_username" in str(error):
            raise UsernameTaken from None
        raise
    log("accounts.create_person", by=by, at=at, person=person)
    give_post(person=person, unit=unit, role=role, by=by, at=at)
    return person


@transaction.atomic
def set_phone(*, person: Person, phone: str, by: Actor, at: datetime) -> None:
    """Change a person's phone; empty takes it away. Raises NotPermitted, PhoneWrong."""
    if by.person_id != person.pk:
        require_over(by, person)
    _put_phone(person, phone)
    person.save(update_fields=["phone", "phone_key"])
    log("accounts.set_phone", by=by, at=at, person=person, facts={"has_phone": bool(phone)})


@transaction.atomic
def set_language(*, person: Person, language: str) -> None:
    """Keep the language a person reads; nobody's affair but their own, so it is not logged."""
    person.language = language
    person.save(update_fields=["language"])


@transaction.atomic
def deactivate_person(*, person: Person, by: Actor, at: datetime) -> None:
    """Close an account: its sessions die at the next request, its posts end, its history stays.

    Raises NotPermitted, NotOneself: so one administrator is always left.
    """
    not_oneself(by, person)
    require_over(by, person)
    person.is_active = False
    person.save(update_fields=["is_active"])
    log("accounts.deactivate_person", by=by, at=at, person=person)
    for post in person.posts.filter(to_on=None):
        end_post(post=post, by=by, at=at)


@transaction.atomic
def reactivate_person(*, person: Person, by: Actor, at: datetime) -> None:
    """Open a closed account again; it has no posts until some are given."""
    not_oneself(by, person)
    require_over(by, person)
    person.is_active = True
    person.save(update_fields=["is_active"])
    log("accounts.reactivate_person", by=by, at=at, person=person)


def _put_phone(person: Person, phone: str) -> None:
    if not phone.strip():
        person.phone, person.phone_key = "", None
        return
    try:
        person.phone = normalise_phone(phone)
    except ValueError:
        raise PhoneWrong from None
    person.phone_key = lookup_hash(person.phone, "phone")
