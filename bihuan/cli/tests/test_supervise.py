from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bihuan.cli.supervise import Child, Stop, keep

ENV = dict(os.environ)


def _until(true: Callable[[], bool], seconds: float = 10) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until
        time.sleep(0.05)


def _alive(pid: int) -> bool:
    try:
        text = Path(f"/proc/{pid}/stat").read_text("utf8")
    except OSError:
        return False
    return text.rsplit(")", 1)[1].split()[0] != "Z"


def runs(child: Child) -> bool:
    """Ask anew: a type checker remembers what it was told of an attribute."""
    return child.process is not None


def test_a_child_that_dies_is_started_again_after_a_growing_wait() -> None:
    child = Child("short", [sys.executable, "-c", "raise SystemExit(3)"], ENV)
    at = 100.0
    waits = []
    for _ in range(4):
        child.start()
        child.started = at
        assert child.process is not None
        child.process.wait()
        child.look(at)
        waits.append(child.again_at - at)
        child.look(child.again_at - 0.1)
        assert not runs(child)
        at = child.again_at
    assert waits == [1, 2, 4, 8]
    child.look(at)
    assert runs(child)
    child.stop()


def test_stopping_ends_in_order_and_takes_grandchildren_along(tmp_path: Path) -> None:
    told = tmp_path / "grandchild"
    deaf = (
        "import subprocess, sys, time, pathlib;"
        "p = subprocess.Popen(['sleep', '60']);"
        f"pathlib.Path({str(told)!r}).write_text(str(p.pid)); time.sleep(60)"
    )
    first = Child("first", [sys.executable, "-c", deaf], ENV)
    second = Child("second", ["sleep", "60"], ENV)
    stop = Stop()
    pids: list[int] = []

    def look() -> None:
        if told.exists() and told.read_text("ascii"):
            for child in (first, second):
                assert child.process is not None
                pids.append(child.process.pid)
            pids.append(int(told.read_text("ascii")))
            stop.asked = True

    keep([first, second], stop=stop, tick=look)
    _until(lambda: not any(_alive(pid) for pid in pids))
    assert len(pids) == 3


def test_an_error_in_the_parent_leaves_no_child_behind() -> None:
    child = Child("only", ["sleep", "60"], ENV)
    pids: list[int] = []

    def fail() -> None:
        assert child.process is not None
        pids.append(child.process.pid)
        raise RuntimeError("disk full")

    with pytest.raises(RuntimeError, match="disk full"):
        keep([child], stop=Stop(), tick=fail)
    assert pids and not _alive(pids[0])
