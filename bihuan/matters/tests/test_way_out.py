"""The one way out of the house: signatures, checked addresses, redirects, slow answers."""

from __future__ import annotations

import hashlib
import hmac
import socket
import time
from datetime import datetime
from typing import Any

import pytest

from bihuan.matters.channels import post as way
from bihuan.matters.channels.post import ForbiddenAddress, Unreachable, post, sign, signed
from bihuan.matters.tests.receiver import receiving

INSIDE = ("127.0.0.1",)


def test_a_signature_is_the_hmac_of_the_moment_and_the_body() -> None:
    # RFC 2104 written out by hand over "1700000000.{}", independent of the code's own hmac call
    key = b"word".ljust(64, b"\0")
    inner = hashlib.sha256(bytes(b ^ 0x36 for b in key) + b"1700000000.{}").digest()
    outer = hashlib.sha256(bytes(b ^ 0x5C for b in key) + inner).hexdigest()
    assert sign("word", "1700000000", b"{}") == f"sha256={outer}"


def test_what_arrives_carries_key_moment_and_signature(at: datetime) -> None:
    with receiving() as it:
        answer = post(
            it.url, b'{"a":1}', signed("word", b'{"a":1}', key="k-1", at=at), inside=INSIDE
        )
    assert answer.status == 200 and answer.taken and answer.body == b'{"id": "r-1"}'
    got = it.got[0]
    assert got.body == b'{"a":1}' and got.headers["Idempotency-Key"] == "k-1"
    moment = got.headers["X-Bihuan-Timestamp"]
    assert moment == "1795395600"  # 2026-11-23 01:00 UTC
    due = hmac.new(b"word", moment.encode() + b"." + got.body, hashlib.sha256).hexdigest()
    assert got.headers["X-Bihuan-Signature"] == f"sha256={due}"


def test_without_a_secret_nothing_pretends_to_be_signed(at: datetime) -> None:
    assert "X-Bihuan-Signature" not in signed("", b"{}", key="k", at=at)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0",
        "100.64.0.1", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fc00::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "2002:7f00:1::", "64:ff9b::7f00:1",
    ],
)  # fmt: skip
def test_an_address_inside_the_network_is_no_public_one(address: str) -> None:
    assert not way.is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "223.5.5.5", "2400:3200::1", "::ffff:1.1.1.1"])
def test_a_public_address_is_one(address: str) -> None:
    assert way.is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/", "http://localhost:{port}/", "http://[::1]:{port}/",
        "http://2130706433:{port}/", "http://0x7f.1:{port}/", "http://127.1:{port}/",
        "file:///etc/passwd", "ftp://127.0.0.1/", "https://user:word@127.0.0.1/",
        "http://127.0.0.1:{port}/\r\nX: y", "http://127.0.0.1:99999/", "https://", "nonsense",
    ],
)  # fmt: skip
def test_an_address_inside_or_odd_is_refused_and_nothing_goes_out(url: str) -> None:
    with receiving() as it:
        with pytest.raises(Unreachable):
            post(url.format(port=it.port), b"{}", {})
        assert it.got == []


def test_one_bad_address_among_good_ones_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def found(*args: Any, **kwargs: Any) -> list[Any]:
        return [(2, 1, 6, "", ("1.1.1.1", 443)), (2, 1, 6, "", ("10.0.0.1", 443))]

    monkeypatch.setattr(socket, "getaddrinfo", found)
    with pytest.raises(ForbiddenAddress):
        way.checked_address("two.example", 443, tls=True)
    with pytest.raises(ForbiddenAddress):
        post("https://two.example/", b"{}", {})


def test_a_name_is_resolved_once_so_it_cannot_point_elsewhere_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []
    reached: list[Any] = []

    def found(host: str, *args: Any, **kwargs: Any) -> list[Any]:
        asked.append(host)
        good = "1.1.1.1" if len(asked) == 1 else "127.0.0.1"
        return [(2, 1, 6, "", (good, 443))]

    def connect(address: Any, *args: Any, **kwargs: Any) -> Any:
        reached.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", found)
    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(Unreachable):
        post("https://turning.example/", b"{}", {})
    assert (asked, reached) == (["turning.example"], [("1.1.1.1", 443)])


def test_plain_http_to_the_public_network_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = [(2, 1, 6, "", ("1.1.1.1", 80))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: answer)
    with pytest.raises(ForbiddenAddress, match="https needed"):
        post("http://one.example/", b"{}", {})


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    with receiving() as it, receiving() as other:
        it.statuses, it.location = [302], other.url
        answer = post(it.url, b"{}", {}, inside=INSIDE)
        assert answer.status == 302 and not answer.taken
        assert other.got == []


@pytest.mark.parametrize("drip", [0.0, 0.05])
def test_a_slow_answer_ends_at_the_deadline(drip: float) -> None:
    with receiving() as it:
        it.drip = drip
        if not drip:
            it.hold.clear()
        begun = time.monotonic()
        with pytest.raises(Unreachable, match="timeout"):
            post(it.url, b"{}", {}, inside=INSIDE, deadline=0.6)
        assert time.monotonic() - begun < 3


def test_nobody_there_is_a_short_word() -> None:
    with receiving() as it:
        url = it.url
    with pytest.raises(Unreachable, match="ConnectionRefusedError"):
        post(url, b"{}", {}, inside=INSIDE)
