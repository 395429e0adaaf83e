"""The board: who sees what, counts, pages, filters."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from bihuan.accounts.actor import Actor, actor_of
from bihuan.accounts.models import Person
from bihuan.accounts.units import tree
from bihuan.base.clock import now
from bihuan.desk.queries import PAGE, Asked, Page, board, chosen, read_key
from bihuan.desk.tests.bed import Reported, queries_of
from bihuan.matters import actions
from bihuan.matters.models import Matter, Task
from bihuan.matters.queries import collected_for, visible_to
from conftest import Units

pytestmark = pytest.mark.django_db
Enter = Callable[[Person], Client]


@pytest.fixture
def many(units: Units) -> list[Matter]:
    """Scatter 130 matters over units, states and due moments; every seventh is over."""
    chance = random.Random(7)
    places = [units.team, units.street, units.community, units.other_street]
    owners = [units.county, units.urban, units.roads, units.other_county]
    states = ["reported", "verifying", "registered", "handling", "handled", "returned"]
    at = now()
    for n in range(130):
        due = at + timedelta(hours=chance.randint(-30, 30)) if n % 9 else None
        over = None if n % 7 else at
        made = Matter.objects.create(
            number=f"SP-20261101-{n:06d}", kind="report", title=f"第{n}件", last_seq=1,
            area_id=chance.choice(places).pk, owner_id=chance.choice(owners).pk,
            channel=chance.choice(["resident", "worker"]), category=chance.choice(["lamp", "hole"]),
            state="closed" if over else chance.choice(states), due_at=due, closed_at=over,
            opened_at=at - timedelta(hours=40), last_hash=bytes(32),
        )  # fmt: skip
        if n % 11 == 0:
            Task.objects.create(
                matter=made,
                key="helper-1",
                unit=units.roads,
                state="done",
                done_at=at,
                opened_at=at,
            )
    return list(Matter.objects.order_by("pk"))


def seen_by(actor: Actor, matters: list[Matter]) -> set[int]:
    """Say by hand who sees what: owner, place or any task within the viewer's units."""
    scope = tree().scope(actor)
    every = {m.pk for m in matters}
    if scope is None:
        return every
    worked = set(Task.objects.filter(unit_id__in=scope).values_list("matter_id", flat=True))
    return {m.pk for m in matters if m.owner_id in scope or m.area_id in scope or m.pk in worked}


@pytest.mark.parametrize("role", ["worker", "cell_head", "clerk", "handler", "supervisor"])
def test_walked_and_collected_rows_are_those_of_ones_units(
    role: str, many: list[Matter], staff: dict[str, Person]
) -> None:
    from django.db.models import Q

    actor = actor_of(staff[role])
    expected = seen_by(actor, many)
    assert 0 < len(expected) < len(many)
    assert set(visible_to(actor).values_list("pk", flat=True)) == expected
    assert set(collected_for(actor, Q()).values_list("pk", flat=True)) == expected


def test_another_county_sees_its_own_and_a_resident_nothing(
    many: list[Matter], zhao: Person, zhang: Person, units: Units, enter: Enter
) -> None:
    actor = actor_of(zhao)
    seen = set(visible_to(actor).values_list("pk", flat=True))
    assert seen == seen_by(actor, many)
    assert all(
        m.owner_id == units.other_county.pk or m.area_id == units.other_street.pk
        for m in many
        if m.pk in seen
    )
    assert not visible_to(actor_of(zhang)).exists()
    assert enter(zhang).get("/desk/").status_code == 403


def test_a_county_without_a_share_in_it_sees_nothing(
    reported: Reported, zhao: Person, enter: Enter
) -> None:
    it = reported("路灯不亮")
    client = enter(zhao)
    assert it.number not in client.get("/desk/").content.decode()
    assert it.number not in client.get("/desk/?q=路灯").content.decode()
    for address in ("", "/slip", "/do/note"):
        assert client.get(f"/desk/{it.number}{address}").status_code == 404
    assert client.post(f"/desk/{it.number}/do/note", {"note": "看看"}).status_code == 404
    assert Matter.objects.get(pk=it.matter_id).last_seq == 1


def test_a_matter_about_a_person_is_not_shown_to_them(
    reported: Reported, staff: dict[str, Person]
) -> None:
    from django.db.models import Q

    it = reported("值班时睡觉", about_person_id=staff["supervisor"].pk)
    for one, shown in (("supervisor", False), ("clerk", True)):
        actor = actor_of(staff[one])
        assert visible_to(actor).filter(pk=it.matter_id).exists() is shown
        assert collected_for(actor, Q(pk=it.matter_id)).exists() is shown


def turned(by: Actor, asked: Asked, at: datetime, much: bool) -> list[list[int]]:
    """Turn all pages forward, then all back; both ways must show the same."""
    pages: list[Page] = [board(by, asked, at, much=much)]
    while pages[-1].older:
        key = read_key(pages[-1].older)
        pages.append(board(by, Asked(tab=asked.tab, after=key), at, much=much))
        assert len(pages) < 10
    back = [pages[-1]]
    while back[-1].newer:
        key = read_key(back[-1].newer)
        back.append(board(by, Asked(tab=asked.tab, before=key), at, much=much))
        assert len(back) < 10
    found = [[m.pk for m in page.rows] for page in pages]
    assert [[m.pk for m in page.rows] for page in reversed(back)] == found
    return found


@pytest.mark.parametrize("much", [True, False])
@pytest.mark.parametrize("tab", ["open", "doing", "overdue", "over"])
def test_pages_show_every_row_once_in_order_both_ways(
    much: bool, tab: str, many: list[Matter], wang: Person
) -> None:
    at, actor = now(), actor_of(wang)
    seen = [m for m in many if m.pk in seen_by(actor, many)]
    if tab == "over":
        rows = sorted((m for m in seen if m.closed_at), key=lambda m: -m.pk)
    else:
        far = at + timedelta(days=9999)
        rows = sorted((m for m in seen if not m.closed_at), key=lambda m: (m.due_at or far, m.pk))
        rows = [m for m in rows if tab != "overdue" or (m.due_at and m.due_at < at)]
        rows = [m for m in rows if tab != "doing" or m.state in ("verifying", "handling")]
    pages = turned(actor, Asked(tab=tab), at, much)
    assert [pk for page in pages for pk in page] == [m.pk for m in rows]
    assert all(len(page) == PAGE for page in pages[:-1])
    assert chosen(actor, Asked(tab=tab), at, 1000) == [m.pk for m in rows]


@pytest.mark.parametrize("much", [True, False])
def test_counts_recount_to_the_rows(much: bool, many: list[Matter], wang: Person) -> None:
    at, actor = now(), actor_of(wang)
    midnight = timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0)
    midnight += timedelta(days=1)
    open_ones = [m for m in many if m.pk in seen_by(actor, many) and not m.closed_at]
    for asked in (Asked(), Asked(category="hole"), Asked(channel="worker", tab="over")):
        rows = [
            m
            for m in open_ones
            if asked.category in ("", m.category) and asked.channel in ("", m.channel)
        ]
        due = [m.due_at for m in rows if m.due_at]
        assert board(actor, asked, at, much=much).counts == {
            "new": sum(m.state == "reported" for m in rows),
            "assign": sum(m.state in ("registered", "returned") for m in rows),
            "doing": sum(m.state in ("verifying", "handling") for m in rows),
            "today": sum(at <= d < midnight for d in due),
            "overdue": sum(d < at for d in due),
            "check": sum(m.state == "handled" for m in rows),
        }


def test_filters_leave_what_fits(many: list[Matter], wang: Person, units: Units) -> None:
    at, actor = now(), actor_of(wang)
    seen = {m.pk: m for m in many if m.pk in seen_by(actor, many) and not m.closed_at}
    below = {units.street.pk, units.community.pk, units.team.pk}
    for asked, fits in (
        (Asked(area=units.street.pk), lambda m: m.area_id in below),
        (Asked(owner=units.roads.pk), lambda m: m.owner_id == units.roads.pk),
        (Asked(state="handled"), lambda m: m.state == "handled"),
        (Asked(days=2), lambda m: True),
        (Asked(days=1), lambda m: False),
    ):
        found = chosen(actor, asked, at, 1000)
        assert set(found) == {pk for pk, m in seen.items() if fits(m)}


@pytest.mark.parametrize(
    "query",
    ["category=x&area=0&owner=-1", "area=abc", "days=99999", "tab=nothing", "after=1_x",
     "state=%00", "after=nan_1", "before=inf_1", "after=1e999_1", "q=%00",
     "owner=99999999999999999999",
     "before=-_99999999999999999999", "category=" + "长" * 100],
)  # fmt: skip
def test_wrong_filters_are_left_out(
    query: str, reported: Reported, wang: Person, enter: Enter
) -> None:
    reported()
    assert enter(wang).get(f"/desk/?{query}").status_code == 200


def test_the_page_says_state_due_and_place_in_words(
    reported: Reported, reference: Any, wang: Person, enter: Enter
) -> None:
    it = reported("灯坏了", at=now() - timedelta(hours=5))
    page = enter(wang).get("/desk/").content.decode()
    assert it.number in page and "待受理" in page and "<small>温泉社区第一网格</small>" in page
    assert "超 3 小时" in page and "路灯" in page


@pytest.mark.parametrize("role", ["clerk", "handler"])
def test_the_board_asks_the_database_as_often_for_200_rows_as_for_10(
    role: str, reported: Reported, reference: Any, staff: dict[str, Person], units: Units,
    enter: Enter,
) -> None:  # fmt: skip
    client, counted = enter(staff[role]), []
    for wanted in (10, 200):
        while Matter.objects.count() < wanted:
            reported(owner_id=units.urban.pk)
        counted.append(queries_of(client, "/desk/"))
    assert counted[0] == counted[1] <= 20


def test_my_work_and_the_looks_ask_the_database_as_often_for_200_rows_as_for_10(
    reported: Reported, staff: dict[str, Person], units: Units, enter: Enter
) -> None:
    clerk, counted = actor_of(staff["clerk"]), []
    handler, auditor = enter(staff["handler"]), enter(staff["auditor"])
    for wanted in (10, 200):
        for _ in range(Matter.objects.count(), wanted):
            it = reported(phone="13800001234").matter_id
            actions.register(matter_id=it, by=clerk, at=now())
            actions.assign(matter_id=it, unit_id=units.urban.pk, by=clerk, at=now())
            actions.reveal(
                matter_id=it, field="phone", reason="问", record_id=1, by=clerk, at=now()
            )
        counted.append((queries_of(handler, "/desk/tasks"), queries_of(auditor, "/desk/looks")))
    assert counted[0] == counted[1] and max(counted[0]) <= 20


def test_my_work_lists_the_tasks_that_wait_for_me_and_my_unit(
    reported: Reported, staff: dict[str, Person], units: Units, enter: Enter
) -> None:
    it, other = reported("这是我们的"), reported("那是别人的")
    clerk = actor_of(staff["clerk"])
    for one, unit in ((it, units.urban), (other, units.roads)):
        actions.register(matter_id=one.matter_id, by=clerk, at=now())
        actions.assign(matter_id=one.matter_id, unit_id=unit.pk, by=clerk, at=now())
    page = enter(staff["handler"]).get("/desk/tasks").content.decode()
    assert it.number in page and other.number not in page and "主办" in page
