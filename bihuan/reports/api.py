"""POST /api/v1/reports: the busiest door. A plain view that web/wsgi.py calls without middleware.

It knows tokens and nobody else: a session cookie is not read, so there is nothing to forge.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import override
from django.views.decorators.csrf import csrf_exempt

from bihuan.accounts import network, tokens
from bihuan.accounts.actor import REPORTER, Actor
from bihuan.base.bucket import Buckets, network_of
from bihuan.base.clock import now
from bihuan.base.problem import Problem, answer
from bihuan.matters.actions.opening import Once
from bihuan.matters.actions.photos import keep
from bihuan.matters.problems import problem_of
from bihuan.reports import incoming
from bihuan.reports.actions import (
    Filed,
    Sent,
    answer_again,
    file_report,
    join_report,
    joinable,
    key_of,
)

COUNTY = ZoneInfo("Asia/Shanghai")
BURST = 30  # reports at once from one address before the hourly rate counts
BUCKETS = Buckets(BURST)
PUBLIC = "public"


@csrf_exempt
def reports(request: HttpRequest) -> HttpResponse:
    """File a report: 201 with its number, tracking link and promise, or a problem document."""
    with override(settings.LANGUAGE_CODE):
        try:
            return _file(request, now())
        except Exception as error:
            problem = problem_of(error)
            if problem is None:
                raise
            return answer(request, problem)


def _file(request: HttpRequest, at: datetime) -> HttpResponse:
    if request.method != "POST":
        raise Problem(
            405,
            "method",
            "这里只接受 POST。",
            "Only POST is taken here.",
            headers={"Allow": "POST"},
        )
    by = caller(request, at)
    if by.person_id is None:
        _not_too_often(request, at)
    key = incoming.key_in(request)
    got = incoming.read(request)
    who = PUBLIC if by.person_id is None else str(by.person_id)
    once = Once(key_of(who, key), got.digest()) if key else None
    # before the work of re-encoding; and what was joined is answered again when it has ended
    if once is not None and (got.uploads or got.matter):
        again = answer_again(once)
        if again is not None:
            return _filed(again)
    joined = joinable(got.matter, by) if got.matter else None
    photos = incoming.photos_of(got.uploads)
    sent = Sent(
        text=got.text,
        category=got.category,
        lon=got.lon,
        lat=got.lat,
        address=got.address,
        phone=got.phone,
        name=got.name,
        channel="api",
        photos=tuple(keep(photo) for photo in photos),
    )
    if joined is not None:
        return _filed(join_report(matter_id=joined, sent=sent, by=by, at=at, once=once))
    return _filed(file_report(sent=sent, by=by, at=at, once=once))


def caller(request: HttpRequest, at: datetime) -> Actor:
    """Return who sends: the person of the token, or a resident. Raises Problem for a bad token."""
    try:
        word = tokens.word_in(request.META.get("HTTP_AUTHORIZATION", ""))
        return REPORTER if word is None else tokens.actor_by_token(word, at)
    except tokens.BadToken:
        raise Problem(
            401, "bad_token",
            "令牌不对、已收回或已过期。", "The token is wrong, revoked or out of date.",
            headers={"WWW-Authenticate": "Bearer"},
        ) from None  # fmt: skip


def _not_too_often(request: HttpRequest, at: datetime) -> None:
    an_hour = settings.REPORTS_AN_HOUR
    if not an_hour:
        return
    wait = BUCKETS.take(network_of(network.address(request)), an_hour=an_hour, at=at)
    if wait:
        raise Problem(
            429, "too_often",
            f"提交得太频繁了，请 {wait} 秒后再试。", f"Too many reports; try again in {wait} s.",
            headers={"Retry-After": str(wait)},
        )  # fmt: skip


def _filed(filed: Filed) -> HttpResponse:
    """Answer with what the reporter keeps; the same bytes whenever it is asked again."""
    track = f"{settings.PUBLIC_URL}/t/{filed.number}/{filed.secret}"
    promise = filed.promise_at
    body = {
        "number": filed.number,
        "track_url": track,
        "promise_at": promise.astimezone(COUNTY).isoformat() if promise else None,
    }
    response = HttpResponse(msgspec.json.encode(body), status=201, content_type="application/json")
    response["Location"] = track
    response["Cache-Control"] = "no-store"
    return response
