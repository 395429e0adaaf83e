"""The official divisions in the database."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django.db.models import F, Value
from django.db.models.functions import Substr

from bihuan.places import reference
from bihuan.places.models import Division


@pytest.fixture
def whole_list(db: None) -> int:
    """Load every official division."""
    return reference.load()


def test_there_are_8_counties_136_streets_and_towns_and_2408_villages_and_communities(
    whole_list: int,
) -> None:
    assert whole_list == 8 + 136 + 2408
    assert Division.objects.filter(level="county").count() == 8
    assert Division.objects.filter(level="street").count() == 136
    assert Division.objects.filter(level="community").count() == 2408
    linqing = Division.objects.filter(level="community", code__startswith="371581")
    assert linqing.count() == 116  # the statistics list's own number
    assert sum(not each.is_rural for each in linqing) == 24


def test_every_code_begins_with_its_parents(whole_list: int) -> None:
    streets = Division.objects.filter(level="street").annotate(head=Substr("code", 1, 6))
    assert streets.exclude(head=F("parent_id")).count() == 0
    communities = Division.objects.filter(level="community").annotate(head=Substr("code", 1, 9))
    assert communities.exclude(head=F("parent_id")).count() == 0


def test_loading_again_renews_names_and_keeps_outlines(whole_list: int) -> None:
    outline = {"type": "Polygon", "coordinates": []}
    Division.objects.filter(code="371581001001").update(name=Value("旧名"), outline=outline)
    reference.load()
    again = Division.objects.get(code="371581001001")
    assert again.name == "温泉社区居民委员会"
    assert again.short_name == "温泉社区"
    assert again.outline == outline
    assert Division.objects.count() == 2552


@pytest.mark.parametrize(
    ("code", "level", "parent", "rule"),
    [
        ("37158", "county", None, "division_code_fits_level"),
        ("371581009", "county", None, "division_code_fits_level"),
        ("371581009", "street", None, "division_below_county_has_parent"),
    ],
)
def test_the_database_refuses_codes_of_the_wrong_length(
    divisions: int, code: str, level: str, parent: str | None, rule: str
) -> None:
    with pytest.raises(IntegrityError, match=rule), transaction.atomic():
        Division.objects.create(code=code, name="x", level=level, parent_id=parent)
    assert not Division.objects.filter(code=code).exists()
