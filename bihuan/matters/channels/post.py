"""One way out of the house: a signed POST to one checked address, without redirects.

The host is resolved once and the connection goes to the address that was checked, so that a name
cannot point elsewhere a moment later. Addresses inside the network are refused unless allowed.
"""

from __future__ import annotations

import hmac
import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

CONNECT_SECONDS = 5.0
DEADLINE_SECONDS = 10.0  # for a whole call, however slowly it is answered
ANSWER_MOST = 4096  # bytes that are read of an answer


class Unreachable(Exception):
    """The call did not get an answer. The message is a short word, safe to store and to log."""


class ForbiddenAddress(Unreachable):
    """The address lies inside the network, or is not a web address."""


@dataclass(frozen=True)
class Answer:
    """What came back: the HTTP status and the beginning of the body."""

    status: int
    body: bytes

    @property
    def taken(self) -> bool:
        return 200 <= self.status < 300


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """Return the signature of a call: sha256= and HMAC-SHA256 over `timestamp.body`, in hex."""
    signed = timestamp.encode() + b"." + body
    return "sha256=" + hmac.digest(secret.encode(), signed, "sha256").hex()


def signed(secret: str, body: bytes, *, key: str, at: datetime) -> dict[str, str]:
    """Return the headers every call carries: what it is, when, its key and its signature.

    at: the moment of this try, which the receiver checks against replays. key: the same at every
    try, so that the receiver can tell a repetition.
    """
    timestamp = str(int(at.timestamp()))
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Bihuan",
        "Idempotency-Key": key,
        "X-Bihuan-Timestamp": timestamp,
    }
    if secret:
        headers["X-Bihuan-Signature"] = sign(secret, timestamp, body)
    return headers


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    inside: Collection[str] = (),
    deadline: float = DEADLINE_SECONDS,
) -> Answer:
    """Post `body` to `url` and return the answer, whatever its status.

    inside: hosts that may lie inside the network (and may be spoken to without TLS). deadline: in
    seconds, over the whole call. Raises Unreachable.
    """
    host, port, tls, path = parse(url)
    address = checked_address(host, port, tls=tls, inside=inside)
    connection = _Pinned(host, port, address, tls)
    watch = threading.Timer(deadline, connection.cut)
    watch.daemon = True
    watch.start()
    try:
        connection.request("POST", path, body=body, headers=dict(headers))
        response = connection.getresponse()
        return Answer(response.status, response.read1(ANSWER_MOST))
    except TimeoutError:
        raise Unreachable("timeout") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Unreachable("timeout" if connection.was_cut else type(error).__name__) from None
    finally:
        watch.cancel()
        connection.close()


def parse(url: str) -> tuple[str, int, bool, str]:
    """Return host, port, whether TLS, and path with query; raise ForbiddenAddress."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ForbiddenAddress("address") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
        raise ForbiddenAddress("address")
    if not url.isascii() or any(c <= " " for c in url):
        raise ForbiddenAddress("address")
    tls = parts.scheme == "https"
    path = parts.path or "/"
    return (
        parts.hostname,
        port or (443 if tls else 80),
        tls,
        path + (parts.query and f"?{parts.query}"),
    )


def checked_address(host: str, port: int, *, tls: bool, inside: Collection[str] = ()) -> str:
    """Resolve `host` and return an address that may be called; raise ForbiddenAddress.

    Every address of the name has to be a public one: one bad address among good ones is refused.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        raise Unreachable("no such host") from None
    addresses = [str(entry[4][0]) for entry in found]
    if not addresses:
        raise Unreachable("no such host")
    if host in inside:
        return addresses[0]
    if not all(is_public(address) for address in addresses):
        raise ForbiddenAddress("inside address")
    if not tls:
        raise ForbiddenAddress("https needed")
    return addresses[0]


def is_public(address: str) -> bool:
    """Say whether an address is one of the public network; no IPv4 address hides in IPv6."""
    ip = ipaddress.ip_address(address.split("%", 1)[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped:
            return is_public(str(ip.ipv4_mapped))
        if ip.sixtofour or ip.teredo or ip in NAT64:
            return False
    return ip.is_global and not ip.is_multicast


NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052: leads to any IPv4 address


class _Pinned(http.client.HTTPConnection):
    """A connection to one resolved address, with the name's own certificate; it can be cut."""

    def __init__(self, host: str, port: int, address: str, tls: bool) -> None:
        super().__init__(host, port, timeout=CONNECT_SECONDS)
        self.default_port = 443 if tls else 80  # leaves it out of the Host header
        self._address, self._tls = address, tls
        self.was_cut = False

    def connect(self) -> None:
        self.sock = socket.create_connection((self._address, self.port), self.timeout)
        if self._tls:
            context = ssl.create_default_context()
            raw = self.sock
            self.sock = wrapped = context.wrap_socket(
                raw, server_hostname=self.host, do_handshake_on_connect=False
            )
            wrapped.do_handshake()
        if self.was_cut:
            raise TimeoutError

    def cut(self) -> None:
        """End the call: whoever answers drop by drop would hold it for hours."""
        self.was_cut = True
        sock = self.sock
        if sock is not None:
            try:
                socket.socket.shutdown(sock, socket.SHUT_RDWR)
            except OSError:
                return
