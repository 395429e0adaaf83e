"""The matter page, its papers and the exports."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import openpyxl
import pytest
from django.test import Client

from bihuan.accounts.actor import REPORTER, actor_of
from bihuan.accounts.models import Person, Post
from bihuan.base.clock import now
from bihuan.desk.pages import exports
from bihuan.desk.tests.bed import Reported, queries_of
from bihuan.matters import actions
from bihuan.matters.models import Clock, Matter
from bihuan.reports.models import Report
from conftest import Units

pytestmark = pytest.mark.django_db
Enter = Callable[[Person], Client]
XSS = '<img src=x onerror=alert(1)>"\'{{ 7|add:7 }}{% now "Y" %}'


def test_the_page_tells_the_whole_story(
    reported: Reported, reference: Any, staff: dict[str, Person], units: Units, enter: Enter
) -> None:
    it = reported("路灯不亮", phone="13800001234", at=now() - timedelta(hours=3))
    clerk, handler = actor_of(staff["clerk"]), actor_of(staff["handler"])
    pk, at = it.matter_id, now()
    actions.register(matter_id=pk, by=clerk, at=at)
    actions.assign(matter_id=pk, unit_id=units.urban.pk, by=clerk, at=at, why="路灯归综合执法局")
    actions.return_task(matter_id=pk, key="lead", reason="not_our_duty", note="归路灯所",
                        by=handler, at=at)  # fmt: skip
    actions.assign(matter_id=pk, unit_id=units.roads.pk, by=clerk, at=at)
    actions.add_note(matter_id=pk, note="第三盏", by=REPORTER, at=at)
    page = enter(staff["clerk"]).get(f"/desk/{it.number}").content.decode()
    for words in (
        "待签收", "路灯", "温泉路 3 号", "居民上报", "138****1234", "交通运输局", "第 2 轮",
        "不是本单位职责", "归路灯所", "依据：路灯归综合执法局", "王敏（临清市 受理派遣员）",
        "陈刚（综合行政执法局 处置人员）", "居民", "第三盏", "受理时限", "超期",
        'data-lon="115.7"',
    ):  # fmt: skip
        assert words in page, words
    assert "13800001234" not in page
    slip = enter(staff["clerk"]).get(f"/desk/{it.number}/slip").content.decode()
    assert it.number in slip and "归路灯所" in slip and "138" not in slip


def test_even_masked_a_reporter_is_shown_to_those_alone_who_may_look(
    reported: Reported, reference: Any, staff: dict[str, Person], units: Units, enter: Enter
) -> None:
    it = reported("路灯不亮，打13800001234找我", phone="13800001234", name="张桂芳", title="路灯")
    clerk, at = actor_of(staff["clerk"]), now()
    actions.register(matter_id=it.matter_id, by=clerk, at=at)
    actions.assign(matter_id=it.matter_id, unit_id=units.urban.pk, by=clerk, at=at)
    shown = {"clerk", "supervisor"}
    for role in ("clerk", "supervisor", "worker", "handler", "unit_head", "auditor"):
        page = enter(staff[role]).get(f"/desk/{it.number}").content.decode()
        assert ("13800001234" in page) is ("张**" in page) is (role in shown), role
        assert ("留了联系方式，对办理人员不显示" in page) is (role not in shown), role
    actions.say_about(
        matter_id=it.matter_id, person_id=staff["supervisor"].pk, note="群众反映", by=clerk, at=at
    )
    assert enter(staff["supervisor"]).get(f"/desk/{it.number}").status_code == 404
    actions.say_about(
        matter_id=it.matter_id, unit_id=units.street.pk, note="群众反映", by=clerk, at=at
    )
    post = Post.objects.create(
        person=staff["handler"], unit=units.street, role="clerk", from_on=at.date()
    )
    page = enter(post.person).get(f"/desk/{it.number}").content.decode()
    assert "138" not in page and "张*" not in page and "反映的是您所在的单位" in page


def test_the_page_says_by_when_it_was_ordered_and_what_became_of_an_appeal(
    reported: Reported, reference: Any, staff: dict[str, Person], units: Units, enter: Enter
) -> None:
    it, at = reported("路灯不亮"), now()
    clerk, handler, supervisor = (
        actor_of(staff[role]) for role in ("clerk", "handler", "supervisor")
    )
    pk, client = it.matter_id, enter(staff["clerk"])
    actions.register(matter_id=pk, by=clerk, at=at)
    actions.assign(matter_id=pk, unit_id=units.urban.pk, by=clerk, at=at)
    assert "督办期限" not in client.get(f"/desk/{it.number}").content.decode()
    until = (at + timedelta(days=2)).replace(hour=2, minute=30)  # 10:30 in the county
    actions.press(matter_id=pk, note="限期", until=until, by=supervisor, at=at)
    page = client.get(f"/desk/{it.number}").content.decode()
    assert "督办期限" in page and "10:30" in page
    task = Matter.objects.get(pk=pk).tasks.get(key="lead")
    page = enter(staff["handler"]).get(f"/my/tasks/{task.pk}").content.decode()
    assert "督查已督办，要求" in page and "10:30" in page
    actions.finish(matter_id=pk, key="lead", opinion="已修", by=handler, at=at)
    Clock.objects.filter(matter_id=pk, name="finish").update(late=True)
    actions.pass_check(matter_id=pk, note="好了", by=clerk, at=at)
    actions.appeal(matter_id=pk, note="暴雨", by=handler, at=at)
    actions.decide_appeal(matter_id=pk, agree=True, note="属实", by=clerk, at=at)
    page = client.get(f"/desk/{it.number}").content.decode()
    assert "一审同意" in page and "不计超期" not in page and "督办期限" not in page
    actions.decide_appeal(matter_id=pk, agree=True, note="属实", by=supervisor, at=at)
    page = client.get(f"/desk/{it.number}").content.decode()
    assert "二审同意，不计超期" in page and "申诉成立，不计超期" in page


def test_a_date_of_a_year_not_announced_yet_is_marked(
    reported: Reported, wang: Person, enter: Enter
) -> None:
    it, client = reported("路灯不亮"), enter(wang)
    for provisional in (False, True):
        Clock.objects.filter(matter_id=it.matter_id).update(provisional=provisional)
        page = client.get(f"/desk/{it.number}").content.decode()
        assert ("放假安排尚未公布" in page) is provisional


def test_texts_are_shown_as_texts(
    reported: Reported, reference: Any, staff: dict[str, Person], units: Units, enter: Enter
) -> None:
    it = reported(XSS, name=XSS, address=XSS)
    clerk = actor_of(staff["clerk"])
    actions.register(matter_id=it.matter_id, by=clerk, at=now(), note=XSS)
    actions.assign(matter_id=it.matter_id, unit_id=units.urban.pk, by=clerk, at=now(), why=XSS)
    client = enter(staff["clerk"])
    for address in (
        "/desk/", "/desk/tasks", "/desk/print", f"/desk/{it.number}", f"/desk/{it.number}/slip",
        f"/desk/{it.number}/do/note", "/desk/?q=<img src=x onerror>&category=<script>",
    ):  # fmt: skip
        page = client.get(address).content.decode()
        assert "<img src=x" not in page and "<script>" not in page, address


@pytest.mark.parametrize(
    "number", ["SP-20261123-999999", "x", "SP-1%00", "%27%20OR%201=1--", "..%2F", "无", "new"]
)
def test_a_number_that_is_not_there_is_not_found(number: str, wang: Person, enter: Enter) -> None:
    assert enter(wang).get(f"/desk/{number}").status_code == 404


def test_a_long_history_asks_the_database_no_oftener(
    reported: Reported, reference: Any, staff: dict[str, Person], enter: Enter
) -> None:
    it, counted = reported(phone="13800001234"), []
    client, clerk = enter(staff["clerk"]), actor_of(staff["clerk"])
    for lines in (10, 250):
        while Matter.objects.get(pk=it.matter_id).last_seq < lines:
            actions.add_note(matter_id=it.matter_id, note="还在等", by=clerk, at=now())
        counted.append(queries_of(client, f"/desk/{it.number}"))
    page = client.get(f"/desk/{it.number}").content.decode()
    assert counted[0] == counted[1] <= 35
    assert page.count("还在等") == 200 and "显示更早的经过" in page
    assert client.get(f"/desk/{it.number}?all=1").content.decode().count("还在等") == 249


def test_many_reporters_on_one_matter_ask_the_database_no_oftener(
    reported: Reported, reference: Any, wang: Person, enter: Enter
) -> None:
    it, counted = reported(phone="13800001234"), []
    first = Report.objects.get()
    for rows in (10, 200):
        for _ in range(Report.objects.count(), rows):
            Report(matter=first.matter, text="我也遇到", phone="13900001234", channel="resident",
                   category="lamp", at=now()).save(force_insert=True)  # fmt: skip
        counted.append(queries_of(enter(wang), f"/desk/{it.number}"))
    assert counted[0] == counted[1]
    page = enter(wang).get(f"/desk/{it.number}").content.decode()
    assert page.count("我也遇到") == 199 and "上报内容（200 人）" in page


def test_who_may_nothing_reads_why(
    reported: Reported, staff: dict[str, Person], enter: Enter
) -> None:
    it = reported()
    page = enter(staff["auditor"]).get(f"/desk/{it.number}").content.decode()
    assert "这一步由其他单位办理" in page and "/do/" not in page


def read_csv(client: Client, query: str = "") -> list[list[str]]:
    answer = client.get(f"/desk/export.csv?{query}")
    assert answer.status_code == 200
    body = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    assert body.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(body.decode("utf-8-sig"))))


def read_excel(client: Client, query: str = "") -> list[list[str]]:
    answer = client.get(f"/desk/export.xlsx?{query}")
    body = io.BytesIO(answer.content)
    sheet = openpyxl.load_workbook(body).active
    return [["" if c is None else str(c) for c in row] for row in sheet.iter_rows(values_only=True)]  # type: ignore[union-attr]


@pytest.mark.parametrize("read", [read_csv, read_excel])
def test_an_export_holds_exactly_the_filtered_rows_and_no_person(
    read: Callable[..., list[list[str]]], reported: Reported, reference: Any, wang: Person,
    enter: Enter,
) -> None:  # fmt: skip
    lamps = [reported(f"路灯{n}", phone="13800001234", name="张桂芳") for n in range(3)]
    holes = [reported(f"坑洞{n}", category="hole") for n in range(2)]
    client = enter(wang)
    rows = read(client)
    assert rows[0][:4] == ["编号", "类型", "类别", "标题"]
    assert [row[0] for row in rows[1:]] == [m.number for m in (*lamps, *holes)]
    assert [row[0] for row in read(client, "category=hole")[1:]] == [m.number for m in holes]
    assert {row[0] for row in read(client, "q=路灯")[1:]} == {m.number for m in lamps}
    assert read(client, "tab=over") == rows[:1]
    text = str(rows)
    assert "13800001234" not in text and "138" not in text and "张" not in text


@pytest.mark.parametrize("read", [read_csv, read_excel])
@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t=", " =", "\r="])
def test_a_formula_becomes_words(
    read: Callable[..., list[list[str]]], sign: str, reported: Reported, wang: Person, enter: Enter
) -> None:
    reported("普通", address=f"{sign}HYPERLINK(1)")
    cell = read(enter(wang))[1][5]
    assert cell.startswith("'") and "HYPERLINK" in cell


def test_only_those_who_may_export_do(
    reported: Reported, staff: dict[str, Person], zhao: Person, enter: Enter
) -> None:
    it = reported()
    for role in ("worker", "handler", "unit_head", "auditor", "county_admin"):
        assert enter(staff[role]).get("/desk/export.csv").status_code == 403
        assert enter(staff[role]).get("/desk/export.xlsx").status_code == 403
    assert it.number not in str(read_csv(enter(zhao)))


def test_too_many_rows_are_refused_in_words(
    reported: Reported, wang: Person, enter: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "MOST", 2)
    for _ in range(3):
        reported()
    answer = enter(wang).get("/desk/export.csv")
    assert answer.status_code == 413 and "请先用筛选缩小范围" in answer.content.decode()
