"""Measure the desk's pages at a million matters.

    python bench/board.py [--matters 1000000] [--rounds 30]

Makes a county of its own in a throw-away embedded PostgreSQL, loads matters, tasks, clocks and
history by COPY (foreign keys and search index come after), then asks the real views, in this
process, through all middleware. Tells p50 and p95 in ms and the number of queries. 1 when a page
takes longer than the aim.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

AIM_MS = 100
SEED = 20261125
STREETS, COMMUNITIES, DEPARTMENTS = 16, 12, 24
# share of each problem among all; the last ones are rare words
PROBLEMS = [
    ("路灯不亮", "lamp", 300), ("垃圾没人清运", "waste", 420), ("路面坑洼积水", "road", 380),
    ("井盖缺失", "cover", 160), ("占道经营", "stall", 260), ("机动车乱停", "parking", 340),
    ("施工噪声扰民", "noise", 220), ("污水外溢", "sewer", 150), ("树枝挡住信号灯", "tree", 90),
    ("楼道堆放杂物", "stairs", 140), ("供暖不热", "heating", 200), ("自来水浑浊", "water", 80),
    ("公交站牌损坏", "bus", 60), ("流浪犬伤人", "dog", 40), ("健身器材松动", "gym", 50),
    ("飞线充电", "charging", 12), ("古树倾斜", "oldtree", 2), ("河道漂浮死鱼", "river", 3),
]  # fmt: skip
RARE, COMMON = "死鱼", "垃圾"
NAMES = [
    "温泉",
    "柳园",
    "光岳",
    "东昌",
    "振兴",
    "花园",
    "利民",
    "卫育",
    "向阳",
    "建设",
    "兴华",
    "湖南",
    "香江",
    "站前",
    "古楼",
    "车营",
]
OPEN_STATES = [
    ("reported", 8), ("verifying", 5), ("registered", 10), ("dispatched", 15), ("handling", 35),
    ("rework", 5), ("handled", 12), ("checking", 5), ("paused", 3), ("waiting", 2),
]  # fmt: skip
AT_DESK = ("reported", "verifying", "registered")
MATTER = [
    "id",
    "number",
    "kind",
    "category",
    "title",
    "state",
    "place_guessed",
    "lon",
    "lat",
    "address",
    "channel",
    "owner_id",
    "area_id",
    "opened_at",
    "due_at",
    "closed_at",
    "last_seq",
    "last_hash",
]
TASK = [
    "matter_id",
    "key",
    "round",
    "unit_id",
    "state",
    "needs",
    "opinion",
    "opened_at",
    "due_at",
    "done_at",
]


def main() -> None:
    """Load, measure, print the table; 1 when the aim is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--matters", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=30)
    asked = parser.parse_args()
    from bihuan.base import keyfile
    from bihuan.base.embedded import temporary

    folder = Path(tempfile.mkdtemp(prefix="bihuan-bench-", dir="/tmp"))
    keyfile.create(folder / "keys.toml")
    (folder / "static").mkdir()
    server = temporary()
    try:
        urls = server.start()
        os.environ |= {
            "BIHUAN_DATA": str(folder), "DATABASE_URL": urls.owner,
            "DJANGO_SETTINGS_MODULE": "bihuan.settings",
        }  # fmt: skip
        late = run(urls.admin.replace("/postgres?", "/bihuan?"), asked.matters, asked.rounds)
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(int(late))


def run(admin: str, matters: int, rounds: int) -> bool:
    """Set up the county, fill it, measure; say whether a page was late."""
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False)
    began = time.perf_counter()
    with psycopg.connect(admin, autocommit=True) as link:
        county = make_county(link)
        # the rows are right by construction: no need to check each foreign key
        link.execute("SET session_replication_role = replica")
        link.execute("SET maintenance_work_mem = '512MB'")
        indexes = drop_indexes(link)
        load(link, county, matters)
        tell(f"loaded {matters:,} matters in {time.perf_counter() - began:.0f} s, indexing …")
        for definition in indexes:
            link.execute(definition)
        link.execute("VACUUM ANALYZE matters_matter, matters_task, matters_entry, matters_clock")
    tell(f"ready after {time.perf_counter() - began:.0f} s")
    return measure(county, rounds)


def tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


# ---- the county ----------------------------------------------------------------------------------


def make_county(link: psycopg.Connection[Any]) -> dict[str, Any]:
    """Make units, and one person for each view that is measured."""

    def unit(code: str, name: str, kind: str, parent: int | None) -> int:
        row = link.execute(
            "INSERT INTO accounts_unit (code, name, kind, parent_id, area_code, is_active) "
            "VALUES (%s, %s, %s, %s, '', true) RETURNING id",
            (code, name, kind, parent),
        ).fetchone()
        assert row is not None
        return int(row[0])

    def person(username: str, role: str, at: int) -> int:
        row = link.execute(
            "WITH made AS (INSERT INTO accounts_person (username, name, password, language, "
            "is_active, must_change_password, created_at) VALUES (%s, '王敏', '!', '', true, "
            "false, now()) RETURNING id), post AS (INSERT INTO accounts_post (person_id, unit_id, "
            "role, from_on) SELECT id, %s, %s, '2020-01-01' FROM made) SELECT id FROM made",
            (username, at, role),
        ).fetchone()
        assert row is not None
        return int(row[0])

    city = unit("3715", "聊城市", "city", None)
    county = unit("371581", "临清市", "county", city)
    for n in range(7):
        unit(f"37150{n}", f"邻县{n}", "county", city)
    departments = [unit(f"d{n}", f"第{n}局", "department", county) for n in range(DEPARTMENTS)]
    streets, teams = [], []
    for s in range(STREETS):
        street = unit(f"s{s}", f"{NAMES[s]}街道", "street", county)
        streets.append(street)
        for c in range(COMMUNITIES):
            community = unit(f"s{s}c{c}", f"{NAMES[(s + c) % 16]}社区", "community", street)
            teams.append(unit(f"s{s}c{c}t", "第一网格", "team", community))
    return {
        "county": county, "departments": departments, "teams": teams,
        "viewers": {
            "whole city": person("city", "clerk", city),
            "county": person("county", "clerk", county),
            "street": person("street", "clerk", streets[0]),
            "busy department": person("busy", "unit_head", departments[0]),
            "small department": person("small", "unit_head", departments[-1]),
            "team": person("team", "worker", teams[0]),
        },
    }  # fmt: skip


# ---- a million matters ---------------------------------------------------------------------------


def drop_indexes(link: psycopg.Connection[Any]) -> list[str]:
    """Drop what COPY would have to keep up row by row; give the definitions."""
    tables = ["matters_matter", "matters_task", "matters_entry", "matters_clock"]
    rows = link.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ANY(%s) AND indexname NOT IN "
        "(SELECT conname FROM pg_constraint)",
        (tables,),
    ).fetchall()
    for name, _ in rows:
        link.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))
    return [definition for _, definition in rows]


def load(link: psycopg.Connection[Any], county: dict[str, Any], matters: int) -> None:
    """COPY matters and tasks; history and clocks follow from them."""
    chance = random.Random(SEED)
    tasks: list[tuple[Any, ...]] = []
    with link.cursor() as cursor:
        for name, columns, rows in (
            ("matters_matter", MATTER, made(chance, county, matters, tasks)),
            ("matters_task", TASK, iter(tasks)),
        ):
            command = sql.SQL("COPY {} ({}) FROM STDIN").format(
                sql.Identifier(name), sql.SQL(", ").join(map(sql.Identifier, columns))
            )
            with cursor.copy(command) as copy:
                for row in rows:
                    copy.write_row(row)
    tasks.clear()
    link.execute(
        "INSERT INTO matters_entry (matter_id, seq, step, task, before, after, at, facts, hash) "
        "SELECT id, s, CASE s WHEN 1 THEN 'open' ELSE 'note' END, '', '', state, opened_at, "
        '\'{"as": "reporter"}\', last_hash FROM matters_matter, generate_series(1, '
        "CASE WHEN closed_at IS NULL THEN 8 ELSE 2 END) AS s"
    )
    link.execute(
        "INSERT INTO matters_clock (matter_id, name, base_seconds, limit_seconds, due_at, done_at) "
        "SELECT id, 'finish', 144000, 144000, due_at, closed_at FROM matters_matter"
    )
    link.execute(
        "INSERT INTO matters_clockmark (clock_id, seq, at, runs, cause, evidence) "
        "SELECT c.id, 1, "
        "m.opened_at, true, 'opened', '' FROM matters_clock c JOIN matters_matter m ON m.id = "
        "c.matter_id WHERE m.closed_at IS NULL"
    )
    link.execute("SELECT setval('matters_matter_id_seq', %s)", (matters,))


def made(
    chance: random.Random, county: dict[str, Any], matters: int, tasks: list[tuple[Any, ...]]
) -> Iterator[tuple[Any, ...]]:
    """Give matters of three years, the newest open by half, and put their tasks aside."""
    now = datetime.now(tz=UTC)
    problems = chance.choices(PROBLEMS, [p[2] for p in PROBLEMS], k=matters)
    weights = [1 / (n + 1) for n in range(DEPARTMENTS)]
    owners = chance.choices(county["departments"], weights, k=matters)
    areas = chance.choices(county["teams"], k=matters)
    states = chance.choices([s for s, _ in OPEN_STATES], [w for _, w in OPEN_STATES], k=matters)
    step = timedelta(days=1095) / matters
    desk, blank = county["county"], b"\0" * 32
    for n in range(1, matters + 1):
        words, category, _ = problems[n - 1]
        opened = now - step * (matters - n)
        is_open = chance.random() < (0.5 if n > matters * 0.95 else 0.005)
        state = states[n - 1] if is_open else "closed"
        owner = desk if state in AT_DESK else owners[n - 1]
        due = now + timedelta(hours=chance.uniform(-48, 120))
        due_at = None if not is_open or state in ("paused", "waiting") else due
        closed = None if is_open else opened + timedelta(hours=30)
        road = f"{NAMES[n % 16]}{'东西南北'[n % 4]}路{n % 300} 号"
        yield (
            n, f"SP-{opened:%Y%m%d}-{n:06d}", "report", category, f"{road}{words}", state, False,
            115.7, 36.85, f"{road}门前", "resident", owner, areas[n - 1], opened, due_at, closed, 1,
            blank,
        )  # fmt: skip
        tasks.append((n, "accept", 1, desk, "done", [], "", opened, due_at, opened))
        if state not in AT_DESK:
            ended = "done" if closed else "doing"
            tasks.append((n, "lead", 1, owners[n - 1], ended, [], "", opened, due_at, closed))
        if closed and n % 2:
            tasks.append((n, "check", 1, areas[n - 1], "done", [], "", opened, due_at, closed))


# ---- measuring -----------------------------------------------------------------------------------


def measure(county: dict[str, Any], rounds: int) -> bool:
    """Ask every page as every viewer, and print how long it took."""
    from django.conf import settings
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from bihuan.accounts.models import Person

    settings.ALLOWED_HOSTS = ["*"]
    connection.settings_dict["CONN_MAX_AGE"] = None  # served, a pool keeps connections
    late = False
    print(f"{'page':<44}{'p50 ms':>9}{'p95 ms':>9}{'queries':>9}")
    for who, person in county["viewers"].items():
        client = Client()
        client.force_login(
            Person.objects.get(pk=person), backend="django.contrib.auth.backends.ModelBackend"
        )
        for page, address in pages(client):
            with CaptureQueriesContext(connection) as queries:
                answer = client.get(address)
            asked = len(queries)
            assert answer.status_code == 200, f"{address}: {answer.status_code}"
            times = sorted(timed(client.get, address) for _ in range(rounds))
            p50, p95 = statistics.median(times), times[int(len(times) * 0.95)]
            late = late or p50 > AIM_MS
            print(f"{who + ': ' + page:<44}{p50:>9.1f}{p95:>9.1f}{asked:>9}", flush=True)
    return late


def timed(get: Callable[[str], Any], address: str) -> float:
    """Return the milliseconds of one answer, read to its end."""
    began = time.perf_counter()
    answer = get(address)
    assert answer.content
    return (time.perf_counter() - began) * 1000


def pages(client: Any) -> Iterator[tuple[str, str]]:
    """Give the addresses to ask: each page once a viewer."""
    first = client.get("/desk/").content.decode()
    number = re.findall(r"SP-\d{8}-\d+", first)[0]
    older = re.findall(r'rel="next" href="([^"]+)"', re.sub(r"\s+", " ", first))
    yield "board", "/desk/"
    yield "board, overdue", "/desk/?tab=overdue"
    yield "board, over", "/desk/?tab=over"
    yield "board, one category", "/desk/?category=dog"
    if older:
        yield "board, 2nd page", "/desk/" + older[0].replace("&amp;", "&")
    yield f"search {COMMON} (common)", f"/desk/?q={COMMON}"
    yield f"search {RARE} (rare)", f"/desk/?q={RARE}"
    yield "search, not there", "/desk/?q=企鹅"
    yield "search 编号 (prefix)", f"/desk/?q={number[:11]}"
    yield "matter", f"/desk/{number}"
    yield "tasks", "/desk/tasks"


if __name__ == "__main__":
    main()
