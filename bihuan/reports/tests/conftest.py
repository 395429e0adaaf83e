"""Fixtures of the reports' tests: a small county with its rules, a cell, the door of the API."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from bihuan.accounts.models import Person
    from bihuan.matters.tests.bed import Cast
    from bihuan.matters.verify import Finding
    from bihuan.places.models import Cell
    from bihuan.reports.tests.bed import Door
    from conftest import Units


@pytest.fixture(autouse=True)
def unlimited(settings: Any) -> None:
    """Let tests send as much as they like; the limit has tests of its own."""
    settings.REPORTS_AN_HOUR = 0


@pytest.fixture
def cast(staff: dict[str, Person], zhao: Person) -> Cast:
    """Give the actors of the story."""
    from bihuan.matters.tests import bed

    return bed.cast_of(staff, zhao)


@pytest.fixture
def cell(units: Units) -> Cell:
    """Draw the cell of 温泉社区第一网格: a square of about 900 m."""
    from bihuan.reports.tests import bed

    return bed.draw_cell(units)


@pytest.fixture
def rules(units: Units, cell: Cell) -> None:
    """Load the reference categories, and a handful of rules for the small tree."""
    from bihuan.reports.tests import bed

    bed.make_rules(units)


@pytest.fixture
def door(rules: None) -> Door:
    """Knock at the deployed door, past Django's middleware, as the web server does."""
    from bihuan.reports.tests import bed

    return bed.Door()


@pytest.fixture
def untouched() -> Callable[[], list[Finding]]:
    """Verify the whole history; a test that writes should find nothing touched."""
    from bihuan.matters.tests import bed

    return bed.verified
