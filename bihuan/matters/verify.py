"""Find the first row of history that somebody touched. Reads only; trusts only what it recomputes.

Raw SQL over server-side cursors: millions of rows, one pass each, all in one snapshot.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

import psycopg
from psycopg.pq import TransactionStatus

from bihuan.matters import blobs, chain
from bihuan.matters.seal import seal_hash

ENTRIES = """
SELECT m.id, m.number, m.last_seq, m.last_hash, m.state, m.due_at, m.owner_id, m.category,
  m.merged_into_id, m.about_unit_id, m.about_person_id, m.exempt, m.resolved,
  e.hash, n.salt, n.text,
  e.seq, e.step, e.task, e.before, e.after, e.by_id, e.at, e.facts::text,
  e.note_digest
FROM matters_matter m LEFT JOIN matters_entry e ON e.matter_id = m.id
LEFT JOIN matters_note n ON n.entry_id = e.id ORDER BY m.id, e.seq
"""
TASKS = "SELECT matter_id, key, round, state, unit_id FROM matters_task ORDER BY matter_id, id"
PHOTOS = """
SELECT matter_id, CASE WHEN strpos(name, encode(sha256, 'hex')) > 0
  THEN encode(sha256, 'hex') ELSE name END FROM matters_attachment ORDER BY matter_id, id
"""
LATE = "SELECT matter_id, name FROM matters_clock WHERE late ORDER BY matter_id"
FILES = """
SELECT m.number, 0, a.name, a.thumb FROM matters_attachment a
JOIN matters_matter m ON m.id = a.matter_id ORDER BY a.id
"""
LEAVES = """
SELECT l.seal_id, l.position, l.matter_id, l.seq, l.hash, e.hash, e.matter_id, e.seq, m.number
FROM matters_leaf l LEFT JOIN matters_entry e ON e.id = l.entry_id
LEFT JOIN matters_matter m ON m.id = l.matter_id ORDER BY l.seal_id, l.position
"""
UNSEALED = """
SELECT m.number, e.matter_id, e.seq FROM matters_entry e JOIN matters_matter m ON m.id = e.matter_id
WHERE NOT EXISTS (SELECT FROM matters_leaf l WHERE l.entry_id = e.id)
  AND e.id < (SELECT max(l.entry_id) FROM matters_leaf l WHERE l.seal_id = (
    SELECT max(s.id) FROM matters_seal s WHERE s.at < %s::timestamptz - interval '2 days'))
ORDER BY e.id LIMIT 20
"""
STRAYS = """
SELECT e.matter_id, min(e.seq) FROM matters_entry e
LEFT JOIN matters_matter m ON m.id = e.matter_id WHERE m.id IS NULL GROUP BY 1 ORDER BY 1 LIMIT 20
"""
Row = tuple[Any, ...]


class Line(NamedTuple):
    """One row of ENTRIES: the matter as it is now, and one line of its history."""

    matter_id: int
    number: str
    last_seq: int
    last_hash: bytes
    state: str
    due_at: datetime | None
    owner: int
    category: str
    merged_into: int | None
    about_unit: int | None
    about_person: int | None
    exempt: bool
    resolved: bool | None
    hash: bytes
    salt: bytes
    text: str | None
    seq: int | None
    step: str
    task: str
    before: str
    after: str
    by: int | None
    at: datetime
    facts: str
    note: bytes | None

    def body(self) -> chain.Body:
        """Return what was hashed."""
        assert self.seq is not None
        return chain.Body(
            self.seq,
            self.step,
            self.task,
            self.before,
            self.after,
            self.by,
            self.at,
            json.loads(self.facts),
            self.note,
        )


class Beside(NamedTuple):
    """What belongs to a matter beside its history: tasks, photo digests, clocks that were late."""

    tasks: list[Row]
    photos: set[str]
    late: set[str]


@dataclass(frozen=True)
class Finding:
    """What was found, where: a matter (number, or its id when it is gone) and line, or a seal."""

    where: str
    seq: int
    text: str

    def __str__(self) -> str:
        return f"{self.where}: {self.text}"


def everything(
    db: psycopg.Connection[Any], *, at: datetime, against: str | None = None
) -> list[Finding]:
    """Check every chain, every present value, every seal; the lowest line of each matter is named.

    against: "seal:hash" as published or kept in a backup; it finds the last seals cut.
    """
    lowest: dict[str, Finding] = {}
    alone = db.info.transaction_status == TransactionStatus.IDLE
    with db.transaction():
        if alone:  # one snapshot for all passes; inside a caller's transaction it is theirs to set
            db.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        for finding in _findings(db, at, against):
            known = lowest.get(finding.where)
            if known is None or finding.seq < known.seq:
                lowest[finding.where] = finding
    return list(lowest.values())


def _findings(db: psycopg.Connection[Any], at: datetime, against: str | None) -> Iterator[Finding]:
    yield from chains(db)
    yield from seals(db, against)
    for matter_id, seq in db.execute(STRAYS):
        yield Finding(f"matter {matter_id}", seq, f"the matter is gone, its line {seq} is there")
    for number, _, seq in db.execute(UNSEALED, [at]):
        yield Finding(number, seq, f"line {seq} was never sealed")


def chains(db: psycopg.Connection[Any]) -> Iterator[Finding]:
    """Recompute every matter's chain and fold its present values from its history."""
    tasks = _Grouped(_stream(db, TASKS, "tasks"))
    photos = _Grouped(_stream(db, PHOTOS, "photos"))
    late = _Grouped(_stream(db, LATE, "late"))
    for matter_id, rows in groupby(_stream(db, ENTRIES, "entries"), itemgetter(0)):
        beside = Beside(
            list(tasks.of(matter_id)),
            {row[1] for row in photos.of(matter_id)},
            {row[1] for row in late.of(matter_id)},
        )
        yield from one_chain([Line(*row) for row in rows], beside)


def one_chain(lines: list[Line], beside: Beside) -> Iterator[Finding]:
    """Check one matter: its lines in order, each hash, the head, and the folded present."""
    head = lines[0]
    number = head.number
    if head.seq is None:
        yield Finding(number, 1, "it has no history")
        return
    before = chain.start(number)
    bodies: list[chain.Body] = []
    for expected, line in enumerate(lines, 1):
        if line.seq != expected:
            yield Finding(number, expected, f"line {expected} is missing")
            return
        body = line.body()
        bodies.append(body)
        if chain.link(before, chain.digest(body)) != line.hash:
            yield Finding(number, expected, f"line {expected} was altered")
            return
        if line.text is not None and sha256(line.salt + line.text.encode()).digest() != body.note:
            yield Finding(number, expected, f"the words of line {expected} were altered")
        before = line.hash
    if head.last_seq > len(lines):
        yield Finding(number, len(lines) + 1, f"line {len(lines) + 1} is missing")
        return
    if head.last_seq < len(lines) or head.last_hash != before:
        text = f"line {len(lines)} is not the one that the matter says is its last"
        yield Finding(number, len(lines), text)
        return
    yield from _present(head, bodies, beside)


def _present(head: Line, bodies: list[chain.Body], beside: Beside) -> Iterator[Finding]:
    """Compare what the matter, its tasks and photos say now with what their history says last."""
    said: dict[str, Any] = {}
    seen_photos: set[str] = set()
    for body in bodies:
        seen_photos.update(str(v) for k, v in body.facts.items() if k.startswith("photo:"))
        said.update(body.facts)
    said_due = said.get("due")
    now = (
        ("state", head.state, bodies[-1].after),
        ("owner", head.owner, said.get("owner")),
        ("due", head.due_at, datetime.fromisoformat(said_due) if said_due else None),
        ("category", head.category, said.get("category", "")),
        ("merged_into", head.merged_into, said.get("merged_into")),
        ("about_unit", head.about_unit, said.get("about_unit")),
        ("about_person", head.about_person, said.get("about_person")),
        ("exempt", head.exempt, said.get("exempt", False)),
        ("resolved", head.resolved, said.get("resolved")),
    )
    number, last = head.number, len(bodies)
    for name, is_now, is_said in now:
        if is_now != is_said:
            yield Finding(number, last, f"{name} is {is_now}, history says {is_said}")
    found = {f"{key}:{round_}": (state, unit) for _, key, round_, state, unit in beside.tasks}
    told = {k[5:]: (v, said.get(f"unit:{k[5:]}")) for k, v in said.items() if k.startswith("task:")}
    if found != told:
        for key in sorted(found.keys() | told.keys()):
            if found.get(key) != told.get(key):
                text = f"task {key} is {found.get(key)}, history says {told.get(key)}"
                yield Finding(number, last, text)
    for digest in sorted(beside.photos ^ seen_photos):
        yield Finding(number, last, f"photo {digest[:12]} does not fit the history")
    for name in sorted(beside.late ^ {k[5:] for k in said if k.startswith("late:")}):
        yield Finding(number, last, f"clock {name}: whether it was late does not fit the history")


def seals(db: psycopg.Connection[Any], against: str | None = None) -> Iterator[Finding]:
    """Recompute every seal from its leaves and compare the leaves with the history."""
    query = "SELECT id, at, count, root, hash FROM matters_seal"
    said = {row[0]: row[1:] for row in db.execute(query)}
    if against:
        seal, _, published = against.partition(":")
        if int(seal) not in said or said[int(seal)][3].hex() != published:
            yield Finding(f"seal {seal}", 0, "the published seal is not here")
    last, expected = b"", 1
    for seal_id, rows in groupby(_stream(db, LEAVES, "leaves"), itemgetter(0)):
        leaves: list[bytes] = []
        for row in rows:
            if row[1] != len(leaves):
                yield Finding(f"seal {seal_id}", 0, f"leaf {len(leaves)} is missing")
                break
            yield from _leaf(row)
            leaves.append(row[4])
        if seal_id != expected or seal_id not in said:
            yield Finding(f"seal {expected}", 0, "it is missing")
            return
        at, count, root, sealed = said.pop(seal_id)
        if len(leaves) != count or chain.root(leaves) != root:
            yield Finding(f"seal {seal_id}", 0, f"its root does not hold its {count} leaves")
        if seal_hash(last, seal_id, at, count, root) != sealed:
            yield Finding(f"seal {seal_id}", 0, "it is not chained to the seal before")
        last, expected = sealed, seal_id + 1
    for seal_id in sorted(said):
        yield Finding(f"seal {seal_id}", 0, "it has lost all its leaves")


def _leaf(row: Row) -> Iterator[Finding]:
    seal_id, _, matter_id, seq, leaf, line, line_matter, line_seq, number = row
    where = number or f"matter {matter_id}"
    if line is None:
        yield Finding(where, seq, f"line {seq} was sealed in {seal_id} and is gone")
    elif (line, line_matter, line_seq) != (leaf, matter_id, seq):
        yield Finding(where, seq, f"line {seq} is not the one sealed in {seal_id}")


def _stream(db: psycopg.Connection[Any], sql: str, name: str) -> Iterator[Row]:
    # Django's connections give jsonb as text; asked for as text it is the same on any connection
    with db.cursor(f"verify_{name}") as cursor:
        cursor.itersize = 20_000
        yield from cursor.execute(sql)


class _Grouped:
    """Rows ordered by matter, taken matter by matter in step with another stream."""

    def __init__(self, rows: Iterator[Row]) -> None:
        self.rows = rows
        self.next = next(rows, None)

    def of(self, matter_id: int) -> Iterator[Row]:
        while self.next is not None and self.next[0] < matter_id:
            self.next = next(self.rows, None)
        while self.next is not None and self.next[0] == matter_id:
            yield self.next
            self.next = next(self.rows, None)


def files(db: psycopg.Connection[Any]) -> Iterator[Finding]:
    """Hash every photo and thumbnail on disk again; name those that are gone or other bytes."""
    for number, seq, *names in _stream(db, FILES, "files"):
        for name in names:
            if not _is_whole(name):
                yield Finding(number, seq, f"file {name} is gone or damaged")


def _is_whole(name: str) -> bool:
    try:
        return blobs.check(name)
    except (blobs.BadBlobName, OSError):
        return False
