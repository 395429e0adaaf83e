"""What the database itself refuses: the owner by trigger, the application by rights."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import ProgrammingError, connection, transaction
from django.db.utils import DatabaseError

from bihuan.matters import actions, jobs
from bihuan.matters.models import Entry, Matter
from bihuan.matters.tests.owner import owner_connection
from bihuan.matters.tests.ways import Ways

pytestmark = pytest.mark.django_db(transaction=True)
GUARDED = ("matters_entry", "matters_seal", "matters_leaf", "matters_clockmark")
REFUSED = "2F002"  # prohibited SQL statement attempted


@pytest.fixture
def pk(ways: Ways) -> int:
    """Give a closed matter with sealed lines."""
    found = ways.closed()
    jobs.seal_all(at=ways.at)
    return found


@pytest.fixture
def owner(pk: int) -> Iterator[psycopg.Connection[Any]]:
    """Connect as the owner."""
    with owner_connection() as db:
        yield db


def test_the_owner_is_refused_by_triggers(owner: psycopg.Connection[Any]) -> None:
    for table in GUARDED:
        key = "entry_id" if table == "matters_leaf" else "id"
        for text in (f"UPDATE {table} SET {key} = {key} + 1000000", f"DELETE FROM {table}"):
            with pytest.raises(psycopg.Error) as refused:
                owner.execute(text)
            assert refused.value.sqlstate == REFUSED, text
    with pytest.raises(psycopg.Error) as refused:
        owner.execute("DELETE FROM matters_matter")
    assert refused.value.sqlstate == REFUSED


def test_the_owner_is_refused_to_empty_the_history(owner: psycopg.Connection[Any]) -> None:
    for table in (*GUARDED, "matters_matter"):
        with owner.transaction(force_rollback=True):
            for guarded in GUARDED:  # the tests' own bed has them off, to empty tables
                owner.execute(f"ALTER TABLE {guarded} ENABLE TRIGGER append_only_all")
            with pytest.raises(psycopg.Error) as refused:
                owner.execute(f"TRUNCATE {table} CASCADE")
            assert refused.value.sqlstate == REFUSED, table
    assert owner.execute("SELECT count(*) > 5 FROM matters_entry").fetchone() == (True,)


def test_the_application_has_no_right_to_change_history(pk: int) -> None:
    for table in (*GUARDED, "matters_matter"):
        key = "entry_id" if table == "matters_leaf" else "id"
        texts = [f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE",
                 f"ALTER TABLE {table} DISABLE TRIGGER USER"]  # fmt: skip
        if table in GUARDED:
            texts.append(f"UPDATE {table} SET {key} = {key} + 1000000")
        for text in texts:
            with pytest.raises(ProgrammingError) as refused, connection.cursor() as cursor:
                cursor.execute(text)
            cause = refused.value.__cause__
            assert isinstance(cause, psycopg.errors.InsufficientPrivilege), text
    assert Matter.objects.get(pk=pk).state == "closed"


CHEATS: dict[str, dict[str, Any]] = {
    "the state alone": {"state": "void"},
    "the state with an older line of that state": {"state": "handling", "last_seq": 4},
    "the state with a line that says another": {"state": "void", "last_seq": 9},
}


@pytest.mark.parametrize("cheat", CHEATS)
def test_a_state_changed_by_sql_is_refused_at_commit(cheat: str, pk: int) -> None:
    assert Entry.objects.get(matter_id=pk, seq=4).after == "handling"
    with pytest.raises(DatabaseError, match="without a line of history"):
        Matter.objects.filter(pk=pk).update(**CHEATS[cheat])
    matter = Matter.objects.get(pk=pk)
    assert (matter.state, matter.last_seq) == ("closed", 6)


def test_a_state_may_change_twice_in_one_transaction(ways: Ways) -> None:
    pk = ways.reported()
    with transaction.atomic():
        actions.register(matter_id=pk, by=ways.cast.clerk, at=ways.at)
        unit = ways.units.urban.pk
        actions.assign(matter_id=pk, unit_id=unit, by=ways.cast.clerk, at=ways.at)
    assert Matter.objects.get(pk=pk).state == "dispatched"
