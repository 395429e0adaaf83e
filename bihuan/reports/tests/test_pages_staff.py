"""Workers, handlers and the clerk by Django's client: every verb and its refusals."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client

from bihuan.accounts.actor import actor_of
from bihuan.base.cached import forget_all
from bihuan.base.clock import now
from bihuan.matters import actions as matters
from bihuan.matters.actions.photos import take_photo
from bihuan.matters.models import Attachment, Entry, Matter, Task
from bihuan.reports.actions import Sent, file_report
from bihuan.reports.models import Report
from bihuan.reports.pages.tables import limit
from bihuan.reports.rules import rulebook
from bihuan.reports.tests.bed import LAT, LON, draw_cell, make_rules
from bihuan.reports.tests.test_pages_resident import (
    CANARY,
    NAME,
    WORDS,
    given,
    is_picture,
    link,
    upload,
)

if TYPE_CHECKING:
    from bihuan.accounts.models import Person
    from conftest import Units

pytestmark = pytest.mark.django_db
BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture
def at() -> datetime:
    return now()


@pytest.fixture
def county(units: Units) -> Units:
    draw_cell(units)
    make_rules(units)
    forget_all()
    return units


@pytest.fixture
def report(county: Units, at: datetime) -> Report:
    """File what a resident with a phone and a name saw."""
    from bihuan.accounts.actor import REPORTER

    sent = Sent(
        text=WORDS, category="litter", lon=LON, lat=LAT, address="文化路口", phone=CANARY, name=NAME
    )
    filed = file_report(sent=sent, by=REPORTER, at=at)
    return Report.objects.get(pk=filed.record_id)


def signed_in(person: Person) -> Client:
    client = Client()
    client.force_login(person, backend=BACKEND)
    return client


def open_task(key: str) -> Task:
    return Task.objects.get(key=key, state__in=("ready", "doing"))


def said(client: Client, task: Task, verb: str, **data: Any) -> Any:
    return client.post(f"/my/tasks/{task.pk}/{verb}", data)


@pytest.fixture
def verifying(report: Report, wang: Person, at: datetime) -> Task:
    matters.accept(matter_id=report.matter_id, by=actor_of(wang), at=at)
    return open_task("verify")


@pytest.fixture
def leading(
    report: Report, wang: Person, staff: dict[str, Person], county: Units, at: datetime
) -> Task:
    by = actor_of(wang)
    matters.register(matter_id=report.matter_id, by=by, at=at)
    matters.assign(matter_id=report.matter_id, unit_id=county.urban.pk, by=by, at=at)
    return open_task("lead")


# ---- who sees what -------------------------------------------------------------------------------


def test_a_worker_sees_the_task_and_never_who_reported(verifying: Task, li: Person) -> None:
    client = signed_in(li)
    for address in ("/my/tasks", f"/my/tasks/{verifying.pk}", f"/my/tasks/{verifying.pk}/verify"):
        html = client.get(address).content.decode()
        assert CANARY not in html and NAME not in html
    assert WORDS in client.get(f"/my/tasks/{verifying.pk}").content.decode()
    assert "到场核实" in client.get("/my/tasks").content.decode()


def test_a_handler_sees_the_task_and_never_who_reported(
    leading: Task, staff: dict[str, Person]
) -> None:
    client = signed_in(staff["handler"])
    for address in ("/my/tasks", f"/my/tasks/{leading.pk}", f"/my/tasks/{leading.pk}/finish"):
        html = client.get(address).content.decode()
        assert CANARY not in html and NAME not in html


def test_another_unit_finds_no_such_task(verifying: Task, staff: dict[str, Person]) -> None:
    client = signed_in(staff["handler"])
    assert client.get(f"/my/tasks/{verifying.pk}").status_code == 404
    assert said(client, verifying, "verify", found="yes", note="看过").status_code == 404
    assert Task.objects.get(pk=verifying.pk).state == "ready"


def test_residents_and_clerks_have_no_tasks_page(zhang: Person, wang: Person) -> None:
    assert Client().get("/my/tasks").status_code == 302
    for person in (zhang, wang):
        answer = signed_in(person).get("/my/tasks")
        assert answer.status_code == 403 and "您没有" in answer.content.decode()


def test_photos_go_to_those_who_may_see_the_matter(
    report: Report, verifying: Task, li: Person, zhao: Person
) -> None:
    matters.add_note(
        matter_id=report.matter_id,
        note="",
        photos=[take_photo(upload().read())],
        by=actor_of(li),
        at=now(),
    )
    photo = Attachment.objects.get()
    assert is_picture(signed_in(li), f"/photos/{photo.pk}/thumb")
    assert signed_in(zhao).get(f"/photos/{photo.pk}/full").status_code == 404


def test_the_list_asks_as_often_for_many_tasks_as_for_few(
    county: Units, li: Person, wang: Person, at: datetime, django_assert_max_num_queries: Any
) -> None:
    from bihuan.accounts.actor import REPORTER

    client = signed_in(li)
    counts = []
    for more in (10, 190):
        for number in range(more):
            sent = Sent(text=f"垃圾 {more} {number}", category="litter", lon=LON, lat=LAT)
            filed = file_report(sent=sent, by=REPORTER, at=at)
            matters.accept(matter_id=filed.matter_id, by=actor_of(wang), at=at)
        client.get("/my/tasks")
        with django_assert_max_num_queries(30) as asked:
            client.get("/my/tasks")
        counts.append(len(asked.captured_queries))
    assert counts[0] == counts[1]


# ---- verbs ---------------------------------------------------------------------------------------


def test_a_worker_verifies_with_a_photo(verifying: Task, li: Person) -> None:
    answer = said(signed_in(li), verifying, "verify", found="yes", note="属实", photos=[upload()])
    assert answer["Location"] == "/my/tasks"
    assert Matter.objects.get().state == "registered"
    assert Attachment.objects.get().use == "before"


def test_a_worker_who_finds_nothing_says_so(verifying: Task, li: Person) -> None:
    said(signed_in(li), verifying, "verify", found="no", note="没有看到")
    assert Entry.objects.filter(step="not_found").count() == 1
    assert Task.objects.get(pk=verifying.pk).state == "done"


def test_a_worker_puts_it_right_at_once(verifying: Task, li: Person) -> None:
    client = signed_in(li)
    owed = said(client, verifying, "verify", found="solved", note="清走了")
    assert owed.status_code == 422 and "请至少附一张处置后的照片" in owed.content.decode()
    assert Matter.objects.get().state == "verifying"
    said(client, verifying, "verify", found="solved", note="清走了", photos=[upload()])
    assert Matter.objects.get().state == "closed"


def test_a_handler_takes_up_and_finishes_with_both_photos(
    leading: Task, staff: dict[str, Person]
) -> None:
    client = signed_in(staff["handler"])
    assert said(client, leading, "take-up")["Location"] == f"/my/tasks/{leading.pk}"
    assert (
        "已经有人办理"
        in client.post(f"/my/tasks/{leading.pk}/take-up", follow=True).content.decode()
    )
    owed = said(client, leading, "finish", opinion="已清运")
    assert owed.status_code == 422 and "请至少附一张处置后的照片" in owed.content.decode()
    assert Matter.objects.get().state == "handling"
    said(client, leading, "finish", opinion="已清运", photos=[upload("white")], before=[upload()])
    assert Matter.objects.get().state == "handled"
    assert sorted(Attachment.objects.values_list("use", flat=True)) == ["after", "before"]


def test_photos_of_both_sorts_outlive_an_error(leading: Task, staff: dict[str, Person]) -> None:
    client = signed_in(staff["handler"])
    answer = said(
        client, leading, "finish", opinion="", photos=[upload("white")], before=[upload()]
    )
    html = answer.content.decode()
    tokens = dict(re.findall(r'name="(kept-[a-z]+)"\s+value="([^"]+)"', html))
    assert set(tokens) == {"kept-photos", "kept-before"}
    said(client, leading, "finish", opinion="已清运", **tokens)
    assert Attachment.objects.count() == 2


def test_a_handler_returns_with_a_listed_reason(leading: Task, staff: dict[str, Person]) -> None:
    client = signed_in(staff["handler"])
    said(client, leading, "return", reason="not_our_duty", note="归交通局")
    assert Matter.objects.get().state == "returned"
    assert Entry.objects.get(step="return").facts["reason"] == "not_our_duty"
    gone = client.get(f"/my/tasks/{leading.pk}").content.decode()
    assert "已退回或改派" in gone


def test_a_handler_asks_the_reporter_and_the_clock_waits(
    leading: Task, staff: dict[str, Person]
) -> None:
    client = signed_in(staff["handler"])
    said(client, leading, "ask", question="是哪个小区？")
    assert Matter.objects.get().state == "waiting"
    assert "已暂停计时" in client.get(f"/my/tasks/{leading.pk}").content.decode()


def test_a_handler_asks_for_help_and_hands_over(
    leading: Task, staff: dict[str, Person], county: Units
) -> None:
    client = signed_in(staff["handler"])
    said(client, leading, "say", words="需要一辆车")
    assert Entry.objects.filter(step="note").count() == 1
    head = staff["unit_head"]
    said(client, leading, "hand-over", person=str(head.pk))
    assert Task.objects.get(pk=leading.pk).person == head


def test_a_worker_checks_what_was_done(
    leading: Task, staff: dict[str, Person], li: Person, wang: Person, at: datetime
) -> None:
    matters.finish(
        matter_id=leading.matter_id,
        key="lead",
        opinion="已清运",
        photos=[take_photo(upload("white").read())],
        by=actor_of(staff["handler"]),
        at=at,
    )
    matters.start_check(matter_id=leading.matter_id, by=actor_of(wang), at=at)
    client = signed_in(li)
    said(client, open_task("check"), "check", passed="no", note="还剩两袋")
    assert Matter.objects.get().state == "rework"


WRONG: list[tuple[str, str, dict[str, Any], str]] = [
    ("worker", "verify", {"note": "看过"}, "请选择现场情况"),
    ("worker", "verify", {"found": "yes"}, "请写几句话"),
    ("worker", "verify", {"found": "perhaps", "note": "看过"}, "perhaps"),
    ("handler", "finish", {}, "请写几句话"),
    ("handler", "return", {"note": "归别家"}, "请选择退回原因"),
    ("handler", "return", {"reason": "nonsense", "note": "归别家"}, "nonsense"),
    ("handler", "return", {"reason": "not_our_duty"}, "请写几句话"),
    ("handler", "ask", {}, "请写几句话"),
    ("handler", "say", {}, "请写几句话"),
    ("handler", "hand-over", {}, "请选择同事"),
    ("handler", "hand-over", {"person": "0"}, "0"),
]


@pytest.mark.parametrize(("role", "verb", "data", "why"), WRONG)
def test_a_wrong_form_says_why_and_writes_nothing(
    request: pytest.FixtureRequest,
    staff: dict[str, Person],
    role: str,
    verb: str,
    data: dict[str, Any],
    why: str,
) -> None:
    task: Task = request.getfixturevalue("verifying" if role == "worker" else "leading")
    before = Entry.objects.count()
    answer = said(signed_in(staff[role]), task, verb, **data)
    html = answer.content.decode()
    assert answer.status_code == 422 and "还不能提交" in html and why in html
    assert Entry.objects.count() == before


def test_an_unknown_verb_is_no_page(verifying: Task, li: Person) -> None:
    assert said(signed_in(li), verifying, "explode").status_code == 404


def test_a_verb_that_does_not_fit_the_state_is_refused(
    leading: Task, staff: dict[str, Person]
) -> None:
    before = Entry.objects.count()
    answer = said(signed_in(staff["handler"]), leading, "check", passed="yes", note="好")
    assert answer.status_code in (403, 422)
    assert Entry.objects.count() == before


# ---- reporting oneself ---------------------------------------------------------------------------


def test_a_worker_reports_what_they_see(county: Units, li: Person) -> None:
    client = signed_in(li)
    answer = client.post("/my/report", mine(client), follow=True)
    report = Report.objects.get()
    assert (report.channel, report.by) == ("worker", li)
    assert report.matter.number in answer.content.decode()


def mine(client: Client, **more: Any) -> dict[str, Any]:
    html = client.get("/my/report").content.decode()
    once = re.search(r'name="once" value="([^"]+)"', html)
    assert once is not None
    place = {"lon": str(LON), "lat": str(LAT), "address": "", "text": "小广告"}
    return {"once": once[1], "category": "litter", **place, **more}


def test_a_worker_reports_and_closes_in_one_go_and_only_once(county: Units, li: Person) -> None:
    client = signed_in(li)
    data = mine(client, solved="on", done="已清除")
    owed = client.post("/my/report", data)
    assert owed.status_code == 422 and "请附一张处理后的照片" in owed.content.decode()
    assert Matter.objects.count() == 0
    for _time in range(2):
        answer = client.post("/my/report", {**data, "after": [upload("white")]}, follow=True)
        assert "已现场办结" in answer.content.decode()
    matter = Matter.objects.get()
    assert (matter.state, matter.channel) == ("closed", "worker")
    assert Entry.objects.filter(step="solve_on_spot").count() == 1


def test_outside_ones_cell_nothing_is_closed_or_filed(county: Units, li: Person) -> None:
    client = signed_in(li)
    data = mine(client, solved="on", done="已清除", lon="", lat="", address="外面")
    answer = client.post("/my/report", {**data, "after": [upload("white")]})
    assert answer.status_code == 422 and "不在您的网格内" in answer.content.decode()
    assert Matter.objects.count() == Report.objects.count() == 0


def test_the_clerk_writes_down_a_call(county: Units, wang: Person) -> None:
    client = signed_in(wang)
    data = {**given(client, "/desk/report"), "by_phone": "phone"}
    answer = client.post("/desk/report", data, follow=True)
    report = Report.objects.get()
    html = answer.content.decode()
    assert (report.channel, report.by, report.phone) == ("phone", wang, CANARY)
    assert report.matter.number in html and CANARY not in html
    assert link(report, "/slip") in html


@pytest.mark.parametrize(
    ("wrong", "why"),
    [({"by_phone": ""}, "请选择是来电还是当面"), ({"phone": "1"}, "电话号码不对")],
)
def test_a_wrong_call_is_not_written_down(
    county: Units, wang: Person, wrong: dict[str, str], why: str
) -> None:
    client = signed_in(wang)
    answer = client.post(
        "/desk/report", {**given(client, "/desk/report"), "by_phone": "phone"} | wrong
    )
    assert answer.status_code == 422 and why in answer.content.decode()
    assert Report.objects.count() == 0


def test_what_one_clerk_wrote_down_is_not_anothers(
    county: Units, wang: Person, zhao: Person
) -> None:
    client = signed_in(wang)
    client.post("/desk/report", {**given(client, "/desk/report"), "by_phone": "clerk"})
    report = Report.objects.get()
    assert signed_in(zhao).get(f"/desk/report/{report.pk}").status_code == 404


def test_rules_and_limits_can_be_read_by_all_who_work_here(
    county: Units, staff: dict[str, Person], zhang: Person
) -> None:
    page = signed_in(staff["county_admin"]).get("/desk/rules").content.decode()
    for words in (
        "垃圾归执法局",
        "22:00–次日 06:00",
        "所在网格",
        "自动派遣",
        "推荐给受理员",
        "所有类型",
    ):
        assert words in page, words
    row = rulebook().categories["litter"]
    assert limit(row.finish_seconds, urgent=row.finish_urgent) in page
    assert signed_in(zhang).get("/desk/rules").status_code == 403


@pytest.mark.parametrize(
    ("seconds", "urgent", "words"),
    [
        (7200, False, "2 个工作小时"), (28_800, False, "1 个工作日"), (86_400, True, "1 天"),
        (28_800, True, "8 小时"), (1800, True, "30 分钟"), (1800, False, "30 个工作分钟"),
    ],
)  # fmt: skip
def test_a_limit_is_said_in_its_own_hours(seconds: int, urgent: bool, words: str) -> None:
    assert limit(seconds, urgent=urgent) == words
