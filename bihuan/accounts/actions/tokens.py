"""Tokens are made and revoked; the word itself is shown once and not kept."""

from __future__ import annotations

import secrets
from datetime import date, datetime
from hashlib import sha256

from django.db import transaction
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from bihuan.accounts.actions.log import NameMissing, Refused, log, require_over
from bihuan.accounts.actor import Actor
from bihuan.accounts.models import ApiToken, Person


class AlreadyOver(Refused):
    """The token would be out of date at once."""

    field = "expires_on"

    def __init__(self) -> None:
        super().__init__(_("到期日要在今天之后。"))


def new_word() -> str:
    """Return a new token; 256 random bits, and a start by which leaked ones are found."""
    return f"bh_{secrets.token_urlsafe(32)}"


def digest_of(word: str) -> bytes:
    """Return what is stored of a token. It has 256 random bits: a plain hash is enough."""
    return sha256(word.encode(errors="replace")).digest()


@transaction.atomic
def create_token(
    *, person: Person, name: str, by: Actor, at: datetime, expires_on: date | None = None
) -> tuple[ApiToken, str]:
    """Make a token that acts as `person`; give its row and, once only, its word.

    expires_on: the first day it counts no more. Raises NotPermitted, NameMissing, AlreadyOver.
    """
    require_over(by, person)
    if not name.strip():
        raise NameMissing
    if expires_on is not None and expires_on <= localdate(at):
        raise AlreadyOver
    word = new_word()
    token = ApiToken(
        person=person,
        name=name.strip(),
        digest=digest_of(word),
        created_at=at,
        expires_on=expires_on,
    )
    token.save(force_insert=True)
    log("accounts.create_token", by=by, at=at, person=person, facts={"token": token.pk})
    return token, word


@transaction.atomic
def revoke_token(*, token: ApiToken, by: Actor, at: datetime) -> None:
    """Let a token count no more, from now on. Raises NotPermitted."""
    row = ApiToken.objects.select_for_update().select_related("person").get(pk=token.pk)
    require_over(by, row.person)
    if row.revoked_at is None:
        row.revoked_at = at
        row.save(update_fields=["revoked_at"])
        log("accounts.revoke_token", by=by, at=at, person=row.person, facts={"token": row.pk})


def note_use(*, token: ApiToken, on: date) -> None:
    """Keep the day on which a token was used last."""
    token.last_used_on = on
    token.save(update_fields=["last_used_on"])
