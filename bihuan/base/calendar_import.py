"""The holiday notice of a year as a list: read from a file and checked row by row, nothing written.

CSV with the heads date, worked, name (or 日期, 上班, 名称), in UTF-8 or GB 18030 as Chinese
spreadsheets write it; or JSON, a list of objects with the same names. One row for each day of
the State Council's notice: a day off or a make-up day. A notice may reach back into December
of the year before (as for New Year 2019: 29 December 2018 worked, 31 December off).
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from django.utils.translation import gettext as _

from bihuan.base.statutory import statutory_days

# data: what county spreadsheets say
HEADS = {"日期": "date", "上班": "worked", "名称": "name"}
# data: what county spreadsheets say
TRUE = frozenset({"1", "true", "yes", "y", "是", "上班", "班"})
# data: what county spreadsheets say
FALSE = frozenset({"0", "false", "no", "n", "否", "放假", "休"})
NAME_LENGTH = 40
ROWS = 366 + 31  # a list of one year and the December before it has no more


class NoticeDay(NamedTuple):
    """A day of the notice."""

    day: date
    worked: bool
    name: str


class RowError(NamedTuple):
    """What is wrong with a row; row 0 is the list as a whole, 1 the first row below the heads."""

    row: int
    message: str


@dataclass(frozen=True)
class Notice:
    """The days of one year's notice, and what is wrong with the list."""

    year: int
    days: tuple[NoticeDay, ...]
    errors: tuple[RowError, ...]


def read_notice(data: bytes, *, year: int) -> Notice:
    """Read and check a CSV or JSON list for `year`. Errors are gathered, not raised."""
    try:
        rows = _rows(_text(data))
    except ValueError as error:
        return Notice(year, (), (RowError(0, str(error)),))
    days: list[NoticeDay] = []
    errors: list[RowError] = []
    seen: set[date] = set()
    for number, row in enumerate(rows, 1):
        try:
            found = _day(row, year)
            if found.day in seen:
                raise ValueError(_("这一天重复出现：%(day)s。") % {"day": found.day})
            seen.add(found.day)
            days.append(found)
        except ValueError as error:
            errors.append(RowError(number, str(error)))
    errors += _whole(days, year)
    return Notice(year, tuple(sorted(days)), tuple(errors))


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        return data.decode("gb18030")
    except UnicodeDecodeError:
        raise ValueError(_("文件编码无法识别，请另存为 UTF-8 的 CSV 文件。")) from None


def _rows(text: str) -> Sequence[Mapping[str, str]]:
    if text.lstrip().startswith(("[", "{")):
        rows = _json_rows(text)
    else:
        reader = csv.DictReader(io.StringIO(text))
        heads = [HEADS.get(head.strip(), head.strip().lower()) for head in reader.fieldnames or ()]
        if not {"date", "worked", "name"} <= set(heads):
            raise ValueError(_("第一行应为表头：日期、上班、名称。"))
        reader.fieldnames = heads
        rows = [{key: value or "" for key, value in row.items() if key} for row in reader]
    if not rows:
        raise ValueError(_("名单是空的。"))
    if len(rows) > ROWS:
        raise ValueError(_("名单超过%(n)s行，请只填一年的调休和放假日期。") % {"n": ROWS})
    return rows


def _json_rows(text: str) -> list[dict[str, str]]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError(_("文件不是有效的 JSON。")) from None
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise ValueError(_("JSON 应为一个列表，每天一项。"))
    return [{HEADS.get(key, key): str(value) for key, value in row.items()} for row in found]


def _day(row: Mapping[str, str], year: int) -> NoticeDay:
    text = row.get("date", "").strip()
    try:
        day = date.fromisoformat(text.replace("/", "-"))
    except ValueError:
        raise ValueError(_("日期“%(text)s”不对，应写成 2027-01-01。") % {"text": text}) from None
    if day.year != year and (day.year, day.month) != (year - 1, 12):
        raise ValueError(_("日期 %(day)s 不在 %(year)s 年。") % {"day": day, "year": year})
    said = row.get("worked", "").strip().lower()
    if said not in TRUE | FALSE:
        raise ValueError(_("“上班”一栏应填“是”或“否”。"))
    name = row.get("name", "").strip()
    if not 0 < len(name) <= NAME_LENGTH:
        raise ValueError(_("名称应为1到%(n)s个字。") % {"n": NAME_LENGTH})
    return NoticeDay(day, said in TRUE, name)


def _whole(days: Sequence[NoticeDay], year: int) -> list[RowError]:
    """A notice gives every statutory holiday: one that is worked means a slip in the list."""
    said = {day.day: day.worked for day in days}
    return [
        RowError(
            0, _("%(day)s（%(name)s）是法定节假日，名单里应当放假。") % {"day": day, "name": name}
        )
        for day, name in statutory_days(year).items()
        if said.get(day, day.weekday() < 5)
    ]
