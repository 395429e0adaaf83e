"""Found the demo county: units, people with one post each, cells and addresses."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import transaction

from bihuan.accounts import actions as accounts
from bihuan.accounts.actor import SYSTEM
from bihuan.accounts.models import Person, Unit
from bihuan.accounts.roles import Role
from bihuan.base.installation import is_demo
from bihuan.base.trouble import Trouble
from bihuan.demo import people
from bihuan.places.actions import create_demo_addresses, create_demo_cells
from bihuan.places.demo_areas import demo_places

UNITS = Path(__file__).parent / "units.toml"
Pair = tuple[str, str]


@transaction.atomic
def found_county(*, at: datetime) -> None:
    """Make every unit, person, cell and address of the demo. Only in a demo database."""
    if not is_demo():
        raise Trouble("演示账户只能建在演示库里。", "Demo accounts exist only in a demo database.")
    units = make_units(at=at)
    create_demo_cells(unit_ids={code: unit.pk for code, unit in units.items()}, at=at)
    create_demo_addresses(at=at)
    make_people(units, at=at)


def make_units(*, at: datetime) -> dict[str, Unit]:
    """Make the units of units.toml, and a unit for each community and cell of the demo streets."""
    made: dict[str, Unit] = {}
    for row in _unit_rows():
        parent = made[row["parent"]] if row.get("parent") else None
        hours = row.get("office_hours")
        made[row["code"]] = accounts.create_unit(
            code=row["code"],
            name=row["name"],
            kind=row["kind"],
            parent=parent,
            area_code=row.get("area_code", ""),
            office_hours=[(a, b) for a, b in hours] if hours else None,
            by=SYSTEM,
            at=at,
        )
    return made


def _unit_rows() -> Iterator[dict[str, Any]]:
    yield from tomllib.loads(UNITS.read_text("utf8"))["unit"]
    places = demo_places()
    for area in places.communities:
        yield {
            "code": area.code, "name": area.short_name, "kind": "community",
            "parent": area.parent_code, "area_code": area.code,
        }  # fmt: skip
    for cell in places.cells:
        yield {
            "code": cell.code, "name": cell.name.removesuffix("（演示）"), "kind": "team",
            "parent": cell.community_code, "area_code": cell.community_code,
        }  # fmt: skip


def make_people(units: dict[str, Unit], *, at: datetime) -> None:
    """Make a log-in for each role and everybody else; one password hash serves them all."""
    names = iter(people.invented_names(600))
    for login in people.LOGINS:
        _person(login.username, login.name, units[login.unit], Role(login.role), at)
    taken = {(login.unit, login.role) for login in people.LOGINS}
    for username, code, role in _others(units):
        if (code, role) not in taken or role == "handler":
            _person(username, next(names), units[code], Role(role), at)


def _others(units: dict[str, Unit]) -> Iterator[tuple[str, str, str]]:
    """Give (username, unit code, role) of everybody without a log-in to show."""
    counts = dict.fromkeys(("worker", "cell_head", "handler", "unit_head", "clerk"), 0)
    usernames = {
        "worker": people.WORKER_USERNAME, "cell_head": people.CELL_HEAD_USERNAME,
        "handler": people.HANDLER_USERNAME, "unit_head": people.UNIT_HEAD_USERNAME,
        "clerk": people.CLERK_USERNAME,
    }  # fmt: skip

    def one(code: str, role: str) -> tuple[str, str, str]:
        counts[role] += 1
        return usernames[role] % counts[role], code, role

    for code, unit in units.items():
        if unit.kind == "team":
            yield one(code, "worker")
        elif unit.kind == "community":
            yield one(code, "cell_head")
        elif unit.kind == "centre":
            yield one(code, "clerk")
            yield one(code, "handler")  # some disputes are settled by the centre itself
        elif unit.kind == "department":
            yield one(code, "unit_head")
            for _ in range(people.MORE_HANDLERS.get(code, people.HANDLERS_PER_DEPARTMENT)):
                yield one(code, "handler")


@cache
def _hash() -> str:
    return make_password(people.DEMO_PASSWORD)


def _person(username: str, name: str, unit: Unit, role: Role, at: datetime) -> None:
    person = Person(username=username, name=name, password=_hash(), created_at=at)
    person.save(force_insert=True)
    accounts.give_post(person=person, unit=unit, role=role, by=SYSTEM, at=at)
