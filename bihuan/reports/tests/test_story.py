"""A report goes all the way round: filed, dispatched by rule, handled, looked at, judged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bihuan.accounts.actor import REPORTER, Held
from bihuan.accounts.may import NotPermitted
from bihuan.accounts.roles import Role
from bihuan.matters import actions as matters
from bihuan.matters import escalate, reactions
from bihuan.matters.actions.opening import Once
from bihuan.matters.actions.photos import Kept
from bihuan.matters.errors import (
    BadValue,
    EvidenceMissing,
    NoteMissing,
    NotNow,
    OwnInterest,
    TooMany,
)
from bihuan.matters.models import Entry, Matter, Rating
from bihuan.matters.tests.bed import Cast, state
from bihuan.matters.verify import Finding
from bihuan.reports import actions, automatic
from bihuan.reports.actions import Filed, OtherContent, RatedBefore, Sent, TriedTooOften
from bihuan.reports.models import Attempt, Report
from bihuan.reports.queries import answering, open_by_secret, reports_on
from bihuan.reports.rules import rulebook
from bihuan.reports.tests.bed import LAT, LON, PHONE
from conftest import Units

pytestmark = pytest.mark.django_db
SUM = b"\1" * 32
PHOTO = Kept(f"01/01/{SUM.hex()}.jpg", "ab/cd/y.jpg", SUM, 1, 1, 1)
HOUR = timedelta(hours=1)
OTHER_PHONE = "13900139000"


def file(at: datetime, **changes: object) -> Filed:
    given: dict[str, object] = {
        "text": "垃圾桶满了好几天", "category": "litter", "lon": LON, "lat": LAT, "phone": PHONE,
        "name": "张桂芳",
    }  # fmt: skip
    return actions.file_report(sent=Sent(**{**given, **changes}), by=REPORTER, at=at)  # type: ignore[arg-type]


def steps(matter_id: int) -> list[str]:
    rows = Entry.objects.filter(matter_id=matter_id).order_by("seq")
    return list(rows.values_list("step", flat=True))


def report_of(filed: Filed) -> Report:
    found = open_by_secret(filed.number, filed.secret)
    assert found is not None
    return found


def closed(at: datetime, cast: Cast, units: Units, **changes: object) -> Filed:
    """Take a report of litter to its end."""
    filed = file(at, **changes)
    pk = filed.matter_id
    matters.register(matter_id=pk, by=cast.clerk, at=at)
    matters.assign(matter_id=pk, unit_id=units.urban.pk, by=cast.clerk, at=at)
    matters.take_up(matter_id=pk, key="lead", by=cast.handler, at=at)
    matters.finish(
        matter_id=pk, key="lead", opinion="已清运", by=cast.handler, at=at, photos=[PHOTO]
    )
    matters.pass_check(matter_id=pk, note="干净了", by=cast.worker, at=at)
    return filed


def test_a_report_walks_the_whole_loop(
    rules: None, cast: Cast, units: Units, at: datetime, untouched: Callable[[], list[Finding]]
) -> None:
    filed = file(at)
    pk = filed.matter_id
    reactions.tell(at=at)
    row = rulebook().category("litter")
    assert row is not None
    if row.verify_first:
        assert state(pk) == "verifying"
        matters.verify(matter_id=pk, found=True, note="满了", by=cast.worker, at=at + HOUR)
        reactions.tell(at=at + HOUR)
    matter = Matter.objects.get(pk=pk)
    assert (matter.state, matter.owner_id) == ("dispatched", units.urban.pk)
    why = Entry.objects.get(matter_id=pk, step="assign")
    assert (why.facts["why"], why.facts["as"]) == ("垃圾归执法局", "system")
    matters.take_up(matter_id=pk, key="lead", by=cast.handler, at=at + HOUR)
    with pytest.raises(EvidenceMissing):
        matters.finish(matter_id=pk, key="lead", opinion="已清", by=cast.handler, at=at + HOUR)
    matters.finish(
        matter_id=pk, key="lead", opinion="已清", by=cast.handler, at=at + HOUR, photos=[PHOTO]
    )
    reactions.tell(at=at + 2 * HOUR)
    assert state(pk) == "checking"  # litter is looked at on the spot
    matters.pass_check(matter_id=pk, note="干净了", by=cast.worker, at=at + 2 * HOUR)
    rating = actions.rate_report(
        report=report_of(filed), level=5, solved=True, words="谢谢", at=at + 3 * HOUR
    )
    assert (rating.level, rating.solved, rating.record_id) == (5, True, filed.record_id)
    assert (state(pk), Matter.objects.get(pk=pk).resolved) == ("closed", True)
    assert untouched() == []


def test_telling_twice_changes_nothing(rules: None, at: datetime, cast: Cast) -> None:
    filed = file(at, category="pothole")
    reactions.tell(at=at)
    before = steps(filed.matter_id)
    for do in (automatic.begin, automatic.give, automatic.look_again):
        do(matter_id=filed.matter_id, at=at)
    assert steps(filed.matter_id) == before


def test_a_category_to_be_looked_at_first_goes_to_the_cells_team(
    rules: None, units: Units, cast: Cast, at: datetime
) -> None:
    filed = file(at, category="pothole", text="路上有个大坑")
    reactions.tell(at=at)
    matter = Matter.objects.get(pk=filed.matter_id)
    assert matter.state == "verifying"
    assert matter.tasks.get(key="verify").unit_id == units.team.pk
    matters.verify(matter_id=matter.pk, found=True, note="有坑", by=cast.worker, at=at)
    reactions.tell(at=at)
    matter.refresh_from_db()
    assert (matter.state, matter.owner_id) == ("dispatched", units.roads.pk)


def test_a_rule_for_clerks_only_suggests(rules: None, at: datetime) -> None:
    filed = file(at, category="noise", text="半夜唱歌")
    reactions.tell(at=at)
    assert steps(filed.matter_id) == ["open"] and state(filed.matter_id) == "reported"


def test_outside_every_cell_it_waits_at_the_county_desk(
    rules: None, units: Units, at: datetime
) -> None:
    filed = file(at, lon=None, lat=None, address="温泉路")
    matter = Matter.objects.get(pk=filed.matter_id)
    assert (matter.cell_id, matter.owner_id) == (None, units.county.pk)


def test_several_reporters_on_one_matter_each_have_their_own_secret_and_judge(
    rules: None, cast: Cast, units: Units, at: datetime
) -> None:
    first = file(at)
    sent = Sent(text="我也看到了", phone=OTHER_PHONE)
    second = actions.join_report(matter_id=first.matter_id, sent=sent, by=REPORTER, at=at)
    assert first.number == second.number and first.secret != second.secret
    assert report_of(first).pk == first.record_id and report_of(second).pk == second.record_id
    pk = first.matter_id
    matters.register(matter_id=pk, by=cast.clerk, at=at)
    matters.solve_on_spot(matter_id=pk, note="清了", by=cast.worker, at=at, photos=[PHOTO])
    for filed, level in ((first, 5), (second, 4)):
        actions.rate_report(
            report=report_of(filed), level=level, solved=True, words="", at=at + HOUR
        )
    with pytest.raises(RatedBefore):
        actions.rate_report(report=report_of(first), level=1, solved=None, words="", at=at + HOUR)
    assert sorted(Rating.objects.values_list("record_id", "level")) == sorted(
        [(first.record_id, 5), (second.record_id, 4)]
    )


def test_joining_twice_with_one_key_is_one_report_and_one_answer(
    rules: None, cast: Cast, at: datetime
) -> None:
    first = file(at)
    once = Once(actions.key_of("public", "k"), b"a" * 32)

    def join(once: Once) -> Filed:
        sent = Sent(text="我也看到了")
        return actions.join_report(
            matter_id=first.matter_id, sent=sent, by=REPORTER, at=at, once=once
        )

    joined = join(once)
    matters.register(matter_id=first.matter_id, by=cast.clerk, at=at)
    matters.ask(matter_id=first.matter_id, cause="question", note="？", by=cast.clerk, at=at)
    assert join(once) == joined  # the promise of then, though the clocks stand still now
    with pytest.raises(OtherContent):
        join(Once(once.key, b"b" * 32))
    assert Report.objects.count() == 2
    assert steps(first.matter_id) == ["open", "joined", "register", "ask"]


def test_a_closed_matter_is_joined_no_more(
    rules: None, cast: Cast, units: Units, at: datetime
) -> None:
    filed = closed(at, cast, units)
    with pytest.raises(NotNow):
        actions.join_report(matter_id=filed.matter_id, sent=Sent(text="又满了"), by=REPORTER, at=at)
    assert Report.objects.count() == 1


def test_a_report_of_a_merged_matter_is_answered_by_the_other(
    rules: None, cast: Cast, units: Units, at: datetime
) -> None:
    first, second = file(at), file(at, text="同一个垃圾桶")
    matters.merge(
        matter_id=second.matter_id, into_id=first.matter_id, note="同一处", by=cast.clerk, at=at
    )
    report = report_of(second)
    assert answering(report).pk == first.matter_id
    assert set(reports_on(Matter.objects.get(pk=first.matter_id))) == {
        report_of(first), report,
    }  # fmt: skip
    actions.add_words(report=report, words="今天还在", at=at)
    assert steps(first.matter_id)[-1] == "note"


def test_not_solved_opens_it_again_with_its_whole_limit(
    rules: None, cast: Cast, units: Units, at: datetime
) -> None:
    filed = closed(at, cast, units)
    actions.rate_report(
        report=report_of(filed), level=None, solved=False, words="还是满的", at=at + HOUR
    )
    matter = Matter.objects.get(pk=filed.matter_id)
    assert (matter.state, matter.reopens, matter.owner_id) == ("rework", 1, units.urban.pk)
    assert matter.due_at is not None and matter.due_at > at + HOUR


def test_not_solved_too_late_is_kept_but_opens_nothing(
    rules: None, cast: Cast, units: Units, at: datetime
) -> None:
    filed = closed(at, cast, units)
    late = at + timedelta(days=30)
    actions.rate_report(report=report_of(filed), level=1, solved=False, words="", at=late)
    assert state(filed.matter_id) == "closed"
    assert Rating.objects.get().solved is False
    assert Matter.objects.filter(kind="callback").count() == 1


def test_a_question_is_answered_and_a_reminder_counted(
    rules: None, cast: Cast, at: datetime
) -> None:
    filed = file(at)
    report = report_of(filed)
    matters.ask(matter_id=filed.matter_id, cause="question", note="哪个门？", by=cast.clerk, at=at)
    actions.answer(report=report, words="东门", at=at + HOUR)
    actions.remind_by_reporter(report=report, at=at + HOUR)
    with pytest.raises(TooMany):
        actions.remind_by_reporter(report=report, at=at + HOUR)
    assert steps(filed.matter_id) == ["open", "ask", "answer", "remind"]


# ---- who the reporter is ------------------------------------------------------------------------


def test_a_look_at_the_reporter_needs_right_and_reason_and_leaves_a_line(
    rules: None, cast: Cast, at: datetime
) -> None:
    filed = file(at)

    def look(by: object, reason: str = "要问在几楼", field: str = "phone") -> str:
        return actions.reveal(
            matter_id=filed.matter_id, record_id=filed.record_id, field=field, reason=reason,
            by=by, at=at,  # type: ignore[arg-type]
        )  # fmt: skip

    for by, reason, field, error in (
        (cast.handler, "想看", "phone", NotPermitted),
        (cast.worker, "想看", "phone", NotPermitted),
        (cast.other, "想看", "phone", NotPermitted),
        (cast.clerk, " ", "phone", NoteMissing),
        (cast.clerk, "想看", "text", BadValue),
    ):
        with pytest.raises(error):
            look(by, reason, field)
    assert steps(filed.matter_id) == ["open"]
    assert look(cast.clerk) == PHONE and look(cast.clerk, field="name") == "张桂芳"
    lines = Entry.objects.filter(matter_id=filed.matter_id, step="reveal").order_by("seq")
    assert [line.facts["field"] for line in lines] == ["phone", "name"]


def test_a_record_of_another_matter_is_not_shown(rules: None, cast: Cast, at: datetime) -> None:
    first, second = file(at), file(at, text="别的事")
    with pytest.raises(BadValue):
        actions.reveal(
            matter_id=first.matter_id, record_id=second.record_id, field="phone", reason="问",
            by=cast.clerk, at=at,
        )  # fmt: skip
    assert steps(first.matter_id) == ["open"]


def test_a_merge_never_lets_those_it_is_about_look(
    rules: None, cast: Cast, units: Units, at: datetime
) -> None:
    about, other = file(at), file(at, text="同一件")
    matters.say_about(
        matter_id=about.matter_id, unit_id=units.roads.pk, note="反映的是它", by=cast.clerk, at=at
    )

    def merge() -> None:
        matters.merge(
            matter_id=about.matter_id, into_id=other.matter_id, note="同一件", by=cast.clerk, at=at
        )

    with pytest.raises(BadValue):
        merge()
    assert steps(about.matter_id) == ["open", "say_about"] and steps(other.matter_id) == ["open"]
    for unit_id in (units.roads.pk, None):  # said, merged, and taken back afterwards
        matters.say_about(
            matter_id=other.matter_id, unit_id=unit_id, note="登记", by=cast.clerk, at=at
        )
        if unit_id:
            merge()
    posts = (*cast.clerk.posts, Held(Role.HANDLER, units.roads.pk))
    with pytest.raises(OwnInterest):
        actions.reveal(
            matter_id=other.matter_id, record_id=about.record_id, field="phone", reason="问",
            by=replace(cast.clerk, posts=posts), at=at,
        )  # fmt: skip
    assert "reveal" not in steps(other.matter_id)


def test_a_secret_opens_its_own_number_alone(rules: None, at: datetime) -> None:
    first, second = file(at), file(at, text="别的事")
    assert open_by_secret(second.number, first.secret) is None
    for wrong in ("", first.secret[:-1], first.secret + "a", first.secret.upper(), "密", "\ud800"):
        assert open_by_secret(first.number, wrong) is None


# ---- number and phone --------------------------------------------------------------------------


def find(filed: Filed, phone: str, at: datetime, who: str = "10.0.0.1") -> Report | None:
    return actions.find_by_phone(number=filed.number, phone=phone, who=who, at=at)


def test_number_and_phone_find_the_report_however_they_are_typed(rules: None, at: datetime) -> None:
    filed = file(at)
    for typed in (PHONE, "+86 138 0013 8000", "１３８００１３８０００"):
        found = find(filed, typed, at)
        assert found is not None and found.pk == filed.record_id
    lower = actions.find_by_phone(number=f" {filed.number.lower()} ", phone=PHONE, who="a", at=at)
    assert lower is not None
    assert Attempt.objects.count() == 0


def test_after_five_wrong_phones_even_the_right_one_has_to_wait(rules: None, at: datetime) -> None:
    filed = file(at)
    for n in range(5):
        assert find(filed, OTHER_PHONE, at, who=f"10.0.0.{n}") is None
    with pytest.raises(TriedTooOften):
        find(filed, PHONE, at, who="10.0.0.9")
    assert find(filed, PHONE, at + timedelta(minutes=61), who="10.0.0.9") is not None


def test_one_caller_may_not_try_many_numbers(rules: None, at: datetime) -> None:
    many = [file(at, text=f"第{n}件") for n in range(6)]
    for filed in many[:5]:
        assert find(filed, "not a phone", at) is None
    with pytest.raises(TriedTooOften):
        find(many[5], PHONE, at)


def test_attempts_are_forgotten_after_a_day_and_hold_no_address(rules: None, at: datetime) -> None:
    filed = file(at)
    find(filed, OTHER_PHONE, at)
    assert b"10.0.0.1" not in b"".join(bytes(row.who) for row in Attempt.objects.all())
    find(filed, PHONE, at + timedelta(hours=25))
    assert Attempt.objects.count() == 0


def test_the_ladder_is_climbed_as_the_reference_says(rules: None, cast: Cast, at: datetime) -> None:
    filed = file(at)
    matters.register(matter_id=filed.matter_id, by=cast.clerk, at=at)
    due = Matter.objects.get(pk=filed.matter_id).clocks.get(name="finish").due_at
    assert due is not None
    climbed = []
    for moment in (due - 5 * HOUR, due - 4 * HOUR, due, due + timedelta(days=1)):
        escalate.climb(at=moment)
        rows = Entry.objects.filter(matter_id=filed.matter_id, step="escalate").order_by("seq")
        climbed.append([row.facts["rung"] for row in rows])
    assert climbed == [
        [],
        ["due_soon"],
        ["due_soon", "overdue"],
        ["due_soon", "overdue", "overdue_day"],
    ]
