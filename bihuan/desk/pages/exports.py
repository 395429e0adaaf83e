"""Take the rows of the board away: exactly the filtered ones, as CSV or Excel, no personal data."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import datetime
from typing import Any, cast

import openpyxl
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from bihuan.accounts.doors import needs
from bihuan.accounts.request import Request
from bihuan.base.clock import now
from bihuan.base.text import TooShort
from bihuan.desk import words
from bihuan.desk.pages.board import asked_by, words_of
from bihuan.desk.queries import chosen, load
from bihuan.desk.search import found_by

MOST = 50_000  # rows of one file
CHUNK = 1000
BOM = "\ufeff"
EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
RISKY = ("=", "+", "-", "@", "\t", "\r", "\n")


class Echo:
    """Give back what is written, so that a csv writer can feed a stream."""

    def write(self, line: str) -> str:
        return line


def safe(value: str) -> str:
    """Keep a spreadsheet from taking words for a formula: an apostrophe goes before its signs."""
    return f"'{value}" if value.lstrip(" ").startswith(RISKY) else value


def columns() -> list[str]:
    return [
        _("编号"), _("类型"), _("类别"), _("标题"), _("状态"), _("地址"), _("位置单位"),
        _("承办单位"), _("来源"), _("上报时间"), _("到期时间"), _("结束时间"), _("催办次数"),
        _("督办次数"),
    ]  # fmt: skip


def lines(pks: list[int]) -> Iterator[list[str]]:
    """Give one line a matter, read by chunks; no phone, name or words of a reporter."""
    names = words.categories()
    for start in range(0, len(pks), CHUNK):
        for m in load(pks[start : start + CHUNK]):
            yield [
                safe(text)
                for text in (
                    m.number,
                    words.kind_label(m.kind),
                    names.get(m.category, m.category),
                    m.title,
                    words.state_label(m.kind, m.state),
                    m.address,
                    words.unit_label(m.area_id),
                    words.unit_label(m.owner_id),
                    words.channel_label(m.channel),
                    _moment(m.opened_at),
                    _moment(m.due_at),
                    _moment(m.closed_at),
                    str(m.reminds),
                    str(m.presses),
                )
            ]


def _moment(moment: datetime | None) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M}" if moment else ""


def _wanted(request: Request) -> list[int] | None:
    """Return the ids of the filtered rows in the board's order; None when there are too many."""
    at = now()
    asked, _form = asked_by(request)
    q = words_of(request)
    try:
        pks = (
            found_by(request.actor, q, asked, at, MOST + 1)
            if q
            else chosen(request.actor, asked, at, MOST + 1)
        )
    except TooShort:
        return []
    return None if len(pks) > MOST else pks


def _too_many(request: Request) -> HttpResponse:
    said = _("超过 %(n)s 行，请先用筛选缩小范围再导出。") % {"n": f"{MOST:,}"}
    context = {"why": said, "back": f"{request.path.rsplit('/', 1)[0]}/?{request.GET.urlencode()}"}
    return render(request, "desk/too_many.html", context, status=413)


def _name(ending: str) -> str:
    return f'attachment; filename="matters-{timezone.localtime(now()):%Y%m%d-%H%M}.{ending}"'


@needs("matters.export")
def csv_file(request: Request) -> HttpResponse:
    """Stream the filtered rows as CSV that Excel opens as UTF-8."""
    pks = _wanted(request)
    if pks is None:
        return _too_many(request)
    writer = csv.writer(Echo())

    def stream() -> Iterator[str]:
        yield BOM + str(writer.writerow(columns()))
        for line in lines(pks):
            yield str(writer.writerow(line))

    answer = StreamingHttpResponse(stream(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = _name("csv")
    return _sent(answer)


@needs("matters.export")
def excel_file(request: Request) -> HttpResponse:
    """Send the filtered rows as a workbook, written row by row."""
    pks = _wanted(request)
    if pks is None:
        return _too_many(request)
    book = openpyxl.Workbook(write_only=True)
    sheet: Any = book.create_sheet(_("事项"))
    sheet.append(columns())
    for line in lines(pks):
        sheet.append([_printable(text) for text in line])
    out = io.BytesIO()
    book.save(out)  # 50,000 rows are about 4 MB
    answer = HttpResponse(out.getvalue(), content_type=EXCEL)
    answer["Content-Disposition"] = _name("xlsx")
    return answer


def _sent(answer: HttpResponseBase) -> HttpResponse:
    """Let a stream pass the doors, which know pages only by type."""
    return cast("HttpResponse", answer)


def _printable(text: str) -> str:
    """Leave out control characters, which a workbook cannot hold."""
    return "".join(c for c in text if c >= " " or c in "\t\n")
