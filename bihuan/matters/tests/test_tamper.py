"""A superuser with the triggers off changes something: it is found, and the first row is named.

About 200 matters made by real verbs, sealed in several seals; every trial is taken back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import psycopg
import pytest

from bihuan.accounts.models import Person
from bihuan.matters import actions, chain, jobs, seal
from bihuan.matters.actions.photos import Kept
from bihuan.matters.models import Entry, Matter
from bihuan.matters.tests import bed
from bihuan.matters.tests.owner import owner_connection, undone
from bihuan.matters.tests.ways import Ways
from bihuan.matters.verify import ENTRIES, Line, everything
from conftest import Units

pytestmark = pytest.mark.django_db(transaction=True)
MANY = 195
DAY = timedelta(days=1)


@dataclass
class World:
    """The county's history as the owner sees it. it: a matter of nine lines in two seals."""

    db: psycopg.Connection[Any]
    it: int
    number: str
    at: datetime

    def found(self, against: str | None = None) -> list[str]:
        return [str(f) for f in everything(self.db, at=self.at + 9 * DAY, against=against)]

    def sql(self, text: str, **more: Any) -> None:
        done = self.db.execute(text, {"m": self.it, **more})
        assert done.rowcount > 0, f"nothing was changed by {text}"

    def rechain(self, upto: int) -> None:
        """Make the hashes of lines 1 to `upto` fit again, and the matter's head."""
        rows = [Line(*r) for r in self.db.execute(ENTRIES) if r[0] == self.it]
        before = chain.start(rows[0].number)
        for row in rows[:upto]:
            before = chain.link(before, chain.digest(row.body()))
            fit = "UPDATE matters_entry SET hash = %(h)s WHERE matter_id = %(m)s AND seq = %(s)s"
            self.sql(fit, h=before, s=row.seq)
        if upto == len(rows):
            self.sql(HEAD.format("last_hash = %(h)s, last_seq = %(n)s"), h=before, n=upto)


@pytest.fixture
def world(ways: Ways) -> Iterator[World]:
    """Make 200 matters by verbs, the county's work of a few days, and seal them in five seals."""
    kept = Kept("aa/bb/" + "aabb" + "0" * 60 + ".jpg", "aa/bb/t.jpg",
                bytes.fromhex("aabb" + "0" * 60), 9, 3, 3)  # fmt: skip
    brought: list[Callable[[], Any]] = [
        ways.reported, ways.accepted, ways.registered, ways.dispatched, ways.handling,
        ways.handled, ways.closed, ways.paused, ways.waiting, ways.merged, ways.extension_asked,
    ]  # fmt: skip
    it = ways.closed()
    ways.accepted()
    actions.rate(matter_id=it, level=5, solved=True, note="谢谢", by=ways.cast.reporter, at=ways.at)
    jobs.seal_all(at=ways.at)
    for n in range(MANY):
        brought[n % len(brought) if n < 44 else 0]()
        if n % 50 == 49:
            jobs.seal_all(at=ways.at + timedelta(minutes=n))
    actions.reopen(matter_id=it, note="又坏了", by=ways.cast.reporter, at=ways.at)
    actions.add_note(matter_id=it, note="看图", photos=[kept], by=ways.cast.worker, at=ways.at)
    jobs.seal_all(at=ways.at + timedelta(hours=9))
    assert Matter.objects.count() >= 200
    number = Matter.objects.values_list("number", flat=True).get(pk=it)
    with owner_connection() as db:
        made = World(db, it, number, ways.at)
        assert made.found() == []
        yield made


LINE = "UPDATE matters_entry SET {} WHERE matter_id = %(m)s AND seq = 3"
HEAD = "UPDATE matters_matter SET {} WHERE id = %(m)s"


def line(change: str, rehash: int = 0) -> Callable[[World], None]:
    def do(w: World) -> None:
        w.sql(LINE.format(change))
        if rehash == 3:  # that line alone fits again
            rows = [Line(*r) for r in w.db.execute(ENTRIES) if r[0] == w.it]
            digest = chain.digest(rows[2].body())
            w.sql(LINE.format("hash = %(h)s"), h=chain.link(rows[1].hash, digest))
        elif rehash:
            w.rechain(rehash)

    return do


def row(text: str) -> Callable[[World], None]:
    return lambda w: w.sql(text)


def deleted(seq: int, *, close_up: bool) -> Callable[[World], None]:
    def do(w: World) -> None:
        w.sql("DELETE FROM matters_entry WHERE matter_id = %(m)s AND seq = %(s)s", s=seq)
        if close_up:
            for later in range(seq + 1, LAST + 1):
                move = "UPDATE matters_entry SET seq = seq - 1 WHERE matter_id = %(m)s"
                w.sql(move + " AND seq = %(s)s", s=later)
            w.rechain(LAST - 1)

    return do


def tail_cut_and_repaired(w: World) -> None:
    deleted(LAST, close_up=False)(w)
    w.sql("DELETE FROM matters_attachment WHERE matter_id = %(m)s")
    w.rechain(LAST - 1)


def matter_gone(*, leaves: bool) -> Callable[[World], None]:
    def do(w: World) -> None:
        tables = ("entry", "task", "rating", "attachment", *(["leaf"] if leaves else []))
        for table in tables:
            w.sql(f"DELETE FROM matters_{table} WHERE matter_id = %(m)s")
        w.sql("DELETE FROM matters_matter WHERE id = %(m)s")

    return do


def swapped(w: World) -> None:
    for old, new in ((3, 99), (4, 3), (99, 4)):
        w.sql("UPDATE matters_entry SET seq = %(n)s WHERE matter_id = %(m)s AND seq = %(o)s",
              o=old, n=new)  # fmt: skip


def rerooted(w: World) -> None:
    """Take the matter out of its first seal, and make that seal fit what is left."""
    matter_gone(leaves=True)(w)
    left = w.db.execute(
        "SELECT entry_id, hash FROM matters_leaf WHERE seal_id = 1 ORDER BY position"
    ).fetchall()
    for position, (entry, _) in enumerate(left):
        move = "UPDATE matters_leaf SET position = %(p)s WHERE entry_id = %(e)s"
        w.sql(move, p=position, e=entry)
    (at,) = w.db.execute("SELECT at FROM matters_seal WHERE id = 1").fetchone() or (w.at,)
    root = chain.root([leaf for _, leaf in left])
    hashed = seal.seal_hash(b"", 1, at, len(left), root)
    fit = "UPDATE matters_seal SET count = %(n)s, root = %(r)s, hash = %(h)s WHERE id = 1"
    w.sql(fit, n=len(left), r=root, h=hashed)


LAST = 9  # lines of `it`
IT, GONE = "IT", "GONE"  # who is named: the matter's number, or its id when it is gone
# what is done, who is named, the first line named
TRIALS: dict[str, tuple[Callable[[World], None], str, str]] = {
    "actor": (line("by_id = 1"), IT, "line 3 "),
    "facts": (line("facts = facts || '{\"owner\": 9}'"), IT, "line 3 "),
    "time by a microsecond": (line("at = at + interval '1 microsecond'"), IT, "line 3 "),
    "step": (line("step = 'void'"), IT, "line 3 "),
    "state after": (line("after = 'void'"), IT, "line 3 "),
    "rehashed": (line("by_id = 1", rehash=3), IT, "line 3 "),
    "rechained to the head": (line("by_id = 1", rehash=LAST), IT, "line 3 "),
    "words": (
        row("UPDATE matters_note SET text = '无' WHERE entry_id = (SELECT id FROM matters_entry "
            "WHERE matter_id = %(m)s AND seq = 5)"), IT, "words of line 5"),
    "line deleted": (deleted(3, close_up=False), IT, "line 3 "),
    "line deleted, closed up": (deleted(3, close_up=True), IT, "line 3 "),
    "first line deleted": (deleted(1, close_up=False), IT, "line 1 "),
    "tail cut": (deleted(LAST, close_up=False), IT, f"line {LAST} "),
    "tail cut, head repaired": (tail_cut_and_repaired, IT, f"line {LAST} "),
    "all lines deleted": (
        row("DELETE FROM matters_entry WHERE matter_id = %(m)s"), IT, "no history"),
    "matter deleted": (matter_gone(leaves=False), GONE, "line 1 "),
    "matter and leaves deleted": (matter_gone(leaves=True), "seal 1", "missing"),
    "only the matter's row": (row("DELETE FROM matters_matter WHERE id = %(m)s"), GONE, "is gone"),
    "swapped": (swapped, IT, "line 3 "),
    "state": (row(HEAD.format("state = 'void'")), IT, "state is void"),
    "due": (row(HEAD.format("due_at = due_at + interval '1 day'")), IT, "due is"),
    "owner": (row(HEAD.format("owner_id = owner_id + 1")), IT, "owner is"),
    "category": (row(HEAD.format("category = 'road'")), IT, "category is"),
    "exempt": (row(HEAD.format("exempt = true")), IT, "exempt is"),
    "resolved": (row(HEAD.format("resolved = false")), IT, "resolved is"),
    "about": (row(HEAD.format("about_unit_id = owner_id")), IT, "about_unit is"),
    "number": (row(HEAD.format("number = 'TS-20261123-999999'")), "TS-20261123-999999", "line 1 "),
    "task's state": (
        row("UPDATE matters_task SET state = 'ready' WHERE matter_id = %(m)s AND key = 'accept'"),
        IT, "task accept:1"),
    "task deleted": (
        row("DELETE FROM matters_task WHERE matter_id = %(m)s AND key = 'accept'"),
        IT, "task accept:1"),
    "lateness": (
        row("UPDATE matters_clock SET late = true WHERE matter_id = %(m)s AND name = 'finish'"),
        IT, "clock finish"),
    "photo's digest": (
        row("UPDATE matters_attachment SET sha256 = '\\x00' WHERE matter_id = %(m)s"), IT, "photo"),
    "photo's file": (
        row("UPDATE matters_attachment SET name = 'x' WHERE matter_id = %(m)s"), IT, "photo"),
    "photo deleted": (row("DELETE FROM matters_attachment WHERE matter_id = %(m)s"), IT, "photo"),
    "leaf altered": (
        row("UPDATE matters_leaf SET hash = '\\x00' WHERE matter_id = %(m)s AND seq = 3"),
        IT, "line 3 is not the one sealed"),
    "leaves deleted": (
        row("DELETE FROM matters_leaf WHERE matter_id = %(m)s"), "seal 1", "missing"),
    "seal re-rooted": (rerooted, "seal 2", "not chained"),
    "seal's time": (
        row("UPDATE matters_seal SET at = at + interval '1 s' WHERE id = 2"),
        "seal 2", "not chained"),
    "seal deleted": (row("DELETE FROM matters_seal WHERE id = 2"), "seal 2", "missing"),
}  # fmt: skip


def test_whatever_a_superuser_touches_is_found_and_the_first_row_named(world: World) -> None:
    unnamed = {}
    for name, (do, who, first) in TRIALS.items():
        with undone(world.db):
            do(world)
            found = world.found()
        whose = {IT: world.number, GONE: f"matter {world.it}"}.get(who, who)
        named = [text for text in found if text.startswith(f"{whose}: ")]
        if not named or first not in named[0]:
            unnamed[name] = found[:3]
    assert unnamed == {}
    assert world.found() == []  # every trial was taken back


def test_the_last_seals_cut_are_found_against_a_published_seal(world: World) -> None:
    last, published = world.db.execute(
        "SELECT id, encode(hash, 'hex') FROM matters_seal ORDER BY id DESC LIMIT 1"
    ).fetchone() or (0, "")
    against = f"{last}:{published}"
    assert world.found(against) == []
    with undone(world.db):
        world.sql("DELETE FROM matters_leaf WHERE seal_id = %(s)s", s=last)
        world.sql("DELETE FROM matters_seal WHERE id = %(s)s", s=last)
        assert world.found() == []  # by itself the history does not know
        assert world.found(against) == [f"seal {last}: the published seal is not here"]


def test_a_matter_younger_than_its_first_seal_is_missed_only_by_its_receipt(
    world: World, ways: Ways
) -> None:
    young = ways.reported()
    number = Matter.objects.values_list("number", flat=True).get(pk=young)
    kept = seal.receipt(world.db, number=number, seq=1)
    assert kept["seal"] is None
    assert seal.check_receipt(world.db, kept) is None
    with undone(world.db):
        for table in ("entry", "task"):
            world.sql(f"DELETE FROM matters_{table} WHERE matter_id = %(y)s", y=young)
        world.sql("DELETE FROM matters_matter WHERE id = %(y)s", y=young)
        assert world.found() == []
        assert seal.check_receipt(world.db, kept) == f"{number}: line 1 was there and is gone"


def test_a_receipt_finds_its_line_altered_or_gone_and_its_seal_re_rooted(world: World) -> None:
    kept = seal.receipt(world.db, number=world.number, seq=3)
    assert (kept["seal"], seal.check_receipt(world.db, kept)) == (1, None)
    with undone(world.db):
        line("by_id = 1", rehash=LAST)(world)
        assert "not the one on the receipt" in (seal.check_receipt(world.db, kept) or "")
    with undone(world.db):
        matter_gone(leaves=True)(world)
        assert "was sealed in 1 and is gone" in (seal.check_receipt(world.db, kept) or "")
    with undone(world.db):
        world.sql("UPDATE matters_seal SET root = '\\x00' WHERE id = 1")
        assert "does not hold line 3" in (seal.check_receipt(world.db, kept) or "")
    with pytest.raises(seal.NoSuchLine):
        seal.receipt(world.db, number=world.number, seq=99)


CHANGES = (
    "by_id = coalesce(by_id, 0) + 1",
    "at = at + interval '1 microsecond'",
    "at = at - interval '1 day'",
    "step = step || 'x'",
    "task = task || 'x'",
    "before = before || 'x'",
    "after = after || 'x'",
    'facts = facts || \'{"why": "x"}\'',
    "facts = facts - 'due' || '{\"x\": 1}'",
    "note_digest = sha256('x')",
    "hash = sha256('x')",
)


def test_a_hundred_lines_altered_at_random_are_each_named(world: World, units: Units) -> None:
    dice = Random(20261123)
    lines = list(Entry.objects.values_list("pk", "matter__number", "seq").order_by("pk"))
    missed = []
    for _ in range(100):
        pk, number, seq = dice.choice(lines)
        change = dice.choice((*CHANGES, "DELETE"))
        with undone(world.db):
            if change == "DELETE":
                world.sql("DELETE FROM matters_entry WHERE id = %(e)s", e=pk)
            else:
                world.sql(f"UPDATE matters_entry SET {change} WHERE id = %(e)s", e=pk)
            found = world.found()
        # a first line deleted with nothing after it leaves a matter with no history
        wanted = (f"{number}: line {seq} ", f"{number}: it has no history")
        if len(found) != 1 or not found[0].startswith(wanted):
            missed.append((number, seq, change, found[:3]))
    assert missed == []


def test_the_moment_is_not_lost_to_the_zone_it_is_read_in(
    ways: Ways, staff: dict[str, Person]
) -> None:
    pk = ways.reported(at=datetime(2026, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC))
    assert Matter.objects.get(pk=pk).number.startswith("TS-20270101-")
    assert bed.verified() == []
