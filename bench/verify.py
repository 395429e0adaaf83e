"""Measure how many lines of history a second `bihuan verify` checks, and how fast seals are made.

    python -m bench.verify [--entries 100000]

Builds matters of five lines by COPY in a throw-away embedded PostgreSQL, seals them, verifies them.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

from bihuan.base import keyfile
from bihuan.base.embedded import Embedded

AT = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
STEPS = (
    ("open", "", "reported"), ("register", "reported", "registered"),
    ("assign", "registered", "dispatched"), ("take_up", "dispatched", "handling"),
    ("finish", "handling", "handled"),
)  # fmt: skip
COPY = {
    "matter": "id, number, kind, category, title, state, place_guessed, address, channel, owner_id,"
    " opened_at, last_seq, last_hash",
    "entry": "matter_id, seq, step, task, before, after, at, facts, hash",
    "task": "matter_id, key, round, unit_id, state, needs, opinion, done_at",
}


def build(link: psycopg.Connection[Any], matters: int) -> None:
    """Copy `matters` matters with five lines and a task each."""
    from bihuan.matters import chain

    (unit,) = link.execute(
        "INSERT INTO accounts_unit (code, name, kind, area_code, is_active)"
        " VALUES ('371581', '临清市', 'county', '371581', true) RETURNING id"
    ).fetchone() or (0,)
    rows: dict[str, list[tuple[Any, ...]]] = {table: [] for table in COPY}
    for n in range(1, matters + 1):
        number = f"SP-20261123-{n:06d}"
        before = chain.start(number)
        for seq, (step, was, after) in enumerate(STEPS, 1):
            facts: dict[str, chain.Fact] = {"as": "system"}
            if seq == 1:
                facts |= {"owner": unit, "category": "lamp", "unit:lead:1": unit}
            facts["task:lead:1"] = "done" if seq == len(STEPS) else "ready"
            at = AT + timedelta(seconds=n * 10 + seq)
            body = chain.Body(seq, step, "", was, after, None, at, facts, None)
            before = chain.link(before, chain.digest(body))
            line = (n, seq, step, "", was, after, at, chain.encode(facts), before)
            rows["entry"].append(line)
        rows["matter"].append((n, number, "report", "lamp", "灯", "handled", False, "", "api", unit,
                               AT, len(STEPS), before))  # fmt: skip
        rows["task"].append((n, "lead", 1, unit, "done", [], "", AT))
    for table, names in COPY.items():
        with link.cursor().copy(f"COPY matters_{table} ({names}) FROM STDIN") as out:
            for row in rows[table]:
                out.write_row(row)


def measure(folder: Path, entries: int) -> int:
    """Build, seal and verify; print the rates; 1 when something was found."""
    data = folder / "data"
    data.mkdir()
    keyfile.create(data / "keys.toml")
    os.environ["BIHUAN_DATA"] = str(data)
    with Embedded(data / "pg") as urls:
        os.environ["DATABASE_URL"] = urls.owner
        os.environ["DJANGO_SETTINGS_MODULE"] = "bihuan.settings"
        import django

        django.setup()
        from django.core.management import call_command
        from django.db import connections

        from bihuan.matters import seal, verify

        call_command("migrate", verbosity=0)
        connections.close_all()
        with psycopg.connect(urls.owner, autocommit=True) as link:
            build(link, entries // len(STEPS))
            link.execute("ANALYZE")
            begun = time.perf_counter()
            sealed = 0
            while count := seal.seal_new(link, at=AT, limit=5000):
                sealed += count
            sealing = time.perf_counter() - begun
            begun = time.perf_counter()
            found = verify.everything(link, at=AT + timedelta(days=9))
            took = time.perf_counter() - begun
    print(f"sealed {sealed} lines, {sealed / sealing:,.0f} a second")
    print(f"verified {sealed} lines in {took:.1f} s, {sealed / took:,.0f} a second")
    print(*found[:5], sep="\n")
    return 1 if found else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=100_000)
    args = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="bihuan-verify-", dir="/tmp"))
    folder.chmod(0o755)
    try:
        return measure(folder, args.entries)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
