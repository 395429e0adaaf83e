"""Send reports over HTTP as fast as they are answered, from its own process; prints one JSON line.

    python -m bench.load PORT CONNECTIONS SECONDS [PHOTO.jpg]

Plain asyncio on sockets that stay open: the client must cost less than what it measures.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
import time
import uuid
from pathlib import Path

TEXT = "温泉路与新华路口往东五十米，路边的垃圾桶满了三四天没人收，味道很大，麻烦派人来清一下。"
WEST, SOUTH, WIDTH, HEIGHT = 115.69, 36.83, 0.03, 0.03  # degrees: where the demo's cells lie
EDGE = b"bihuan-bench-edge"


def fields(n: int) -> dict[str, object]:
    """Make report number n: words, a place, a phone, a name."""
    return {
        "text": f"{TEXT}（{n}）",
        "category": "litter",
        "lon": round(WEST + WIDTH * (n * 0.618 % 1), 6),
        "lat": round(SOUTH + HEIGHT * (n * 0.414 % 1), 6),
        "address": "温泉路 3 号",
        "phone": f"138{n % 100_000_000:08d}",
        "name": "张桂芳",
    }


def request(n: int, run: str, photo: bytes) -> bytes:
    """Make the whole request, JSON or a form with the photo."""
    if photo:
        parts = [
            b'--%s\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
            % (EDGE, name.encode(), str(value).encode())
            for name, value in fields(n).items()
        ]
        parts.append(
            b'--%s\r\nContent-Disposition: form-data; name="photos"; filename="a.jpg"\r\n'
            b"Content-Type: image/jpeg\r\n\r\n%s\r\n--%s--\r\n" % (EDGE, photo, EDGE)
        )
        body, kind = b"".join(parts), b"multipart/form-data; boundary=" + EDGE
    else:
        body, kind = json.dumps(fields(n), ensure_ascii=False).encode(), b"application/json"
    return (
        b"POST /api/v1/reports HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: %s\r\n"
        b"Idempotency-Key: %s-%d\r\nContent-Length: %d\r\n\r\n" % (kind, run.encode(), n, len(body))
    ) + body


class Sender(asyncio.Protocol):
    """One connection: send, wait for the whole answer, send the next."""

    def __init__(self, load: Load) -> None:
        self.load = load
        self.buffer = b""
        self.begun = 0.0
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.send()

    def send(self) -> None:
        message = self.load.next()
        if message is None:
            self.transport.close()
            self.done.set_result(None)
            return
        self.begun = time.perf_counter()
        self.transport.write(message)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, found, rest = self.buffer.partition(b"\r\n\r\n")
        if not found:
            return
        low = head.lower()
        at = low.index(b"content-length:") + 15
        if len(rest) < int(low[at:].split(b"\r\n", 1)[0]):
            return
        self.load.times.append(time.perf_counter() - self.begun)
        if head[9:12] != b"201":
            self.load.errors.append(self.buffer.decode(errors="replace")[:400])
        self.buffer = b""
        self.send()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.load.errors.append(f"connection lost: {error}")
            self.done.set_result(None)


class Load:
    """All connections of one round."""

    def __init__(self, seconds: float, photo: bytes) -> None:
        self.photo = photo
        self.run = uuid.uuid4().hex
        self.numbers = itertools.count(1)
        self.times: list[float] = []
        self.errors: list[str] = []
        self.ends = time.perf_counter() + seconds

    def next(self) -> bytes | None:
        if time.perf_counter() >= self.ends:
            return None
        return request(next(self.numbers), self.run, self.photo)


async def main() -> None:
    """Run one round and print what came of it."""
    port, connections, seconds = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    photo = Path(sys.argv[4]).read_bytes() if len(sys.argv) > 4 else b""
    loop = asyncio.get_running_loop()
    load = Load(seconds, photo)
    begun = time.perf_counter()
    pairs = [
        await loop.create_connection(lambda: Sender(load), "127.0.0.1", port)
        for _ in range(connections)
    ]
    await asyncio.gather(*(sender.done for _transport, sender in pairs))
    took = time.perf_counter() - begun
    times = sorted(load.times)
    print(
        json.dumps(
            {
                "answered": len(times) - len(load.errors),
                "a_second": (len(times) - len(load.errors)) / took,
                "p50_ms": times[len(times) // 2] * 1000,
                "p99_ms": times[int(len(times) * 0.99)] * 1000,
                "errors": len(load.errors),
                "first_error": load.errors[0] if load.errors else "",
            }
        )
    )


if __name__ == "__main__":
    asyncio.run(main())
