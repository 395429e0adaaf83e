"""Doors: every address × every role × own and other county gets the answer doors.py states."""

from __future__ import annotations

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from bihuan.accounts.models import Person
from bihuan.web.tests.doors import DOORS, KNOWN, LOGIN, Answer, Door, World, doors

BACKEND = "django.contrib.auth.backends.ModelBackend"


def answer_of(person: Person | None, door: Door, address: str) -> Answer:
    """Knock, and undo what it did."""
    client = Client(raise_request_exception=False)
    with transaction.atomic():
        if person is not None:
            client.force_login(person, backend=BACKEND)
        response = getattr(client, door.method)(address, door.data)
        transaction.set_rollback(True)
    if response.status_code == 302 and response["Location"].startswith(f"{reverse(LOGIN_PAGE)}?"):
        return LOGIN
    return int(response.status_code)


LOGIN_PAGE = "accounts:login"


def test_every_address_has_its_door_and_every_door_its_address() -> None:
    assert set(KNOWN) - set(DOORS) == set(), "state who gets what there, in doors.py"
    assert set(DOORS) - set(KNOWN) == set(), "no such address any more"


@pytest.mark.django_db
@pytest.mark.parametrize("name", [name for name in KNOWN if name in DOORS])
def test_everybody_gets_the_answer_that_is_stated(
    name: str, people: dict[str, Person | None], world: World
) -> None:
    wrong = []
    for door in doors(name):
        address = reverse(name, kwargs=door.args(world))
        for who, person in people.items():
            got = answer_of(person, door, address)
            if got != door.answer(who):
                wrong.append(f"{door.method} {address}: {who} got {got}, not {door.answer(who)}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.django_db
def test_a_door_that_states_the_wrong_answer_is_found(people: dict[str, Person | None]) -> None:
    locked = Door(frozenset(), others=403, anonymous=403)
    assert answer_of(people["clerk"], locked, "/no-such-address") == 404 != locked.answer("clerk")
