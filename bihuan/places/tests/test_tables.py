"""Reading spreadsheets and lines of an address book."""

from __future__ import annotations

import io
import zipfile

import openpyxl
import pytest

from bihuan.places.addresses import read_addresses
from bihuan.places.coordinates import distance_m, wgs84_to_gcj02
from bihuan.places.imports import BadFile
from bihuan.places.tables import read_table
from bihuan.places.words import fold, initials, search_words, short_door

COMMUNITIES = {"371581001001": "温泉社区居民委员会", "371581001200": "临卫村村民委员会"}
HEAD = "社区编码,小区,楼栋,单元,户室,自然村,村民小组,院落,经度,纬度"
FLAT = "371581001001,锦和家园,3号楼,2单元,101,,,,115.72,36.83"
YARD = "371581001200,,,,,临卫东庄,2组,12号,,"


def table(*lines: str) -> bytes:
    return "\n".join([HEAD, *lines]).encode()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030"])
def test_a_csv_is_read_in_the_encodings_offices_save(encoding: str) -> None:
    lines = read_table("\r\n".join([HEAD, FLAT]).encode(encoding))
    assert lines[0][0] == 2
    assert lines[0][1]["小区"] == "锦和家园"


def test_an_xlsx_is_read_and_numbers_stay_as_people_see_them() -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(HEAD.split(","))
    sheet.append([371581001001, "锦和家园", "3号楼", "2单元", 101.0, *[None] * 3, 115.72, 36.83])
    sheet.append([None] * 10)
    sheet.append([371581001001, "锦和家园", "3号楼", "2单元", 102])
    out = io.BytesIO()
    book.save(out)
    lines = read_table(out.getvalue())
    assert [number for number, _words in lines] == [2, 4]
    assert lines[0][1]["社区编码"] == "371581001001"
    assert lines[0][1]["户室"] == "101"
    assert lines[0][1]["经度"] == "115.72"


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(9):
            archive.writestr(f"xl/worksheets/sheet{number}.xml", bytes(64 * 1024 * 1024))
    return out.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n\n",
        HEAD.encode(),
        b"\x89PNG\r\n\x1a\n\x00\x00",
        b"PK\x03\x04 broken",
        b"\x81\xff\xff",
    ],
)
def test_a_file_that_is_no_table_is_refused(data: bytes) -> None:
    with pytest.raises(BadFile):
        read_table(data)


def test_a_file_that_unpacks_to_half_a_gigabyte_is_refused_unread() -> None:
    data = bomb()
    assert len(data) < 1024 * 1024
    with pytest.raises(BadFile, match="太大"):
        read_table(data)


def test_a_town_and_a_village_address_are_read() -> None:
    rows, errors = read_addresses(read_table(table(FLAT, YARD)), "wgs84", COMMUNITIES)
    assert errors == []
    assert rows[0].level == "door"
    assert rows[0].path == "371581001001/锦和家园/3号楼/2单元/101"
    assert (rows[0].lon, rows[0].lat) == (115.72, 36.83)
    assert rows[1].level == "courtyard"
    assert rows[1].lon is None


def test_width_and_blanks_make_no_second_address() -> None:
    again = "371581001001,锦和 家园,３号楼,２单元,１０１,,,,,"
    rows, errors = read_addresses(read_table(table(FLAT, again)), "wgs84", COMMUNITIES)
    assert len(rows) == 1
    assert [(error.number, error.code) for error in errors] == [(3, "duplicate")]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("371581001999,锦和家园,,,,,,,,", "unknown_community"),
        (",锦和家园,,,,,,,,", "unknown_community"),
        ("371581001001,,,,,,,,,", "no_name"),
        ("371581001001,锦和家园,,,,临卫东庄,,,,", "mixed_levels"),
        ("371581001001,锦和家园,,2单元,101,,,,,", "missing_level"),
        ("371581001001,,3号楼,,,,,,,", "missing_level"),
        ("371581001200,,,,,,2组,12号,,", "missing_level"),
        ("371581001001,锦和家园,,,,,,,36.83,115.72", "bad_coordinates"),
        ("371581001001,锦和家园,,,,,,,39384512,4078123", "bad_coordinates"),
        ("371581001001,锦和家园,,,,,,,115.72,", "bad_coordinates"),
        ("371581001001,锦和家园,,,,,,,东,北", "bad_coordinates"),
        ("371581001001," + "长" * 61 + ",,,,,,,,", "name_too_long"),
    ],
)
def test_each_kind_of_error_is_reported_with_its_line(line: str, code: str) -> None:
    rows, errors = read_addresses(read_table(table(YARD, line)), "wgs84", COMMUNITIES)
    assert {(error.number, error.code) for error in errors} == {(3, code)}
    assert len(rows) == 1


def test_a_unit_may_be_left_out() -> None:
    line = "371581001001,锦和家园,3号楼,,101,,,,,"
    _rows, errors = read_addresses(read_table(table(line)), "wgs84", COMMUNITIES)
    assert errors == []


def test_points_of_a_web_map_come_in_as_wgs84() -> None:
    lon, lat = wgs84_to_gcj02(115.72, 36.83)
    line = f"371581001001,锦和家园,,,,,,,{lon:.8f},{lat:.8f}"
    rows, _errors = read_addresses(read_table(table(line)), "gcj02", COMMUNITIES)
    assert rows[0].lon is not None
    assert rows[0].lat is not None
    assert distance_m(rows[0].lon, rows[0].lat, 115.72, 36.83) < 0.01


def test_missing_headings_are_refused_with_the_list() -> None:
    with pytest.raises(BadFile, match="社区编码"):
        read_addresses(read_table(b"a,b\n1,2"), "wgs84", COMMUNITIES)


def test_words_are_folded_and_shortened() -> None:
    names = (("compound", "锦和家园"), ("building", "3号楼"), ("unit", "2单元"), ("door", "101室"))
    assert fold("３号楼 Ａ座") == "3号楼a座"
    assert short_door(names) == "3-2-101"
    assert initials("锦和家园") == "jhjy"
    assert "锦和家园3-2-101" in search_words("温泉社区锦和家园3号楼2单元101室", names)
