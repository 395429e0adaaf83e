"""A resident's pages by Django's client, so without scripts: report, result, progress, answer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from bihuan.accounts.actor import REPORTER, actor_of
from bihuan.base.cached import forget_all
from bihuan.base.clock import now
from bihuan.matters import actions as matters
from bihuan.matters.actions.photos import take_photo
from bihuan.matters.models import Attachment, Clock, Entry, Matter, Rating
from bihuan.reports.actions import Sent, join_report
from bihuan.reports.models import Report
from bihuan.reports.pages import resident
from bihuan.reports.queries import secret_of
from bihuan.reports.tests.bed import LAT, LON, draw_cell, make_rules, photo

if TYPE_CHECKING:
    from bihuan.accounts.models import Person
    from conftest import Units

pytestmark = pytest.mark.django_db

CANARY = "13912345678"
NAME = "金丝雀"
WORDS = "文化路口的垃圾桶满了，撒了一地"


@pytest.fixture
def county(units: Units) -> Units:
    draw_cell(units)
    make_rules(units)
    forget_all()
    return units


@pytest.fixture(autouse=True)
def unhurried() -> None:
    resident.BUCKETS.forget()


@pytest.fixture
def client() -> Client:
    return Client()


def upload(colour: str = "red", name: str = "a.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, photo(colour), "image/jpeg")


def is_picture(client: Client, address: str) -> bool:
    answer = client.get(address)
    return answer["Content-Type"] == "image/jpeg" and answer.content.startswith(b"\xff\xd8")


def blank(client: Client, address: str = "/report") -> dict[str, str]:
    """Open the form and return its hidden key."""
    html = client.get(address).content.decode()
    found = re.search(r'name="once" value="([^"]+)"', html)
    assert found is not None
    return {"once": found[1]}


def given(client: Client, form: str = "/report", **more: Any) -> dict[str, Any]:
    return {
        **blank(client, form),
        "text": WORDS,
        "address": "文化路口",
        "lon": str(LON),
        "lat": str(LAT),
        "datum": "wgs84",
        "phone": CANARY,
        "name": NAME,
        **more,
    }


def filed(client: Client, **more: Any) -> Report:
    answer = client.post("/report", given(client, **more))
    assert answer.status_code == 302, answer.content.decode()
    return Report.objects.order_by("-pk")[0]


def link(report: Report, tail: str = "") -> str:
    return f"/t/{report.matter.number}/{secret_of(report.pk)}{tail}"


# ---- the first page ------------------------------------------------------------------------------


def test_a_resident_sees_the_camera_and_eight_doors(client: Client, county: Units) -> None:
    html = client.get("/").content.decode()
    assert "拍照上报" in html
    assert html.count('href="/report?tile=') == 8


@pytest.mark.parametrize(
    ("role", "first"),
    [
        ("worker", "/my/tasks"),
        ("cell_head", "/my/tasks"),
        ("county_admin", reverse("accounts:people")),
    ],
)
def test_staff_are_sent_to_their_own_first_page(
    client: Client, staff: dict[str, Person], role: str, first: str
) -> None:
    client.force_login(staff[role], backend="django.contrib.auth.backends.ModelBackend")
    assert client.get("/")["Location"] == first


def test_a_door_shows_its_own_categories_and_not_sure(client: Client, county: Units) -> None:
    html = client.get("/report?tile=rubbish").content.decode()
    assert 'name="category" value="litter"' in html.replace("\n", " ").replace("  ", " ") or (
        re.search(r'name="category"\s+value="litter"', html)
    )
    assert "说不清" in html
    assert not re.search(r'value="pothole"', html)


# ---- reporting -----------------------------------------------------------------------------------


def test_a_report_with_photos_is_filed_and_its_result_shown(client: Client, county: Units) -> None:
    answer = client.post(
        "/report", given(client, photos=[upload("red"), upload("blue")]), follow=True
    )
    report = Report.objects.get()
    html = answer.content.decode()
    assert report.matter.number in html
    assert (report.text, report.phone, report.name) == (WORDS, CANARY, NAME)
    assert (report.category, report.channel, report.by) == ("bin_overflow", "resident", None)
    assert Attachment.objects.filter(record_id=report.pk, use="report").count() == 2
    assert "最晚办结" in html and "<svg" in html and "data:image" not in html
    assert CANARY not in html and NAME not in html
    assert "style=" not in re.sub(r"data-[a-z-]*style", "", html.split("<svg", 1)[1][:400])


def test_not_sure_behind_a_door_is_a_guess_of_that_door(client: Client, county: Units) -> None:
    unsure = filed(client, tile="rubbish", text="", photos=[upload()])
    assert (unsure.category, unsure.category_chosen) == ("litter", False)
    worded = filed(client, tile="rubbish", text="路灯不亮")
    assert worded.category == "street_lamp"
    nowhere = filed(client, tile="nonsense", text="说不好")
    assert nowhere.category == "other"


def test_the_same_form_sent_twice_is_one_report(client: Client, county: Units) -> None:
    data = given(client)
    first = client.post("/report", data)
    second = client.post("/report", data)
    assert first["Location"] == second["Location"]
    assert Report.objects.count() == Matter.objects.count() == 1


def test_other_words_under_the_same_key_are_asked_again_and_then_taken(
    client: Client, county: Units
) -> None:
    data = given(client)
    client.post("/report", data)
    answer = client.post("/report", {**data, "text": "另外一件：路灯不亮"})
    html = answer.content.decode()
    assert answer.status_code == 422 and "刚才已经提交成功" in html
    assert Report.objects.count() == 1
    fresh = re.search(r'name="once" value="([^"]+)"', html)
    assert fresh is not None and fresh[1] != data["once"]
    again = {**data, "text": "另外一件：路灯不亮", "once": fresh[1]}
    assert client.post("/report", again).status_code == 302
    assert Report.objects.count() == 2


def test_one_address_cannot_flood_the_desk(client: Client, county: Units, settings: Any) -> None:
    settings.REPORTS_AN_HOUR = 60
    answers = [client.post("/report", given(client, text=f"第 {n} 件")) for n in range(31)]
    assert [answer.status_code for answer in answers] == [302] * 30 + [429]
    html = answers[-1].content.decode()
    assert "提交得太频繁了" in html and "第 30 件" in html
    assert Report.objects.count() == 30


def test_another_reporters_words_are_not_called_yours(client: Client, county: Units) -> None:
    first = filed(client)
    data = {"words": "又多了两袋"}
    client.post(link(first, "/words"), data)
    html = client.get(link(first)).content.decode()
    assert "上报人" not in html and html.count(" 您</span>") >= 2
    matter = first.matter
    join_report(matter_id=matter.pk, sent=Sent(text="我也看到了"), by=REPORTER, at=now())
    html = client.get(link(first)).content.decode()
    assert "又有人反映了同一问题" in html and "我也看到了" not in html
    assert "上报人" in html


REFUSALS: list[tuple[dict[str, Any], str]] = [
    ({"text": "", "lon": "", "lat": "", "address": ""}, "请写几句话，或拍一张照片"),
    ({"lon": "", "lat": "", "address": ""}, "请写明地点"),
    ({"phone": "12345"}, "电话号码不对"),
    ({"category": "nonsense"}, "nonsense"),
    ({"text": "字" * 2001}, "最多写 2000 个字"),
    ({"once": "x"}, "UUID"),
    ({"photos": [SimpleUploadedFile("a.jpg", b"no photo at all", "image/jpeg")]}, "不是照片"),
]


@pytest.mark.parametrize(("wrong", "said"), REFUSALS)
def test_a_wrong_form_says_why_and_writes_nothing(
    client: Client, county: Units, wrong: dict[str, Any], said: str
) -> None:
    answer = client.post("/report", given(client, **wrong))
    html = answer.content.decode()
    assert answer.status_code == 422
    assert "还不能提交" in html and said in html and "有误：" in html
    assert Report.objects.count() == Matter.objects.count() == 0


def test_words_and_photos_outlive_an_error(client: Client, county: Units) -> None:
    wrong = client.post("/report", given(client, phone="12345", photos=[upload()]))
    html = wrong.content.decode()
    token = re.search(r'name="kept-photos"\s+value="([^"]+)"', html)
    assert token is not None and WORDS in html and "不用重拍" in html
    assert is_picture(client, reverse("reports:kept_photo", args=[token[1]]))
    assert client.get(reverse("reports:kept_photo", args=["forged"])).status_code == 404
    data = given(client, **{"kept-photos": token[1]})
    report = filed_with(client, data)
    assert Attachment.objects.filter(record_id=report.pk).count() == 1


def filed_with(client: Client, data: dict[str, Any]) -> Report:
    assert client.post("/report", data).status_code == 302
    return Report.objects.get()


def test_a_forged_token_adds_no_photo(client: Client, county: Units) -> None:
    answer = client.post("/report", given(client, **{"kept-photos": "forged"}))
    assert answer.status_code == 422 and "已经失效" in answer.content.decode()
    assert Report.objects.count() == 0


def test_seven_photos_are_too_many_and_six_stay(client: Client, county: Units) -> None:
    colours = ("red", "blue", "green", "white", "black", "yellow", "purple")
    answer = client.post("/report", given(client, photos=[upload(c) for c in colours]))
    html = answer.content.decode()
    assert answer.status_code == 422 and "最多 6 张" in html
    assert html.count('name="kept-photos"') == 6
    assert Attachment.objects.count() == 0


def test_a_position_of_another_datum_is_turned(client: Client, county: Units) -> None:
    report = filed(client, datum="gcj02")
    assert report.lon is not None and 0.003 < LON - report.lon < 0.01


def test_no_position_and_an_address_is_enough(client: Client, county: Units) -> None:
    report = filed(client, lon="", lat="")
    assert (report.lon, report.address) == (None, "文化路口")


# ---- the secret link -----------------------------------------------------------------------------


def test_the_link_opens_and_tells_nothing_to_caches_and_search_engines(
    client: Client, county: Units
) -> None:
    report = filed(client)
    for tail in ("", "/sent", "/slip"):
        answer = client.get(link(report, tail))
        assert answer.status_code == 200
        assert "no-store" in answer["Cache-Control"]
        assert "noindex" in answer["X-Robots-Tag"]
        assert answer["Referrer-Policy"] == "same-origin"
        assert CANARY not in answer.content.decode()


def test_a_promise_in_a_year_not_announced_yet_is_marked(client: Client, county: Units) -> None:
    report, words = filed(client), "放假安排尚未公布"
    for expected in (False, True):
        Clock.objects.filter(matter=report.matter, name="finish").update(provisional=expected)
        for address in (link(report), link(report, "/sent")):
            page = client.get(address).content.decode()
            assert (words in page) is expected, address
    receipt = f"/seals/receipt/{report.matter.number}/{secret_of(report.pk)}"
    assert receipt in client.get(link(report)).content.decode()
    assert client.get(receipt).status_code == 200


def test_a_wrong_secret_gets_kind_words_and_no_hint(client: Client, county: Units) -> None:
    report = filed(client)
    number = report.matter.number
    wrong = client.get(f"/t/{number}/aaaaaaaaaaaaaaaaaaaaaaaaaa")
    unknown = client.get("/t/SP-20200101-000001/aaaaaaaaaaaaaaaaaaaaaaaaaa")
    assert wrong.status_code == unknown.status_code == 404
    html = wrong.content.decode()
    assert "没有查到" in html and number not in re.sub(r'name="next" value="[^"]*"', "", html)
    posted = client.post(f"/t/{number}/aaaaaaaaaaaaaaaaaaaaaaaaaa/remind")
    assert posted.status_code == 404
    assert Entry.objects.filter(step="remind").count() == 0


def test_only_own_photos_are_sent_by_the_link(client: Client, county: Units) -> None:
    first = filed(client, photos=[upload("red")])
    second = filed(client, text="又一处", photos=[upload("blue")])
    mine = Attachment.objects.get(record_id=first.pk)
    other = Attachment.objects.get(record_id=second.pk)
    assert is_picture(client, link(first, f"/photo/{mine.pk}/thumb"))
    assert is_picture(client, link(first, f"/photo/{mine.pk}/full"))
    assert client.get(link(first, f"/photo/{other.pk}/full")).status_code == 404
    assert client.get(reverse("reports:photo", args=[mine.pk, "full"])).status_code == 302


def test_number_and_phone_lead_to_the_link(client: Client, county: Units) -> None:
    report = filed(client)
    answer = client.post("/track", {"number": report.matter.number.lower(), "phone": CANARY})
    assert answer["Location"] == link(report)
    assert CANARY not in answer["Location"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"number": ""}, "请填写编号"),
        ({"phone": ""}, "请填写手机号"),
        ({"phone": "123"}, "电话号码不对"),
        ({"phone": "13800000000"}, "没有查到"),
        ({"number": "SP-20200101-000001"}, "没有查到"),
    ],
)
def test_a_wrong_question_for_a_report_finds_nothing(
    client: Client, county: Units, wrong: dict[str, str], said: str
) -> None:
    report = filed(client)
    answer = client.post("/track", {"number": report.matter.number, "phone": CANARY} | wrong)
    assert answer.status_code == 422 and said in answer.content.decode()


def test_guessing_phones_is_stopped_after_a_few(client: Client, county: Units) -> None:
    report = filed(client)
    tries = [
        client.post("/track", {"number": report.matter.number, "phone": f"1380000000{n}"})
        for n in range(6)
    ]
    assert [answer.status_code for answer in tries] == [422] * 5 + [429]
    assert "查询次数太多" in tries[-1].content.decode()


# ---- what the reporter says ----------------------------------------------------------------------


def test_a_reminder_is_counted_and_limited(client: Client, county: Units) -> None:
    report = filed(client)
    assert "已催办" in client.post(link(report, "/remind"), follow=True).content.decode()
    assert "今天已经催过了" in client.post(link(report, "/remind"), follow=True).content.decode()
    assert Matter.objects.get().reminds == 1
    assert "已催办 1 次" in client.get(link(report)).content.decode()


def test_words_and_photos_can_be_added(client: Client, county: Units) -> None:
    report = filed(client)
    data = {"words": "又多了两袋", "photos": [upload("green")]}
    html = client.post(link(report, "/words"), data, follow=True).content.decode()
    assert "已收到您的补充" in html and "补充了说明" in html
    assert Attachment.objects.get(use="report", record_id=report.pk)


def test_empty_words_are_refused(client: Client, county: Units) -> None:
    report = filed(client)
    before = Entry.objects.count()
    answer = client.post(link(report, "/words"), {"words": " "})
    assert answer.status_code == 422 and "请写几句话或附上照片" in answer.content.decode()
    assert Entry.objects.count() == before


def test_a_question_is_shown_and_answered(client: Client, county: Units, wang: Person) -> None:
    report = filed(client)
    by = actor_of(wang)
    matters.ask(
        matter_id=report.matter_id, cause="question", note="在路东还是路西？", by=by, at=now()
    )
    html = client.get(link(report)).content.decode()
    assert "在路东还是路西？" in html and "已暂停计时" in html
    empty = client.post(link(report, "/answer"), {"answer": ""})
    assert empty.status_code == 422 and "请写几句话" in empty.content.decode()
    assert Matter.objects.get().state == "waiting"
    client.post(link(report, "/answer"), {"answer": "路西"})
    assert Matter.objects.get().state == "reported"
    late = client.post(link(report, "/answer"), {"answer": "路西"})
    assert late.status_code == 422 and "不能这样办理" in late.content.decode()


def test_a_question_is_for_those_who_were_there_when_it_was_asked(
    client: Client, county: Units, wang: Person
) -> None:
    report, by = filed(client), actor_of(wang)
    matters.ask(matter_id=report.matter_id, cause="question", note="您住几楼？", by=by, at=now())
    late = join_report(
        matter_id=report.matter_id, sent=Sent(text="我也遇到"), by=REPORTER, at=now()
    )
    second = Report.objects.get(pk=late.record_id)
    html = client.get(link(second)).content.decode()
    assert "几楼" not in html and "请您补充情况" in html
    before = Entry.objects.count()
    answer = client.post(link(second, "/answer"), {"answer": "三楼"})
    assert answer.status_code == 422 and "问别人的" in answer.content.decode()
    assert (Matter.objects.get().state, Entry.objects.count()) == ("waiting", before)
    assert "您住几楼？" in client.get(link(report)).content.decode()


def finish(report: Report, person: Person, li: Person) -> None:
    """Take a report through the loop to its end."""
    by, worker = actor_of(person), actor_of(li)
    matters.register(matter_id=report.matter_id, by=by, at=now())
    area = Matter.objects.get(pk=report.matter_id).area_id
    assert area is not None
    matters.assign(matter_id=report.matter_id, unit_id=area, by=by, at=now())
    matters.take_up(matter_id=report.matter_id, key="lead", by=worker, at=now())
    kept = take_photo(photo("white"))
    matters.finish(
        matter_id=report.matter_id, key="lead", opinion="已清运，增加一次收集", photos=[kept],
        by=worker, at=now(),
    )  # fmt: skip
    matters.pass_check(matter_id=report.matter_id, note="内部：看过照片", by=by, at=now())


def test_the_end_is_told_with_the_answer_and_without_internal_words(
    client: Client, county: Units, wang: Person, li: Person
) -> None:
    report = filed(client, photos=[upload()])
    finish(report, wang, li)
    html = client.get(link(report)).content.decode()
    assert "已清运，增加一次收集" in html and "核查通过，已结案" in html
    assert "内部" not in html
    assert "李建国" not in html and "王敏" not in html
    assert "温泉社区第一网格 网格员" in html
    assert html.count("处置后") >= 2 and "待评价" in html


def test_not_solved_opens_it_again_and_a_second_word_is_refused(
    client: Client, county: Units, wang: Person, li: Person
) -> None:
    report = filed(client)
    finish(report, wang, li)
    silent = client.post(link(report, "/rate"), {"solved": "no"})
    assert silent.status_code == 422 and "请写明哪里没有解决" in silent.content.decode()
    assert Rating.objects.count() == 0
    nothing = client.post(link(report, "/rate"), {"level": "5"})
    assert nothing.status_code == 422 and "请选择是否解决" in nothing.content.decode()
    wrong = client.post(link(report, "/rate"), {"solved": "yes", "level": "9"})
    assert wrong.status_code == 422 and Rating.objects.count() == 0
    said = {"solved": "no", "level": "3", "say": "还有两袋"}
    html = client.post(link(report, "/rate"), said, follow=True).content.decode()
    assert "已退回重新办理" in html and "没有解决，重新办理" in html
    assert Matter.objects.get(kind="report").state == "rework"
    early = client.post(link(report, "/rate"), {"solved": "yes"})
    assert early.status_code == 422 and "办结以后才能评价" in early.content.decode()


def test_solved_is_thanked_once(client: Client, county: Units, wang: Person, li: Person) -> None:
    report = filed(client)
    finish(report, wang, li)
    html = client.post(link(report, "/rate"), {"solved": "yes", "level": "5"}, follow=True)
    assert "谢谢您的评价" in html.content.decode() and "已评价" in html.content.decode()
    again = client.post(link(report, "/rate"), {"solved": "yes"})
    assert again.status_code == 422 and "已经评价过了" in again.content.decode()
    assert Rating.objects.count() == 1


def test_a_refusal_says_why_and_where_to_turn(client: Client, county: Units, wang: Person) -> None:
    report = filed(client)
    matters.reject(
        matter_id=report.matter_id,
        reason="court",
        note="已在法院立案。",
        by=actor_of(wang),
        at=now(),
    )
    html = client.get(link(report)).content.decode()
    assert "不予受理" in html and "已在法院立案。" in html and "12368" in html
    assert "催一催" not in html


def test_a_merged_report_shows_the_one_that_answers_it(
    client: Client, county: Units, wang: Person
) -> None:
    first, second = filed(client), filed(client, text="同一个垃圾桶")
    matters.merge(
        matter_id=second.matter_id,
        into_id=first.matter_id,
        note="同一处",
        by=actor_of(wang),
        at=now(),
    )
    html = client.get(link(second)).content.decode()
    assert first.matter.number in html and "并案" in html
    assert WORDS not in html.replace("同一个垃圾桶", "")


def test_the_pages_speak_english(client: Client, county: Units) -> None:
    client.cookies["django_language"] = "en"
    html = client.get("/").content.decode()
    assert 'lang="en"' in html and "Rubbish" in html
