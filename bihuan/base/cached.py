"""Small tables kept in memory, and read again in every process once they have changed.

A table that every request reads and few people write (cells, units, rules, the calendar) is
loaded once. Who writes it calls `bump(name)` in the same transaction; every process looks at
the versions at most once in `check_seconds`, with one query for all names together.

Raw SQL is allowed here: the version row is this file's own.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, Generic, TypeVar
from weakref import WeakSet

from django.db import connection, transaction

T = TypeVar("T")

_BUMP = """
INSERT INTO base_version (name, n) VALUES (%s, 1)
ON CONFLICT (name) DO UPDATE SET n = base_version.n + 1
"""


class _Bumped:
    """A bump not yet committed. It waits among the connection's on-commit calls.

    Django takes it out again when its savepoint or transaction rolls back, so its presence
    there says exactly whether this connection sees content that nobody else sees.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self) -> None:
        _versions.check_at_once()


class _Versions:
    """The committed version of every name, as this process last saw them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.forget()

    def forget(self) -> None:
        self.known: dict[str, int] = {}
        self._checked = 0.0
        self._urgent = True

    def check_at_once(self) -> None:
        self._urgent = True

    def check(self, seconds: float) -> None:
        """Read all versions when the last look is `seconds` old.

        While one thread reads, the others go on with what is known, unless nothing is, or
        this process has itself just committed a change.
        """
        if not self._urgent and time.monotonic() - self._checked < seconds:
            return
        if not self._lock.acquire(blocking=self._urgent):
            return
        try:
            if self._urgent or time.monotonic() - self._checked >= seconds:
                self._read()
        finally:
            self._lock.release()

    def _read(self) -> None:
        self._urgent = False
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT name, n FROM base_version")
                found = dict(cursor.fetchall())
        except BaseException:
            self._urgent = True
            raise
        for mark in _marks():  # not committed: nobody else can load it yet
            found[mark.name] = self.known.get(mark.name, 0)
        self.known = found
        self._checked = time.monotonic()


def _marks() -> list[_Bumped]:
    """Return the bumps of this connection's open transaction."""
    return [entry[1] for entry in connection.run_on_commit if isinstance(entry[1], _Bumped)]


class Cached(Generic[T]):
    """The content of a table, loaded by `load()` and kept until `bump(name)` is committed.

    Other processes see a change at most `check_seconds` after its commit, this process at
    once. Inside the transaction that bumped, `get` gives what that transaction sees, and
    keeps it from everybody else.
    """

    def __init__(self, name: str, load: Callable[[], T], check_seconds: float = 1.0) -> None:
        self.name = name
        self._load = load
        self._check_seconds = check_seconds
        self._lock = threading.RLock()
        self._kept: tuple[int, T] | None = None
        self._own = threading.local()
        _every.add(self)

    def get(self) -> T:
        if connection.run_on_commit:
            marks = [mark for mark in _marks() if mark.name == self.name]
            if marks:
                return self._private(marks)
        _versions.check(self._check_seconds)
        kept = self._kept
        if kept is not None and kept[0] == _versions.known.get(self.name, 0):
            return kept[1]
        with self._lock:
            kept = self._kept
            # The version first, then the content: content may be newer, never older.
            version = _versions.known.get(self.name, 0)
            if kept is None or kept[0] != version:
                kept = self._kept = (version, self._load())
            return kept[1]

    def _private(self, marks: list[_Bumped]) -> T:
        """Return the content as the open transaction sees it after its own bumps."""
        kept: tuple[list[_Bumped], T] | None = getattr(self._own, "kept", None)
        if kept is None or kept[0] != marks:
            kept = self._own.kept = (marks, self._load())
        return kept[1]

    def forget(self) -> None:
        """Drop what is kept. For tests, whose rows vanish without a commit."""
        self._kept = None
        self._own = threading.local()


_every: WeakSet[Cached[Any]] = WeakSet()
_versions = _Versions()


def bump(name: str) -> None:
    """Say that the content named `name` changes in this transaction.

    Call it before the first write: from here on this transaction reads its own content
    apart, and two writers of one name wait for each other. Who reads the content between two
    writes of the same transaction calls it again after the last.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError(f"bump({name!r}) outside a transaction")
    with connection.cursor() as cursor:
        cursor.execute(_BUMP, [name])
    transaction.on_commit(_Bumped(name))


def forget_all() -> None:
    """Drop everything kept in this process. For tests."""
    _versions.forget()
    for cached in list(_every):
        cached.forget()
