"""The address book: import, and search by two characters up."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.db import IntegrityError, connection, transaction

from bihuan.places.actions import create_demo_addresses, import_addresses
from bihuan.places.demo_areas import demo_addresses
from bihuan.places.imports import ImportResult, Reach
from bihuan.places.models import Address, Cell, ImportRun
from bihuan.places.queries import search_addresses
from bihuan.places.tables import read_table
from bihuan.places.tests.conftest import Somebody

HEAD = "社区编码,小区,楼栋,单元,户室,自然村,村民小组,院落,经度,纬度"
FLAT = "371581001001,锦云家园,3号楼,2单元,101室,,,,115.72,36.83"
FLAT_2 = "371581001001,锦云家园,3号楼,2单元,102室,,,,,"
YARD = "371581001200,,,,,临卫东庄,2组,12号,,"


def import_lines(by: Somebody, at: datetime, *lines: str, dry_run: bool = False) -> ImportResult:
    table = read_table("\n".join([HEAD, *lines]).encode())
    return import_addresses(lines=table, datum="wgs84", dry_run=dry_run, by=by, at=at)


def test_a_file_makes_the_addresses_and_everything_above_them(
    divisions: int, by: Somebody, at: datetime
) -> None:
    result = import_lines(by, at, FLAT, FLAT_2, YARD)
    # compound, building, unit, two doors; village, group, courtyard
    assert (result.rows, result.added, result.changed, result.written) == (3, 8, 0, True)
    door = Address.objects.get(path="371581001001/锦云家园/3号楼/2单元/101室")
    assert door.text == "青年路街道温泉社区锦云家园3号楼2单元101室"
    assert [door.level, door.parent and door.parent.level] == ["door", "unit"]
    yard = Address.objects.get(level="courtyard")
    assert yard.text == "青年路街道临卫村临卫东庄2组12号"
    assert ImportRun.objects.get().kind == "addresses"


def test_the_same_file_twice_changes_nothing(divisions: int, by: Somebody, at: datetime) -> None:
    import_lines(by, at, FLAT, FLAT_2, YARD)
    before = list(Address.objects.order_by("id").values())
    again = import_lines(by, at, FLAT, FLAT_2, YARD)
    assert (again.added, again.changed, again.ok) == (0, 0, True)
    assert list(Address.objects.order_by("id").values()) == before


def test_a_point_that_comes_later_is_taken(divisions: int, by: Somebody, at: datetime) -> None:
    import_lines(by, at, FLAT_2)
    result = import_lines(by, at, FLAT_2[:-2] + ",115.73,36.84")
    assert (result.added, result.changed) == (0, 1)
    door = Address.objects.get(level="door")
    assert (door.lon, door.lat) == (115.73, 36.84)


def test_one_wrong_line_keeps_the_whole_file_out(
    divisions: int, by: Somebody, at: datetime
) -> None:
    result = import_lines(by, at, FLAT, "371581009999,锦云家园,,,,,,,,")
    assert [(error.number, error.code) for error in result.errors] == [(3, "unknown_community")]
    assert not result.written
    assert Address.objects.count() == ImportRun.objects.count() == 0


def test_communities_that_others_run_are_unknown(
    divisions: int, by: Somebody, at: datetime
) -> None:
    table = read_table("\n".join([HEAD, FLAT]).encode())
    reach = Reach(areas=("371525",))
    result = import_addresses(lines=table, datum="wgs84", dry_run=False, by=by, at=at, reach=reach)
    assert [error.code for error in result.errors] == ["unknown_community"]
    assert Address.objects.count() == 0


def test_a_dry_run_writes_nothing(divisions: int, by: Somebody, at: datetime) -> None:
    result = import_lines(by, at, FLAT, dry_run=True)
    assert (result.ok, result.added, result.written) == (True, 4, False)
    assert Address.objects.count() == ImportRun.objects.count() == 0


def test_the_demo_book_lies_in_demo_cells_and_may_be_written_again(
    demo_book: int, at: datetime
) -> None:
    assert demo_book == len(demo_addresses()) == Address.objects.filter(is_demo=True).count()
    assert Address.objects.filter(cell=None).count() == 0
    wrong = [
        each.path
        for each in Address.objects.select_related("cell")
        if each.cell and each.cell.community_id != each.community_id
    ]
    assert wrong == []
    assert create_demo_addresses(at=at) == 0


def test_two_characters_find_what_a_plain_look_through_finds(demo_book: int) -> None:
    texts = list(Address.objects.values_list("text", flat=True))
    for word in ("新村", "家园", "温泉", "东庄", "小区", "花园"):
        expected = sum(word in text for text in texts)
        assert len(search_addresses(word, limit=5000)) == expected, word
        assert expected > 0, word


def test_upper_levels_come_first_and_the_limit_holds(demo_book: int) -> None:
    found = search_addresses("家园")
    assert len(found) == 20
    levels = [each.level for each in found]
    assert levels[0] == "compound"
    assert levels == sorted(levels, key=["compound", "building", "unit", "door"].index)


def test_words_in_any_order_and_the_short_door_find_one_flat(demo_book: int) -> None:
    compound = Address.objects.filter(level="compound").order_by("id")[3]
    for query in (
        f"{compound.name}2-1-302",
        f"{compound.name} 2-1-302",
        f"2-1-302 {compound.name}",
        f"{compound.name}2号楼1单元302",
        f"{compound.name} ２－１－３０２",
    ):
        found = search_addresses(query)
        assert [each.text[-8:] for each in found] == ["号楼1单元302"], query


def test_first_letters_of_the_pinyin_find_a_compound(
    divisions: int, by: Somebody, at: datetime
) -> None:
    import_lines(by, at, FLAT)
    assert search_addresses("JYJY")[0].level == "compound"


def test_less_than_two_characters_together_find_nothing(demo_book: int) -> None:
    for query in ("", " ", "家", "3-2", "%", "_", "3-", "'; --"):
        assert search_addresses(query) == [], query


def test_signs_of_like_patterns_are_taken_as_they_are(demo_book: int) -> None:
    assert search_addresses("家园%101") == []
    assert search_addresses("家_") == []
    assert search_addresses("家园\\") == []


def test_a_door_lends_the_point_of_its_building(demo_book: int) -> None:
    compound = Address.objects.filter(level="compound").order_by("id")[0]
    building = Address.objects.get(path=f"{compound.path}/2号楼")
    door = search_addresses(f"{compound.name}2-1-302")[0]
    assert (door.lon, door.lat) == (building.lon, building.lat)
    assert door.lon is not None


def test_near_a_point_the_nearest_comes_first(demo_book: int) -> None:
    compound = Address.objects.filter(level="compound", name__endswith="家园").order_by("-id")[0]
    assert compound.lon is not None
    assert compound.lat is not None
    found = search_addresses("家园", near=(compound.lon, compound.lat))
    assert found[0].id == compound.pk


def test_the_public_is_not_shown_single_doors(demo_book: int) -> None:
    levels = {each.level for each in search_addresses("家园", limit=2000, doors=False)}
    assert levels == {"compound", "building", "unit"}


def test_the_search_uses_its_index(demo_book: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(
            "EXPLAIN SELECT id FROM places_address WHERE bigrams(search) @> %s::text[]", [["温泉"]]
        )
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "address_search_bigrams" in plan


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"level": "planet"}, "address_level_known"),
        ({"lon": 36.8, "lat": 115.7}, "address_point_whole"),
        ({"lon": 115.7, "lat": None}, "address_point_whole"),
        ({"parent": None}, "address_top_has_no_parent"),
    ],
)
def test_the_database_refuses_addresses_that_cannot_be(
    divisions: int, by: Somebody, at: datetime, change: dict[str, object], rule: str
) -> None:
    import_lines(by, at, FLAT)
    with pytest.raises(IntegrityError, match=rule), transaction.atomic():
        Address.objects.filter(level="door").update(**change)
    assert Cell.objects.count() == 0
