"""Text messages: kept until the gateway has them, told once there, encrypted while they wait."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from bihuan.accounts.actor import actor_of
from bihuan.accounts.may import NotPermitted
from bihuan.accounts.models import Person
from bihuan.base.installation import Installation
from bihuan.matters.channel_models import Outgoing
from bihuan.matters.channels import jobs, senders
from bihuan.matters.channels.actions import TEXTS_A_DAY, queue_text, send_failed_again
from bihuan.matters.channels.post import post
from bihuan.matters.channels.senders import Double, Gateway, receipt_of, sender
from bihuan.matters.tests.bed import Cast
from bihuan.matters.tests.receiver import Receiver, receiving

pytestmark = pytest.mark.django_db
PHONE = "13812345678"
WORDS = "您反映的问题已收到 https://bihuan.example/t/SP-1/canarysecretword"


@pytest.fixture
def it(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """Give the county's gateway: a server on this machine, named in the settings."""
    with receiving() as server:
        monkeypatch.setenv("BIHUAN_SMS_URL", server.url)
        monkeypatch.setenv("BIHUAN_SMS_SECRET", "gateway-word")
        monkeypatch.setenv("BIHUAN_SMS_HEADERS", "Authorization: Bearer abc | X-App: bihuan")
        yield server


def queue(at: datetime, key: str = "k-1", to: str = PHONE) -> bool:
    return queue_text(to=to, text=WORDS, key=key, at=at)


def state(key: str = "k-1") -> tuple[str, str]:
    return Outgoing.objects.values_list("state", "error").get(key=key)


def test_the_gateway_gets_phone_words_and_key_signed(it: Receiver, at: datetime) -> None:
    assert queue(at)
    assert jobs.send_texts(at=at) == 1
    got = it.got[0]
    assert json.loads(got.body) == {"to": PHONE, "text": WORDS, "key": "k-1"}
    assert got.headers["Authorization"] == "Bearer abc" and got.headers["X-App"] == "bihuan"
    assert got.headers["Idempotency-Key"] == "k-1"
    signed = got.headers["X-Bihuan-Timestamp"].encode() + b"." + got.body
    due = hmac.new(b"gateway-word", signed, hashlib.sha256).hexdigest()
    assert got.headers["X-Bihuan-Signature"] == f"sha256={due}"
    row = Outgoing.objects.get()
    assert (row.state, row.sent_at, row.receipt, row.tries) == ("sent", at, "r-1", 1)
    assert jobs.send_texts(at=at + timedelta(days=1)) == 0 and len(it.got) == 1


def test_the_same_key_is_kept_and_sent_once(it: Receiver, at: datetime) -> None:
    assert queue(at) and not queue(at)
    assert jobs.send_texts(at=at) == 1 and Outgoing.objects.count() == len(it.got) == 1


def test_a_gateway_that_is_down_loses_nothing_and_is_asked_ever_more_rarely(
    it: Receiver, at: datetime
) -> None:
    it.statuses = [500, 429, 401, 200]
    queue(at)
    moment = at
    for error, wait in (("HTTP 500", 10), ("HTTP 429", 30), ("HTTP 401", 120)):
        assert jobs.send_texts(at=moment) == 0
        assert state() == ("waiting", error)
        assert jobs.send_texts(at=moment + timedelta(seconds=wait - 1)) == 0
        moment += timedelta(seconds=wait)
    assert jobs.send_texts(at=moment) == 1
    assert len({g.headers["Idempotency-Key"] for g in it.got}) == 1 and len(it.got) == 4


def test_after_one_failure_the_run_ends_instead_of_waiting_for_every_message(
    it: Receiver, at: datetime
) -> None:
    it.statuses = [503]
    for n in range(5):
        queue(at, f"k-{n}")
    jobs.send_texts(at=at)
    assert len(it.got) == 1
    it.statuses = [200]
    assert jobs.send_texts(at=at) == 4
    assert jobs.send_texts(at=at + timedelta(seconds=10)) == 1


def test_a_message_the_gateway_will_never_take_does_not_stop_the_next(
    it: Receiver, at: datetime
) -> None:
    it.statuses = [422, 200]
    queue(at, "bad")
    queue(at + timedelta(seconds=1), "good")
    assert jobs.send_texts(at=at + timedelta(seconds=1)) == 1
    assert (state("bad"), state("good")) == (("failed", "HTTP 422"), ("sent", ""))


def test_after_three_days_it_is_given_up_and_an_administrator_can_send_it_again(
    it: Receiver, cast: Cast, staff: dict[str, Person], at: datetime
) -> None:
    it.statuses = [500]
    queue(at)
    late = at + timedelta(hours=72)
    jobs.send_texts(at=at + timedelta(hours=71))
    assert state() == ("waiting", "HTTP 500")
    jobs.send_texts(at=late)
    assert state() == ("failed", "HTTP 500")
    with pytest.raises(NotPermitted):
        send_failed_again(by=cast.clerk, at=late)
    assert state()[0] == "failed"
    it.statuses = [200]
    assert send_failed_again(by=actor_of(staff["county_admin"]), at=late) == 1
    assert jobs.send_texts(at=late) == 1 and state() == ("sent", "")


def test_killed_after_the_gateway_took_it_it_is_sent_again_with_the_same_key(
    it: Receiver, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue(at)

    def killed(*args: Any, **kwargs: Any) -> Any:
        post(*args, **kwargs)
        raise SystemExit

    monkeypatch.setattr(senders, "post", killed)
    with pytest.raises(SystemExit):
        jobs.send_texts(at=at)
    monkeypatch.setattr(senders, "post", post)
    assert jobs.send_texts(at=at + timedelta(seconds=59)) == 0
    assert jobs.send_texts(at=at + timedelta(seconds=60)) == 1
    assert [g.headers["Idempotency-Key"] for g in it.got] == ["k-1", "k-1"]
    assert it.got[0].body == it.got[1].body


def test_a_phone_gets_so_many_a_day_and_another_is_not_touched(it: Receiver, at: datetime) -> None:
    for n in range(TEXTS_A_DAY + 2):
        queue(at, f"k-{n}")
    queue(at, "other", to="13900000000")
    jobs.send_texts(at=at)
    assert len(it.got) == TEXTS_A_DAY + 1
    assert Outgoing.objects.filter(state="limited").count() == 2
    queue(at + timedelta(days=1, seconds=1), "tomorrow")
    assert state("tomorrow")[0] == "waiting"


def test_phone_and_secret_are_in_no_table_in_plain_text_and_in_no_log(
    it: Receiver, at: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    it.statuses, it.answer = [500], f"no such {PHONE} canarysecretword".encode()
    queue(at)
    with caplog.at_level(logging.DEBUG):
        jobs.send_texts(at=at)
        it.statuses = [400]
        jobs.send_texts(at=at + timedelta(seconds=10))
    assert len(it.got) == 2 and state() == ("failed", "HTTP 400")
    assert PHONE not in caplog.text and "canarysecretword" not in caplog.text
    assert "gateway-word" not in caplog.text and "gateway-word" not in repr(sender())
    with connection.cursor() as cursor:
        cursor.execute("SELECT o::text, receiver, text FROM matters_outgoing o")
        line, *sealed = cursor.fetchone()
    for canary in (PHONE, "canarysecretword"):
        assert canary not in line and canary.encode().hex() not in line
        assert all(canary.encode() not in bytes(value) for value in sealed)


def test_a_receipt_that_could_be_anything_is_not_kept() -> None:
    assert receipt_of(b'{"id": "20261123-77"}') == "20261123-77"
    assert receipt_of(b'{"id": 77}') == "77"
    for body in (b"", b"ok", b"[]", b'{"id": "138 1234"}', b'{"id": "%s"}' % (b"a" * 65)):
        assert receipt_of(body) == ""


def test_without_a_gateway_a_county_sends_nothing_and_says_so(at: datetime) -> None:
    queue(at)
    assert sender() is None
    assert jobs.send_texts(at=at) == 0
    assert state() == ("unsent", "no gateway")


def test_without_a_gateway_a_demo_keeps_the_message_and_calls_it_sent(
    at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(senders, "is_demo", lambda: True)
    queue(at)
    assert isinstance(sender(), Double)
    assert jobs.send_texts(at=at) == 1 and state() == ("sent", "")
    assert Outgoing.objects.get().text == WORDS
    assert not Installation.objects.exists()


def test_the_gateway_of_the_settings_is_chosen_in_a_demo_too(
    it: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(senders, "is_demo", lambda: True)
    assert isinstance(sender(), Gateway)


def test_after_thirty_days_phone_and_words_are_gone_what_waits_is_kept(
    it: Receiver, at: datetime
) -> None:
    queue(at, "sent")
    jobs.send_texts(at=at)
    queue(at, "waiting")
    jobs.forget_old(at=at + timedelta(days=29))
    assert Outgoing.objects.get(key="sent").receiver == PHONE
    jobs.forget_old(at=at + timedelta(days=31))
    old = Outgoing.objects.get(key="sent")
    assert (old.receiver, old.text, old.state) == ("", "", "sent")
    assert Outgoing.objects.get(key="waiting").text == WORDS


def test_a_message_whose_key_is_lost_is_given_up_and_the_next_one_goes(
    it: Receiver, at: datetime
) -> None:
    queue(at, "lost")
    queue(at + timedelta(seconds=1), "next")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE matters_outgoing SET text = '\\x0102' WHERE key = 'lost'")
    assert jobs.send_texts(at=at + timedelta(seconds=1)) == 1
    assert (state("lost"), state("next")[0]) == (("failed", "WrongKey"), "sent")
