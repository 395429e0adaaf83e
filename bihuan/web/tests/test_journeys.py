"""Journeys in a real browser: a report goes all the way round, on the phones of those it passes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Browser, Page, expect

from bihuan.accounts.actor import REPORTER, actor_of
from bihuan.accounts.models import Person
from bihuan.base.clock import now
from bihuan.matters import actions as matters
from bihuan.matters.models import Matter, Task
from bihuan.reports.actions import Sent, file_report
from bihuan.reports.models import Report
from bihuan.reports.tests.bed import LAT, LON, draw_cell, make_rules, photo
from bihuan.web.tests.harness import PHONE, axe, picture, sign_in, watch_of

if TYPE_CHECKING:
    from conftest import Units

pytestmark = pytest.mark.browser
CANARY = "13912345678"


@pytest.fixture
def county(units: Units) -> Units:
    draw_cell(units)
    make_rules(units)
    return units


def image(colour: str) -> Any:
    return {"name": f"{colour}.jpg", "mimeType": "image/jpeg", "buffer": photo(colour)}


def looked_at(page: Page, name: str) -> None:
    """Wait until a page is whole, let axe look at it, keep its picture."""
    page.wait_for_load_state("networkidle")
    axe(page)
    picture(page, name)
    wide = page.evaluate("document.documentElement.scrollWidth > innerWidth + 1")
    assert not wide, f"{name} is wider than its screen"


def as_person(page: Page, person: Person, live: str) -> None:
    page.context.clear_cookies()
    sign_in(page, person, live)


def report_in(page: Page, look: str) -> None:
    """Fill in the form as a resident would and send it."""
    page.goto("/")
    looked_at(page, f"journey-home-{look}")
    page.locator("a.go-report").click()
    page.locator("[data-place-said].is-good").wait_for()
    looked_at(page, f"journey-report-{look}")
    page.locator("input[type=file]").set_input_files([image("red"), image("gray")])
    expect(page.locator("[data-photo]")).to_have_count(2)
    page.get_by_role("combobox").first.select_option("litter")
    page.locator("[name=address]").fill("文化路与曙光街交叉口东北角")
    page.locator("[name=text]").fill("垃圾桶满了两天，撒了一地，骑车要绕着走。")
    page.locator("[name=phone]").fill(CANARY)
    looked_at(page, f"journey-report-filled-{look}")
    page.locator("button[form=report]").click()
    page.wait_for_url("**/sent")
    looked_at(page, f"journey-sent-{look}")


def here(page: Page) -> None:
    page.context.grant_permissions(["geolocation"])
    page.context.set_geolocation({"longitude": LON, "latitude": LAT, "accuracy": 8})


def pressed(page: Page, words: str) -> None:
    page.locator("footer.foot").get_by_text(words).click()


@pytest.mark.django_db(transaction=True)
def test_a_report_goes_all_the_way_round(
    phone: Page, live: str, county: Units, staff: dict[str, Person]
) -> None:
    here(phone)
    report_in(phone, "zh")
    mine = phone.url.removesuffix("/sent")
    assert CANARY not in phone.content() and CANARY not in phone.url
    report = Report.objects.get()
    clerk = actor_of(staff["clerk"])
    matters.accept(matter_id=report.matter_id, by=clerk, at=now())
    verify(phone, live, staff)
    assert Matter.objects.get().state == "registered"
    unit = county.urban.pk
    matters.assign(matter_id=report.matter_id, unit_id=unit, by=clerk, at=now())
    handle(phone, live, staff)
    assert Matter.objects.get().state == "handled"
    matters.start_check(matter_id=report.matter_id, by=clerk, at=now())
    check(phone, live, staff)
    assert Matter.objects.get().state == "closed"
    rate(phone, mine)


def verify(page: Page, live: str, staff: dict[str, Person]) -> None:
    """The worker sees the task, goes there, says it is so, with a photo."""
    as_person(page, staff["worker"], live)
    page.goto("/")
    page.wait_for_url("**/my/tasks")
    looked_at(page, "journey-tasks")
    page.get_by_role("link", name="垃圾桶").click()
    page.get_by_role("button", name="看地图").click()
    page.locator(".leaflet-container").wait_for()
    looked_at(page, "journey-task")
    assert CANARY not in page.content()
    pressed(page, "到场核实")
    page.get_by_role("radio", name="情况属实").check()
    page.locator("input[type=file]").set_input_files([image("brown")])
    page.locator("[name=note]").fill("两个桶都满了")
    looked_at(page, "journey-verify")
    pressed(page, "提交核实结果")
    page.wait_for_url("**/my/tasks")
    looked_at(page, "journey-tasks-none")


def handle(page: Page, live: str, staff: dict[str, Person]) -> None:
    """The handler takes it up, forgets the photo once, and finishes."""
    as_person(page, staff["handler"], live)
    task = Task.objects.get(key="lead")
    page.goto(f"/my/tasks/{task.pk}")
    pressed(page, "签收")
    page.get_by_text("已签收").wait_for()
    looked_at(page, "journey-task-lead")
    pressed(page, "办理完成")
    page.locator("[name=opinion]").fill("已清运，并增加每天一次收集")
    watch_of(page).allow("status of 422")
    pressed(page, "提交办理结果")
    page.get_by_text("请至少附一张处置后的照片").first.wait_for()
    looked_at(page, "journey-finish-refused")
    page.locator("[name=photos]").set_input_files([image("white")])
    pressed(page, "提交办理结果")
    page.wait_for_url("**/my/tasks")


def check(page: Page, live: str, staff: dict[str, Person]) -> None:
    as_person(page, staff["worker"], live)
    task = Task.objects.get(key="check")
    page.goto(f"/my/tasks/{task.pk}/check")
    page.get_by_role("radio", name="已经办好").check()
    page.locator("[name=note]").fill("看过了，干净")
    looked_at(page, "journey-check")
    pressed(page, "提交核查结果")
    page.wait_for_url("**/my/tasks")


def rate(page: Page, mine: str) -> None:
    """The reporter sees before and after, and says that it is solved."""
    page.context.clear_cookies()
    page.goto(mine)
    expect(page.get_by_text("已清运，并增加每天一次收集")).to_be_visible()
    looked_at(page, "journey-closed")
    page.get_by_role("radio", name="解决了", exact=True).check()
    page.get_by_role("radio", name="非常满意", exact=True).check()
    pressed(page, "提交评价")
    page.get_by_text("谢谢您的评价").wait_for()
    looked_at(page, "journey-rated")
    assert Matter.objects.get().resolved is True


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("look", ["care", "en"])
def test_the_report_is_sent_in_elder_mode_and_in_english(
    phone: Page, live: str, county: Units, look: str
) -> None:
    here(phone)
    phone.goto("/")
    if look == "care":
        phone.get_by_role("button", name="长辈版").click()
        expect(phone.locator("body.is-care")).to_be_visible()
    else:
        phone.get_by_role("button", name="English").click()
        expect(phone.locator("html[lang=en]")).to_be_attached()
    report_in(phone, look)
    phone.locator("footer.foot .act.is-main").click()
    looked_at(phone, f"journey-progress-{look}")
    phone.locator("footer.foot form button").click()
    phone.locator(".messages").wait_for()
    assert Matter.objects.get().reminds == 1
    phone.goto("/track")
    looked_at(phone, f"journey-track-{look}")


@pytest.mark.django_db(transaction=True)
def test_a_refused_form_keeps_photos_and_shows_what_is_wrong(phone: Page, county: Units) -> None:
    watch_of(phone).allow("status of 422")
    phone.goto("/report?tile=rubbish")
    looked_at(phone, "journey-door")
    phone.locator("input[type=file]").set_input_files([image("red")])
    expect(phone.locator("[data-photo]")).to_have_count(1)
    phone.locator("[name=phone]").fill("12345")
    phone.locator("button[form=report]").click()
    phone.get_by_text("还不能提交").wait_for()
    looked_at(phone, "journey-refused")
    assert phone.title().startswith("有误：")
    expect(phone.locator("[name=kept-photos]")).to_be_checked()
    phone.get_by_role("button", name="在图上点位置").click()
    phone.locator(".leaflet-container").click()
    phone.locator("[data-place-said].is-good").wait_for()
    phone.locator("[name=phone]").fill(CANARY)
    phone.locator("button[form=report]").click()
    phone.wait_for_url("**/sent")
    assert Report.objects.get().lon is not None
    assert Matter.objects.get().attachments.count() == 1


@pytest.mark.django_db(transaction=True)
def test_without_scripts_a_report_is_sent_followed_and_reminded(
    browser: Browser, live: str, county: Units
) -> None:
    """Only forms and links: photos by the browser's own input, the place by its address."""
    context = browser.new_context(base_url=live, locale="zh-CN", java_script_enabled=False, **PHONE)
    page = context.new_page()
    page.goto("/report?tile=rubbish")
    picture(page, "journey-plain-report", full=True)
    page.locator("input[type=file]").set_input_files([image("red")])
    page.locator("[name=address]").fill("文化路口")
    page.locator("[name=phone]").fill("12")
    page.locator("button[form=report]").click()
    expect(page.get_by_text("还不能提交")).to_be_visible()
    page.locator("[name=phone]").fill(CANARY)
    page.locator("button[form=report]").click()
    page.wait_for_url("**/sent")
    assert Matter.objects.get().attachments.count() == 1
    pressed(page, "看进度")
    pressed(page, "催一催")
    expect(page.get_by_text("已催办，承办单位会看到。")).to_be_visible()
    picture(page, "journey-plain-progress", full=True)
    context.close()


@pytest.mark.django_db(transaction=True)
def test_a_worker_reads_tasks_in_elder_mode_and_english(
    phone: Page, live: str, county: Units, staff: dict[str, Person]
) -> None:
    sent = Sent(text="垃圾桶满了", category="litter", lon=LON, lat=LAT, address="文化路口")
    filed = file_report(sent=sent, by=REPORTER, at=now())
    matters.accept(matter_id=filed.matter_id, by=actor_of(staff["clerk"]), at=now())
    as_person(phone, staff["worker"], live)
    phone.goto("/my/tasks")
    phone.get_by_role("button", name="长辈版").click()
    looked_at(phone, "journey-tasks-care")
    phone.get_by_role("button", name="English").click()
    expect(phone.locator("html[lang=en]")).to_be_attached()
    looked_at(phone, "journey-tasks-care-en")
    phone.locator(".job .acts a").click()
    looked_at(phone, "journey-verify-care-en")


@pytest.mark.django_db(transaction=True)
def test_a_worker_closes_what_they_put_right(
    phone: Page, live: str, county: Units, staff: dict[str, Person]
) -> None:
    here(phone)
    as_person(phone, staff["worker"], live)
    phone.goto("/my/report")
    phone.locator("[data-place-said].is-good").wait_for()
    phone.locator("[name=photos]").set_input_files([image("red")])
    phone.locator("[name=category]").select_option("litter")
    phone.get_by_text("已在现场处理好").click()
    phone.locator("[name=done]").fill("捡走了")
    phone.locator("[name=after]").set_input_files([image("white")])
    looked_at(phone, "journey-my-report")
    phone.locator("button[form=report]").click()
    phone.wait_for_url("**/my/tasks")
    phone.get_by_text("已现场办结").wait_for()
    assert Matter.objects.get().state == "closed"


@pytest.mark.django_db(transaction=True)
def test_the_clerk_writes_down_a_call(
    desk: Page, live: str, county: Units, staff: dict[str, Person]
) -> None:
    as_person(desk, staff["clerk"], live)
    desk.goto("/desk/report")
    expect(desk.locator("[data-place-said]")).to_be_hidden()  # the clerk's own place says nothing
    expect(desk.locator("[data-place-ask]")).to_be_hidden()
    looked_at(desk, "journey-desk-report")
    desk.locator("[name=phone]").fill(CANARY)
    desk.locator("[name=text]").fill("路灯不亮")
    desk.locator("[name=address]").fill("文化路")
    desk.get_by_role("button", name="登记").click()
    desk.get_by_text("请把编号告诉来电人").wait_for()
    looked_at(desk, "journey-desk-filed")
    assert Report.objects.get().channel == "phone"
