from __future__ import annotations

from datetime import date

import pytest
from pytest_django import DjangoAssertNumQueries

from bihuan.accounts.actor import REPORTER, SYSTEM, Actor, actor_of
from bihuan.accounts.may import MAY, NotPermitted, may, require
from bihuan.accounts.models import Person, Post, Unit
from bihuan.accounts.roles import APPOINTED, LABELS, Role, together
from bihuan.accounts.units import tree
from bihuan.base.cached import forget_all
from conftest import Units

# Who may do what, written down a second time by hand from china-grid practice: verb, yes, no.
SAMPLE = """
matters.view worker cell_head clerk handler unit_head supervisor auditor | county_admin
matters.accept              clerk | worker handler unit_head supervisor county_admin auditor
matters.verify              worker cell_head clerk | handler county_admin auditor
matters.register            clerk | worker cell_head handler unit_head auditor
matters.reject              clerk | worker handler unit_head
matters.assign              clerk unit_head supervisor | worker cell_head handler auditor
matters.take_up             worker cell_head handler unit_head | clerk supervisor auditor
matters.finish              worker cell_head handler unit_head | clerk supervisor auditor
matters.return              worker cell_head handler unit_head | clerk auditor
matters.solve_on_spot       worker cell_head | handler clerk
matters.extend              worker cell_head handler unit_head | clerk supervisor
matters.extend_agree_unit   unit_head cell_head | handler clerk supervisor
matters.extend_agree_centre clerk supervisor | handler unit_head
matters.pause               clerk supervisor | handler unit_head worker
matters.press               supervisor | clerk unit_head handler
matters.escalate            | worker clerk supervisor county_admin auditor
matters.appeal              worker handler unit_head | clerk
matters.appeal_first        clerk | supervisor handler unit_head
matters.appeal_second       supervisor | clerk handler unit_head
matters.check               worker cell_head clerk supervisor | handler unit_head
matters.close               clerk supervisor | handler unit_head worker
matters.reopen              clerk supervisor | handler
matters.rate                | worker clerk handler supervisor county_admin
matters.reveal clerk supervisor | handler unit_head worker cell_head county_admin auditor
matters.export              clerk supervisor | handler auditor
reports.file                worker clerk handler supervisor | county_admin auditor
rules.view                  clerk worker handler supervisor auditor county_admin |
rules.edit                  county_admin | clerk supervisor auditor
matters.webhooks            county_admin | clerk supervisor auditor unit_head
places.import               county_admin | clerk supervisor auditor
accounts.manage             county_admin | clerk supervisor auditor unit_head
audit.view                  auditor supervisor | county_admin clerk handler
"""


def rows() -> list[tuple[str, str, bool]]:
    found = []
    for line in SAMPLE.strip().splitlines():
        verb, rest = line.split(maxsplit=1)
        yes, no = rest.split("|")
        found += [(verb, role, True) for role in yes.split()]
        found += [(verb, role, False) for role in no.split()]
    return found


@pytest.mark.parametrize(("verb", "role", "allowed"), rows())
def test_each_role_may_do_its_own_verbs_and_no_others(
    verb: str, role: str, allowed: bool, staff: dict[str, Person]
) -> None:
    assert may(actor_of(staff[role]), verb) is allowed


def test_the_system_may_everything_and_a_resident_only_their_own_verbs() -> None:
    assert all(may(SYSTEM, verb) for verb in MAY)
    assert {verb for verb in MAY if may(REPORTER, verb)} == {
        "matters.answer",
        "matters.attach",
        "matters.note",
        "matters.rate",
        "matters.remind",
        "matters.reopen",
        "reports.file",
    }


def test_an_account_without_a_post_is_a_resident(zhang: Person) -> None:
    actor = actor_of(zhang)
    assert actor.roles == {Role.REPORTER}
    assert may(actor, "matters.rate")
    assert not may(actor, "matters.view")


def test_a_centre_speaks_for_the_unit_above_it(units: Units, zhang: Person) -> None:
    centre = Unit.objects.create(
        code="371581-centre", name="综治中心", kind="centre", parent=units.county
    )
    Post.objects.create(person=zhang, unit=centre, role="clerk", from_on=date(2020, 1, 1))
    forget_all()
    actor = actor_of(zhang)
    assert may(actor, "matters.accept", units.team.pk)
    assert not may(actor, "matters.accept", units.other_street.pk)
    assert tree().scope(actor) == tree().subtree(units.county.pk)


def test_a_post_counts_at_its_unit_and_below(wang: Person, units: Units) -> None:
    actor = actor_of(wang)
    for unit in (units.county, units.street, units.community, units.team, units.urban):
        assert may(actor, "matters.accept", unit.pk)
    for unit in (units.city, units.other_county, units.other_street):
        assert not may(actor, "matters.accept", unit.pk)


def test_zhao_of_another_county_may_nothing_and_sees_nothing_here(
    zhao: Person, units: Units
) -> None:
    actor = actor_of(zhao)
    for verb in MAY:
        assert not may(actor, verb, units.county.pk)
        assert not may(actor, verb, units.team.pk)
        with pytest.raises(NotPermitted):
            require(actor, verb, units.street.pk)
    assert tree().scope(actor) == {units.other_county.pk, units.other_street.pk}


def test_two_posts_do_not_lend_each_other_their_units(wang: Person, units: Units) -> None:
    Post.objects.create(
        person=wang, unit=units.other_county, role=Role.WORKER, from_on="2026-01-01"
    )
    actor = actor_of(wang)
    assert may(actor, "matters.take_up", units.other_street.pk)
    assert not may(actor, "matters.accept", units.other_street.pk)
    assert not may(actor, "matters.take_up", units.street.pk)


def test_an_unknown_verb_is_a_mistake_and_an_unknown_unit_is_refused(wang: Person) -> None:
    with pytest.raises(KeyError):
        may(actor_of(wang), "matters.dance")
    assert not may(actor_of(wang), "matters.accept", 10**9)


def test_who_a_person_is_takes_one_query(
    wang: Person, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        actor = actor_of(wang)
    assert isinstance(actor, Actor)
    assert actor.has(Role.CLERK)


def test_every_verb_names_its_layer_and_known_roles_only() -> None:
    for verb, roles in MAY.items():
        assert verb.split(".")[0] in {"matters", "reports", "rules", "places", "accounts", "audit"}
        assert roles and roles <= set(Role)
    assert set(LABELS) == set(Role)


def test_administration_audit_and_case_work_are_never_in_one_hand() -> None:
    assert together(Role.SUPERVISOR, frozenset({Role.CLERK}))
    assert together(Role.COUNTY_ADMIN, frozenset({Role.COUNTY_ADMIN}))
    for lonely in (Role.COUNTY_ADMIN, Role.AUDITOR):
        for other in set(APPOINTED) - {lonely}:
            assert not together(lonely, frozenset({other}))
            assert not together(other, frozenset({lonely}))
