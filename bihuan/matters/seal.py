"""Seals: once a minute all new lines of history go under one Merkle root, chained to the last.

What is sealed is what is committed and has no leaf yet, so a transaction that commits late is
simply in the next seal. Raw SQL, as streams and COPY are what this file is made of.
"""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from typing import Any

import psycopg

from bihuan.matters import chain

LOCK = 0x5EA1
# The floor is repeated inside, or PostgreSQL reads every leaf there is.
NEW = """
SELECT e.id, e.matter_id, e.seq, e.hash FROM matters_entry e
WHERE e.id > %(floor)s AND NOT EXISTS (
  SELECT FROM matters_leaf l WHERE l.entry_id = e.id AND l.entry_id > %(floor)s)
ORDER BY e.id LIMIT %(limit)s
"""
FLOOR = """
SELECT coalesce(min(l.entry_id), 0) FROM matters_leaf l
WHERE l.seal_id = (SELECT max(id) FROM matters_seal WHERE at < %s::timestamptz - interval '1 hour')
"""
INSERT = "INSERT INTO matters_seal (id, at, count, root, hash) VALUES (%s, %s, %s, %s, %s)"
LEAVES = "COPY matters_leaf (entry_id, matter_id, seq, hash, seal_id, position) FROM STDIN"
ROW = """
SELECT e.id, e.hash, l.seal_id, l.position FROM matters_entry e
LEFT JOIN matters_leaf l ON l.entry_id = e.id JOIN matters_matter m ON m.id = e.matter_id
WHERE m.number = %s AND e.seq = %s
"""


class NoSuchLine(LookupError):
    """The line of history is not there."""


def seal_hash(last: bytes, seal: int, at: datetime, count: int, root: bytes) -> bytes:
    """Chain a seal to the one before it."""
    return sha256(last + f"{seal}|{at.timestamp():.6f}|{count}".encode() + root).digest()


def seal_new(
    db: psycopg.Connection[Any], *, at: datetime, limit: int = 50_000, from_start: bool = False
) -> int:
    """Seal up to `limit` new lines of history; return how many.

    from_start: look at every entry, not only those since an hour ago (nightly: a transaction may
    have been open for longer).
    """
    with db.transaction():
        db.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        (floor,) = db.execute(FLOOR, [at]).fetchone() or (0,)
        wanted = {"floor": 0 if from_start else floor, "limit": limit}
        rows = db.execute(NEW, wanted).fetchall()
        if not rows:
            return 0
        last = db.execute("SELECT id, hash FROM matters_seal ORDER BY id DESC LIMIT 1").fetchone()
        before, hash_before = last or (0, b"")
        seal, root = before + 1, chain.root([row[3] for row in rows])
        sealed = seal_hash(hash_before, seal, at, len(rows), root)
        db.execute(INSERT, [seal, at, len(rows), root, sealed])
        with db.cursor().copy(LEAVES) as out:
            for position, row in enumerate(rows):
                out.write_row((*row, seal, position))
    return len(rows)


def receipt(db: psycopg.Connection[Any], *, number: str, seq: int) -> dict[str, Any]:
    """Return what proves that a line of history was there: its hash, path and seal (all hex).

    Within its first minute a line is not sealed yet: seal, path and root are null then.
    """
    row = db.execute(ROW, [number, seq]).fetchone()
    if row is None:
        raise NoSuchLine(f"{number}: there is no line {seq}")
    _, line, seal, position = row
    kept: dict[str, Any] = {"number": number, "seq": seq, "hash": line.hex()}
    if seal is None:
        return kept | {"seal": None, "path": None, "root": None}
    leaves = [
        r[0]
        for r in db.execute(
            "SELECT hash FROM matters_leaf WHERE seal_id = %s ORDER BY position", [seal]
        )
    ]
    return kept | {
        "seal": seal,
        "path": chain.path(leaves, position),
        "root": chain.root(leaves).hex(),
    }


def check_receipt(db: psycopg.Connection[Any], kept: dict[str, Any]) -> str | None:
    """Check a resident's receipt against the seals; return what is wrong, or None.

    Needs neither the matter nor its history: it finds them gone.
    """
    sealed = kept["seal"] is not None
    if sealed:
        row = db.execute("SELECT root FROM matters_seal WHERE id = %s", [kept["seal"]]).fetchone()
        if row is None:
            return f"seal {kept['seal']} is missing"
        climbed = chain.follow(bytes.fromhex(kept["hash"]), [(a, b) for a, b in kept["path"]])
        if climbed != row[0]:
            return f"seal {kept['seal']} does not hold line {kept['seq']} of {kept['number']}"
    there = db.execute(
        "SELECT e.hash FROM matters_entry e JOIN matters_matter m ON m.id = e.matter_id "
        "WHERE m.number = %s AND e.seq = %s",
        [kept["number"], kept["seq"]],
    ).fetchone()
    if there is None:
        was = f"was sealed in {kept['seal']} and" if sealed else "was there and"
        return f"{kept['number']}: line {kept['seq']} {was} is gone"
    if there[0] != bytes.fromhex(kept["hash"]):
        return f"{kept['number']}: line {kept['seq']} is not the one on the receipt"
    return None
