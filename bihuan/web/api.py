"""/api/v1: a matter for its reporter (by secret) and for staff (by token), and their steps.

Sessions count for nothing here. The intake, a plain view, is described here with the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import override
from django.views.decorators.csrf import csrf_exempt
from ninja import File, Header, NinjaAPI, Path, Query, Schema
from ninja.errors import HttpError, ValidationError
from ninja.files import UploadedFile
from ninja.openapi.schema import OpenAPISchema
from pydantic import AwareDatetime, ConfigDict, Field

from bihuan.accounts.actor import Actor
from bihuan.base.clock import now
from bihuan.base.problem import EN, MEDIA_TYPE, Problem, answer, reader_language, unclean
from bihuan.matters import kinds
from bihuan.matters.actions.photos import take_photo
from bihuan.matters.models import Attachment, Matter
from bihuan.matters.photos import MAX_BYTES
from bihuan.matters.problems import NOT_FOUND, problem_of
from bihuan.matters.queries import visible_to
from bihuan.reports.api import caller
from bihuan.reports.incoming import PHOTOS_MOST, Incoming
from bihuan.reports.queries import answering, open_by_secret
from bihuan.reports.timeline import lines_for
from bihuan.reports.uploads import hold
from bihuan.web.verbs import VERBS, take

CHINESE = "zh-hans"
NUL = "\0"


class Line(Schema):
    """One line of what happened, as a person may read it."""

    what: str
    at: datetime
    who: str = ""
    words: str = ""


class OutTask(Schema):
    """One unit's share; `key` is what steps name as `task`."""

    key: str
    unit: str
    state: str
    due_at: datetime | None


class OutMatter(Schema):
    """A matter. text: the reporter's own words, or its title for staff; tasks: staff only."""

    number: str
    state: str
    state_label: str
    category: str
    text: str
    address: str
    opened_at: datetime
    promise_at: datetime | None
    closed_at: datetime | None
    resolved: bool | None
    steps: list[Line]
    tasks: list[OutTask] = []


class OutPhoto(Schema):
    """A photo that was kept, for 12 hours, until a step names its token."""

    photo: str


class StepBody(Schema):
    """The fields of steps; each step takes some of them (see the table in its description)."""

    model_config = ConfigDict(extra="forbid", strict=False)

    note: str | None = Field(None, max_length=2000)
    task: str | None = Field(None, max_length=40)
    unit: str | None = Field(None, max_length=30, description="a unit's code")
    helper_units: list[str] | None = Field(None, max_length=10)
    person_id: int | None = Field(None, ge=1, le=2**62)
    reason: str | None = Field(None, max_length=40)
    cause: str | None = Field(None, max_length=30)
    found: bool | None = None
    agree: bool | None = None
    until: AwareDatetime | None = None
    into: str | None = Field(None, max_length=30, description="another matter's number")
    title: str | None = Field(None, max_length=120)
    category: str | None = Field(None, max_length=40)
    photos: list[str] | None = Field(None, max_length=PHOTOS_MOST)
    before_photos: list[str] | None = Field(None, max_length=PHOTOS_MOST)


PROBLEM = {
    "description": "What was wrong, in Chinese and English (RFC 9457)",
    "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
NEEDS_TOKEN = {"security": [{"token": []}], "responses": {"4XX": PROBLEM}}


class Api(NinjaAPI):
    """The API with the intake in its description."""

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> OpenAPISchema:
        """Add the plain view, the problem document and the token to what ninja knows."""
        document = super().get_openapi_schema(path_prefix=path_prefix, path_params=path_params)
        parts = document.setdefault("components", {})
        _refs, incoming = msgspec.json.schema_components(
            [Incoming], ref_template="#/components/schemas/{name}"
        )
        parts.setdefault("schemas", {}).update(incoming | {"Problem": PROBLEM_FORM, "Filed": FILED})
        parts["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        document["paths"]["/api/v1/reports"] = {"post": INTAKE}
        return document


TEXT = {"type": "string"}
PROBLEM_FORM = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "detail_zh", "detail_en", "code"],
    "properties": {
        **{name: TEXT for name in ("type", "title", "detail", "detail_zh", "detail_en", "code")},
        "status": {"type": "integer"},
        "field": TEXT,
    },
}
FILED = {
    "type": "object",
    "required": ["number", "track_url", "promise_at"],
    "properties": {
        "number": TEXT,
        "track_url": {"type": "string", "format": "uri"},
        "promise_at": {"type": ["string", "null"], "format": "date-time"},
    },
}
_FORM = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        **{name: TEXT for name in ("text", "category", "address", "phone", "name", "matter")},
        **{name: {"type": "number"} for name in ("lon", "lat")},
        "datum": {"enum": ["wgs84", "gcj02", "bd09"]},
        "photos": {
            "type": "array",
            "maxItems": PHOTOS_MOST,
            "items": {"type": "string", "format": "binary"},
        },
    },
}
INTAKE = {
    "operationId": "file_report",
    "summary": "File a report",
    "description": "Needs words or a photo. Without a token it is anonymous, and limited by "
    "address. The same Idempotency-Key with the same content gets the same answer. With `matter`, "
    "the number of an open matter, it stands beside the reports on that one (“me too”) and is "
    "answered with them; `promise_at` is then that matter's.",
    "parameters": [
        {
            "name": "Idempotency-Key",
            "in": "header",
            "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
        }
    ],
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/Incoming"}},
            "multipart/form-data": {"schema": _FORM},
        },
    },
    "responses": {
        "201": {
            "description": "Filed",
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Filed"}}},
        },
        "4XX": PROBLEM,
    },
    "security": [{}, {"token": []}],
}

api = Api(
    title="Bihuan 闭环",  # data: the project's name
    version="1",
    description="Matters of a county: reported, handled, answered.",
    docs_url=None,
    urls_namespace="api",
)


@api.get(
    "matters/{number}",
    response=OutMatter,
    summary="A matter and what happened to it",
    openapi_extra={"security": [{}, {"token": []}], "responses": {"4XX": PROBLEM}},
)
def read_matter(
    request: HttpRequest,
    number: Path[str],
    secret: Query[str | None] = None,
    bihuan_secret: Header[str | None] = None,
) -> Any:
    """Open one's own report by its secret (query or header Bihuan-Secret), any by a token."""
    by = caller(request, now())
    with override("en" if reader_language(request) == EN else CHINESE):
        if by.person_id is not None:
            return _for_staff(_visible(number, by))
        report = open_by_secret(_clean(number), bihuan_secret or secret or "")
        if report is None:
            raise Problem(404, "not_found", *NOT_FOUND)
        return _for_reporter(report)


@api.post(
    "matters/{number}/steps/{verb}",
    response=OutMatter,
    summary="Take a step",
    description="Needs and takes, by step:\n\n"
    + "\n".join(
        f"- `{name}`: {', '.join(verb.needs) or '–'}"
        + (f"; may have {', '.join(verb.takes)}" if verb.takes else "")
        for name, verb in VERBS.items()
    ),
    openapi_extra=NEEDS_TOKEN,
)
def take_step(request: HttpRequest, number: Path[str], verb: Path[str], body: StepBody) -> Any:
    """Do a verb on a matter, with the same rights as on the pages."""
    at = now()
    by = _staff(request, at)
    matter = _visible(number, by)
    given = body.model_dump(exclude_none=True)
    for name, value in given.items():
        if NUL in str(value):
            raise unclean(name)
    with override(CHINESE):
        take(verb, matter, given, by=by, at=at)
    matter.refresh_from_db()
    return _for_staff(matter)


@api.post("photos", response=OutPhoto, summary="Upload a photo", openapi_extra=NEEDS_TOKEN)
def keep_photo(request: HttpRequest, photo: File[UploadedFile]) -> Any:
    """Keep a photo (JPEG, PNG, WebP, HEIC, GIF) and give the token by which a step names it."""
    _staff(request, now())
    if (photo.size or 0) > MAX_BYTES:
        raise Problem(
            413, "too_big", "照片超过 10 MB，请换一张小一点的。", "The photo is larger than 10 MB."
        )
    return {"photo": hold(take_photo(photo.read())).token}


def _staff(request: HttpRequest, at: datetime) -> Actor:
    by = caller(request, at)
    if by.person_id is None:
        raise Problem(
            401, "token_missing",
            "这里需要令牌。", "A token is needed here.", headers={"WWW-Authenticate": "Bearer"},
        )  # fmt: skip
    return by


def _clean(text: str) -> str:
    if NUL in text:
        raise Problem(404, "not_found", *NOT_FOUND)
    return text


def _visible(number: str, by: Actor) -> Matter:
    return visible_to(by).get(number=_clean(number))


def _plain(matter: Matter) -> dict[str, Any]:
    loop = kinds.get(matter.kind).loop
    finish = matter.clocks.filter(name="finish").first()
    return {
        "number": matter.number,
        "state": matter.state,
        "state_label": str(dict(loop.labels).get(matter.state, matter.state)),
        "category": matter.category,
        "text": matter.title,
        "address": matter.address,
        "opened_at": matter.opened_at,
        "promise_at": finish.due_at if finish else None,
        "closed_at": matter.closed_at,
        "resolved": matter.resolved,
    }


def _for_reporter(report: Any) -> dict[str, Any]:
    matter = answering(report)
    photos = list(Attachment.objects.filter(matter=matter, use="after"))
    lines = lines_for(report, matter, photos)
    steps = [
        {"what": line.what, "at": line.at_moment, "who": line.who, "words": line.words}
        for line in reversed(lines)
    ]
    own = {"text": report.text, "address": report.address, "category": report.category}
    return {**_plain(matter), **own, "steps": steps}


def _for_staff(matter: Matter) -> dict[str, Any]:
    entries = matter.entries.select_related("note").order_by("seq")
    steps = []
    for entry in entries:
        note = getattr(entry, "note", None)
        words = note.text if note is not None else ""
        steps.append({"what": entry.step, "at": entry.at, "who": entry.task, "words": words})
    tasks = [
        {"key": task.key, "unit": task.unit.code, "state": task.state, "due_at": task.due_at}
        for task in matter.tasks.select_related("unit").order_by("pk")
    ]
    return {**_plain(matter), "steps": steps, "tasks": tasks}


# ---- what went wrong ------------------------------------------------------------------------


def _refuse(request: HttpRequest, error: Exception) -> HttpResponse:
    problem = problem_of(error)
    if problem is None:
        raise error
    return answer(request, problem)


@api.exception_handler(ValidationError)
def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    first = error.errors[0]
    name = str(first["loc"][-1])
    return answer(
        request,
        Problem(
            422, "bad_field",
            f"字段“{name}”的内容不对，请对照接口说明。",
            f"Field “{name}” is not valid: {first['msg']}.",
            field=name,
        ),
    )  # fmt: skip


@api.exception_handler(HttpError)
def _http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    code = "bad_json" if error.status_code == 400 else "http_error"
    return answer(request, Problem(error.status_code, code, "请求的格式不对。", f"{error}"))


@api.exception_handler(Http404)
def _not_found(request: HttpRequest, error: Http404) -> HttpResponse:
    return answer(request, Problem(404, "not_found", *NOT_FOUND))


@api.exception_handler(Exception)
def _any(request: HttpRequest, error: Exception) -> HttpResponse:
    """Answer refusals; let the house's own page answer what nobody expected."""
    return _refuse(request, error)


@csrf_exempt
def nowhere(request: HttpRequest, rest: str) -> HttpResponse:
    """Answer every other address below /api/."""
    return answer(request, Problem(404, "not_found", "没有这个地址。", "There is no such address."))


def in_form(get_response: Callable[[HttpRequest], HttpResponse]) -> Any:
    """Give a method that an address below /api/ does not take the form of every other error."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        form = response.get("Content-Type", "").startswith(MEDIA_TYPE)
        if response.status_code != 405 or form or not request.path.startswith("/api/"):
            return response
        zh, en = "这个地址不能用这种方法。", "This address does not take this method."  # data: both
        problem = Problem(405, "method", zh, en, headers={"Allow": response.get("Allow", "")})
        return answer(request, problem)

    return middleware
