"""Real processes over a throw-away data folder, as a county would start them."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

OURS = ("BIHUAN_", "DATABASE_URL", "DJANGO_SETTINGS_MODULE", "PORT")
PASSWORD = "Jing-hai-2026-lou"


def folder() -> Path:
    """Make a folder that PostgreSQL's account may pass, also when root runs the tests."""
    path = Path(tempfile.mkdtemp(prefix="bihuan-house-", dir="/tmp"))
    path.chmod(0o711 if os.geteuid() == 0 else 0o700)
    return path


def environment(data: Path, **more: str) -> dict[str, str]:
    """Give the environment of a shell that knows nothing of this test run."""
    clean = {n: w for n, w in os.environ.items() if not n.startswith(OURS)}
    return clean | {"BIHUAN_DATA": str(data), "PYTHONWARNINGS": "ignore"} | more


def bihuan(
    *words: str, data: Path, stdin: str = "", **more: str
) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "bihuan.cli", *words],
        env=environment(data, **more),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


def set_up(data: Path, *, password: str = PASSWORD) -> subprocess.CompletedProcess[str]:
    """Found a county there, with wang as its administrator."""
    words = ["--county", "临清市", "--code", "371581", "--username", "wang", "--name", "王敏"]
    return bihuan("setup", *words, "--password-stdin", data=data, stdin=f"{password}\n")


def free_port() -> int:
    """Find a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Running:
    """A `bihuan run` of one's own; use as a context manager."""

    def __init__(self, data: Path, **more: str) -> None:
        self.data = data
        self.port = free_port()
        self.log = data.parent / f"run-{self.port}.log"
        self.more = more

    def __enter__(self) -> Running:
        begun = time.monotonic()
        with self.log.open("w") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "bihuan.cli", "run"],
                env=environment(self.data, PORT=str(self.port), **self.more),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            )
        self.wait_for("Ctrl-C", seconds=60)
        self.seconds = time.monotonic() - begun
        return self

    def __exit__(self, *_error: object) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()

    def wait_for(self, words: str, *, seconds: float) -> None:
        """Wait until the log says so."""
        until = time.monotonic() + seconds
        while words not in self.log.read_text("utf8"):
            assert self.process.poll() is None, self.log.read_text("utf8")
            assert time.monotonic() < until, self.log.read_text("utf8")
            time.sleep(0.1)

    def get(self, path: str) -> tuple[int, str]:
        """Get a page: status and body."""
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            link.request("GET", path)
            answer = link.getresponse()
            return answer.status, answer.read().decode()
        finally:
            link.close()

    def health(self) -> tuple[int, dict[str, Any]]:
        """Get /health."""
        status, body = self.get("/health")
        return status, json.loads(body)

    def wait_healthy(self, *, seconds: float) -> float:
        """Wait for /health to say 200; gives how long it took."""
        begun = time.monotonic()
        while self.health()[0] != 200:
            assert time.monotonic() < begun + seconds, self.health()
            time.sleep(0.2)
        return time.monotonic() - begun


def processes(data: Path) -> list[str]:
    """List the processes that belong to this data folder, by command line or environment."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal() or int(entry.name) == os.getpid():
            continue
        try:
            state = (entry / "stat").read_text("utf8").rsplit(")", 1)[1].split()[0]
            words = (entry / "cmdline").read_bytes()
            told = (entry / "environ").read_bytes()
        except OSError:
            continue
        if state != "Z" and (os.fsencode(data) in words or os.fsencode(data) in told):
            found.append(words.replace(b"\0", b" ").decode(errors="replace")[:80])
    return found
