"""Doors: every address × every role × own and other county gets the answer doors.py states."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from bihuan.accounts.models import Person, Post
from bihuan.web.tests.doors import ANONYMOUS, DOORS, LOGIN, RESIDENT, Answer, Door, World

BACKEND = "django.contrib.auth.backends.ModelBackend"
OTHER = "@other"


def addresses(resolver: URLResolver, before: str = "") -> Iterator[str]:
    """Give every address by its name; one without a name by its route."""
    for entry in resolver.url_patterns:
        if isinstance(entry, URLPattern):
            yield before + (entry.name or f"/{entry.pattern}")
        else:
            space = entry.namespace
            yield from addresses(entry, f"{before}{space}:" if space else before)


KNOWN = sorted(set(addresses(get_resolver())))


def doors(name: str) -> tuple[Door, ...]:
    door = DOORS[name]
    return door if isinstance(door, tuple) else (door,)


@pytest.fixture
def people(units: Any, zhang: Person, staff: dict[str, Person]) -> dict[str, Person | None]:
    """Give who knocks: nobody, a resident, each role here, and each role in the other county."""
    found: dict[str, Person | None] = {ANONYMOUS: None, RESIDENT: zhang, **staff}
    for role in staff:
        twin = Person(username=f"other-{role.replace('_', '-')}", name="外县人")
        twin.set_unusable_password()
        twin.save(force_insert=True)
        Post.objects.create(
            person=twin, unit=units.other_county, role=role, from_on=date(2020, 1, 1)
        )
        found[role + OTHER] = twin
    return found


@pytest.fixture
def world(units: Any, staff: dict[str, Person]) -> World:
    """Give the rows that addresses are made of, all of 临清市."""
    worker = staff["worker"]
    return World(
        {
            "person": worker.pk,
            "post": worker.posts.get().pk,
            "unit": units.team.pk,
        }
    )


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
    assert sorted(DOORS) == KNOWN


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
