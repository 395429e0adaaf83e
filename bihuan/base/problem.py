"""Errors of the API as RFC 9457 problem documents, in Chinese and English at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus

import msgspec
from django.http import HttpRequest, HttpResponse

MEDIA_TYPE = "application/problem+json"
ZH, EN = "zh-CN", "en"
_RANGE = re.compile(r"\s*([A-Za-z*]{1,8})(?:-[\w-]*)?\s*(?:;\s*q\s*=\s*([0-9.]{1,5})\s*)?$")


class Problem(Exception):
    """What was wrong with a request. code: for programs; zh, en: for people, each whole.

    field: which part of the request it is about, if one.
    """

    def __init__(
        self,
        status: int,
        code: str,
        zh: str,
        en: str,
        *,
        field: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(en)
        self.status, self.code, self.zh, self.en = status, code, zh, en
        self.field = field
        self.headers = dict(headers or {})


def unclean(name: str) -> Problem:
    """Say that a field holds signs that PostgreSQL cannot keep (NUL, half a surrogate pair)."""
    return Problem(
        422, "unclean",
        f"字段“{name}”里有不能保存的字符。",
        f"Field “{name}” holds characters that cannot be kept.",
        field=name,
    )  # fmt: skip


# data: titles of the answers in both languages, by status
TITLES = {
    400: ("请求的格式不对", "The request is malformed"),
    401: ("需要有效的令牌", "A valid token is needed"),
    403: ("没有这项权限", "Not permitted"),
    404: ("没有找到", "Not found"),
    405: ("不能用这种方法", "Method not allowed"),
    409: ("现在不能这样办理", "Not possible in the present state"),
    411: ("没有说明长度", "The length is missing"),
    413: ("内容太大", "The content is too large"),
    415: ("不支持这种内容格式", "Unsupported content type"),
    422: ("内容不对", "The content is not valid"),
    429: ("太频繁了", "Too many requests"),
}


def reader_language(request: HttpRequest) -> str:
    """Return "zh-CN" or "en", whichever Accept-Language likes better; Chinese when it says none."""
    best: dict[str, float] = {}
    for part in request.META.get("HTTP_ACCEPT_LANGUAGE", "")[:500].split(","):
        match = _RANGE.match(part)
        if match and (name := match[1].lower()) in ("zh", "en"):
            try:
                weight = float(match[2] or 1)
            except ValueError:
                continue
            best[name] = max(weight, best.get(name, 0))
    return EN if best.get("en", 0) > best.get("zh", 0) else ZH


def answer(request: HttpRequest, problem: Problem) -> HttpResponse:
    """Make the response: title and detail in the reader's language, detail_zh, detail_en beside."""
    language = reader_language(request)
    name = HTTPStatus(problem.status).phrase
    title_zh, title_en = TITLES.get(problem.status, (name, name))
    body = {
        "type": f"urn:bihuan:problem:{problem.code}",
        "title": title_en if language == EN else title_zh,
        "status": problem.status,
        "detail": problem.en if language == EN else problem.zh,
        "detail_zh": problem.zh,
        "detail_en": problem.en,
        "code": problem.code,
    }
    if problem.field:
        body["field"] = problem.field
    response = HttpResponse(
        msgspec.json.encode(body), status=problem.status, content_type=MEDIA_TYPE
    )
    response["Content-Language"] = language
    response["Vary"] = "Accept-Language"
    response["Cache-Control"] = "no-store"
    for header, value in problem.headers.items():
        response[header] = value
    return response
