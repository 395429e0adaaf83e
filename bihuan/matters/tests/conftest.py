"""Fixtures of the kernel's tests; what they return is described in bed.py.

Imports stand inside: pytest reads this file before Django's settings are there.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from bihuan.accounts.models import Person
    from bihuan.matters.tests.bed import Cast, OpenErrand
    from bihuan.matters.tests.ways import Ways
    from bihuan.matters.verify import Finding
    from conftest import Units


@pytest.fixture
def cast(staff: dict[str, Person], zhao: Person) -> Cast:
    """Give the actors of the story."""
    from bihuan.matters.tests import bed

    return bed.cast_of(staff, zhao)


@pytest.fixture
def open_errand(units: Units, at: datetime) -> OpenErrand:
    """Open errands in the team's cell: two working hours to accept, three days to finish."""
    from bihuan.matters.tests import bed

    return bed.opener(units, at)


@pytest.fixture
def untouched() -> Callable[[], list[Finding]]:
    """Verify the whole history; a test that writes should find nothing touched."""
    from bihuan.matters.tests import bed

    return bed.verified


@pytest.fixture
def ways(cast: Cast, units: Units, open_errand: OpenErrand, at: datetime) -> Ways:
    """Bring errands to where a verb may be used."""
    from bihuan.matters.tests.ways import Ways

    return Ways(cast, units, open_errand, at)
