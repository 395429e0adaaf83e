"""Kill web workers, job worker and database under load; nothing acknowledged may be lost.

    python -m bench.kill --minutes 10 [--seed 1]

Makes a county of its own in a throw-away folder: embedded PostgreSQL with fsync on, granian, job
worker. Senders post reports with idempotency keys, one in twenty twice at once, one in eight with
a photo, and send again what was not answered. Afterwards every key has one matter with one number,
every answer to it was the same, `bihuan verify --files` finds all whole. 1 when not.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import io
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import psycopg
from PIL import Image

from bihuan.base.embedded import Embedded

ROOT = Path(__file__).resolve().parent.parent
SENDERS = 8
TWICE, WITH_PHOTO = 0.05, 0.125
CALM = (0.3, 1.2)  # seconds between two kills
LAST_WORD = 60  # seconds in which everything has to be answered once the killing is over
ADDRESS = "/api/v1/reports"


@dataclass
class Site:
    """One county's processes in one folder."""

    home: Path
    server: Embedded
    port: int
    env: dict[str, str]
    web: subprocess.Popen[bytes] | None = None
    worker: subprocess.Popen[bytes] | None = None

    def start_web(self) -> None:
        words = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1"]
        words += ["--port", str(self.port), "--workers", "2", "--blocking-threads", "4"]
        words += ["--respawn-failed-workers", "--no-ws", "--log-level", "critical"]
        self.web = self._start([*words, "bihuan.web.wsgi:application"])

    def start_worker(self) -> None:
        self.worker = self._start([sys.executable, "-m", "bihuan.cli.worker"])

    def _start(self, words: list[str]) -> subprocess.Popen[bytes]:
        with (self.home / "processes.log").open("ab") as out:
            return subprocess.Popen(words, cwd=ROOT, env=self.env, stdout=out, stderr=out)

    def bihuan(self, *words: str) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-m", "bihuan.cli", *words]
        return subprocess.run(
            line, cwd=ROOT, env=self.env, capture_output=True, text=True, check=False
        )

    def wait_up(self, seconds: float = 40) -> None:
        """Wait until the web answers; RuntimeError when it does not."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
            with contextlib.suppress(OSError, http.client.HTTPException), contextlib.closing(link):
                link.request("GET", "/health")
                link.getresponse().read()
                return
            time.sleep(0.1)
        raise RuntimeError(f"the web did not come up: see {self.home / 'processes.log'}")

    def kill(self, dice: random.Random) -> str:
        """Kill one thing at once and bring it back; say what it was."""
        what = dice.choices(("web worker", "web", "job worker", "database"), (6, 1, 2, 2))[0]
        if what == "database":
            assert self.server.process is not None
            self.server.process.send_signal(dice.choice((signal.SIGQUIT, signal.SIGKILL)))
            self.server.process.wait()
            self.server.revive()
        elif what == "job worker":
            assert self.worker is not None
            self.worker.kill()
            self.worker.wait()
            self.start_worker()
        else:
            assert self.web is not None
            children = psutil.Process(self.web.pid).children(recursive=True)
            if what == "web" or not children:
                self.end(self.web)
                self.start_web()
            else:
                with contextlib.suppress(psutil.NoSuchProcess):
                    dice.choice(children).kill()
        return what

    def end(self, process: subprocess.Popen[bytes] | None) -> None:
        """Kill a process we started, and its children."""
        if process is None:
            return
        children = []
        with contextlib.suppress(psutil.NoSuchProcess):
            children = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        process.wait()
        for child in children:
            with contextlib.suppress(psutil.NoSuchProcess):
                child.kill()
        psutil.wait_procs(children, timeout=10)


@dataclass
class Load:
    """What the senders sent, and what they were told."""

    site: Site
    seed: int
    stop: threading.Event = field(default_factory=threading.Event)
    give_up_at: float = float("inf")
    sent: dict[str, bool] = field(default_factory=dict)  # key: with a photo
    told: dict[str, set[bytes]] = field(default_factory=dict)
    answers: Counter[str] = field(default_factory=Counter)

    def run(self, number: int) -> None:
        dice = random.Random(f"{self.seed}:{number}")
        while not self.stop.is_set():
            key = uuid.UUID(int=dice.getrandbits(128)).hex
            photo = dice.random() < WITH_PHOTO
            self.sent[key], self.told[key] = photo, set()
            body, kind = form(key, dice) if photo else (plain(key), "application/json")
            twin = None
            if dice.random() < TWICE:
                twin = threading.Thread(target=self.until_told, args=(key, body, kind))
                twin.start()
            self.until_told(key, body, kind)
            if twin is not None:
                twin.join()
            elif dice.random() < TWICE:  # and a late second tap
                self.until_told(key, body, kind)

    def until_told(self, key: str, body: bytes, kind: str) -> None:
        """Send until it is acknowledged, as a phone would."""
        while time.monotonic() < self.give_up_at:
            answer = self.send(key, body, kind)
            if answer is not None:
                self.told[key].add(answer)
                return
            time.sleep(0.05)

    def send(self, key: str, body: bytes, kind: str) -> bytes | None:
        link = http.client.HTTPConnection("127.0.0.1", self.site.port, timeout=10)
        try:
            headers = {"Content-Type": kind, "Idempotency-Key": key}
            link.request("POST", ADDRESS, body, headers)
            got = link.getresponse()
            text = got.read()
        except (OSError, http.client.HTTPException) as error:
            self.answers[type(error).__name__] += 1
            return None
        finally:
            link.close()
        self.answers[str(got.status)] += 1
        return text if got.status == 201 else None


def plain(key: str) -> bytes:
    report = {"text": f"路灯不亮 {key}", "lon": 115.7, "lat": 36.85, "phone": "13800000000"}
    return json.dumps(report, ensure_ascii=False).encode()


def form(key: str, dice: random.Random) -> tuple[bytes, str]:
    """Make a multipart body with a small photo."""
    photo = io.BytesIO()
    color = tuple(dice.randrange(256) for _ in range(3))
    Image.new("RGB", (64, 48), color).save(photo, "JPEG")
    edge = f"--{key}"
    parts = b"".join(
        f'{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in (("text", f"路面破损 {key}"), ("lon", "115.7"), ("lat", "36.85"))
    )
    head = 'Content-Disposition: form-data; name="photos"; filename="a.jpg"\r\n'
    head += "Content-Type: image/jpeg\r\n\r\n"
    body = parts + f"{edge}\r\n{head}".encode() + photo.getvalue() + f"\r\n{edge}--\r\n".encode()
    return body, f"multipart/form-data; boundary={key}"


@contextlib.contextmanager
def site() -> Any:
    """Found a county in a throw-away folder, start its processes, end them and clear away."""
    home = Path(tempfile.mkdtemp(prefix="bihuan-kill-", dir="/tmp"))
    home.chmod(0o755)
    data = home / "data"
    keep = {k: v for k, v in os.environ.items() if not k.startswith(("BIHUAN_", "DATABASE_URL"))}
    env = keep | {"BIHUAN_DATA": str(data), "BIHUAN_REPORTS_AN_HOUR": "0", "BIHUAN_WORKERS": "2"}
    env["BIHUAN_THREADS"] = "4"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    made = Site(home, Embedded(data / "pg"), port, env)
    try:
        found(made)
        urls = made.server.start()
        env |= {"DATABASE_URL": urls.app, "BIHUAN_OWNER_URL": urls.owner}
        made.start_web()
        made.start_worker()
        made.wait_up()
        yield made
    finally:
        made.end(made.web)
        made.end(made.worker)
        made.server.stop()
        shutil.rmtree(home, ignore_errors=True)


def found(made: Site) -> None:
    words = ["setup", "--county", "临清市", "--code", "371581", "--username", "chief"]
    words += ["--name", "吴涛", "--password-stdin"]
    done = subprocess.run(
        [sys.executable, "-m", "bihuan.cli", *words],
        cwd=ROOT, env=made.env, input="Sturdy-Kite-2026\n", capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(done.stderr)


def trial(made: Site, *, seconds: float, seed: int) -> tuple[Load, Counter[str]]:
    """Load it and kill for so long; then let everything be answered."""
    load, kills, dice = Load(made, seed), Counter[str](), random.Random(seed)
    senders = [threading.Thread(target=load.run, args=(n,), daemon=True) for n in range(SENDERS)]
    for sender in senders:
        sender.start()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(dice.uniform(*CALM))
        kills[made.kill(dice)] += 1
    made.wait_up()
    load.stop.set()
    load.give_up_at = time.monotonic() + LAST_WORD
    for sender in senders:
        sender.join(LAST_WORD + 20)
    return load, kills


def wrongs(made: Site, load: Load) -> list[str]:
    """Compare what was told with what is there; empty when nothing is wrong."""
    wrong = []
    with psycopg.connect(made.env["BIHUAN_OWNER_URL"]) as link:
        rows = link.execute(
            "SELECT m.number, split_part(r.text, ' ', 2), (SELECT count(*) FROM "
            "matters_attachment a WHERE a.matter_id = m.id) FROM matters_matter m "
            "LEFT JOIN reports_report r ON r.matter_id = m.id"
        ).fetchall()
        durable = link.execute("SELECT current_setting('fsync')").fetchone()
    if durable != ("on",):
        wrong.append("fsync is off: nothing was shown")
    there = {key: (number, photos) for number, key, photos in rows}
    if len(there) != len(rows):
        wrong.append(f"{len(rows) - len(there)} reports are there twice")
    if len({number for number, _, _ in rows}) != len(rows):
        wrong.append("a number was given twice")
    for key, photo in load.sent.items():
        told = load.told[key]
        if len(told) != 1:
            wrong.append(f"{key} was told {len(told)} different answers")
            continue
        number = json.loads(next(iter(told)))["number"]
        if there.get(key) != (number, int(photo)):
            wrong.append(f"{key} was told {number}, there is {there.get(key)}")
    if there.keys() - load.sent.keys():
        wrong.append("something is there that nobody sent")
    checked = made.bihuan("verify", "--files")
    if checked.returncode:
        wrong.append(f"verify: {checked.stdout[-500:]}{checked.stderr[-300:]}")
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    with site() as made:
        load, kills = trial(made, seconds=args.minutes * 60, seed=args.seed)
        wrong = wrongs(made, load)
    print(f"sent {len(load.sent)}, answers {dict(load.answers)}, kills {dict(kills)}")
    print("\n".join(wrong[:20]) or "every acknowledged report is there once, all whole")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
