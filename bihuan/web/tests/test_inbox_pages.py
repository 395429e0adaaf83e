"""The pages of the inbox and of the channels, through the doors."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bihuan.accounts.actor import REPORTER
from bihuan.accounts.models import Person
from bihuan.matters import actions, reactions
from bihuan.matters.channel_models import Call, Message, Outgoing, Webhook
from bihuan.matters.channels.actions import queue_calls, queue_text, tell_people
from bihuan.matters.models import Entry, Matter, Task
from bihuan.matters.tests.bed import Cast, OpenErrand, cast_of, opener
from bihuan.reports.actions import Sent, file_report
from bihuan.reports.tests.bed import LAT, LON, draw_cell, make_rules
from bihuan.web.pages import inbox
from conftest import Units

pytestmark = pytest.mark.django_db
BACKEND = "django.contrib.auth.backends.ModelBackend"
URL = "http://127.0.0.1:9/hook"
As = Callable[[str], Client]


@pytest.fixture
def as_(staff: dict[str, Person]) -> As:
    """Sign somebody of 临清市 in by role."""

    def client(role: str) -> Client:
        made = Client()
        made.force_login(staff[role], backend=BACKEND)
        return made

    return client


@pytest.fixture
def open_errand(units: Units, at: datetime) -> OpenErrand:
    return opener(units, at)


@pytest.fixture
def cast(staff: dict[str, Person], zhao: Person) -> Cast:
    return cast_of(staff, zhao)


@pytest.fixture
def rules(units: Units) -> None:
    draw_cell(units)
    make_rules(units)


@pytest.fixture
def told(open_errand: OpenErrand, at: datetime) -> Callable[[int], list[int]]:
    """Open errands and tell the desk of each; give the matters' ids."""

    def tell(number: int) -> list[int]:
        ids = []
        for n in range(number):
            pk = open_errand(title=f"第{n}盏灯不亮").matter_id
            tell_people(Entry.objects.select_related("matter").get(matter_id=pk, step="open"), at)
            ids.append(pk)
        return ids

    return tell


def page(client: Client, address: str = "/inbox") -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


# ---- the inbox -----------------------------------------------------------------------------------


def test_the_inbox_shows_what_is_new_and_counts_it_beside_its_entry(
    as_: As, told: Callable[[int], list[int]]
) -> None:
    told(3)
    shown = page(as_("clerk"))
    assert shown.count("有新的事项，请受理。") == 3
    assert "第0盏灯不亮" in shown and "未读 3" in shown
    assert re.search(r'class="side-count[^"]*">3<', shown)
    assert "还没有消息" in page(as_("handler"))


def test_opening_a_message_marks_it_read_and_goes_to_the_matter(
    as_: As, told: Callable[[int], list[int]]
) -> None:
    (pk,) = told(1)
    message = Message.objects.get()
    client = as_("clerk")
    answer = client.post(f"/inbox/{message.pk}/open")
    assert answer.status_code == 302
    number = Matter.objects.get(pk=pk).number
    assert answer["Location"] == f"/desk/{number}"
    message.refresh_from_db()
    assert message.read_at is not None
    assert "有新的事项" not in page(client, "/inbox?unread=1")
    assert "有新的事项" in page(client)


def test_who_works_on_the_ground_is_led_to_their_task(
    units: Units, cast: Cast, rules: None, at: datetime
) -> None:
    sent = Sent(text="楼下半夜施工", category="noise", lon=LON, lat=LAT)
    pk = file_report(sent=sent, by=REPORTER, at=at).matter_id
    matter = Matter.objects.get(pk=pk)
    assert inbox.address_of(matter, cast.worker) == f"/desk/{matter.number}"
    actions.accept(matter_id=pk, by=cast.clerk, at=at)
    task = Task.objects.get(matter=matter, key="verify")
    assert inbox.address_of(matter, cast.worker) == f"/my/tasks/{task.pk}"
    assert inbox.address_of(matter, cast.clerk) == f"/desk/{matter.number}"


def test_anothers_message_is_not_found_and_stays_unread(
    as_: As, told: Callable[[int], list[int]]
) -> None:
    told(1)
    message = Message.objects.get()
    for role in ("handler", "supervisor", "county_admin"):
        assert as_(role).post(f"/inbox/{message.pk}/open").status_code == 404
    assert as_("clerk").get(f"/inbox/{message.pk}/open").status_code == 405
    message.refresh_from_db()
    assert message.read_at is None


def test_marking_all_takes_only_what_was_on_the_page(
    as_: As, told: Callable[[int], list[int]]
) -> None:
    told(2)
    client = as_("clerk")
    newest = re.search(r'name="newest" value="(\d+)"', page(client))
    assert newest is not None
    told(1)
    assert client.post("/inbox/read", {"newest": newest[1]}).status_code == 302
    assert Message.objects.filter(read_at=None).count() == 1


@pytest.mark.parametrize("newest", ["", "all", "-1", "1e9", "９９", "9" * 40])
def test_a_wrong_mark_is_refused_and_nothing_is_read(
    newest: str, as_: As, told: Callable[[int], list[int]]
) -> None:
    told(1)
    client = as_("clerk")
    assert client.post("/inbox/read", {"newest": newest}).status_code == 302
    assert "没有标记" in page(client)
    assert Message.objects.filter(read_at=None).count() == 1


def test_a_matter_one_may_no_longer_see_shows_its_number_alone(
    as_: As, told: Callable[[int], list[int]], units: Units, staff: dict[str, Person]
) -> None:
    (pk,) = told(1)
    staff["clerk"].posts.update(unit=units.other_county)
    shown = page(as_("clerk"))
    assert "第0盏灯不亮" not in shown and Matter.objects.get(pk=pk).number in shown
    assert "已不归您办理" in shown


def test_the_list_takes_as_many_queries_for_200_as_for_ten(
    as_: As, told: Callable[[int], list[int]]
) -> None:
    client = as_("clerk")
    told(10)
    page(client)
    with CaptureQueriesContext(connection) as few:
        page(client)
    told(190)
    with CaptureQueriesContext(connection) as many:
        page(client)
    assert len(many) == len(few)
    assert "共 200 条" in page(client)


# ---- webhooks ------------------------------------------------------------------------------------


@pytest.fixture
def inside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIHUAN_WEBHOOK_HOSTS", "127.0.0.1")


def add(client: Client, units: Units, **change: Any) -> Any:
    given = {"url": URL, "unit": units.county.pk, "kind": "errand", "steps": "open，assign"}
    return client.post("/webhooks", given | change)


def test_a_webhook_is_added_and_its_secret_shown_once(as_: As, units: Units, inside: None) -> None:
    client = as_("county_admin")
    answer = add(client, units)
    hook = Webhook.objects.get()
    assert answer.status_code == 200 and hook.secret and hook.secret in answer.content.decode()
    assert (hook.kinds, hook.steps, hook.unit_id) == (
        ["errand"],
        ["assign", "open"],
        units.county.pk,
    )
    for address in ("/webhooks", f"/webhooks/{hook.pk}"):
        shown = page(client, address)
        assert URL in shown and hook.secret not in shown


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"url": ""}, "必填项"),
        ({"url": "http://10.0.0.1/"}, "内部网络"),
        ({"url": "javascript:alert(1)"}, "不是一个可用的网址"),
        ({"url": "https://127.0.0.1/" + "a" * 400}, "300"),
        ({"unit": "0"}, "选择一个有效的选项"),
        ({"unit": "x"}, "选择一个有效的选项"),
        ({"kind": "nothing"}, "选择一个有效的选项"),
        ({"steps": "DROP TABLE;"}, "步骤名"),
    ],
)
def test_a_wrong_webhook_is_refused_on_the_page_and_not_kept(
    change: dict[str, Any], words: str, as_: As, units: Units, inside: None
) -> None:
    answer = add(as_("county_admin"), units, **change)
    assert answer.status_code == 422
    shown = answer.content.decode()
    assert "还不能提交" in shown and "有误：" in shown
    assert words in shown
    assert not Webhook.objects.exists()


def test_an_administrator_cannot_tell_of_another_countys_matters(
    as_: As, units: Units, inside: None, people: dict[str, Person | None]
) -> None:
    assert add(as_("county_admin"), units, unit=units.other_county.pk).status_code == 422
    add(as_("county_admin"), units)
    hook = Webhook.objects.get()
    other = Client()
    stranger = people["county_admin@other"]
    assert stranger is not None
    other.force_login(stranger, backend=BACKEND)
    assert URL not in page(other, "/webhooks")
    assert other.get(f"/webhooks/{hook.pk}").status_code == 403
    assert other.post(f"/webhooks/{hook.pk}/switch", {"on": "0"}).status_code == 403
    assert Webhook.objects.get().is_active


def test_what_failed_is_shown_switched_and_sent_again(
    as_: As, units: Units, inside: None, open_errand: OpenErrand, at: datetime
) -> None:
    client = as_("county_admin")
    add(client, units)
    hook = Webhook.objects.get()
    pk = open_errand().matter_id
    entry = Entry.objects.select_related("matter").get(matter_id=pk)
    queue_calls(entry=entry, category="lamp", at=at)
    Call.objects.update(state="failed", error="HTTP 500", tries=9)
    shown = page(client, f"/webhooks/{hook.pk}")
    assert entry.matter.number in shown and "HTTP 500" in shown and "失败" in shown
    client.post(f"/webhooks/{hook.pk}/switch", {"on": "0"})
    client.post(f"/webhooks/{hook.pk}/redeliver")
    assert "已停用" in page(client, f"/webhooks/{hook.pk}")
    assert Call.objects.get().state == "failed"
    client.post(f"/webhooks/{hook.pk}/switch", {"on": "1"})
    client.post(f"/webhooks/{hook.pk}/redeliver")
    assert Call.objects.get().state == "waiting"


def test_failed_text_messages_are_counted_and_sent_again_without_being_shown(
    as_: As, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "now", lambda: at + timedelta(hours=1))
    queue_text(to="13812345678", text="秘密链接 canarysecret", key="k", at=at)
    Outgoing.objects.update(state="failed", error="HTTP 500")
    client = as_("county_admin")
    shown = page(client, "/webhooks")
    assert "重发失败的短信" in shown
    assert "canarysecret" not in shown and "13812345678" not in shown
    assert client.post("/webhooks/texts").status_code == 302
    assert Outgoing.objects.get().state == "waiting"


# ---- a demo's text messages ----------------------------------------------------------------------


def test_a_demo_shows_its_text_messages_with_the_phone_masked_to_staff_alone(
    as_: As, at: datetime, monkeypatch: pytest.MonkeyPatch, zhang: Person
) -> None:
    queue_text(to="13812345678", text="您反映的问题已收到", key="k", at=at)
    client = as_("clerk")
    assert client.get("/demo/texts").status_code == 404  # a county's own database
    monkeypatch.setattr(inbox, "is_demo", lambda: True)
    shown = page(client, "/demo/texts")
    assert "您反映的问题已收到" in shown
    assert "138****5678" in shown and "13812345678" not in shown
    resident = Client()
    resident.force_login(zhang, backend=BACKEND)
    assert resident.get("/demo/texts").status_code == 404


def test_a_step_of_the_kernel_reaches_the_inbox_through_the_outbox(
    as_: As, open_errand: OpenErrand, cast: Cast, units: Units, at: datetime
) -> None:
    pk = open_errand().matter_id
    actions.register(matter_id=pk, by=cast.clerk, at=at)
    actions.assign(matter_id=pk, unit_id=units.urban.pk, by=cast.clerk, at=at)
    reactions.tell(at=at)
    assert "有新的任务，请签收办理。" in page(as_("handler"))
