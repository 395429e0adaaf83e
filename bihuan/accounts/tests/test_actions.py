from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.db.utils import DatabaseError

from bihuan.accounts import actions
from bihuan.accounts.actor import SYSTEM, Actor, actor_of
from bihuan.accounts.may import NotPermitted, may
from bihuan.accounts.models import AdminEntry, Person, Post, SignIn, Unit
from bihuan.accounts.queries import manageable, nearest_people, people_of_unit
from bihuan.accounts.roles import Role
from bihuan.accounts.units import tree
from bihuan.base.crypto import lookup_hash
from conftest import Units

GOOD = "kuaizhang-2026-lu"


@pytest.fixture
def wu(staff: dict[str, Person]) -> Actor:
    """Give the administrator of 临清市."""
    return actor_of(staff["county_admin"])


def new_person(by: Actor, unit: Unit, at: datetime, **changes: object) -> Person:
    given: dict[str, object] = {
        "username": "he",
        "name": "何静",
        "password": GOOD,
        "unit": unit,
        "role": Role.HANDLER,
        "phone": "13800138000",
    }
    return actions.create_person(**{**given, **changes}, by=by, at=at)  # type: ignore[arg-type]


def written() -> tuple[int, int, int, int]:
    return (
        Unit.objects.count(),
        Person.objects.count(),
        Post.objects.filter(to_on=None).count(),
        AdminEntry.objects.count(),
    )


# ---- units -------------------------------------------------------------------------------------


def test_a_unit_made_is_in_the_tree_at_once_and_in_the_log(
    wu: Actor, units: Units, at: datetime
) -> None:
    made = actions.create_unit(
        code="371581-cg", name="城管大队", kind="department", parent=units.urban, by=wu, at=at
    )
    assert tree().above(made.pk) == (units.urban.pk, units.county.pk, units.city.pk)
    entry = AdminEntry.objects.latest("id")
    assert (entry.what, entry.unit_id, entry.by_id) == (
        "accounts.create_unit",
        made.pk,
        wu.person_id,
    )


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code": "371581001"}, actions.CodeTaken),
        ({"code": "  "}, actions.NameMissing),
        ({"name": ""}, actions.NameMissing),
        ({"parent": None}, actions.ParentMissing),
        ({"office_hours": [(100, 50)]}, actions.HoursWrong),
        ({"office_hours": [(0, 100), (50, 200)]}, actions.HoursWrong),
        ({"office_hours": [(0, 86_401)]}, actions.HoursWrong),
        ({"office_hours": []}, actions.HoursWrong),
    ],
)
def test_a_wrong_unit_is_refused_and_nothing_is_written(
    changes: dict[str, object], error: type[Exception], units: Units, at: datetime
) -> None:
    before = written()
    given = {"code": "x-1", "name": "新单位", "kind": "department", "parent": units.county}
    with pytest.raises(error):
        actions.create_unit(**{**given, **changes}, by=SYSTEM, at=at)  # type: ignore[arg-type]
    assert written() == before


def test_a_unit_moves_with_all_below_it(wu: Actor, units: Units, at: datetime) -> None:
    actions.move_unit(unit=units.community, parent=units.urban, by=wu, at=at)
    assert tree().above(units.team.pk)[:2] == (units.community.pk, units.urban.pk)
    assert units.team.pk not in tree().subtree(units.street.pk)


def test_a_unit_never_moves_below_itself_nor_out_of_reach(
    wu: Actor, units: Units, at: datetime
) -> None:
    before = written()
    with pytest.raises(actions.Circle):
        actions.move_unit(unit=units.street, parent=units.team, by=wu, at=at)
    with pytest.raises(actions.Circle):
        actions.move_unit(unit=units.street, parent=units.street, by=wu, at=at)
    with pytest.raises(actions.RootStays):
        actions.move_unit(unit=units.city, parent=units.county, by=SYSTEM, at=at)
    with pytest.raises(NotPermitted):  # into another county
        actions.move_unit(unit=units.street, parent=units.other_county, by=wu, at=at)
    with pytest.raises(NotPermitted):  # out of another county
        actions.move_unit(unit=units.other_street, parent=units.county, by=wu, at=at)
    with pytest.raises(NotPermitted):  # one's own top
        actions.move_unit(unit=units.county, parent=units.urban, by=wu, at=at)
    assert written() == before
    assert Unit.objects.get(pk=units.street.pk).parent_id == units.county.pk


def test_a_unit_closes_after_those_below_and_its_posts_then_count_no_more(
    wu: Actor, li: Person, units: Units, at: datetime
) -> None:
    with pytest.raises(actions.UnitsBelow):
        actions.close_unit(unit=units.community, by=wu, at=at)
    actions.close_unit(unit=units.team, by=wu, at=at)
    assert actor_of(li).posts == ()


def test_office_hours_are_set_and_taken_away(wu: Actor, units: Units, at: datetime) -> None:
    actions.set_office_hours(unit=units.street, office_hours=[(0, 60)], by=wu, at=at)
    assert tree().office_hours(units.team.pk) == ((0, 60),)
    actions.set_office_hours(unit=units.street, office_hours=None, by=wu, at=at)
    assert tree().office_hours(units.team.pk) is None


# ---- people and posts --------------------------------------------------------------------------


def test_a_new_person_has_a_post_an_encrypted_phone_and_two_lines_in_the_log(
    wu: Actor, units: Units, at: datetime
) -> None:
    person = new_person(wu, units.urban, at, username=" HE.jing ", phone="138 0013 8000")
    assert person.username == "he.jing"
    assert person.check_password(GOOD)
    assert person.must_change_password
    kept = Person.objects.get(pk=person.pk)
    assert kept.phone == "13800138000"
    assert bytes(kept.phone_key or b"") == lookup_hash("13800138000", "phone")
    with connection.cursor() as cursor:
        cursor.execute("SELECT phone FROM accounts_person WHERE id = %s", [person.pk])
        assert b"13800138000" not in bytes(cursor.fetchone()[0])
    assert may(actor_of(person), "matters.take_up", units.urban.pk)
    lines = AdminEntry.objects.filter(person=person).order_by("id")
    assert [line.what for line in lines] == ["accounts.create_person", "accounts.give_post"]


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"username": "li"}, actions.UsernameTaken),
        ({"username": "LI "}, actions.UsernameTaken),
        ({"username": "李建国"}, actions.UsernameWrong),
        ({"username": "a"}, actions.UsernameWrong),
        ({"username": ".li"}, actions.UsernameWrong),
        ({"name": "  "}, actions.NameMissing),
        ({"phone": "12"}, actions.PhoneWrong),
        ({"password": "1234567890"}, ValidationError),
        ({"password": "short-1"}, ValidationError),
        ({"password": "password123"}, ValidationError),
    ],
)
def test_a_wrong_person_is_refused_and_nothing_is_written(
    changes: dict[str, object], error: type[Exception], li: Person, units: Units, at: datetime
) -> None:
    before = written()
    with pytest.raises(error):
        new_person(SYSTEM, units.urban, at, **changes)
    assert written() == before


def test_only_an_administrator_of_that_county_makes_people(
    wu: Actor, zhao: Person, wang: Person, units: Units, at: datetime
) -> None:
    before = written()
    for by in (actor_of(zhao), actor_of(wang)):
        with pytest.raises(NotPermitted):
            new_person(by, units.urban, at)
    with pytest.raises(NotPermitted):
        new_person(wu, units.other_county, at)
    assert written() == before


def test_an_administrator_neither_appoints_resets_nor_closes_themselves(
    wu: Actor, staff: dict[str, Person], units: Units, at: datetime
) -> None:
    oneself = staff["county_admin"]
    post = oneself.posts.get()
    before = written()
    tries: list[Callable[[], object]] = [
        lambda: actions.give_post(
            person=oneself, unit=units.street, role=Role.COUNTY_ADMIN, by=wu, at=at
        ),
        lambda: actions.end_post(post=post, by=wu, at=at),
        lambda: actions.reset_password(person=oneself, by=wu, at=at),
        lambda: actions.deactivate_person(person=oneself, by=wu, at=at),
    ]
    for attempt in tries:
        with pytest.raises(actions.NotOneself):
            attempt()
    assert written() == before


def test_an_administrator_of_a_street_does_not_reach_the_county(
    staff: dict[str, Person], units: Units, at: datetime
) -> None:
    below = new_person(SYSTEM, units.street, at, role=Role.COUNTY_ADMIN)
    with pytest.raises(NotPermitted):
        actions.reset_password(person=staff["county_admin"], by=actor_of(below), at=at)
    with pytest.raises(NotPermitted):
        actions.deactivate_person(person=staff["clerk"], by=actor_of(below), at=at)
    assert Person.objects.get(pk=staff["clerk"].pk).is_active


def test_a_post_once_held_above_still_keeps_a_person_out_of_lower_hands(
    wu: Actor, staff: dict[str, Person], units: Units, at: datetime
) -> None:
    below = new_person(SYSTEM, units.street, at, role=Role.COUNTY_ADMIN)
    clerk = staff["clerk"]
    actions.give_post(person=clerk, unit=units.street, role=Role.CLERK, by=wu, at=at)
    actions.end_post(post=clerk.posts.get(unit=units.county), by=wu, at=at)
    with pytest.raises(NotPermitted):
        actions.reset_password(person=clerk, by=actor_of(below), at=at)


def test_powers_that_must_stay_apart_are_not_given_to_one_person(
    wu: Actor, staff: dict[str, Person], units: Units, at: datetime
) -> None:
    before = written()
    for held, asked in (("clerk", Role.AUDITOR), ("auditor", Role.CLERK)):
        with pytest.raises(actions.PowersNotSeparate):
            actions.give_post(person=staff[held], unit=units.street, role=asked, by=wu, at=at)
    with pytest.raises(actions.PostHeld):
        actions.give_post(person=staff["clerk"], unit=units.county, role=Role.CLERK, by=wu, at=at)
    with pytest.raises(NotPermitted):
        actions.give_post(person=staff["clerk"], unit=units.county, role=Role.SYSTEM, by=wu, at=at)
    assert written() == before


def test_an_ended_post_counts_no_more_the_same_day_and_ends_once(
    wu: Actor, wang: Person, at: datetime
) -> None:
    post = wang.posts.get()
    actions.end_post(post=post, by=wu, at=at)
    assert actor_of(wang, at.date()).posts == ()
    assert len(actor_of(wang, at.date() - timedelta(days=1)).posts) == 1
    with pytest.raises(actions.PostEnded):
        actions.end_post(post=post, by=wu, at=at)


def test_a_closed_person_has_no_posts_and_no_way_in(wu: Actor, wang: Person, at: datetime) -> None:
    actions.deactivate_person(person=wang, by=wu, at=at)
    kept = Person.objects.get(pk=wang.pk)
    assert not kept.is_active
    assert actor_of(kept).posts == ()
    actions.reactivate_person(person=kept, by=wu, at=at)
    assert Person.objects.get(pk=wang.pk).is_active
    assert actor_of(kept).posts == ()


def test_nobody_sets_the_password_of_another(wu: Actor, wang: Person, at: datetime) -> None:
    with pytest.raises(NotPermitted):
        actions.set_password(person=wang, password=GOOD, by=wu, at=at)
    with pytest.raises(ValidationError):
        actions.set_password(person=wang, password="wang", by=actor_of(wang), at=at)
    assert not Person.objects.get(pk=wang.pk).check_password(GOOD)
    actions.set_password(person=wang, password=GOOD, by=actor_of(wang), at=at)
    assert Person.objects.get(pk=wang.pk).check_password(GOOD)


def test_one_time_passwords_are_long_differ_and_have_no_letters_to_confuse() -> None:
    drawn = {actions.one_time_password() for _ in range(200)}
    assert len(drawn) == 200
    assert all(len(each) == 12 and not set(each) & set("il1o0") for each in drawn)


def test_a_phone_is_changed_by_its_owner_or_an_administrator_and_taken_away(
    wu: Actor, wang: Person, zhao: Person, at: datetime
) -> None:
    actions.set_phone(person=wang, phone="13900139000", by=actor_of(wang), at=at)
    assert Person.objects.get(pk=wang.pk).phone == "13900139000"
    with pytest.raises(NotPermitted):
        actions.set_phone(person=wang, phone="", by=actor_of(zhao), at=at)
    actions.set_phone(person=wang, phone="", by=wu, at=at)
    kept = Person.objects.get(pk=wang.pk)
    assert (kept.phone, kept.phone_key) == ("", None)


# ---- the log -----------------------------------------------------------------------------------


def test_the_log_holds_no_personal_data(wu: Actor, units: Units, at: datetime) -> None:
    person = new_person(wu, units.urban, at)
    actions.reset_password(person=person, by=wu, at=at)
    actions.set_phone(person=person, phone="13900139000", by=wu, at=at)
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(e::text, ' ') FROM accounts_adminentry e")
        text = cursor.fetchone()[0]
    for secret in ("何静", "13800138000", "13900139000", GOOD, "he "):
        assert secret not in text


@pytest.mark.parametrize("table", ["accounts_adminentry", "accounts_signin"])
@pytest.mark.parametrize("change", ["UPDATE {} SET at = now()", "DELETE FROM {}", "TRUNCATE {}"])
def test_the_logs_refuse_every_change(table: str, change: str, wang: Person, at: datetime) -> None:
    actions.log("rules.edit", by=actor_of(wang), at=at)
    actions.note_sign_in(person=wang, success=True, address="127.0.0.1", at=at)
    with (
        pytest.raises(DatabaseError),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(change.format(table))
    assert AdminEntry.objects.count() == SignIn.objects.count() == 1


@pytest.mark.parametrize("table", ["accounts_adminentry", "accounts_signin"])
def test_a_trigger_of_ours_stands_behind_each_refusal(table: str, db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_trigger JOIN pg_proc p ON p.oid = tgfoid"
            " WHERE tgrelid = %s::regclass AND p.proname = 'accounts_refuse_change'",
            [table],
        )
        assert cursor.fetchone() == (2,)


@pytest.mark.parametrize(
    "wrong",
    [
        {"what": "", "by_label": "system"},
        {"what": "x", "by_label": "person"},
        {"what": "x", "by_label": "reporter"},
    ],
)
def test_a_line_always_says_what_and_who(wrong: dict[str, str], at: datetime, db: None) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        AdminEntry.objects.create(at=at, **wrong)
    assert not AdminEntry.objects.exists()


# ---- who works where ---------------------------------------------------------------------------


def test_people_are_found_at_their_unit_and_the_nearest_above(
    staff: dict[str, Person], units: Units, at: datetime
) -> None:
    today = at.date()
    assert people_of_unit(units.urban.pk, Role.HANDLER, on=today) == [staff["handler"]]
    assert people_of_unit(units.urban.pk, on=today) == [staff["unit_head"], staff["handler"]]
    assert people_of_unit(units.county.pk, Role.HANDLER, on=today) == []
    assert nearest_people(units.team.pk, Role.CELL_HEAD, on=today) == [staff["cell_head"]]
    assert nearest_people(units.team.pk, Role.SUPERVISOR, on=today) == [staff["supervisor"]]
    assert nearest_people(units.other_street.pk, Role.WORKER, on=today) == []


def test_an_administrator_lists_the_people_of_their_county_only(
    wu: Actor, staff: dict[str, Person], zhao: Person, at: datetime
) -> None:
    found = set(manageable(wu, on=at.date()))
    assert found == set(staff.values())
    assert set(manageable(wu, on=at.date(), words="行政执法")) == {
        staff["handler"],
        staff["unit_head"],
    }
    assert list(manageable(wu, on=at.date(), words="zhao")) == []
    assert list(manageable(wu, on=at.date(), closed=True)) == []
