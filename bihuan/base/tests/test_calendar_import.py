"""A notice as a file: every slip named with its row."""

from __future__ import annotations

import json

import pytest

from bihuan.base.calendar_import import Notice, read_notice
from bihuan.base.statutory import statutory_days

STATUTORY = [f"{day},否,{name}" for day, name in statutory_days(2027).items()]


def read(*rows: str, heads: str = "日期,上班,名称", encoding: str = "utf-8") -> Notice:
    return read_notice("\n".join([heads, *STATUTORY, *rows]).encode(encoding), year=2027)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_list_is_read_in_the_encodings_spreadsheets_write(encoding: str) -> None:
    notice = read("2027-10-09,是,国庆节调休", encoding=encoding)
    assert notice.errors == ()
    assert len(notice.days) == 14
    assert (notice.days[-1].day.isoformat(), *notice.days[-1][1:]) == (
        "2027-10-09", True, "国庆节调休",
    )  # fmt: skip


def test_json_is_read_like_csv() -> None:
    rows = [
        {"date": day.isoformat(), "worked": False, "name": name}
        for day, name in statutory_days(2027).items()
    ]
    notice = read_notice(json.dumps(rows).encode(), year=2027)
    assert notice == read()


@pytest.mark.parametrize(
    ("row", "part"),
    [
        ("2027-13-01,否,x", "2027-13-01"),
        (",否,x", "日期"),
        ("2026-11-30,否,x", "2026-11-30"),
        ("2028-01-01,否,x", "2028-01-01"),
        ("2027-10-09,也许,x", "是"),
        ("2027-10-09,是,", "名称"),
        ("2027-10-09,是," + "长" * 41, "40"),
        ("2027-10-01,否,国庆节", "重复"),
        ("2027-10-09", "是"),
    ],
)
def test_a_wrong_row_is_named(row: str, part: str) -> None:
    (error,) = read(row).errors
    assert error.row == 14
    assert part in error.message


def test_all_wrong_rows_are_named_at_once() -> None:
    errors = read("x,是,y", "2027-10-09,是,好", "y,是,y").errors
    assert [error.row for error in errors] == [14, 16]


def test_a_list_without_a_statutory_day_is_wrong() -> None:
    rows = "\n".join(["date,worked,name", *STATUTORY[1:]])
    (error,) = read_notice(rows.encode(), year=2027).errors
    assert error.row == 0
    assert "2027-01-01" in error.message


@pytest.mark.parametrize(
    ("data", "part"),
    [
        (b"", "表头"),
        (b"a,b,c\n1,2,3", "表头"),
        ("日期,上班,名称\n".encode(), "空"),
        (b"[", "JSON"),
        (b"[1, 2]", "列表"),
        (b'{"date": 1}', "列表"),
        (b"[]", "空"),
        (b"\xff\xfe\xff", "编码"),
        (b"[" * 100_000, "JSON"),
        (b"date,worked,name\n" + b"2027-01-01,0,x\n" * 398, "397"),
    ],
)
def test_a_file_that_is_no_list_is_refused_in_one_sentence(data: bytes, part: str) -> None:
    notice = read_notice(data, year=2027)
    assert notice.days == ()
    (error,) = notice.errors
    assert error.row == 0
    assert part in error.message
