"""Content in memory: one load, new in every process after a commit, private before it."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from bihuan.base import cached
from bihuan.base.cached import Cached, bump, forget_all
from bihuan.base.models import Version

MINUTE = 60.0


class Table:
    """A stand-in for a table: what it holds, and how often it was loaded."""

    def __init__(self) -> None:
        self.holds = "old"
        self.loads = 0

    def load(self) -> str:
        self.loads += 1
        return self.holds


@pytest.fixture
def table() -> Table:
    return Table()


@pytest.fixture
def other_process(transactional_db: None) -> Iterator[OtherProcess]:
    """Bump from a connection of its own, as another process does."""
    other = OtherProcess()
    yield other
    other.run(lambda: Version.objects.all().delete())


class OtherProcess:
    def run(self, work: object) -> None:
        def body() -> None:
            try:
                assert callable(work)
                work()
            finally:
                connections.close_all()

        thread = threading.Thread(target=body)
        thread.start()
        thread.join()

    def bump(self, name: str) -> None:
        """Write the row alone: this process hears nothing of it."""

        def write() -> None:
            with connection.cursor() as cursor:
                cursor.execute(cached._BUMP, [name])

        self.run(write)


@pytest.mark.django_db
def test_content_is_loaded_once(table: Table) -> None:
    kept = Cached("words", table.load)
    assert [kept.get() for _ in range(5)] == ["old"] * 5
    assert table.loads == 1


@pytest.mark.django_db
def test_one_query_asks_for_the_versions_of_all_names(table: Table) -> None:
    several = [Cached(f"words{n}", table.load, MINUTE) for n in range(5)]
    with CaptureQueriesContext(connection) as queries:
        for kept in several * 3:
            kept.get()
    assert len(queries) == 1


def test_another_process_is_heard_after_the_check_time(
    table: Table, other_process: OtherProcess
) -> None:
    at_once, lazy = Cached("words", table.load, 0.0), Cached("words", table.load, MINUTE)
    assert (at_once.get(), lazy.get()) == ("old", "old")
    table.holds = "new"
    other_process.bump("words")
    assert lazy.get() == "old"
    assert at_once.get() == "new"
    assert lazy.get() == "new"  # one look serves all names


def test_another_name_is_not_loaded_again(table: Table, other_process: OtherProcess) -> None:
    kept = Cached("words", table.load, 0.0)
    kept.get()
    other_process.bump("cells")
    kept.get()
    assert table.loads == 1


def test_its_own_commit_is_seen_at_once(table: Table, other_process: OtherProcess) -> None:
    kept = Cached("words", table.load, MINUTE)
    kept.get()
    with transaction.atomic():
        bump("words")
        table.holds = "new"
    assert kept.get() == "new"


def test_an_open_transaction_keeps_its_content_to_itself(
    table: Table, other_process: OtherProcess
) -> None:
    kept = Cached("words", table.load, 0.0)
    kept.get()
    seen: list[str] = []
    with pytest.raises(KeyError), transaction.atomic():
        bump("words")
        table.holds = "never committed"
        assert kept.get() == "never committed"
        other_process.run(lambda: seen.append(kept.get()))
        table.holds = "old"
        raise KeyError
    assert seen == ["old"]
    assert kept.get() == "old"
    assert not Version.objects.filter(name="words").exists()


def test_a_look_from_inside_a_transaction_tells_nobody_of_it(
    table: Table, other_process: OtherProcess
) -> None:
    kept, others = Cached("words", table.load, MINUTE), Cached("cells", table.load, 0.0)
    assert kept.get() == "old"
    seen: list[str] = []
    with pytest.raises(KeyError), transaction.atomic():
        bump("words")
        table.holds = "never committed"
        others.get()  # reads all versions, that of the open bump among them
        other_process.run(lambda: seen.append(kept.get()))
        table.holds = "old"
        raise KeyError
    assert seen == ["old"]
    assert kept.get() == "old"


def test_a_load_that_fails_is_tried_again(table: Table, other_process: OtherProcess) -> None:
    def load() -> str:
        if table.load() == "broken":
            raise KeyError
        return table.holds

    kept = Cached("words", load, MINUTE)
    table.holds = "broken"
    with pytest.raises(KeyError):
        kept.get()
    table.holds = "mended"
    assert kept.get() == "mended"


def test_a_savepoint_that_rolls_back_takes_its_content_along(
    table: Table, other_process: OtherProcess
) -> None:
    kept = Cached("words", table.load, MINUTE)
    with transaction.atomic():
        bump("words")
        table.holds = "outer"
        assert kept.get() == "outer"
        with pytest.raises(KeyError), transaction.atomic():
            bump("words")
            table.holds = "inner"
            assert kept.get() == "inner"
            raise KeyError
        table.holds = "outer"
        assert kept.get() == "outer"
    assert kept.get() == "outer"


def test_a_bump_outside_a_transaction_is_refused(other_process: OtherProcess) -> None:
    with pytest.raises(transaction.TransactionManagementError):
        bump("words")
    assert not Version.objects.exists()


def test_many_threads_load_once(table: Table, other_process: OtherProcess) -> None:
    kept = Cached("words", table.load, MINUTE)
    gate = threading.Barrier(6)
    seen: list[str] = []

    def body() -> None:
        gate.wait()
        try:
            seen.append(kept.get())
        finally:
            connections.close_all()

    threads = [threading.Thread(target=body) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == ["old"] * 6
    assert table.loads == 1


def test_two_writers_leave_two_versions(other_process: OtherProcess) -> None:
    gate = threading.Barrier(2)

    def write() -> None:
        gate.wait()
        with transaction.atomic():
            bump("words")

    threads = [threading.Thread(target=other_process.run, args=(write,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Version.objects.get(name="words").n == 2


@pytest.mark.django_db
def test_forgetting_loads_anew(table: Table) -> None:
    kept = Cached("words", table.load, MINUTE)
    kept.get()
    table.holds = "new"
    forget_all()
    assert kept.get() == "new"
