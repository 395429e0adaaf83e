"""Opening a matter: one statement, one round trip, one transaction.

The kernel supplies its rows; the capability adds its own record as one more part named `record`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
from django.db import connection
from psycopg.types.json import Jsonb
from psycopg.types.numeric import Float8, Int2, Int8

from bihuan.accounts.actor import Actor
from bihuan.base import calendar
from bihuan.matters import chain, kinds
from bihuan.matters.actions.photos import Kept
from bihuan.matters.case import moment
from bihuan.matters.database import connected
from bihuan.matters.errors import Refused
from bihuan.matters.timed import clock_spans

COUNTY = ZoneInfo("Asia/Shanghai")
SQL = (Path(__file__).parent.parent / "sql" / "open_matter.sql").read_text("utf8")
PLACE = re.compile(r"%\((\w+)\)s")
NO_RECORD = "record AS (SELECT NULL::bigint AS id)"

Hours = list[list[int]] | None  # office spans of a day in seconds; None = natural time


class KeyTaken(Refused):
    """The idempotency key was used before; `matter_id`, `record_id` and `digest` say with what."""

    code = "key_taken"

    def __init__(self, matter_id: int, record_id: int | None, digest: bytes) -> None:
        super().__init__("idempotency key was used before")
        self.matter_id, self.record_id, self.digest = matter_id, record_id, digest


@dataclass(frozen=True)
class NewTask:
    """A task that a matter begins with."""

    key: str
    unit_id: int
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Opening:
    """All that a new matter begins with. lon, lat: WGS-84. clocks: name, seconds, hours."""

    kind: str
    title: str
    owner_id: int
    channel: str
    tasks: tuple[NewTask, ...]
    clocks: tuple[tuple[str, int, Hours], ...]
    category: str = ""
    cell_id: int | None = None
    area_id: int | None = None
    place_guessed: bool = False
    lon: float | None = None
    lat: float | None = None
    address: str = ""
    urgency: int = 0
    about_unit_id: int | None = None
    about_person_id: int | None = None
    split_from_id: int | None = None
    photos: tuple[Kept, ...] = ()
    facts: chain.Facts = field(default_factory=dict)


@dataclass(frozen=True)
class Opened:
    """What came of it. due_at: the earliest clock's; promise_at: the clock named finish."""

    matter_id: int
    number: str
    record_id: int | None
    due_at: datetime | None
    promise_at: datetime | None


@dataclass(frozen=True)
class Once:
    """An idempotency key's digest (scoped to the caller) and the digest of what was sent."""

    key: bytes
    digest: bytes


def open_matter(
    opening: Opening,
    *,
    by: Actor,
    at: datetime,
    once: Once | None = None,
    record: str = NO_RECORD,
    values: Mapping[str, Any] | None = None,
) -> Opened:
    """Open a matter with its first line of history; raise KeyTaken when `once` was used before.

    record: the capability's own CTE, `record AS (INSERT … SELECT id, … FROM matter RETURNING id)`;
    values: its parameters.
    """
    dues = [_due(at, seconds, hours) for _, seconds, hours in opening.clocks]
    due = min(dues, default=None)
    clocks = [name for name, _, _ in opening.clocks]
    promise = dues[clocks.index("finish")] if "finish" in clocks else due
    args = _arguments(opening, by, at, dues, due) | dict(values or {})
    args |= {
        "once_key": once.key if once else None,
        "once_digest": once.digest if once else None,
    }
    sql, names = _sql(record)
    row = _raw().execute(sql, [args[name] for name in names], prepare=True).fetchone()
    if row is None:
        raise _taken(once)
    return Opened(row[0], row[1], row[2], due, promise)


def _due(at: datetime, seconds: int, hours: Hours) -> datetime:
    return calendar.hours_for(clock_spans(hours)).after(at, seconds)


def _arguments(
    opening: Opening, by: Actor, at: datetime, dues: list[datetime], due: datetime | None
) -> dict[str, Any]:
    kind = kinds.get(opening.kind)
    day = at.astimezone(COUNTY).date()
    task_due = {"accept": dues[0] if dues else None}
    states = ["waiting" if t.needs else "ready" for t in opening.tasks]
    facts = _facts(opening, by, due, states)
    body = chain.Body(1, "open", "", "", kind.loop.start, by.person_id, at, facts, None)
    photos = opening.photos
    return {
        "base": Int8(base_of(day)),
        "prefix": f"{kind.prefix}-{day:%Y%m%d}-",
        "body": chain.digest(body),
        "facts": Jsonb(facts, dumps=chain.encode),
        "at": at,
        "by": _id(by.person_id),
        "kind": opening.kind,
        "category": opening.category,
        "title": opening.title[:120],
        "state": kind.loop.start,
        "cell": _id(opening.cell_id),
        "guessed": opening.place_guessed,
        "lon": _float(opening.lon),
        "lat": _float(opening.lat),
        "address": opening.address[:200],
        "channel": opening.channel,
        "owner": Int8(opening.owner_id),
        "area": _id(opening.area_id),
        "urgency": Int2(opening.urgency),
        "about_unit": _id(opening.about_unit_id),
        "about_person": _id(opening.about_person_id),
        "split_from": _id(opening.split_from_id),
        "due": due,
        "task_keys": _array(t.key for t in opening.tasks),
        "task_units": _array(t.unit_id for t in opening.tasks),
        "task_states": _array(states),
        "task_needs": _array(",".join(t.needs) for t in opening.tasks),
        "task_dues": _array(task_due.get(t.key, due) or due for t in opening.tasks),
        "clock_names": _array(name for name, _, _ in opening.clocks),
        "clock_seconds": _array(seconds for _, seconds, _ in opening.clocks),
        "clock_hours": _array(_hours(hours) for _, _, hours in opening.clocks),
        "clock_dues": _array(dues),
        "clock_provisional": _array(calendar.provisional(d) for d in dues),
        "photo_names": _array(p.name for p in photos),
        "photo_thumbs": _array(p.thumb for p in photos),
        "photo_sums": _array(f"\\x{p.sha256.hex()}" for p in photos),
        "photo_sizes": _array(p.size for p in photos),
        "photo_widths": _array(p.width for p in photos),
        "photo_heights": _array(p.height for p in photos),
    }


def _array(values: Iterable[object]) -> str:
    """Write an array as PostgreSQL reads it: a fifth of what psycopg needs for one."""
    return "{" + ",".join("NULL" if v is None else _quoted(str(v)) for v in values) + "}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _facts(opening: Opening, by: Actor, due: datetime | None, states: list[str]) -> chain.Facts:
    facts: dict[str, chain.Fact] = {
        "owner": opening.owner_id,
        "category": opening.category,
        "due": moment(due),
        "cell": opening.cell_id,
        "channel": opening.channel,
        **opening.facts,
    }
    if by.person_id is None:
        facts["as"] = by.label
    if opening.about_unit_id is not None:
        facts["about_unit"] = opening.about_unit_id
    if opening.about_person_id is not None:
        facts["about_person"] = opening.about_person_id
    facts |= {f"photo:{n}": p.sha256.hex() for n, p in enumerate(opening.photos, 1)}
    for task, state in zip(opening.tasks, states, strict=True):
        facts[f"task:{task.key}:1"] = state
        facts[f"unit:{task.key}:1"] = task.unit_id
    return facts


_bases: dict[date, int] = {}


def base_of(day: date) -> int:
    """Return where the day's numbers start; committed before the first number of the day is drawn.

    Read once a process and day. Inside a transaction it could not be committed by itself, so it
    goes over a connection of its own then.
    """
    if day not in _bases:
        _bases[day] = _read_base(day)
    return _bases[day]


def forget_bases() -> None:
    """Forget what was read of numbers: for tests, whose databases come and go."""
    _bases.clear()


def _read_base(day: date) -> int:
    insert = (
        "INSERT INTO matters_numberday (day, base) VALUES (%s, nextval('matters_number')) "
        "ON CONFLICT DO NOTHING"
    )
    select = "SELECT base FROM matters_numberday WHERE day = %s"
    found = prepared().execute(select, (day,)).fetchone()
    if found is not None:
        return int(found[0])
    if not connection.in_atomic_block:
        prepared().execute(insert, (day,))
    else:
        with apart() as own:
            own.execute(insert, (day,))
            found = own.execute(select, (day,)).fetchone()
            assert found is not None
            return int(found[0])
    found = prepared().execute(select, (day,)).fetchone()
    assert found is not None
    return int(found[0])


def apart() -> psycopg.Connection[Any]:
    """Connect once more, outside Django's transaction."""
    info = connected().info
    return psycopg.connect(
        dbname=info.dbname,
        user=info.user,
        password=info.password or "",
        host=info.host,
        port=info.port,
        autocommit=True,
    )


def prepared() -> psycopg.Cursor[Any]:
    """Return a cursor that binds on the server and so can prepare; Django's own cannot."""
    return psycopg.Cursor(connected())


def _raw() -> psycopg.RawCursor[Any]:
    """Return a cursor for $1, $2 …: psycopg reads a text of over 4,096 bytes anew at each call."""
    return psycopg.RawCursor(connected())


@lru_cache(maxsize=32)
def _sql(record: str) -> tuple[bytes, tuple[str, ...]]:
    """Return the statement with $1, $2 … for its named places, and the names in that order."""
    names: dict[str, int] = {}
    text = PLACE.sub(
        lambda found: f"${names.setdefault(found[1], len(names) + 1)}",
        SQL.replace("/*RECORD*/", record),
    )
    return text.encode(), tuple(names)


def _taken(once: Once | None) -> Exception:
    found = once and (
        prepared()
        .execute(
            "SELECT matter_id, record_id, body_digest FROM matters_once WHERE key = %s", (once.key,)
        )
        .fetchone()
    )
    if not found:
        return RuntimeError("a matter was not opened and its key is not there")
    return KeyTaken(found[0], found[1], bytes(found[2]))


def _id(value: int | None) -> Int8 | None:
    return None if value is None else Int8(value)


def _float(value: float | None) -> Float8 | None:
    return None if value is None else Float8(value)


def _hours(hours: Hours) -> str | None:
    return None if hours is None else json.dumps(hours)
