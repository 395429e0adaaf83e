"""A limit on how often somebody may do something, kept in this process alone.

Honest about what it is: each web process counts by itself, and a restart forgets. A reverse proxy
in front is the wall (docs/operate.md: limit_req); this keeps one machine from flooding a server
without one.
"""

from __future__ import annotations

import threading
from datetime import datetime
from ipaddress import IPv6Address, ip_address

HOUR = 3600
KEPT_MOST = 20_000  # callers remembered; beyond this those whose bucket is full again are dropped


class Buckets:
    """One bucket a caller: it holds `burst`, and fills again at `an_hour`."""

    def __init__(self, burst: int) -> None:
        self._burst = burst
        self._held: dict[str, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def take(self, who: str, *, an_hour: int, at: datetime) -> int:
        """Take one; give 0, or the seconds to wait when the bucket is empty."""
        rate, now = an_hour / HOUR, at.timestamp()
        with self._lock:
            if len(self._held) > KEPT_MOST:
                self._drop_full(rate, now)
            tokens, then = self._held.get(who, (float(self._burst), now))
            tokens = min(self._burst, tokens + max(now - then, 0) * rate)
            if tokens < 1:
                self._held[who] = (tokens, now)
                return max(1, round((1 - tokens) / rate))
            self._held[who] = (tokens - 1, now)
        return 0

    def forget(self) -> None:
        """Forget everybody. For tests."""
        self._held.clear()

    def _drop_full(self, rate: float, now: float) -> None:
        full = [
            who
            for who, (tokens, then) in self._held.items()
            if tokens + (now - then) * rate >= self._burst
        ]
        for who in full:
            del self._held[who]


def network_of(address: str | None) -> str:
    """Return what counts as one caller: an IPv4 address, or an IPv6 network of 64 bits."""
    if not address:
        return ""
    parsed = ip_address(address)
    if isinstance(parsed, IPv6Address):
        return parsed.exploded[:19]
    return str(parsed)
