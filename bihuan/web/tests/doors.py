"""Every address of the house, and who gets what there. An address that is not here fails the test.

A door names its method, who may go in, what those get (`inside`), what people with the same roles
in another county get (`elsewhere`: unless said otherwise the same, for pages without an object),
and what everybody else gets. LOGIN is the way to the sign-in page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

LOGIN = "login"
Answer = int | str

WRONG = {"nothing": "of use"}  # a form that was filled in wrongly

# who stands before a door
ANONYMOUS, RESIDENT, OTHER = "anonymous", "resident", "@other"
CELL = frozenset({"worker", "cell_head"})
HANDS = CELL | {"handler", "unit_head"}
CENTRE = frozenset({"clerk", "supervisor"})
STAFF = HANDS | CENTRE
ADMIN = frozenset({"county_admin"})
AUDIT = frozenset({"auditor", "supervisor"})
POSTS = STAFF | {"county_admin", "auditor"}
SIGNED_IN = POSTS | {RESIDENT}
EVERYBODY = SIGNED_IN | {ANONYMOUS}


@dataclass(frozen=True)
class World:
    """What addresses can be made of: the rows of one small county."""

    ids: Mapping[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.ids[name]


def nothing(_: World) -> dict[str, Any]:
    return {}


@dataclass(frozen=True)
class Door:
    """One address with one method. args: the parts of the address; data: what is sent along."""

    may: frozenset[str]
    inside: Answer = 200
    elsewhere: Answer | None = None
    others: Answer = 403
    anonymous: Answer = LOGIN
    method: str = "get"
    args: Callable[[World], dict[str, Any]] = nothing
    data: dict[str, Any] = field(default_factory=dict)
    drawn_for: str = (
        "desk"  # or "phone", "wall": where it is looked at, and its weight; "": a file, no page
    )

    def answer(self, who: str) -> Answer:
        """Give what `who` gets; `clerk@other` is the clerk of another county."""
        role, _, other = who.partition("@")
        if role in self.may:
            return self.inside if not other or self.elsewhere is None else self.elsewhere
        return self.anonymous if role == ANONYMOUS else self.others


def for_all(inside: Answer = 200, **more: Any) -> Door:
    """Make a door that is open to everybody."""
    return Door(EVERYBODY, inside, **more)


def a_person(world: World) -> dict[str, Any]:
    return {"person_id": world["person"]}


def a_unit(world: World) -> dict[str, Any]:
    return {"unit_id": world["unit"]}


def a_webhook(world: World) -> dict[str, Any]:
    return {"webhook_id": world["webhook"]}


def managed(args: Callable[[World], dict[str, Any]], inside: Answer, method: str = "post") -> Door:
    """Make a door to something the administrator of its own county runs."""
    return Door(ADMIN, inside, elsewhere=403, method=method, args=args)


def own(world: World) -> dict[str, Any]:
    """Give the secret link of a reporter's own record."""
    return {"number": world["number"], "secret": world["secret"]}


def a_photo(world: World) -> dict[str, Any]:
    return {"photo_id": world["photo"], "size": "thumb"}


def a_task(world: World) -> dict[str, Any]:
    return {"task_id": world["task"]}


def a_verb(world: World) -> dict[str, Any]:
    return a_task(world) | {"verb": "finish"}


def in_hand(inside: Answer = 200, **more: Any) -> Door:
    """Make a door on the phone of those with tasks."""
    return Door(HANDS, inside, drawn_for="phone", **more)


CLERKS = frozenset({"clerk"})
VIEWERS = STAFF | {"auditor"}


def a_matter(world: World) -> dict[str, Any]:
    return {"number": world["number"]}


def its_photo(world: World) -> dict[str, Any]:
    return {"number": world["number"], "photo_id": world["photo"]}


DOORS: dict[str, Door | tuple[Door, ...]] = {
    # the API knows tokens alone: whoever is signed in is nobody there
    "api_reports": (
        for_all(405),
        for_all(422, method="post", data=WRONG),
    ),
    "api:openapi-json": for_all(),
    "api:api-root": for_all(404),
    "api:read_matter": for_all(404, args=lambda _: {"number": "SP-20261123-000001"}),
    "api:take_step": for_all(
        400, method="post", args=lambda _: {"number": "SP-20261123-000001", "verb": "register"}
    ),
    "api:keep_photo": for_all(422, method="post"),
    "api_nowhere": for_all(404, args=lambda _: {"rest": "v1/nowhere"}),
    "health": for_all(503),  # no worker runs beside the tests
    "accounts:login": Door(SIGNED_IN, 302, anonymous=200),
    "accounts:logout": for_all(302, method="post"),
    "accounts:language": for_all(302, method="post", data={"language": "en"}),
    "accounts:password": (
        Door(SIGNED_IN),
        Door(SIGNED_IN, 422, method="post", data=WRONG),
    ),
    "accounts:people": Door(ADMIN),
    "accounts:person_add": (Door(ADMIN), Door(ADMIN, 422, method="post", data=WRONG)),
    "accounts:person": managed(a_person, 200, "get"),
    "accounts:post_add": managed(a_person, 422),
    "accounts:person_reset": managed(a_person, 200, "get"),
    "accounts:person_close": managed(a_person, 302),
    "accounts:person_reopen": managed(a_person, 302),
    "accounts:post_end": managed(lambda world: {"post_id": world["post"]}, 302),
    "accounts:units": Door(ADMIN, 302),
    "accounts:unit": managed(a_unit, 200, "get"),
    "accounts:unit_add": managed(a_unit, 422),
    "accounts:unit_move": managed(a_unit, 422),
    "accounts:unit_hours": managed(a_unit, 302),
    "accounts:unit_close": managed(a_unit, 302),
    "accounts:admin_log": Door(AUDIT),
    "places:cells_import": (
        Door(ADMIN),
        Door(ADMIN, 422, method="post", data=WRONG),
    ),
    "places:addresses_import": (
        Door(ADMIN),
        Door(ADMIN, 422, method="post", data=WRONG),
    ),
    "places:addresses": for_all(),
    "places:cells": for_all(),
    "inbox:list": Door(SIGNED_IN),
    "inbox:read_all": Door(SIGNED_IN, 302, method="post", data=WRONG),
    "inbox:open": Door(SIGNED_IN, 404, method="post", args=lambda _: {"message_id": 0}),
    "inbox:webhooks": (Door(ADMIN), Door(ADMIN, 422, method="post", data=WRONG)),
    "inbox:texts_again": Door(ADMIN, 302, method="post"),
    "inbox:webhook": managed(a_webhook, 200, "get"),
    "inbox:switch": managed(a_webhook, 302),
    "inbox:redeliver": managed(a_webhook, 302),
    "inbox:demo_texts": Door(SIGNED_IN, 404),  # a demo's alone
    # ---- reports: residents
    "reports:home": Door(frozenset({RESIDENT, ANONYMOUS}), others=302, drawn_for="phone"),
    "reports:report": (
        for_all(drawn_for="phone"),
        for_all(422, method="post", data=WRONG),
    ),
    "reports:kept_photo": for_all(404, args=lambda _: {"token": "forged"}),
    "reports:track": (for_all(drawn_for="phone"), for_all(422, method="post", data=WRONG)),
    "reports:progress": (
        for_all(args=own, drawn_for="phone"),
        for_all(404, args=lambda world: own(world) | {"secret": "wrong"}),
    ),
    "reports:sent": for_all(args=own, drawn_for="phone"),
    "reports:slip": for_all(args=own, drawn_for="phone"),
    "reports:own_photo": for_all(args=lambda world: own(world) | a_photo(world), drawn_for=""),
    "reports:act": (
        for_all(302, method="post", args=lambda world: own(world) | {"verb": "remind"}),
        for_all(404, method="post", args=lambda world: own(world) | {"verb": "explode"}),
    ),
    # ---- reports: those with tasks, the clerk
    "reports:tasks": in_hand(),
    "reports:task": in_hand(elsewhere=404, args=a_task),
    "reports:task_verb": (
        in_hand(elsewhere=404, args=a_verb),
        in_hand(422, elsewhere=404, args=a_verb, method="post", data=WRONG),
    ),
    "reports:my_report": (in_hand(), in_hand(422, method="post", data=WRONG)),
    "reports:photo": Door(STAFF | {"auditor"}, elsewhere=404, args=a_photo, drawn_for=""),
    "reports:rules": Door(POSTS),
    "reports:desk_report": (Door(CLERKS), Door(CLERKS, 422, method="post", data=WRONG)),
    "reports:desk_filed": Door(
        CLERKS, elsewhere=404, args=lambda world: {"record_id": world["written_down"]}
    ),
    # ---- desk; who may do which verb with what is tried in desk/tests/test_verbs.py
    "desk:board": Door(VIEWERS),
    "desk:print": Door(VIEWERS),
    "desk:csv": Door(CENTRE, drawn_for=""),
    "desk:excel": Door(CENTRE, drawn_for=""),
    "desk:tasks": Door(VIEWERS),
    "desk:looks": Door(AUDIT),
    "desk:matter": Door(VIEWERS, elsewhere=404, args=a_matter),
    "desk:slip": Door(VIEWERS, elsewhere=404, args=a_matter),
    "desk:photo": Door(VIEWERS, elsewhere=404, args=its_photo, drawn_for=""),
    "desk:thumb": Door(VIEWERS, elsewhere=404, args=its_photo, drawn_for=""),
    "desk:do": Door(VIEWERS, 404, args=lambda world: a_matter(world) | {"verb": "explode"}),
    "seals:show": for_all(),
    "seals:receipt": for_all(404, args=lambda _: {"number": "SP-20261123-000001", "secret": "x"}),
    "look:care": for_all(302, method="post"),
    "look:design": for_all(404),  # the sheets of examples exist in a demo alone
    "look:design_sheet": for_all(404, args=lambda _: {"sheet": "desk"}),
}


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
