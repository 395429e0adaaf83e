"""The outbox: a failing receiver stays queued, holds up nobody, and nothing is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from bihuan.accounts.actor import SYSTEM
from bihuan.matters import actions, blobs, escalate, jobs, reactions
from bihuan.matters.actions.photos import take_photo
from bihuan.matters.models import Delivery, Entry, Matter, Notice
from bihuan.matters.tests.bed import OpenErrand, verified
from bihuan.matters.tests.owner import address
from bihuan.matters.tests.ways import Ways

ROOT = Path(__file__).resolve().parents[3]
Told = list[tuple[str, int]]


@pytest.fixture
def receivers() -> Iterator[Callable[[str, reactions.Reaction], None]]:
    """Declare receivers of an errand's opening; only they are there, and for one test."""
    before = dict(reactions._receivers)
    reactions._receivers.clear()
    yield lambda name, do: reactions.when("errand", "open", name, do)
    reactions._receivers.clear()
    reactions._receivers.update(before)


@pytest.mark.django_db
def test_a_failing_receiver_is_tried_again_later_and_holds_up_nobody(
    receivers: Callable[[str, reactions.Reaction], None], open_errand: OpenErrand, at: datetime
) -> None:
    told: Told = []
    broken = [True]

    def bad(entry: Entry, at: datetime) -> None:
        told.append(("bad", entry.matter_id))
        actions.register(matter_id=entry.matter_id, by=SYSTEM, at=at)  # is taken back with it
        if broken[0]:
            raise ConnectionError("gateway away")

    receivers("bad", bad)
    receivers("good", lambda entry, at: told.append(("good", entry.matter_id)))
    pks = [open_errand().matter_id for _ in range(3)]
    assert reactions.tell(at=at) == 3
    assert [pk for name, pk in told if name == "good"] == pks
    waits = []
    moment = at
    for _ in range(8):
        row = Delivery.objects.filter(receiver="bad").order_by("pk")[0]
        assert row.done_at is None
        assert row.error.startswith("ConnectionError")
        waits.append(int((row.next_at - moment).total_seconds()))
        assert reactions.tell(at=row.next_at - timedelta(seconds=1)) == 0  # not before its time
        moment = row.next_at
        reactions.tell(at=moment)
    assert waits == [5, 30, 120, 600, 1800, 3600, 3600, 3600]
    assert set(Matter.objects.values_list("state", flat=True)) == {"reported"}
    assert [name for name, _ in told].count("good") == 3
    broken[0] = False
    assert reactions.tell(at=moment + timedelta(hours=2)) == 3
    assert set(Matter.objects.values_list("state", flat=True)) == {"registered"}
    assert not Delivery.objects.filter(done_at=None).exists()
    assert not Notice.objects.filter(told_at=None).exists()
    assert verified() == []


@pytest.mark.django_db
def test_a_receiver_that_is_declared_no_more_stays_queued_and_visible(
    receivers: Callable[[str, reactions.Reaction], None], open_errand: OpenErrand, at: datetime
) -> None:
    receivers("gone", lambda entry, at: None)
    open_errand()
    reactions.fan_out(at=at)
    reactions._receivers.clear()
    assert reactions.deliver(at=at) == 0
    assert "no receiver gone" in Delivery.objects.get().error


@pytest.mark.django_db(transaction=True)
def test_a_worker_cut_off_in_the_middle_loses_nothing(
    receivers: Callable[[str, reactions.Reaction], None], open_errand: OpenErrand, at: datetime
) -> None:
    """The database ends the worker's connection while a receiver runs: nothing of it is kept."""
    cut = [3]
    done: list[int] = []

    def do(entry: Entry, at: datetime) -> None:
        actions.register(matter_id=entry.matter_id, by=SYSTEM, at=at)
        if cut[0]:
            cut[0] -= 1
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        done.append(entry.matter_id)

    receivers("do", do)
    pks = [open_errand().matter_id for _ in range(5)]
    moment = at
    for _ in range(8):
        try:
            reactions.tell(at=moment)
        except Exception:
            connection.close()
        moment += timedelta(minutes=10)
    assert sorted(done) == pks
    states = Matter.objects.filter(pk__in=pks).values_list("state", flat=True)
    assert set(states) == {"registered"}
    assert Entry.objects.filter(step="register").count() == 5
    assert not Delivery.objects.filter(done_at=None).exists()
    assert verified() == []


WORKER = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "bihuan.settings"
import django
django.setup()
from bihuan.base.clock import now
from bihuan.matters import reactions
from bihuan.matters.tests import errand
from bihuan.matters import actions
from bihuan.accounts.actor import SYSTEM
reactions._receivers.clear()
def do(entry, at):
    actions.register(matter_id=entry.matter_id, by=SYSTEM, at=at)
    print("in the middle", flush=True)
    sys.stdin.readline()
reactions.when("errand", "open", "do", do)
reactions.tell(at=now())
"""


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_in_the_middle_leaves_its_work_to_the_next(
    receivers: Callable[[str, reactions.Reaction], None], open_errand: OpenErrand, at: datetime
) -> None:
    pk = open_errand().matter_id
    env = os.environ | {"DATABASE_URL": address("DATABASE_URL")}
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER], cwd=ROOT, env=env, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    with worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "in the middle\n"
        worker.send_signal(signal.SIGKILL)
    assert Matter.objects.get(pk=pk).state == "reported"
    [row] = Delivery.objects.all()
    assert (row.done_at, row.tries) == (None, 0)
    receivers("do", lambda entry, at: None)
    assert reactions.tell(at=row.next_at) == 1


@pytest.mark.django_db
def test_what_fails_in_the_minute_holds_up_nothing_else(
    ways: Ways, monkeypatch: pytest.MonkeyPatch
) -> None:
    ways.paused()

    def fail(**_: object) -> int:
        raise OSError("disk full")

    monkeypatch.setattr(escalate, "climb", fail)
    jobs.each_minute(at=ways.at + timedelta(days=4))
    assert Matter.objects.get().state == "handling"
    assert jobs.seal_all(at=ways.at) == 0  # all sealed already


@pytest.mark.django_db
def test_photos_that_no_matter_owns_are_deleted_after_a_day(
    ways: Ways, settings: Any, tmp_path: Path
) -> None:
    from io import BytesIO

    from PIL import Image

    from bihuan.base.clock import now

    settings.MEDIA_ROOT = str(tmp_path)

    def photo(shade: int) -> bytes:
        out = BytesIO()
        Image.new("RGB", (40, 30), (shade, 9, 9)).save(out, "JPEG")
        return out.getvalue()

    kept, orphan = take_photo(photo(1)), take_photo(photo(200))
    pk = ways.handling()
    actions.add_note(matter_id=pk, note="", photos=[kept], by=ways.cast.worker, at=ways.at)
    assert jobs.sweep_photos(at=now()) == 0
    assert blobs.exists(orphan.name)
    assert jobs.sweep_photos(at=now() + timedelta(days=2)) == 2  # the photo and its thumbnail
    assert blobs.check(kept.name)
    assert blobs.check(kept.thumb)
    assert not blobs.exists(orphan.name)
