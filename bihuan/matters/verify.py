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
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus

from bihuan.matters import chain
from bihuan.matters.seal import seal_hash

ENTRIES = """
SELECT m.id, m.number, m.last_seq, m.last_hash, m.state, m.due_at, m.owner_id, m.category,
  m.merged_into_id, e.hash, n.salt, n.text,
  e.seq, e.step, e.task, e.before, e.after, e.by_id, e.at, e.facts::text,
  e.note_digest
FROM matters_matter m LEFT JOIN matters_entry e ON e.matter_id = m.id
LEFT JOIN matters_note n ON n.entry_id = e.id ORDER BY m.id, e.seq
"""
TASKS = "SELECT matter_id, key, round, state, unit_id FROM matters_task ORDER BY matter_id, id"
PHOTOS = "SELECT matter_id, encode(sha256, 'hex') FROM matters_attachment ORDER BY matter_id, id"
LEAVES = """
SELECT l.seal_id, l.position, l.matter_id, l.seq, l.hash, e.hash, e.matter_id, e.seq, m.number
FROM matters_leaf l LEFT JOIN matters_entry e ON e.id = l.entry_id
LEFT JOIN matters_matter m ON m.id = l.matter_id ORDER BY l.seal_id, l.position
"""
UNSEALED = """
SELECT m.number, e.matter_id, e.seq FROM matters_entry e JOIN matters_matter m ON m.id = e.matter_id
WHERE e.at < %s::timestamptz - interval '10 minutes'
  AND NOT EXISTS (SELECT FROM matters_leaf l WHERE l.entry_id = e.id)
  AND EXISTS (SELECT FROM matters_seal s WHERE s.at > e.at + interval '10 minutes')
ORDER BY e.id LIMIT 20
"""
STRAYS = """
SELECT e.matter_id, min(e.seq) FROM matters_entry e
LEFT JOIN matters_matter m ON m.id = e.matter_id WHERE m.id IS NULL GROUP BY 1 ORDER BY 1 LIMIT 20
"""
Row = tuple[Any, ...]


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
    for matter_id, rows in groupby(_stream(db, ENTRIES, "entries"), itemgetter(0)):
        yield from one_chain(
            [_read(row) for row in rows],
            list(tasks.of(matter_id)),
            {row[1] for row in photos.of(matter_id)},
        )


def _read(row: Row) -> Row:
    return row if row[19] is None else (*row[:19], json.loads(row[19]), *row[20:])


def one_chain(rows: list[Row], tasks: list[Row], photos: set[str]) -> Iterator[Finding]:
    """Check one matter: its lines in order, each hash, the head, and the folded present."""
    number, last_seq, last_hash = rows[0][1:4]
    if rows[0][12] is None:
        yield Finding(number, 1, "it has no history")
        return
    before = chain.start(number)
    for expected, row in enumerate(rows, 1):
        body = chain.Body(*row[12:])
        if body.seq != expected:
            yield Finding(number, expected, f"line {expected} is missing")
            return
        if chain.link(before, chain.digest(body)) != row[9]:
            yield Finding(number, expected, f"line {expected} was altered")
            return
        salt, text = row[10], row[11]
        if text is not None and sha256(salt + text.encode()).digest() != body.note:
            yield Finding(number, expected, f"the words of line {expected} were altered")
        before = row[9]
    if last_seq != len(rows) or last_hash != before:
        text = f"the matter says {last_seq} lines, {len(rows)} are there or the last one differs"
        yield Finding(number, len(rows) + 1, text)
        return
    yield from _present(rows, tasks, photos)


def _present(rows: list[Row], tasks: list[Row], photos: set[str]) -> Iterator[Finding]:
    """Compare what the matter and its tasks say now with what their history says last."""
    number, state, due_at, owner, category, merged_into = (rows[0][1], *rows[0][4:9])
    said: dict[str, Any] = {}
    seen_photos: set[str] = set()
    for row in rows:
        facts = row[19]
        seen_photos.update(v for k, v in facts.items() if k.startswith("photo:"))
        said.update(facts)
    after = rows[-1][16]
    due = due_at.timestamp() if due_at else None
    said_due = datetime.fromisoformat(said["due"]).timestamp() if said.get("due") else None
    now = (
        ("state", state, after),
        ("owner", owner, said.get("owner")),
        ("due", due, said_due),
        ("category", category, said.get("category", "")),
        ("merged_into", merged_into, said.get("merged_into")),
    )
    last = len(rows)
    for name, is_now, is_said in now:
        if is_now != is_said:
            yield Finding(number, last, f"{name} is {is_now}, history says {is_said}")
    found = {f"{key}:{round_}": (task_state, unit) for _, key, round_, task_state, unit in tasks}
    told = {
        k.removeprefix("task:"): (v, said.get(f"unit:{k.removeprefix('task:')}"))
        for k, v in said.items()
        if k.startswith("task:")
    }
    for key in sorted(found.keys() | told.keys()):
        if found.get(key) != told.get(key):
            text = f"task {key} is {found.get(key)}, history says {told.get(key)}"
            yield Finding(number, last, text)
    for digest in sorted(photos ^ seen_photos):
        yield Finding(number, last, f"photo {digest[:12]} does not fit the history")


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
