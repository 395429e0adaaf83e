"""A receiver on this machine: a real HTTP server that keeps what it gets and answers as told."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Got:
    """One request as it came in."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """Answers `statuses` in turn, the last one again and again; keeps every request."""

    port: int = 0
    statuses: list[int] = field(default_factory=lambda: [200])
    answer: bytes = b'{"id": "r-1"}'
    location: str = ""
    hold: threading.Event = field(default_factory=threading.Event)  # set = answer at once
    drip: float = 0.0  # seconds between the bytes of the answer's head; 0 = at once
    got: list[Got] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/take"

    def next_status(self) -> int:
        return self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Serve a receiver on a free port of 127.0.0.1."""
    it = Receiver()
    it.hold.set()
    stop = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            body = self.rfile.read(length)
            it.got.append(Got(self.path, dict(self.headers.items()), body))
            it.hold.wait(20)
            if it.drip:
                for byte in b"HTTP/1.0 200 OK\r\nX-Slow: " + b"a" * 10_000:
                    if stop.wait(it.drip):
                        return
                    try:
                        self.wfile.write(bytes([byte]))
                    except OSError:
                        return
            self.send_response(it.next_status())
            if it.location:
                self.send_header("Location", it.location)
            self.send_header("Content-Length", str(len(it.answer)))
            self.end_headers()
            self.wfile.write(it.answer)

        def log_message(self, format: str, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    it.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield it
    finally:
        it.hold.set()
        stop.set()
        server.shutdown()
        server.server_close()
        thread.join(5)
