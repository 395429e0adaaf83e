"""Passwords are set and reset; every attempt to sign in is kept."""

from __future__ import annotations

from datetime import datetime

from axes.utils import reset as unlock
from django.contrib.auth.password_validation import validate_password
from django.db import transaction
from django.utils.crypto import get_random_string

from bihuan.accounts.actions.log import log, not_oneself, require_over
from bihuan.accounts.actor import Actor
from bihuan.accounts.may import NotPermitted
from bihuan.accounts.models import Person, SignIn
from bihuan.base.crypto import lookup_hash

# Without i, l, o, 0 and 1: a one-time password is read out on the phone. 12 of 31 are 59 bits.
ONE_TIME_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
ONE_TIME_LENGTH = 12


@transaction.atomic
def set_password(*, person: Person, password: str, by: Actor, at: datetime) -> None:
    """Set one's own new password; every other session of the person dies.

    Raises NotPermitted for anybody else (see reset_password), ValidationError for a weak one.
    """
    if by.label != "system" and by.person_id != person.pk:
        raise NotPermitted("accounts.manage")
    validate_password(password, person)
    _save_password(person, password, must_change=False)
    log("accounts.set_password", by=by, at=at, person=person)


@transaction.atomic
def reset_password(*, person: Person, by: Actor, at: datetime) -> str:
    """Give a random one-time password, to be shown once; every session of the person dies.

    It has to be changed at the first sign-in. Lockouts of the account end. Raises NotPermitted,
    NotOneself.
    """
    not_oneself(by, person)
    require_over(by, person)
    password = one_time_password()
    _save_password(person, password, must_change=True)
    unlock(username=person.username)
    log("accounts.reset_password", by=by, at=at, person=person)
    return password


def note_sign_in(*, person: Person | None, success: bool, address: str, at: datetime) -> None:
    """Keep one attempt to sign in. address: where from; only its keyed hash is stored."""
    SignIn.objects.create(person=person, success=success, network=network(address), at=at)


def network(address: str) -> bytes:
    """Turn an address into the key it is kept under."""
    return lookup_hash(address, "network")


def one_time_password() -> str:
    """Draw a random password of 59 bits that can be read out on the phone."""
    return get_random_string(ONE_TIME_LENGTH, ONE_TIME_LETTERS)


def _save_password(person: Person, password: str, *, must_change: bool) -> None:
    person.set_password(password)
    person.must_change_password = must_change
    person.save(update_fields=["password", "must_change_password"])
