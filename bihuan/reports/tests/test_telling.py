"""What a reporter is told by text message: when, in which words, with whose link."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.conf import settings
from django.utils import translation

from bihuan.accounts.actor import REPORTER
from bihuan.matters import actions, reactions
from bihuan.matters.actions.photos import take_photo
from bihuan.matters.channel_models import Message, Outgoing
from bihuan.matters.errors import BadValue
from bihuan.matters.models import Clock, Delivery, Entry, Matter
from bihuan.matters.tests.bed import Cast
from bihuan.reports.actions import Filed, Sent, file_report, join_report
from bihuan.reports.kind import LOOP
from bihuan.reports.models import Category
from bihuan.reports.queries import open_by_secret
from bihuan.reports.reasons import reasons
from bihuan.reports.rules import RULEBOOK
from bihuan.reports.telling import TELLS, public_category
from bihuan.reports.tests.bed import LAT, LON, PHONE, photo
from conftest import Units

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rules")]
OTHER = "13900139000"
File = Callable[..., Filed]


@pytest.fixture
def file(at: datetime) -> File:
    """File a report on noise, which a clerk has to look at first."""

    def one(**more: object) -> Filed:
        given = {
            "text": "楼下半夜施工",
            "category": "noise",
            "lon": LON,
            "lat": LAT,
            "phone": PHONE,
        }
        return file_report(sent=Sent(**(given | more)), by=REPORTER, at=at)  # type: ignore[arg-type]

    return one


def texts(phone: str = PHONE) -> list[str]:
    """Give what one phone was told, in order."""
    rows = Outgoing.objects.order_by("pk")
    return [row.text or "" for row in rows if row.receiver == phone]


def told(at: datetime) -> list[str]:
    reactions.tell(at=at)
    failed = Delivery.objects.filter(done_at=None).values_list("receiver", "error")
    assert list(failed) == []
    return texts()


def test_a_reporter_hears_every_step_that_concerns_them_with_their_own_link(
    file: File, cast: Cast, units: Units, at: datetime
) -> None:
    it = file()
    pk, link = it.matter_id, f"{settings.PUBLIC_URL}/t/{it.number}/{it.secret}"
    clock = Clock.objects.get(matter_id=pk, name="finish")
    assert clock.due_at == it.promise_at and it.promise_at is not None
    day = it.promise_at + timedelta(hours=8)  # Shanghai, no summer time
    promise = f"{day.month}月{day.day}日{day:%H:%M}"
    assert told(at) == [f"您反映的问题已收到，编号{it.number}，承诺{promise}前办结。进展：{link}"]
    actions.accept(matter_id=pk, by=cast.clerk, at=at)
    actions.verify(matter_id=pk, found=True, note="在施工", by=cast.worker, at=at)
    actions.assign(matter_id=pk, unit_id=units.urban.pk, by=cast.clerk, at=at)
    actions.ask(matter_id=pk, cause="question", note="几点?", by=cast.handler, at=at)
    actions.answer(matter_id=pk, note="两点", by=REPORTER, at=at)
    photos = (take_photo(photo()),)
    actions.finish(
        matter_id=pk, key="lead", opinion="已停工", photos=photos, by=cast.handler, at=at
    )
    actions.pass_check(matter_id=pk, note="安静", by=cast.clerk, at=at)
    actions.reopen(matter_id=pk, note="又吵", by=REPORTER, at=at)
    said = told(at)
    assert [
        re.sub(r"[A-Z]{2}-\d+-\d+", "…", t).split("。")[0].split("，请点开：")[0] for t in said[1:]
    ] == [
        "您反映的事项…已受理，正在办理",
        "您反映的事项…有一个问题需要您回答",
        "您反映的事项…已办完，我们正在核查",
        "您反映的事项…已结案",
        "您反映的事项…已重新办理",
    ]
    assert all(t.endswith(link) for t in said)
    assert "解决了吗？" in said[4]
    number, secret = link.rsplit("/", 2)[1:]
    found = open_by_secret(number, secret)
    assert found is not None and found.pk == it.record_id


def test_registered_at_once_is_said_as_accepted_but_never_twice(
    file: File, cast: Cast, at: datetime
) -> None:
    it = file()
    actions.register(matter_id=it.matter_id, by=cast.clerk, at=at)
    assert sum("已受理" in t for t in told(at)) == 1
    other = file(text="另一处", phone=OTHER)
    actions.accept(matter_id=other.matter_id, by=cast.clerk, at=at)
    actions.register(matter_id=other.matter_id, by=cast.clerk, at=at)
    told(at)
    assert sum("已受理" in t for t in texts(OTHER)) == 1


def test_a_refusal_says_why_in_the_countys_own_words(file: File, cast: Cast, at: datetime) -> None:
    reason = reasons("refuse")[0]
    it = file()
    actions.reject(matter_id=it.matter_id, reason=reason.key, note="已说明", by=cast.clerk, at=at)
    words = (reason.text_zh or reason.name_zh).rstrip("。")
    assert f"不予受理：{words}。" in told(at)[-1]
    assert "已说明" not in told(at)[-1]  # staff's note may hold anything


def test_a_pause_says_until_when_and_more_time_says_the_new_date(
    file: File, cast: Cast, units: Units, at: datetime
) -> None:
    it = file()
    pk = it.matter_id
    actions.register(matter_id=pk, by=cast.clerk, at=at)
    actions.assign(matter_id=pk, unit_id=units.urban.pk, by=cast.clerk, at=at)
    actions.ask_extension(matter_id=pk, note="缺件", by=cast.handler, at=at)
    actions.agree_extension(matter_id=pk, by=cast.unit_head, at=at)
    actions.agree_extension(matter_id=pk, by=cast.clerk, at=at)
    due = Clock.objects.get(matter_id=pk, name="finish").due_at
    assert due is not None
    local = due + timedelta(hours=8)
    assert f"新的期限是{local.month}月{local.day}日{local:%H:%M}" in told(at)[-1]
    entries = Entry.objects.count()
    for cause, days in (("weather", 16), ("parts", 31), ("season", 201)):
        with pytest.raises(BadValue):  # each cause has a limit of its own
            actions.pause(
                matter_id=pk, cause=cause, until=at + timedelta(days=days), note="等",
                by=cast.supervisor, at=at,
            )  # fmt: skip
    assert Entry.objects.count() == entries
    until = at + timedelta(days=30)
    actions.pause(matter_id=pk, cause="season", until=until, note="入冬", by=cast.supervisor, at=at)
    assert "暂缓办理" in told(at)[-1] and "到12月23日09:00继续" in told(at)[-1]


def test_several_reporters_are_told_apart_and_a_merge_leaves_nobody_out(
    file: File, cast: Cast, units: Units, at: datetime
) -> None:
    first = file()
    later = at + timedelta(minutes=5)
    sent = Sent(text="我也听见", phone=OTHER, lon=LON, lat=LAT)
    joined = join_report(matter_id=first.matter_id, sent=sent, by=REPORTER, at=later)
    told(later)
    assert (len(texts()), len(texts(OTHER))) == (1, 1)
    assert joined.secret in texts(OTHER)[0] and first.secret not in texts(OTHER)[0]
    third = file(text="同一件事", phone="13700137000")
    actions.merge(
        matter_id=third.matter_id, into_id=first.matter_id, note="同一处", by=cast.clerk, at=later
    )
    actions.register(matter_id=first.matter_id, by=cast.clerk, at=later)
    told(later)
    merged = texts("13700137000")
    assert "合并办理" in merged[1] and "已受理" in merged[2]
    assert all(third.number in t and third.secret in t for t in merged)
    assert "已受理" in texts()[-1] and first.secret in texts()[-1]
    assert "已受理" in texts(OTHER)[-1] and joined.secret in texts(OTHER)[-1]


def test_who_gave_no_mobile_number_is_told_nothing(file: File, at: datetime) -> None:
    file(phone="")
    file(phone="06352222222", text="座机")
    assert told(at) == [] and not Outgoing.objects.exists()


def test_telling_runs_twice_and_tells_once(file: File, at: datetime) -> None:
    file()
    told(at)
    Delivery.objects.update(done_at=None)
    assert len(told(at)) == 1


def test_the_words_are_chinese_whatever_language_the_worker_speaks(
    file: File, at: datetime
) -> None:
    file()
    with translation.override("en"):
        assert told(at)[0].startswith("您反映的问题已收到")


def test_what_the_rules_take_further_is_not_laid_before_the_desk(
    file: File, cast: Cast, at: datetime
) -> None:
    by_rule = file(category="litter", text="垃圾")
    by_hand = file()
    told(at)
    assert Matter.objects.get(pk=by_rule.matter_id).state != "reported"
    told_of = Message.objects.filter(person__username="wang", key="new")
    assert [m.matter_id for m in told_of] == [by_hand.matter_id]


def test_a_category_that_is_not_public_is_not_named_to_other_systems(
    file: File, at: datetime
) -> None:
    matter = Matter.objects.get(pk=file().matter_id)
    assert public_category(matter) == "noise"
    Category.objects.filter(key="noise").update(is_public=False)
    RULEBOOK.forget()
    assert public_category(matter) == ""


def test_every_told_step_is_a_step_of_a_report_or_a_word_of_the_kernel() -> None:
    kernels = {"open", "joined", "grant_extension"}
    assert [step for step in TELLS if LOOP.find(step) is None and step not in kernels] == []
