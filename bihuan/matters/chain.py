"""The history's arithmetic: canonical bytes, chain, Merkle tree. Knows no database."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import NamedTuple

Fact = str | int | bool | None
Facts = Mapping[str, Fact]  # no floats: jsonb would not give the same digits back

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode


class Body(NamedTuple):
    """What one line of history says; `by` is a person's id, `note` the digest of its words."""

    seq: int
    step: str
    task: str
    before: str
    after: str
    by: int | None
    at: datetime
    facts: Facts
    note: bytes | None


def encode(facts: Facts) -> str:
    """Write `facts` as the canonical JSON that is hashed and stored."""
    return _encode(facts)


def digest(body: Body) -> bytes:
    """Hash one line's canonical bytes. Version "1" heads the list, so that the form may change."""
    at = body.at.astimezone(UTC).isoformat(timespec="microseconds")
    note = body.note.hex() if body.note is not None else None
    return sha256(_encode(("1", *body[:6], at, body.facts, note)).encode()).digest()


def start(number: str) -> bytes:
    """Return what a matter's first line links to: its number binds the chain to the matter."""
    return sha256(number.encode()).digest()


def link(before: bytes, body: bytes) -> bytes:
    """Chain a line's digest to the hash of the line before it."""
    return sha256(before + body).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """Return the Merkle root (RFC 6962: leaves and nodes hashed apart, an odd node goes up)."""
    level = [sha256(b"\0" + x).digest() for x in leaves]
    while len(level) > 1:
        level = _up(level)
    return level[0] if level else sha256(b"").digest()


def path(leaves: Sequence[bytes], at: int) -> list[tuple[str, str]]:
    """Return the audit path of leaf `at`: each step a side and the hex hash beside it."""
    level, steps = [sha256(b"\0" + x).digest() for x in leaves], []
    while len(level) > 1:
        beside = at ^ 1
        if beside < len(level):
            steps.append(("left" if beside < at else "right", level[beside].hex()))
        level, at = _up(level), at // 2
    return steps


def follow(leaf: bytes, steps: Iterable[tuple[str, str]]) -> bytes:
    """Climb an audit path from `leaf`; the result is the root when the leaf was sealed."""
    node = sha256(b"\0" + leaf).digest()
    for side, other in steps:
        pair = bytes.fromhex(other) + node if side == "left" else node + bytes.fromhex(other)
        node = sha256(b"\1" + pair).digest()
    return node


def _up(level: list[bytes]) -> list[bytes]:
    pairs = [sha256(b"\1" + a + b).digest() for a, b in zip(level[::2], level[1::2], strict=False)]
    return pairs + level[-1:] if len(level) % 2 else pairs
