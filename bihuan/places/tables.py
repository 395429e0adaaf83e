"""Read a spreadsheet (.xlsx, or .csv in UTF-8 or GBK) into rows of words; knows no database."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator

import openpyxl
from django.utils.translation import gettext as _

from bihuan.places.imports import MOST_BYTES, MOST_ROWS, BadFile

MOST_UNPACKED_BYTES = 512 * 1024 * 1024
MOST_COLUMNS = 60

Line = tuple[int, dict[str, str]]


def read_table(data: bytes) -> list[Line]:
    """Give (line number in the sheet, words by column heading) for each line that is not empty.

    The kind of file is seen from its content, not its name. Raises BadFile.
    """
    if len(data) > MOST_BYTES:
        raise BadFile(_("文件太大，请分几次导入。"))
    cells = _xlsx(data) if data[:4] == b"PK\x03\x04" else _csv(data)
    return _lines(cells)


def _lines(cells: Iterable[list[str]]) -> list[Line]:
    numbered = enumerate(cells, start=1)
    head: list[str] = []
    for _number, words in numbered:
        if any(words):
            head = words
            break
    if not any(head):
        raise BadFile(_("表格是空的。"))
    lines = []
    for number, words in numbered:
        if any(words):
            lines.append((number, dict(zip(head, words, strict=False))))
        if len(lines) > MOST_ROWS:
            raise BadFile(_("文件太大，请分几次导入。"))
    if not lines:
        raise BadFile(_("表格里只有表头，没有内容。"))
    return lines


def _csv(data: bytes) -> Iterator[list[str]]:
    """Read comma or tab separated text: UTF-8 with or without BOM, else GB 18030 (holds GBK)."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = data.decode("gb18030")
        except UnicodeDecodeError as error:
            raise BadFile(_("读不出文字，请另存为 xlsx 或 UTF-8 编码的 csv。")) from error
    if "\x00" in text:
        raise BadFile(_("这不是 xlsx 或 csv 表格。"))
    tab = "\t" in text.partition("\n")[0]
    try:
        for words in csv.reader(io.StringIO(text, newline=""), delimiter="\t" if tab else ","):
            yield [word.strip() for word in words[:MOST_COLUMNS]]
    except csv.Error as error:
        raise BadFile(_("这不是 xlsx 或 csv 表格。")) from error


def _xlsx(data: bytes) -> Iterator[list[str]]:
    """Read the first sheet; refuses files that unpack to more than a sheet can be."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(part.file_size for part in archive.infolist()) > MOST_UNPACKED_BYTES:
                raise BadFile(_("文件太大，请分几次导入。"))
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        for row in sheet.iter_rows(values_only=True, max_col=MOST_COLUMNS):
            yield [_word(value) for value in row]
    except BadFile:
        raise
    except Exception as error:  # openpyxl raises whatever a broken part makes it meet
        raise BadFile(_("这不是 xlsx 或 csv 表格。")) from error


def _word(value: object) -> str:
    """Write a sheet's value as people see it: 101, not 101.0."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).replace("\0", "").strip()
