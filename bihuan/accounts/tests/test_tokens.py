"""Tokens with which programs act: who makes them, how long they count, what is kept of them."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from bihuan.accounts.actions.log import NameMissing
from bihuan.accounts.actions.tokens import AlreadyOver, create_token, revoke_token
from bihuan.accounts.actor import SYSTEM, actor_of
from bihuan.accounts.may import NotPermitted
from bihuan.accounts.models import AdminEntry, ApiToken, Person
from bihuan.accounts.tokens import BadToken, actor_by_token, word_in
from conftest import Units

pytestmark = pytest.mark.django_db


def test_a_token_acts_as_its_person_and_its_word_is_not_kept(wang: Person, at: datetime) -> None:
    token, word = create_token(person=wang, name="热线接口", by=SYSTEM, at=at)
    assert actor_by_token(word, at) == actor_of(wang)
    assert word.encode() not in bytes(ApiToken.objects.get().digest)
    assert AdminEntry.objects.get().facts == {"token": token.pk}


def test_the_day_of_the_last_use_is_kept(wang: Person, at: datetime) -> None:
    _token, word = create_token(person=wang, name="热线接口", by=SYSTEM, at=at)
    for days, day in ((0, date(2026, 11, 23)), (2, date(2026, 11, 25))):
        actor_by_token(word, at + timedelta(days=days))
        assert ApiToken.objects.get().last_used_on == day


def test_a_token_counts_no_more_from_its_last_day_on_in_the_countys_time(
    wang: Person, at: datetime
) -> None:
    day = date(2026, 11, 25)
    _token, word = create_token(person=wang, name="a", by=SYSTEM, at=at, expires_on=day)
    midnight = datetime.fromisoformat("2026-11-25T00:00:00+08:00")
    actor_by_token(word, midnight - timedelta(seconds=1))
    with pytest.raises(BadToken):
        actor_by_token(word, midnight)


def test_who_does_not_manage_the_person_makes_and_revokes_no_token(
    wang: Person, zhao: Person, staff: dict[str, Person], units: Units, at: datetime
) -> None:
    admin = actor_of(staff["county_admin"])
    for by in (actor_of(wang), actor_of(zhao), actor_of(staff["auditor"])):
        with pytest.raises(NotPermitted):
            create_token(person=wang, name="a", by=by, at=at)
    assert ApiToken.objects.count() == AdminEntry.objects.count() == 0
    token, word = create_token(person=wang, name="a", by=admin, at=at)
    with pytest.raises(NotPermitted):
        revoke_token(token=token, by=actor_of(wang), at=at)
    actor_by_token(word, at)
    revoke_token(token=token, by=admin, at=at)
    with pytest.raises(BadToken):
        actor_by_token(word, at)


def test_a_token_says_what_it_is_for_and_is_not_over_at_once(wang: Person, at: datetime) -> None:
    with pytest.raises(NameMissing):
        create_token(person=wang, name=" ", by=SYSTEM, at=at)
    with pytest.raises(AlreadyOver):
        create_token(person=wang, name="a", by=SYSTEM, at=at, expires_on=date(2026, 11, 23))
    assert ApiToken.objects.count() == 0


@pytest.mark.parametrize(
    ("header", "word"),
    [("", None), ("Bearer a", "a"), ("bearer  a ", "a"), ("BEARER a", "a")],
)
def test_the_word_stands_behind_bearer(header: str, word: str | None) -> None:
    assert word_in(header) == word


def test_another_scheme_is_refused() -> None:
    with pytest.raises(BadToken):
        word_in("Basic YTph")


@pytest.mark.parametrize("word", ["", "bh_", "é", "\ud800", "a" * 10_000])
def test_an_unknown_word_is_nobody(word: str, db: None, at: datetime) -> None:
    with pytest.raises(BadToken):
        actor_by_token(word, at)
