"""Fixtures of the desk's tests; imports stand inside, pytest reads this before the settings."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from django.test import Client

    from bihuan.accounts.models import Person
    from bihuan.desk.tests.bed import Reported
    from conftest import Units


@pytest.fixture
def enter(db: None) -> Callable[[Person], Client]:
    """Sign somebody in and give their browser."""
    from bihuan.desk.tests import bed

    return bed.enter


@pytest.fixture
def reported(units: Units) -> Reported:
    """File reports of 临清市 as residents do: made of words, a phone and a place."""
    from bihuan.desk.tests import bed

    return bed.reporter(units)


@pytest.fixture
def reference(units: Units) -> Any:
    """Load a few categories, reasons and a rule that suggests the urban management bureau."""
    from bihuan.desk.tests import bed

    return bed.load_reference(units)
