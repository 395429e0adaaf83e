"""Keep child processes running, and stop them in order.

Each child leads a process group of its own: Ctrl-C reaches us alone, and whatever a child started
goes with it. A child that dies is started again, after a wait that doubles up to 30 s.
"""

from __future__ import annotations

import contextlib
import ctypes
import logging
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType

log = logging.getLogger(__name__)

TICK_SECONDS = 0.2
GRACE_SECONDS = 8
LONGEST_WAIT_SECONDS = 30
GOOD_RUN_SECONDS = 60  # after this long the next wait starts small again
PR_SET_PDEATHSIG = 1


@dataclass
class Child:
    """One process to keep: its words, environment, and how it has fared."""

    name: str
    words: Sequence[str]
    env: Mapping[str, str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0
    wait: float = 1
    again_at: float = field(default=0)

    def start(self) -> None:
        """Start it; the kernel ends it should we be killed."""
        self.process = subprocess.Popen(
            self.words,
            env=dict(self.env),
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )
        self.started = time.monotonic()

    def signal(self, number: int) -> None:
        """Send a signal to it and all it started."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)

    def look(self, at: float) -> None:
        """Start it again when it has died and its wait is over. `at`: monotonic seconds."""
        if self.process is not None:
            code = self.process.poll()
            if code is None:
                return
            self.signal(signal.SIGKILL)  # what it started may still hold the port
            if at - self.started > GOOD_RUN_SECONDS:
                self.wait = 1
            log.error("%s ended with %s, starting again in %.0f s", self.name, code, self.wait)
            self.process = None
            self.again_at = at + self.wait
            self.wait = min(self.wait * 2, LONGEST_WAIT_SECONDS)
        elif at >= self.again_at:
            self.start()

    def stop(self) -> None:
        """Ask it to end, wait, then insist; nothing of its group is left."""
        process, self.process = self.process, None
        if process is None:
            return
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                log.warning("%s did not end in %s s", self.name, GRACE_SECONDS)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


class Stop:
    """Set by SIGINT, SIGTERM or SIGHUP; while it is in force these do not interrupt the code."""

    def __init__(self) -> None:
        self.asked = False

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self.asked = True

    def listen(self) -> None:
        """Take over the signals of this process."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask)


def keep(children: Sequence[Child], *, stop: Stop, tick: Callable[[], None]) -> None:
    """Run the children until asked to stop; then end them in the order given.

    tick: called five times a second, for what else is to be watched (the database, readiness).
    """
    try:
        for child in children:
            child.start()
        while not stop.asked:
            at = time.monotonic()
            for child in children:
                child.look(at)
            tick()
            time.sleep(TICK_SECONDS)
    finally:
        for child in children:
            child.stop()


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
