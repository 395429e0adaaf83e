"""Who among the staff is told of what, and that they are told once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from django.db.models import Max
from pytest_django import DjangoAssertNumQueries

from bihuan.accounts.actor import REPORTER, SYSTEM
from bihuan.accounts.models import Person, Post, Unit
from bihuan.base.cached import forget_all
from bihuan.matters import actions, case, escalate
from bihuan.matters.channel_models import Message
from bihuan.matters.channels import people
from bihuan.matters.channels.actions import read_all, read_message, tell_people
from bihuan.matters.channels.inbox import TELLS
from bihuan.matters.channels.words import UNKNOWN, WORDS, words_of
from bihuan.matters.models import Entry, Matter, Rung
from bihuan.matters.tests.bed import Cast, OpenErrand
from conftest import Units

pytestmark = pytest.mark.django_db
Told = Callable[..., dict[str, str]]


@pytest.fixture
def told(at: datetime) -> Told:
    """Tell of the latest entry of a step (or the latest of all); give who got which words."""

    def tell(matter_id: int, step: str = "") -> dict[str, str]:
        entries = Entry.objects.filter(matter_id=matter_id).order_by("-seq")
        entry = entries.filter(step=step)[0] if step else entries[0]
        tell_people(entry, at)
        rows = Message.objects.filter(entry=entry).select_related("person")
        return {row.person.username: row.key for row in rows}

    return tell


@pytest.fixture
def assigned(open_errand: OpenErrand, cast: Cast, units: Units, at: datetime) -> int:
    """Give an errand that lies with 执法局."""
    pk = open_errand().matter_id
    actions.register(matter_id=pk, by=cast.clerk, at=at)
    actions.assign(matter_id=pk, unit_id=units.urban.pk, by=cast.clerk, at=at)
    return pk


def names(staff: dict[str, Person], *roles: str) -> set[str]:
    return {staff[role].username for role in roles}


def test_a_new_matter_is_told_to_the_desks_clerks_of_its_own_county(
    open_errand: OpenErrand, cast: Cast, told: Told
) -> None:
    assert told(open_errand().matter_id) == {"wang": "new"}


def test_looking_is_for_the_cell_and_deciding_for_the_desk(
    open_errand: OpenErrand, cast: Cast, told: Told, at: datetime
) -> None:
    pk = open_errand().matter_id
    actions.accept(matter_id=pk, by=cast.clerk, at=at)
    assert told(pk) == {"li": "to_verify"}
    actions.verify(matter_id=pk, found=False, note="没有", by=cast.worker, at=at)
    assert told(pk) == {"wang": "not_found"}


def test_a_task_is_told_to_the_hands_of_its_unit_then_to_whoever_took_it(
    assigned: int, cast: Cast, staff: dict[str, Person], told: Told, at: datetime
) -> None:
    hands = names(staff, "handler", "unit_head")
    assert told(assigned) == dict.fromkeys(hands, "assigned")
    actions.take_up(matter_id=assigned, key="lead", by=cast.handler, at=at)
    assert told(assigned) == {}
    actions.remind(matter_id=assigned, by=REPORTER, at=at)
    assert told(assigned) == {staff["handler"].username: "remind"}


def test_pressing_reaches_the_person_and_the_head_of_the_unit(
    assigned: int, cast: Cast, staff: dict[str, Person], told: Told, at: datetime
) -> None:
    actions.take_up(matter_id=assigned, key="lead", by=cast.handler, at=at)
    until = at + timedelta(days=1)
    actions.press(matter_id=assigned, note="明天办完", until=until, by=cast.supervisor, at=at)
    assert told(assigned) == dict.fromkeys(names(staff, "handler", "unit_head"), "press")


def test_giving_back_goes_to_the_desk_and_reassigning_to_both(
    assigned: int, cast: Cast, units: Units, staff: dict[str, Person], told: Told, at: datetime
) -> None:
    actions.take_up(matter_id=assigned, key="lead", by=cast.handler, at=at)
    actions.return_task(
        matter_id=assigned, key="lead", reason="other", note="不归我们", by=cast.handler, at=at
    )
    assert told(assigned) == {"wang": "returned"}
    actions.assign(matter_id=assigned, unit_id=units.urban.pk, by=cast.clerk, at=at)
    actions.take_up(matter_id=assigned, key="lead", by=cast.handler, at=at)
    actions.reassign(matter_id=assigned, unit_id=units.team.pk, note="改", by=cast.clerk, at=at)
    assert told(assigned) == {staff["handler"].username: "withdrawn", "li": "assigned"}


def test_finished_goes_to_the_desk_rework_to_who_did_it_check_to_the_cell(
    assigned: int, cast: Cast, staff: dict[str, Person], told: Told, at: datetime
) -> None:
    actions.finish(matter_id=assigned, key="lead", opinion="好了", by=cast.handler, at=at)
    assert told(assigned) == {"wang": "to_check"}
    actions.start_check(matter_id=assigned, by=cast.clerk, at=at)
    assert told(assigned) == {"li": "check"}
    actions.fail_check(matter_id=assigned, note="没好", by=cast.worker, at=at)
    assert told(assigned) == {staff["handler"].username: "rework"}


def test_reopening_goes_to_the_person_who_handled_it(
    assigned: int, cast: Cast, staff: dict[str, Person], told: Told, at: datetime
) -> None:
    actions.finish(matter_id=assigned, key="lead", opinion="好了", by=cast.handler, at=at)
    actions.pass_check(matter_id=assigned, note="好", by=cast.clerk, at=at)
    assert told(assigned) == {}
    actions.reopen(matter_id=assigned, note="还坏着", by=REPORTER, at=at)
    assert told(assigned) == {staff["handler"].username: "reopened"}


def test_an_extension_climbs_from_the_head_to_the_centre_and_back(
    assigned: int, cast: Cast, staff: dict[str, Person], told: Told, at: datetime
) -> None:
    actions.ask_extension(matter_id=assigned, note="缺件", by=cast.handler, at=at)
    assert told(assigned) == {staff["unit_head"].username: "extension_asked"}
    actions.agree_extension(matter_id=assigned, by=cast.unit_head, at=at)
    centre = names(staff, "clerk", "supervisor")
    assert told(assigned) == dict.fromkeys(centre, "extension_unit_agreed")
    actions.agree_extension(matter_id=assigned, by=cast.clerk, at=at)
    hands = names(staff, "handler", "unit_head")
    assert told(assigned) == dict.fromkeys(hands, "extension_granted")


def test_an_answer_and_a_reporters_note_go_to_who_works_on_it(
    assigned: int, cast: Cast, staff: dict[str, Person], told: Told, at: datetime
) -> None:
    actions.take_up(matter_id=assigned, key="lead", by=cast.handler, at=at)
    actions.ask(matter_id=assigned, cause="question", note="几号楼?", by=cast.handler, at=at)
    assert told(assigned) == {}
    actions.answer(matter_id=assigned, note="3 号楼", by=REPORTER, at=at)
    assert told(assigned) == {staff["handler"].username: "answered"}
    actions.add_note(matter_id=assigned, note="又坏一盏", by=REPORTER, at=at)
    assert told(assigned) == {staff["handler"].username: "noted"}
    actions.add_note(matter_id=assigned, note="内部", by=cast.clerk, at=at)
    assert told(assigned) == {}


def test_a_rung_tells_its_roles_in_the_unit_and_the_nearest_above(
    assigned: int, cast: Cast, staff: dict[str, Person], told: Told, at: datetime
) -> None:
    for key, offset, unit, above in (
        ("due_soon", -14400, ["handler", "unit_head"], []),
        ("overdue_day", 86400, ["unit_head"], ["supervisor"]),
    ):
        Rung.objects.create(
            kind="errand", key=key, clock="finish", offset_seconds=offset, to_unit=unit,
            to_above=above, label=key,
        )  # fmt: skip
    due = Matter.objects.get(pk=assigned).due_at
    assert due is not None
    assert escalate.climb(at=due - timedelta(hours=4)) == 1
    assert told(assigned) == dict.fromkeys(names(staff, "handler", "unit_head"), "due_soon")
    assert escalate.climb(at=due + timedelta(days=1)) == 1
    assert told(assigned) == {
        staff["unit_head"].username: "overdue",
        staff["supervisor"].username: "escalate",
    }


def test_nobody_is_told_of_their_own_step_or_of_a_matter_about_themselves(
    open_errand: OpenErrand, cast: Cast, staff: dict[str, Person], units: Units, told: Told,
    at: datetime,
) -> None:  # fmt: skip
    pk = open_errand(about_person_id=staff["unit_head"].pk).matter_id
    assert told(pk) == {"wang": "new"}
    actions.register(matter_id=pk, by=cast.clerk, at=at)
    actions.assign(matter_id=pk, unit_id=units.urban.pk, by=cast.clerk, at=at)
    assert told(pk) == {staff["handler"].username: "assigned"}
    own = open_errand(by=cast.clerk).matter_id
    assert told(own) == {}


def test_telling_twice_is_telling_once(assigned: int, told: Told) -> None:
    first = told(assigned)
    before = Message.objects.aggregate(n=Max("pk"))["n"]
    assert told(assigned) == first
    assert Message.objects.aggregate(n=Max("pk"))["n"] == before
    assert Message.objects.count() == len(first) == 2


def test_a_centre_is_told_for_the_county_above_it(
    open_errand: OpenErrand, cast: Cast, units: Units, at: datetime, told: Told, wang: Person
) -> None:
    centre = Unit.objects.create(
        code="371581-zx", name="临清市指挥中心", kind="centre", parent=units.county
    )
    person = Person.objects.create(username="centre-clerk", name="冯娟", created_at=at)
    Post.objects.create(person=person, unit=centre, role="clerk", from_on=date(2020, 1, 1))
    forget_all()
    pk = open_errand().matter_id
    assert set(told(pk)) == {"wang", "centre-clerk"}
    on = date(2026, 11, 23)
    assert people.at_units([units.team.pk], {"clerk"}, on=on) == {wang.pk, person.pk}  # type: ignore[arg-type]


def test_someone_who_left_the_post_or_the_house_is_not_told(
    open_errand: OpenErrand, cast: Cast, staff: dict[str, Person], units: Units, told: Told,
    at: datetime,
) -> None:  # fmt: skip
    Post.objects.filter(person=staff["unit_head"]).update(to_on=date(2026, 11, 1))
    Person.objects.filter(pk=staff["handler"].pk).update(is_active=False)
    pk = open_errand().matter_id
    actions.register(matter_id=pk, by=cast.clerk, at=at)
    actions.assign(matter_id=pk, unit_id=units.urban.pk, by=cast.clerk, at=at)
    assert told(pk) == {}


def test_one_reads_ones_own_messages_only(
    assigned: int, cast: Cast, staff: dict[str, Person], told: Told, at: datetime
) -> None:
    told(assigned)
    theirs = Message.objects.get(person=staff["handler"])
    assert read_message(message_id=theirs.pk, by=cast.clerk, at=at) is None
    assert read_all(up_to=theirs.pk + 10, by=cast.clerk, at=at) == 0
    assert read_message(message_id=theirs.pk, by=REPORTER, at=at) is None
    assert read_all(up_to=theirs.pk + 10, by=SYSTEM, at=at) == 0
    assert not Message.objects.filter(read_at__isnull=False).exists()
    found = read_message(message_id=theirs.pk, by=cast.handler, at=at)
    assert found is not None and found.read_at == at
    later = read_message(message_id=theirs.pk, by=cast.handler, at=at + timedelta(hours=1))
    assert later is not None and later.read_at == at


def test_marking_all_leaves_what_came_after_the_page(
    assigned: int, cast: Cast, told: Told, staff: dict[str, Person], at: datetime
) -> None:
    told(assigned)
    seen = Message.objects.get(person=staff["handler"]).pk
    actions.remind(matter_id=assigned, by=REPORTER, at=at)
    told(assigned)
    assert read_all(up_to=seen, by=cast.handler, at=at) == 1
    assert Message.objects.filter(person=staff["handler"], read_at=None).count() == 1


def test_no_words_and_no_personal_data_are_stored(assigned: int, told: Told) -> None:
    told(assigned)
    stored = {f.name for f in Message._meta.get_fields()}
    assert stored == {"id", "person", "matter", "entry", "key", "at", "read_at"}


def test_every_key_has_words_and_an_unknown_one_is_a_plain_sentence() -> None:
    assert str(words_of("assigned")) == "有新的任务，请签收办理。"
    assert words_of("from a later version") == UNKNOWN
    assert len(set(map(str, WORDS.values()))) == len(WORDS)


def test_every_step_that_tells_can_be_written_by_a_verb() -> None:
    """A renamed step would silently tell nobody: the names are compared with the kernel's text."""
    folder = Path(case.__file__).parent
    places = [folder / "actions", folder / "escalate.py", folder.parent / "reports" / "actions"]
    files = [p for place in places for p in (place.rglob("*.py") if place.is_dir() else [place])]
    text = "".join(path.read_text("utf8") for path in files)
    assert [step for step in TELLS if f'"{step}"' not in text] == []


def test_telling_takes_as_many_queries_for_ten_people_as_for_two(
    open_errand: OpenErrand, cast: Cast, units: Units, at: datetime,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:  # fmt: skip
    def opened() -> Entry:
        pk = open_errand().matter_id
        actions.register(matter_id=pk, by=cast.clerk, at=at)
        actions.assign(matter_id=pk, unit_id=units.urban.pk, by=cast.clerk, at=at)
        return Entry.objects.select_related("matter").get(matter_id=pk, step="assign")

    first, second = opened(), opened()
    tell_people(first, at)
    with django_assert_num_queries(3):
        tell_people(second, at)
    for n in range(20):
        person = Person.objects.create(username=f"more-{n}", name="处置员", created_at=at)
        Post.objects.create(
            person=person, unit=units.urban, role="handler", from_on=date(2020, 1, 1)
        )
    third = opened()
    with django_assert_num_queries(3):
        tell_people(third, at)
    assert Message.objects.filter(entry=third).count() == 22
