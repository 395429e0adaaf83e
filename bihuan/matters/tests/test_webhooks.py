"""Other systems are told: signed, retried, with the same key, of public facts alone."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from bihuan.accounts.actor import actor_of
from bihuan.accounts.may import NotPermitted
from bihuan.accounts.models import AdminEntry, Person
from bihuan.base.clock import now
from bihuan.matters import actions, reactions
from bihuan.matters.channel_models import Call, Outgoing, Webhook
from bihuan.matters.channels import jobs
from bihuan.matters.channels.actions import (
    add_webhook,
    queue_calls,
    queue_text,
    redeliver,
    switch_webhook,
)
from bihuan.matters.channels.post import post
from bihuan.matters.errors import BadValue, NotNow
from bihuan.matters.models import Delivery, Entry
from bihuan.matters.tests.bed import Cast, OpenErrand
from bihuan.matters.tests.receiver import Receiver, receiving
from conftest import Units

pytestmark = pytest.mark.django_db
CANARY = "canary-secret-of-the-hook"
MakeHook = Callable[..., Webhook]


@pytest.fixture(autouse=True)
def inside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIHUAN_WEBHOOK_HOSTS", "127.0.0.1")


@pytest.fixture
def it() -> Iterator[Receiver]:
    with receiving() as server:
        yield server


@pytest.fixture
def hook(units: Units, staff: dict[str, Person], at: datetime) -> MakeHook:
    def make(url: str, **more: Any) -> Webhook:
        given = {"unit": units.county, "created_by": staff["county_admin"], "created_at": at}
        return Webhook.objects.create(url=url, secret=CANARY, **(given | more))

    return make


def told(pk: int, at: datetime, step: str = "open", category: str = "lamp") -> Entry:
    entry = Entry.objects.select_related("matter").get(matter_id=pk, step=step)
    queue_calls(entry=entry, category=category, at=at)
    return entry


def test_a_call_carries_public_facts_and_a_signature_that_can_be_checked(
    it: Receiver, hook: MakeHook, open_errand: OpenErrand, at: datetime
) -> None:
    hook(it.url)
    opened = open_errand(title="张桂芳家的灯", address="温泉路 3 号 2 单元")
    told(opened.matter_id, at)
    assert jobs.send_due(at=at) == 1
    got = it.got[0]
    assert json.loads(got.body) == {
        "number": opened.number, "kind": "errand", "step": "open", "seq": 1, "before": "",
        "state": "reported", "at": "2026-11-23T01:00:00+00:00", "category": "lamp",
        "area": "371581001001",
    }  # fmt: skip
    signed = got.headers["X-Bihuan-Timestamp"].encode() + b"." + got.body
    due = hmac.new(CANARY.encode(), signed, hashlib.sha256).hexdigest()
    assert got.headers["X-Bihuan-Signature"] == f"sha256={due}"
    assert got.headers["X-Bihuan-Timestamp"] == str(int(at.timestamp()))
    call = Call.objects.get()
    assert (call.state, call.status, call.done_at, call.tries) == ("done", 200, at, 1)
    assert jobs.send_due(at=at + timedelta(days=1)) == 0 and len(it.got) == 1


def test_a_webhook_hears_its_own_units_kinds_and_steps_only(
    it: Receiver, hook: MakeHook, open_errand: OpenErrand, units: Units, cast: Cast, at: datetime
) -> None:
    everything = hook(it.url)
    hook(it.url, unit=units.other_county)
    hook(it.url, kinds=["callback"])
    hook(it.url, is_active=False)
    registering = hook(it.url, steps=["register"])
    below = hook(it.url, unit=units.team)
    pk = open_errand().matter_id
    told(pk, at)
    assert {c.webhook_id for c in Call.objects.all()} == {everything.pk, below.pk}
    actions.register(matter_id=pk, by=cast.clerk, at=at)
    entry = told(pk, at, "register")
    hooks = {c.webhook_id for c in Call.objects.filter(entry=entry)}
    assert hooks == {everything.pk, below.pk, registering.pk}


def test_what_is_the_houses_own_business_is_not_told(
    it: Receiver, hook: MakeHook, open_errand: OpenErrand, cast: Cast, at: datetime
) -> None:
    hook(it.url)
    pk = open_errand().matter_id
    actions.add_note(matter_id=pk, note="内部看法", by=cast.clerk, at=at)
    actions.reveal(matter_id=pk, field="phone", reason="回电", by=cast.clerk, at=at, record_id=1)
    told(pk, at, "note")
    told(pk, at, "reveal")
    invented = Entry.objects.select_related("matter").get(matter_id=pk, step="note")
    invented.step = "say_about"  # a step of tomorrow's is not told until somebody says so
    queue_calls(entry=invented, category="", at=at)
    assert not Call.objects.exists()


def test_a_failing_receiver_is_tried_with_the_same_key_and_body_until_it_takes_it(
    it: Receiver, hook: MakeHook, open_errand: OpenErrand, at: datetime
) -> None:
    it.statuses = [500, 503, 302, 204]
    hook(it.url)
    told(open_errand().matter_id, at)
    for wait in (0, 10, 30, 120):
        at += timedelta(seconds=wait)
        assert jobs.send_due(at=at - timedelta(seconds=1)) == 0 or wait == 0
        jobs.send_due(at=at)
    call = Call.objects.get()
    assert (call.state, call.status, call.tries) == ("done", 204, 4)
    assert len({(g.headers["Idempotency-Key"], g.body) for g in it.got}) == 1
    assert len({g.headers["X-Bihuan-Signature"] for g in it.got}) == len(it.got) == 4


def test_after_a_day_it_is_given_up_stays_visible_and_can_be_sent_again(
    it: Receiver, hook: MakeHook, open_errand: OpenErrand, cast: Cast,
    staff: dict[str, Person], at: datetime,
) -> None:  # fmt: skip
    it.statuses = [500]
    made = hook(it.url)
    told(open_errand().matter_id, at)
    moment = at
    while Call.objects.get().state == "waiting":
        moment = Call.objects.get().next_at if it.got else at
        jobs.send_due(at=moment)
        assert moment - at < timedelta(hours=26)
    assert moment - at >= timedelta(hours=24)
    call = Call.objects.get()
    assert (call.state, call.error) == ("failed", "HTTP 500")
    tried = len(it.got)
    assert jobs.send_due(at=moment + timedelta(days=3)) == 0 and len(it.got) == tried
    it.statuses = [200]
    admin = actor_of(staff["county_admin"])
    assert redeliver(webhook_id=made.pk, by=admin, at=moment) == 1
    assert jobs.send_due(at=moment) == 1
    assert len({g.headers["Idempotency-Key"] for g in it.got}) == 1


def test_killed_between_the_answer_and_the_mark_it_is_called_again_with_the_same_key(
    it: Receiver, hook: MakeHook, open_errand: OpenErrand, at: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    hook(it.url)
    told(open_errand().matter_id, at)

    def killed(*args: Any, **kwargs: Any) -> Any:
        post(*args, **kwargs)
        raise SystemExit

    monkeypatch.setattr(jobs, "post", killed)
    with pytest.raises(SystemExit):
        jobs.send_due(at=at)
    monkeypatch.setattr(jobs, "post", post)
    assert Call.objects.get().state == "waiting" and len(it.got) == 1
    assert jobs.send_due(at=at + timedelta(seconds=30)) == 0  # another may still be at it
    assert jobs.send_due(at=at + timedelta(seconds=60)) == 1
    assert Call.objects.get().state == "done"
    assert [g.headers["Idempotency-Key"] for g in it.got] == [
        it.got[0].headers["Idempotency-Key"]
    ] * 2


def test_one_dead_webhook_delays_neither_another_nor_a_text_message(
    it: Receiver, hook: MakeHook, open_errand: OpenErrand, at: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    with receiving() as gone:
        dead = gone.url
    hook(dead)
    hook(it.url)
    monkeypatch.setenv("BIHUAN_SMS_URL", it.url)
    told(open_errand().matter_id, at)
    queue_text(to="13800138000", text="已收到", key="t-1", at=at)
    assert jobs.send_due(at=at) == 2
    assert sorted(Call.objects.values_list("state", flat=True)) == ["done", "waiting"]
    assert Outgoing.objects.get().state == "sent"


def test_a_redirect_is_no_way_around_the_check(
    it: Receiver, hook: MakeHook, open_errand: OpenErrand, at: datetime
) -> None:
    with receiving() as inner:
        it.statuses, it.location = [307], inner.url
        hook(it.url)
        told(open_errand().matter_id, at)
        assert jobs.send_due(at=at) == 0
        assert inner.got == []
    assert Call.objects.get().error == "HTTP 307"


def test_a_host_that_is_no_longer_allowed_is_not_called(
    it: Receiver, hook: MakeHook, open_errand: OpenErrand, at: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    hook(it.url)
    told(open_errand().matter_id, at)
    monkeypatch.setenv("BIHUAN_WEBHOOK_HOSTS", "")
    assert jobs.send_due(at=at) == 0 and it.got == []
    assert Call.objects.get().error == "inside address"


def test_the_secret_is_in_no_table_in_plain_text_and_in_no_log(
    it: Receiver, hook: MakeHook, open_errand: OpenErrand, at: datetime,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    it.statuses, it.answer = [500], CANARY.encode()
    hook(it.url)
    told(open_errand().matter_id, at)
    with caplog.at_level(logging.DEBUG):
        jobs.send_due(at=at)
    assert it.got and "was not taken" in caplog.text and CANARY not in caplog.text
    with connection.cursor() as cursor:
        cursor.execute("SELECT w::text, c::text FROM matters_webhook w, matters_call c")
        stored = str(cursor.fetchall())
        cursor.execute("SELECT secret FROM matters_webhook")
        assert CANARY.encode() not in bytes(cursor.fetchone()[0])
    assert CANARY not in stored and CANARY.encode().hex() not in stored


def test_adding_gives_a_secret_once_and_is_logged(
    it: Receiver, units: Units, staff: dict[str, Person], at: datetime
) -> None:
    admin = actor_of(staff["county_admin"])
    made, secret = add_webhook(
        url=it.url, unit_id=units.county.pk, kinds_told=["errand"], steps=["open"], by=admin, at=at
    )
    again = Webhook.objects.get(pk=made.pk)
    assert again.secret == secret and len(secret) >= 40
    assert (again.kinds, again.steps, again.is_active) == (["errand"], ["open"], True)
    entry = AdminEntry.objects.get(what="channels.add_webhook")
    assert entry.facts == {"webhook": made.pk} and secret not in str(entry.facts)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"url": "http://10.0.0.1/x"}, "内部网络"),
        ({"url": "http://localhost/x"}, "内部网络"),
        ({"url": "ftp://127.0.0.1/"}, "不是一个可用的网址"),
        ({"url": "https://no-such-host.invalid/"}, "找不到这个主机"),
        ({"url": "https://127.0.0.1/" + "a" * 300}, "太长"),
        ({"kinds_told": ["nothing"]}, "没有这类"),
        ({"steps": ["Open; DROP"]}, "步骤名"),
    ],
)
def test_a_wrong_webhook_is_refused_and_nothing_is_written(
    change: dict[str, Any], words: str, units: Units, staff: dict[str, Person], at: datetime
) -> None:
    given: dict[str, Any] = {"url": "http://127.0.0.1:9/x", "unit_id": units.county.pk} | change
    with pytest.raises(BadValue, match=words):
        add_webhook(**given, by=actor_of(staff["county_admin"]), at=at)
    assert not Webhook.objects.exists() and not AdminEntry.objects.exists()


def test_only_the_administrator_of_the_unit_may_add_switch_and_send_again(
    it: Receiver, hook: MakeHook, units: Units, cast: Cast, staff: dict[str, Person], at: datetime
) -> None:
    made = hook(it.url)
    admin = actor_of(staff["county_admin"])
    for by in (cast.clerk, cast.supervisor, cast.other, cast.reporter):
        with pytest.raises(NotPermitted):
            add_webhook(url=it.url, unit_id=units.county.pk, by=by, at=at)
        with pytest.raises(NotPermitted):
            switch_webhook(webhook_id=made.pk, on=False, by=by, at=at)
        with pytest.raises(NotPermitted):
            redeliver(webhook_id=made.pk, by=by, at=at)
    with pytest.raises(NotPermitted):
        add_webhook(url=it.url, unit_id=units.other_county.pk, by=admin, at=at)
    assert Webhook.objects.get().is_active and not AdminEntry.objects.exists()


def test_switched_off_nothing_goes_out_and_what_waited_can_be_sent_later(
    it: Receiver, hook: MakeHook, open_errand: OpenErrand, staff: dict[str, Person], at: datetime
) -> None:
    admin = actor_of(staff["county_admin"])
    made = hook(it.url)
    told(open_errand().matter_id, at)
    switch_webhook(webhook_id=made.pk, on=False, by=admin, at=at)
    assert jobs.send_due(at=at) == 0 and it.got == []
    with pytest.raises(NotNow):
        redeliver(webhook_id=made.pk, by=admin, at=at)
    assert Call.objects.get().state == "failed"
    switch_webhook(webhook_id=made.pk, on=True, by=admin, at=at)
    assert redeliver(webhook_id=made.pk, by=admin, at=at) == 1
    assert jobs.send_due(at=at) == 1


def test_old_calls_are_cleared_away_but_failed_ones_stay(
    it: Receiver, hook: MakeHook, open_errand: OpenErrand, at: datetime
) -> None:
    hook(it.url)
    told(open_errand().matter_id, at)
    told(open_errand().matter_id, at)
    jobs.send_due(at=at)
    kept = Call.objects.order_by("pk")[0]
    Call.objects.filter(pk=kept.pk).update(state="failed", done_at=None)
    jobs.forget_old(at=at + timedelta(days=29))
    assert Call.objects.count() == 2
    jobs.forget_old(at=at + timedelta(days=31))
    assert [c.pk for c in Call.objects.all()] == [kept.pk]


@pytest.mark.django_db(transaction=True)
def test_a_webhook_that_hangs_holds_up_nobody(
    it: Receiver, hook: MakeHook, open_errand: OpenErrand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The couriers' own threads: one receiver hangs, the other and the gateway are served."""
    at = now()
    with receiving() as hanging:
        hanging.hold.clear()
        hook(hanging.url)
        hook(it.url)
        monkeypatch.setenv("BIHUAN_SMS_URL", it.url)
        told(open_errand().matter_id, at)
        queue_text(to="13800138000", text="已收到", key="t-1", at=at)
        couriers = jobs.Couriers()
        couriers.send_due(at=at)
        couriers.send_due(at=at)  # the next tick: nobody sets out twice
        done = threading.Event()
        for _try in range(200):
            if Outgoing.objects.get().state == "sent" and len(it.got) == 2:
                break
            done.wait(0.05)
        assert Outgoing.objects.get().state == "sent"
        assert len(it.got) == 2 and len(hanging.got) == 1
        hanging.hold.set()
        couriers.wait(15)
    assert set(Call.objects.values_list("state", flat=True)) == {"done"}


def test_where_no_system_is_told_an_entry_needs_no_delivery(
    it: Receiver, hook: MakeHook, open_errand: OpenErrand, at: datetime
) -> None:
    first = open_errand()
    reactions.tell(at=at)
    made = hook(it.url)
    second = open_errand()
    reactions.tell(at=at)
    rows = Delivery.objects.filter(receiver="webhooks")
    assert [row.entry.matter_id for row in rows] == [second.matter_id] != [first.matter_id]
    assert [call.webhook_id for call in Call.objects.all()] == [made.pk]


def test_two_who_try_at_the_same_moment_call_once(
    it: Receiver, hook: MakeHook, open_errand: OpenErrand, at: datetime
) -> None:
    hook(it.url)
    told(open_errand().matter_id, at)
    pk = Call.objects.get().pk
    assert jobs._claimed(Call, pk, at) and not jobs._claimed(Call, pk, at)
