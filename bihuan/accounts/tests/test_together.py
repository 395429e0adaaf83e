"""Two administrators at once: what one transaction alone could not get wrong."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime

import pytest
from django.db import connection

from bihuan.accounts import actions
from bihuan.accounts.actor import SYSTEM
from bihuan.accounts.models import Person, Post, Unit
from bihuan.accounts.roles import Role
from conftest import Units

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*steps: Callable[[], object]) -> list[object]:
    """Run the steps in threads that start together; give each one's result or exception."""
    gate = threading.Barrier(len(steps))
    results: list[object] = [None] * len(steps)

    def run(n: int, step: Callable[[], object]) -> None:
        gate.wait(timeout=10)
        try:
            results[n] = step()
        except Exception as error:  # the test looks at it
            results[n] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=each) for each in enumerate(steps)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return results


def test_two_moves_never_close_a_circle_together(units: Units, at: datetime) -> None:
    def move(unit: Unit, parent: Unit) -> Callable[[], object]:
        return lambda: actions.move_unit(
            unit=Unit.objects.get(pk=unit.pk),
            parent=Unit.objects.get(pk=parent.pk),
            by=SYSTEM,
            at=at,
        )

    for _ in range(5):
        results = at_once(move(units.urban, units.roads), move(units.roads, units.urban))
        assert sorted(type(result).__name__ for result in results) == ["Circle", "NoneType"]
        Unit.objects.filter(pk__in=(units.urban.pk, units.roads.pk)).update(parent=units.county)


def test_two_appointments_never_join_powers_that_must_stay_apart(
    units: Units, at: datetime
) -> None:
    def give(person: Person, role: Role) -> Callable[[], object]:
        return lambda: actions.give_post(
            person=person, unit=units.county, role=role, by=SYSTEM, at=at
        )

    for n in range(5):
        person = Person.objects.create(username=f"new{n}", name="新人")
        results = at_once(give(person, Role.CLERK), give(person, Role.AUDITOR))
        kinds = sorted(type(result).__name__ for result in results)
        assert kinds == ["Post", "PowersNotSeparate"]
        assert Post.objects.filter(person=person).count() == 1


def test_one_user_name_is_given_once(units: Units, at: datetime) -> None:
    def make() -> object:
        return actions.create_person(
            username="twin",
            name="双",
            password="kuaizhang-2026-lu",
            unit=units.urban,
            role=Role.HANDLER,
            by=SYSTEM,
            at=at,
        )

    results = at_once(make, make, make)
    assert sorted(type(result).__name__ for result in results) == [
        "Person",
        "UsernameTaken",
        "UsernameTaken",
    ]
    assert Person.objects.filter(username="twin").count() == 1
