"""Tokens with which programs act for a person: `Authorization: Bearer bh_…`."""

from __future__ import annotations

from datetime import datetime

from django.utils.timezone import localdate

from bihuan.accounts.actions.tokens import digest_of, note_use
from bihuan.accounts.actor import Actor, actor_of
from bihuan.accounts.models import ApiToken

SCHEME = "bearer "


class BadToken(Exception):
    """The token is unknown, revoked or out of date, or its person may not sign in."""


def word_in(header: str) -> str | None:
    """Return the token in an Authorization header, None when there is none. Raises BadToken."""
    if not header:
        return None
    if not header.lower().startswith(SCHEME):
        raise BadToken
    return header[len(SCHEME) :].strip()


def actor_by_token(word: str, at: datetime) -> Actor:
    """Return who acts with this token at this moment. Raises BadToken."""
    row = ApiToken.objects.select_related("person").filter(digest=digest_of(word)).first()
    today = localdate(at)
    if row is None or row.revoked_at is not None or not row.person.is_active:
        raise BadToken
    if row.expires_on is not None and today >= row.expires_on:
        raise BadToken
    if row.last_used_on != today:
        note_use(token=row, on=today)
    return actor_of(row.person)
