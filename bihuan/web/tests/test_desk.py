"""The desk in a real browser: what it looks like, keys, a step without and with scripts."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import Page

from bihuan.accounts.actor import REPORTER, Actor, actor_of
from bihuan.accounts.models import Person
from bihuan.base.clock import now
from bihuan.desk.tests import bed
from bihuan.matters import actions
from bihuan.matters.models import Matter
from bihuan.reports.models import Report
from bihuan.web.tests.harness import axe, picture, sign_in, watch_of
from conftest import Units

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SEEN = [
    "路灯不亮，晚上看不清台阶",
    "雨水井盖缺失，已放警示锥",
    "人行道地砖松动绊人",
    "楼道堆放杂物",
    "污水外溢",
]


@pytest.fixture
def county(units: Units, staff: dict[str, Person]) -> list[str]:
    """Open some matters in several states; give their numbers."""
    bed.load_reference(units)
    report, clerk = bed.reporter(units), actor_of(staff["clerk"])
    made = [
        report(words, phone="13800001234", name="张桂芳", at=now() - timedelta(hours=2 * n))
        for n, words in enumerate(SEEN)
    ]
    for one in made[2:]:
        register(one.matter_id, clerk)
    for one in made[3:]:
        actions.assign(matter_id=one.matter_id, unit_id=units.urban.pk, by=clerk, at=now())
    actions.add_note(matter_id=made[3].matter_id, note="在三单元", by=REPORTER, at=now())
    return [one.number for one in made]


def register(matter_id: int, by: Actor) -> None:
    actions.register(matter_id=matter_id, by=by, at=now())


def test_the_clerk_gives_a_matter_to_the_unit_the_rule_names(
    desk: Page, live: str, wang: Person, county: list[str]
) -> None:
    sign_in(desk, wang, live)
    desk.goto("/desk/")
    axe(desk)
    picture(desk, "desk-board")
    desk.keyboard.press("j")
    desk.keyboard.press("Enter")
    desk.wait_for_url("**/desk/SP-*")
    desk.goto(f"/desk/{county[0]}")
    axe(desk)
    picture(desk, "desk-matter", full=True)
    desk.get_by_role("button", name="受理并派给 综合行政执法局").click()
    desk.get_by_text("，已办。").wait_for()
    assert Matter.objects.get(number=county[0]).state == "dispatched"


def test_every_form_of_the_desk_can_be_read_by_all(
    desk: Page, live: str, wang: Person, county: list[str], staff: dict[str, Person]
) -> None:
    record = Report.objects.get(matter__number=county[0]).pk
    sign_in(desk, wang, live)
    for address in (
        f"/desk/{county[0]}/do/give", f"/desk/{county[0]}/do/reject", f"/desk/{county[2]}/do/pause",
        f"/desk/{county[0]}/do/merge", f"/desk/{county[0]}/slip", "/desk/print", "/desk/tasks",
        "/desk/?q=路", f"/desk/{county[2]}/do/split", f"/desk/{county[2]}/do/say_about",
        f"/desk/{county[0]}/do/accept", f"/desk/{county[2]}/do/assign", f"/desk/{county[2]}/do/ask",
        f"/desk/{county[2]}/do/void", f"/desk/{county[3]}/do/reassign",
        f"/desk/{county[3]}/do/hand_over?task=lead", f"/desk/{county[3]}/do/add_helper",
        f"/desk/{county[0]}/do/reveal?record={record}&field=phone",
    ):  # fmt: skip
        answer = desk.goto(address)
        assert answer is not None and answer.status == 200, address
        axe(desk)
    desk.goto("/desk/rules")
    axe(desk)
    picture(desk, "desk-rules", full=True)
    desk.goto(f"/desk/{county[0]}/do/give")
    picture(desk, "desk-give", full=True)
    sign_in(desk, staff["handler"], live)
    desk.goto(f"/desk/{county[3]}/do/finish?task=lead")
    axe(desk)
    picture(desk, "desk-finish", full=True)
    watch_of(desk).allow("status of 422")
    desk.get_by_role("button", name="办结").click()
    desk.get_by_text("还不能提交").wait_for()
    axe(desk)
