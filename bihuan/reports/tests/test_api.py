"""The door of reports: what it takes, what it refuses, and the same answer for the same key."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest
from django.db import connection, connections
from django.test import Client

from bihuan.accounts.actions.tokens import create_token, revoke_token
from bihuan.accounts.actor import SYSTEM, actor_of
from bihuan.accounts.models import Person
from bihuan.base.clock import now
from bihuan.matters import actions as matters
from bihuan.matters.models import Attachment, Entry, Matter, Once
from bihuan.matters.verify import Finding
from bihuan.reports import api
from bihuan.reports.models import Report
from bihuan.reports.queries import open_by_secret, words_without_phone
from bihuan.reports.rules import rulebook
from bihuan.reports.tests.bed import LAT, LON, PHONE, Answer, Door, hot, photo
from conftest import Units

pytestmark = pytest.mark.django_db
WORDS = "温泉路口的垃圾桶满了好几天"


def counts() -> tuple[int, ...]:
    return tuple(model.objects.count() for model in (Matter, Report, Entry, Once, Attachment))


def refused(answer: Answer, status: int, code: str) -> Any:
    """Check a problem document, and that nothing was written."""
    assert (answer.status, answer.json.get("code")) == (status, code), answer.body
    assert answer.headers["Content-Type"] == "application/problem+json"
    body = answer.json
    assert body["status"] == status and body["type"] and body["title"]
    assert body["detail"] == body["detail_zh"] != body["detail_en"]
    assert body["detail_en"].isascii() or "“" in body["detail_en"]
    assert counts() == (0, 0, 0, 0, 0)
    return body


def test_a_report_gets_number_link_and_promise(door: Door) -> None:
    answer = door.send(text=WORDS, lon=LON, lat=LAT, phone=PHONE, name="张桂芳", category="litter")
    assert answer.status == 201
    matter = Matter.objects.get()
    report = Report.objects.get()
    assert answer.json["number"] == matter.number
    finish = matter.clocks.get(name="finish")
    assert datetime.fromisoformat(answer.json["promise_at"]) == finish.due_at
    address, secret = answer.json["track_url"].rsplit("/", 1)
    assert address.endswith(f"/t/{matter.number}") and answer.headers["Location"].endswith(secret)
    assert open_by_secret(matter.number, secret) == report
    assert (report.phone, report.name, report.channel) == (PHONE, "张桂芳", "api")
    assert matter.cell is not None and matter.cell.code == "371581001001001"


def test_the_phone_is_nowhere_in_plain_text(door: Door) -> None:
    door.send(text=WORDS, phone=PHONE, name="张桂芳")
    with connection.cursor() as cursor:
        cursor.execute("SELECT r::text FROM reports_report r")
        stored = str(cursor.fetchall())
        cursor.execute("SELECT e::text, m::text FROM matters_entry e, matters_matter m")
        stored += str(cursor.fetchall())
    assert PHONE not in stored and "张桂芳" not in stored


def test_a_phone_in_the_words_reaches_no_title(door: Door) -> None:
    words = f"{PHONE}打这个找我，垃圾桶满了"
    door.send(text=words, phone=PHONE)
    assert Matter.objects.get().title == "***********打这个找我，垃圾桶满了"
    report = Report.objects.get()
    assert report.text == words
    assert words_without_phone(report) == "***********打这个找我，垃圾桶满了"


def test_a_form_and_json_with_the_same_content_are_the_same_report(door: Door) -> None:
    fields = {"text": WORDS, "lon": "115.705", "lat": "36.845"}
    first = door.form(fields, key="one")
    again = door.send(text=WORDS, lon=LON, lat=LAT, key="one")
    assert (first.status, again.status) == (201, 201)
    assert first.body == again.body
    assert Matter.objects.count() == 1


def test_photos_come_in_and_are_cleaned(door: Door, settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    answer = door.form({"text": ""}, [photo(), photo("blue")], key="p")
    assert answer.status == 201
    assert Attachment.objects.filter(use="report", record_id=Report.objects.get().pk).count() == 2
    assert door.form({"text": ""}, [photo(), photo("blue")], key="p").body == answer.body
    other = door.form({"text": ""}, [photo(), photo("green")], key="p")
    assert (other.status, other.json["code"]) == (422, "other_content")


@pytest.mark.parametrize(
    ("datum", "lon", "lat"),
    [("gcj02", 115.711016, 36.845317), ("bd09", 115.717587, 36.851257)],
)
def test_other_datums_are_converted(door: Door, datum: str, lon: float, lat: float) -> None:
    """Near enough to (115.705, 36.845): within the 500 m by which the datums differ at most."""
    assert door.send(text=WORDS, lon=lon, lat=lat, datum=datum).status == 201
    matter = Matter.objects.get()
    assert matter.lon is not None and matter.lat is not None
    assert math.dist((matter.lon, matter.lat), (LON, LAT)) < 0.0006


GOOD = {"text": WORDS}
WRONG = [
    (b"{", 400, "bad_json"),
    (b"", 400, "bad_json"),
    (b"\xff\xfe{}", 400, "bad_json"),
    (b'{"text": "\xc3"}', 400, "bad_json"),
    (b'{"text": "\\ud800"}', 400, "bad_json"),
    (b'{"text": "a", "lon": NaN, "lat": 1}', 400, "bad_json"),
    (b"[" * 60_000, 422, "bad_field"),
    (b'{"text": ' + b"[" * 60_000, 422, "bad_field"),
    (b"[]", 422, "bad_field"),
    (b'"text"', 422, "bad_field"),
    (b"null", 422, "bad_field"),
    (b"{}", 422, "empty"),
    ({"text": ""}, 422, "empty"),
    ({"text": " \n "}, 422, "empty"),
    ({"text": 7}, 422, "bad_field"),
    ({"text": ["a"]}, 422, "bad_field"),
    ({"text": "好" * 2001}, 422, "bad_field"),
    ({"text": "a\0b"}, 422, "unclean"),
    ({**GOOD, "name": "\x1b[31m"}, 422, "unclean"),
    ({**GOOD, "address": "路" * 201}, 422, "bad_field"),
    ({**GOOD, "colour": "red"}, 422, "unknown_field"),
    ({**GOOD, "by": 1}, 422, "unknown_field"),
    ({**GOOD, "photos": []}, 422, "unknown_field"),
    ({**GOOD, "lon": "115.7", "lat": "36.8"}, 422, "bad_field"),
    ({**GOOD, "lon": True, "lat": True}, 422, "bad_field"),
    ({**GOOD, "lon": LON}, 422, "half_a_place"),
    ({**GOOD, "lat": LAT}, 422, "half_a_place"),
    ({**GOOD, "lon": LAT, "lat": LON}, 422, "bad_place"),
    ({**GOOD, "lon": 20535000, "lat": 4077000}, 422, "bad_place"),
    ({**GOOD, "lon": 2.35, "lat": 48.85}, 422, "bad_place"),
    ({**GOOD, "lon": 1e300, "lat": -1e300}, 422, "bad_place"),
    (b'{"text": "a", "lon": 1e999, "lat": 1}', 422, "bad_field"),
    (b'{"text": "a", "lon": ' + b"9" * 400 + b', "lat": 1}', 422, "bad_field"),
    ({**GOOD, "lon": LON, "lat": LAT, "datum": "nad27"}, 422, "bad_field"),
    ({**GOOD, "phone": "12345"}, 422, "bad_phone"),
    ({**GOOD, "phone": "一三八"}, 422, "bad_phone"),
    ({**GOOD, "phone": "1" * 31}, 422, "bad_field"),
    ({**GOOD, "category": "unicorns"}, 422, "unknown_category"),
    ({**GOOD, "category": "roads"}, 422, "unknown_category"),  # a group is no category
    (b'{"text": "' + b"a" * 70_000 + b'"}', 413, "too_large"),
]


@pytest.mark.parametrize(("body", "status", "code"), WRONG, ids=range(len(WRONG)))
def test_wrong_content_is_refused_with_a_clear_word(
    door: Door, body: Any, status: int, code: str
) -> None:
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    refused(door(sent, key="k"), status, code)


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"kind": "text/plain"}, 415, "content_type"),
        ({"kind": ""}, 415, "content_type"),
        ({"kind": "application/x-www-form-urlencoded"}, 415, "content_type"),
        ({"kind": "application/json; charset=gbk"}, 415, "charset"),
        ({"kind": "multipart/form-data"}, 400, "bad_form"),
        ({"kind": "multipart/form-data; boundary=x"}, 422, "empty"),
        ({"length": ""}, 411, "length_missing"),
        ({"length": "-5"}, 413, "too_large"),
        ({"length": "99999999999"}, 413, "too_large"),
        ({"method": "GET"}, 405, "method"),
        ({"method": "PUT"}, 405, "method"),
        ({"method": "DELETE"}, 405, "method"),
        ({"idempotency_key": ""}, 400, "bad_key"),
        ({"idempotency_key": "a" * 201}, 400, "bad_key"),
        ({"idempotency_key": "编号"}, 400, "bad_key"),
        ({"authorization": "Bearer wrong"}, 401, "bad_token"),
        ({"authorization": "Basic emhhbmc6"}, 401, "bad_token"),
    ],
)
def test_wrong_requests_are_refused_with_a_clear_word(
    door: Door, headers: dict[str, str], status: int, code: str
) -> None:
    refused(door(json.dumps(GOOD).encode(), **headers), status, code)


def test_wrong_forms_are_refused_with_a_clear_word(door: Door) -> None:
    refused(door.form({"lon": "abc", "lat": "1"}), 422, "bad_field")
    refused(door.form({"text": "a", "lon": "nan", "lat": "nan"}), 422, "bad_place")
    refused(door.form({"text": "a", "lon": "inf", "lat": "1"}), 422, "bad_place")
    refused(door.form({"text": "a", "photos": "not a file"}), 422, "not_a_file")
    refused(door.form({"text": "a", "colour": "red"}), 422, "unknown_field")
    refused(door.form({"text": "a"}, [photo()], name="document"), 422, "unknown_field")
    refused(door.form({"text": "a"}, [photo()] * 7), 422, "too_many_photos")
    refused(door.form({"text": "a"}, [photo(), photo()[:400]]), 422, "broken")
    refused(door.form({"text": "a"}, [b"%PDF-1.7"]), 422, "not_a_photo")
    refused(door.form({"text": "a"}, [b"\xff" * (10 * 1024 * 1024 + 1)]), 413, "too_big")
    edge = b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\n'
    twice = edge + b"a\r\n" + edge + b"b\r\n--x--\r\n"
    refused(door(twice, kind="multipart/form-data; boundary=x"), 422, "repeated_field")
    bytes_ = edge + b"\xff\xfe\r\n--x--\r\n"
    refused(door(bytes_, kind="multipart/form-data; boundary=x"), 422, "unclean")


def test_a_refused_form_keeps_no_file(door: Door, settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    refused(door.form({"text": "a"}, [photo(), b"%PDF-1.7"]), 422, "not_a_photo")
    assert list(tmp_path.rglob("*.jpg")) == []


@pytest.mark.parametrize(
    ("says", "language"),
    [("", "zh-CN"), ("en", "en"), ("en-GB,en;q=0.8,zh;q=0.5", "en"), ("fr, zh;q=0.4", "zh-CN"),
     ("zh;q=0.2, en;q=0.9", "en"), ("en;q=x", "zh-CN"), (";;,,", "zh-CN")],
)  # fmt: skip
def test_errors_speak_the_readers_language_and_both(door: Door, says: str, language: str) -> None:
    answer = door.send(text="", language=says)
    assert answer.headers["Content-Language"] == language
    body = answer.json
    assert body["detail"] == body["detail_en" if language == "en" else "detail_zh"]
    assert body["detail_zh"] == "请写几句话，或拍一张照片。"


def test_other_content_under_a_used_key_is_refused(door: Door) -> None:
    first = door.send(text=WORDS, key="same")
    before = counts()
    other = door.send(text=WORDS + "！", key="same")
    assert (first.status, other.status, other.json["code"]) == (201, 422, "other_content")
    assert counts() == before


def test_the_answer_stays_the_same_after_the_promise_moved(door: Door, at: datetime) -> None:
    first = door.send(text=WORDS, key="k")
    clock = Matter.objects.get().clocks.get(name="finish")
    clock.due_at = at
    clock.save(update_fields=["due_at"])
    assert door.send(text=WORDS, key="k").body == first.body


def test_a_further_report_stands_on_the_open_matter_with_a_secret_of_its_own(
    door: Door, wang: Person
) -> None:
    first = door.send(text=WORDS, category="litter", lon=LON, lat=LAT).json
    joined = door.send(text="我也遇到", phone=PHONE, matter=first["number"].lower(), key="me too")
    assert joined.status == 201, joined.body
    assert (joined.json["number"], joined.json["promise_at"]) == (
        first["number"], first["promise_at"],
    )  # fmt: skip
    assert joined.json["track_url"] != first["track_url"]
    assert (Matter.objects.count(), Report.objects.count()) == (1, 2)
    second = Report.objects.latest("pk")
    assert (second.text, second.category, second.phone) == ("我也遇到", "litter", PHONE)
    form = door.form({"text": "还没收", "matter": first["number"]}, [photo()])
    assert form.status == 201 and Attachment.objects.get().record_id == form_record(form)
    matters.void(
        matter_id=second.matter_id, reason="not_there", note="没有", by=actor_of(wang), at=now()
    )
    again = door.send(text="我也遇到", phone=PHONE, matter=first["number"], key="me too")
    assert again.body == joined.body and Report.objects.count() == 3


def test_what_cannot_be_joined_is_said_in_the_same_words_whatever_it_is(
    door: Door, units: Units, wang: Person, zhao: Person
) -> None:
    secret = next(row.key for row in rulebook().categories.values() if not row.is_public)
    hidden = door.send(text="举报", category=secret).json["number"]
    about = door.send(text=WORDS, category="litter").json["number"]
    ended = door.send(text=WORDS, category="litter", lon=LON, lat=LAT).json["number"]
    clerk, at = actor_of(wang), now()
    ids = dict(Matter.objects.values_list("number", "pk"))
    matters.say_about(
        matter_id=ids[about], unit_id=units.urban.pk, note="群众反映", by=clerk, at=at
    )
    matters.void(matter_id=ids[ended], reason="not_there", note="没有", by=clerk, at=at)
    before, bodies = counts(), set()
    for number in (hidden, about, ended, "SP-20260101-000001", "无"):
        answer = door.send(text="我也遇到", matter=number)
        assert (answer.status, answer.json["code"]) == (422, "no_such_matter"), number
        bodies.add(answer.body)
    assert len(bodies) == 1
    elsewhere = door.send(text="我也遇到", matter=hidden, token=token_of(zhao))
    assert elsewhere.json["code"] == "no_such_matter"  # staff of another county do not see it
    assert door.send(text="x", matter="y" * 41).json["field"] == "matter"
    assert door.send(text="x", matter="a\x00b").json["code"] == "unclean"
    assert counts() == before
    assert door.send(text="又有人说", matter=hidden, token=token_of(wang)).status == 201


def form_record(answer: Answer) -> int:
    number, secret = answer.json["track_url"].rsplit("/", 2)[1:]
    found = open_by_secret(number, secret)
    assert found is not None
    return found.pk


def test_a_key_belongs_to_its_caller(door: Door, wang: Person, li: Person) -> None:
    sent = [
        door.send(text=WORDS, key="k", token=token_of(person) if person else "")
        for person in (None, wang, li, wang, None)
    ]
    assert [answer.status for answer in sent] == [201] * 5
    numbers = [answer.json["number"] for answer in sent]
    assert numbers[0] == numbers[4] and numbers[1] == numbers[3]
    assert len(set(numbers)) == 3
    assert sorted(Report.objects.values_list("by_id", flat=True), key=str) == sorted(
        [None, wang.pk, li.pk], key=str
    )


def token_of(person: Person) -> str:
    return create_token(person=person, name="测试", by=SYSTEM, at=now())[1]


def test_a_revoked_token_and_a_token_of_somebody_closed_count_no_more(
    door: Door, wang: Person, li: Person
) -> None:
    token, word = create_token(person=wang, name="测试", by=SYSTEM, at=now())
    revoke_token(token=token, by=SYSTEM, at=now())
    refused(door.send(**GOOD, token=word), 401, "bad_token")
    word = token_of(li)
    li.is_active = False
    li.save(update_fields=["is_active"])
    refused(door.send(**GOOD, token=word), 401, "bad_token")


def test_who_may_not_file_is_refused(door: Door, staff: dict[str, Person]) -> None:
    refused(door.send(**GOOD, token=token_of(staff["auditor"])), 403, "not_permitted")


def test_the_door_gives_the_same_safe_headers_as_every_page(door: Door) -> None:
    page = Client().get("/login")
    answer = door.send(**GOOD)
    for name in (
        "Content-Security-Policy",
        "X-Content-Type-Options",
        "X-Frame-Options",
        "Referrer-Policy",
        "Cross-Origin-Opener-Policy",
    ):
        assert answer.headers[name] == page.headers[name]
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("proxy", [None, ("HTTP_X_FORWARDED_PROTO", "https")])
def test_over_https_the_door_asks_browsers_to_stay_there(settings: Any, proxy: Any) -> None:
    settings.PUBLIC_URL = "https://bihuan.example.gov.cn"
    settings.SECURE_HSTS_SECONDS = 60
    settings.SECURE_PROXY_SSL_HEADER = proxy
    assert hot.safe_headers()["Strict-Transport-Security"].startswith("max-age=60")
    settings.PUBLIC_URL = "http://127.0.0.1:8000"
    assert "Strict-Transport-Security" not in hot.safe_headers()


def test_too_many_anonymous_reports_from_one_address_have_to_wait(
    door: Door, settings: Any
) -> None:
    settings.REPORTS_AN_HOUR = 60
    api.BUCKETS.forget()
    statuses = [door.send(**GOOD).status for _ in range(api.BURST + 2)]
    assert statuses == [201] * api.BURST + [429] * 2
    waiting = door.send(**GOOD)
    assert 1 <= int(waiting.headers["Retry-After"]) <= 61
    api.BUCKETS.forget()


def test_a_report_costs_one_statement(door: Door) -> None:
    """Tables are in memory, the day's number base too: one round trip, whatever else is there."""
    door.send(**GOOD, lon=LON, lat=LAT, key="first")
    said: list[str] = []
    import psycopg

    execute = psycopg.Cursor.execute

    def counted(self: Any, query: Any, *rest: Any, **more: Any) -> Any:
        said.append(str(query))
        return execute(self, query, *rest, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(psycopg.Cursor, "execute", counted)
        answer = door.send(**GOOD, phone=PHONE, lon=LON, lat=LAT, key="second")
    assert answer.status == 201
    ours = [line for line in said if "base_version" not in line]
    assert len(ours) == 1 and "INSERT INTO reports_report" in ours[0], ours


@pytest.mark.django_db(transaction=True)
def test_sixty_times_sixteen_at_once_are_one_matter_and_one_answer(
    door: Door, untouched: Callable[[], list[Finding]]
) -> None:
    def post(n: int) -> tuple[str, Answer]:
        key = f"k{n // 16}"
        try:
            return key, door.send(text=f"{WORDS}{key}", lon=LON, lat=LAT, phone=PHONE, key=key)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(post, range(60 * 16)))
    bodies: dict[str, set[bytes]] = {}
    for key, answer in answers:
        assert answer.status == 201, answer.body
        bodies.setdefault(key, set()).add(answer.body)
    assert len(bodies) == 60 and all(len(found) == 1 for found in bodies.values())
    assert Matter.objects.count() == Report.objects.count() == 60
    assert door.send(text="别的", key="k7").status == 422
    assert untouched() == []
