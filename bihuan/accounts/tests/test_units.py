from __future__ import annotations

import pytest

from bihuan.accounts.actor import REPORTER, SYSTEM, Actor, Held
from bihuan.accounts.roles import Role
from bihuan.accounts.units import Node, UnitTree, UnknownUnit

MORNING = ((30600, 43200),)


def small_tree() -> UnitTree:
    """1 聊城市 over 2 临清市 (street 3, community 4, team 5; bureau 6), 7 冠县 (street 8)."""
    return UnitTree(
        (
            Node(1, None, "3715", "聊城市", "city", office_hours=MORNING),
            Node(2, 1, "371581", "临清市", "county"),
            Node(3, 2, "371581001", "青年路街道", "street", office_hours=((0, 60),)),
            Node(4, 3, "371581001001", "温泉社区", "community"),
            Node(5, 4, "371581001001-01", "温泉社区第一网格", "team"),
            Node(6, 2, "371581-zf", "综合行政执法局", "department"),
            Node(7, 1, "371525", "冠县", "county"),
            Node(8, 7, "371525001", "清泉街道", "street"),
        )
    )


def holds(*posts: tuple[Role, int]) -> Actor:
    return Actor(1, "person", "某", tuple(Held(role, unit) for role, unit in posts))


def test_the_units_above_come_nearest_first_without_the_unit_itself() -> None:
    assert small_tree().above(5) == (4, 3, 2, 1)
    assert small_tree().above(1) == ()


def test_the_subtree_holds_the_unit_and_all_below_and_nothing_beside() -> None:
    assert small_tree().subtree(2) == {2, 3, 4, 5, 6}
    assert small_tree().subtree(5) == {5}


def test_the_scope_of_a_county_is_that_county_and_of_the_root_everything() -> None:
    tree = small_tree()
    assert tree.scope(holds((Role.CLERK, 7))) == {7, 8}
    assert tree.scope(holds((Role.WORKER, 5), (Role.HANDLER, 6))) == {5, 6}
    assert tree.scope(holds((Role.SUPERVISOR, 1))) is None
    assert tree.scope(SYSTEM) is None


def test_a_resident_and_a_post_at_an_unknown_unit_have_an_empty_scope() -> None:
    assert small_tree().scope(REPORTER) == frozenset()
    assert small_tree().scope(holds((Role.CLERK, 99))) == frozenset()
    assert UnitTree(()).scope(holds((Role.CLERK, 99))) == frozenset()


def test_a_root_beside_another_does_not_open_its_neighbour() -> None:
    tree = UnitTree((Node(1, None, "a", "甲", "county"), Node(2, None, "b", "乙", "county")))
    assert tree.scope(holds((Role.SUPERVISOR, 1))) == {1}


def test_office_hours_come_from_the_nearest_unit_that_has_some() -> None:
    tree = small_tree()
    assert tree.office_hours(5) == ((0, 60),)
    assert tree.office_hours(6) == MORNING


def test_names_paths_and_kinds_are_found_from_below() -> None:
    tree = small_tree()
    assert tree.name(4) == "温泉社区"
    assert tree.path(4) == "临清市 · 青年路街道 · 温泉社区"
    assert tree.path(1) == "聊城市"
    street = tree.of_kind(5, "street", "zone")
    assert street is not None and street.id == 3
    assert tree.of_kind(6, "street") is None
    assert tree.by_code("371525").id == 7
    assert [node.id for node in tree.children(2)] == [3, 6]


def test_an_unknown_unit_is_said_to_be_unknown() -> None:
    for ask in (small_tree().get, small_tree().above, small_tree().subtree, small_tree().name):
        with pytest.raises(UnknownUnit):
            ask(99)
    with pytest.raises(UnknownUnit):
        small_tree().by_code("99")


def test_a_circle_written_by_hand_into_the_database_hangs_nobody() -> None:
    tree = UnitTree((Node(1, 2, "a", "甲", "team"), Node(2, 1, "b", "乙", "team")))
    assert tree.subtree(1) == {1, 2}
    assert set(tree.above(1)) <= {1, 2}
