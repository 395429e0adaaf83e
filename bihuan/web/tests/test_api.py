"""Matters over the API: by secret for reporters, by token for staff; and its whole document."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from typing import Any

import pytest
import requests
import schemathesis
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.core.result import Ok

from bihuan.accounts.actions.tokens import create_token
from bihuan.accounts.actor import REPORTER, SYSTEM
from bihuan.accounts.models import Person
from bihuan.base.clock import now
from bihuan.matters import reactions
from bihuan.matters.models import Entry, Matter
from bihuan.matters.tests.bed import cast_of
from bihuan.reports.actions import Filed, Sent, file_report
from bihuan.reports.tests import bed
from bihuan.web.api import StepBody
from bihuan.web.verbs import ARGUMENTS, VERBS
from conftest import Units

pytestmark = pytest.mark.django_db
PHONE = "13800138000"


@pytest.fixture(autouse=True)
def quick(settings: Any) -> None:
    settings.REPORTS_AN_HOUR = 0


@pytest.fixture
def filed(units: Units) -> Filed:
    """File a report on litter in the cell; the rules give it to 执法局."""
    bed.draw_cell(units)
    bed.make_rules(units)
    sent = Sent(
        text="垃圾桶满了", category="litter", lon=bed.LON, lat=bed.LAT, phone=PHONE, name="张桂芳"
    )
    return file_report(sent=sent, by=REPORTER, at=now())


@pytest.fixture
def token() -> Callable[[Person], dict[str, str]]:
    """Give the header with which a program acts for a person."""

    def make(person: Person) -> dict[str, str]:
        word = create_token(person=person, name="测试", by=SYSTEM, at=now())[1]
        return {"Authorization": f"Bearer {word}"}

    return make


def get(filed: Filed, headers: dict[str, str] | None = None, query: str = "") -> Any:
    return Client().get(f"/api/v1/matters/{filed.number}{query}", headers=headers or {})


def post(filed: Filed, verb: str, headers: dict[str, str], **body: Any) -> Any:
    address = f"/api/v1/matters/{filed.number}/steps/{verb}"
    return Client().post(
        address, json.dumps(body), content_type="application/json", headers=headers
    )


def test_a_reporter_reads_their_own_matter_by_its_secret(filed: Filed) -> None:
    for answer in (
        get(filed, query=f"?secret={filed.secret}"),
        get(filed, {"Bihuan-Secret": filed.secret}),
    ):
        assert answer.status_code == 200
        body = answer.json()
        assert (body["number"], body["text"]) == (filed.number, "垃圾桶满了")
        assert len(body["steps"]) == 1 and body["tasks"] == []


@pytest.mark.parametrize("query", ["", "?secret=", "?secret=wrong", "?secret=%00", "?secret=é"])
def test_without_its_secret_a_matter_is_not_there(filed: Filed, query: str) -> None:
    answer = get(filed, query=query)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert answer["Content-Type"] == "application/problem+json"


def test_a_session_opens_nothing(filed: Filed, wang: Person) -> None:
    client = Client()
    client.force_login(wang, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(f"/api/v1/matters/{filed.number}").status_code == 404


def test_staff_take_every_step_of_a_report_by_token(
    filed: Filed,
    staff: dict[str, Person],
    token: Callable[[Person], dict[str, str]],
    settings: Any,
    tmp_path: Any,
) -> None:
    settings.MEDIA_ROOT = tmp_path
    clerk, handler, worker = (token(staff[role]) for role in ("clerk", "handler", "worker"))
    assert post(filed, "register", clerk).status_code == 200
    assert post(filed, "assign", clerk, unit="371581-zf").json()["state"] == "dispatched"
    assert post(filed, "take_up", handler, task="lead").json()["state"] == "handling"
    owed = post(filed, "finish", handler, task="lead", note="已清")
    assert (owed.status_code, owed.json()["code"]) == (422, "evidence_missing")
    photo = upload(handler, bed.photo())
    done = post(filed, "finish", handler, task="lead", note="已清", photos=[photo])
    assert done.json()["state"] == "handled"
    assert post(filed, "pass_check", worker, note="干净了").json()["state"] == "closed"
    steps = [line["what"] for line in get(filed, worker).json()["steps"]]
    assert steps == ["open", "register", "assign", "take_up", "finish", "pass_check"]


def upload(headers: dict[str, str], data: bytes) -> str:
    from django.core.files.uploadedfile import SimpleUploadedFile

    answer = Client().post(
        "/api/v1/photos", {"photo": SimpleUploadedFile("a.jpg", data)}, headers=headers
    )
    assert answer.status_code == 200, answer.content
    return str(answer.json()["photo"])


@pytest.mark.parametrize("name", sorted(VERBS))
def test_the_fields_of_a_step_are_the_arguments_of_its_verb(name: str) -> None:
    verb = VERBS[name]
    fields = (*verb.needs, *verb.takes)
    assert set(fields) <= set(StepBody.model_fields)
    given = {verb.names.get(field) or ARGUMENTS.get(field, field) for field in fields}
    parameters = inspect.signature(verb.do).parameters
    owed = {word for word, each in parameters.items() if each.default is each.empty}
    assert given <= set(parameters)
    assert owed <= given | {"matter_id", "by", "at"}


def test_what_is_not_allowed_is_refused_and_nothing_is_written(
    filed: Filed,
    staff: dict[str, Person],
    zhao: Person,
    token: Callable[[Person], dict[str, str]],
) -> None:
    handler, clerk, other = token(staff["handler"]), token(staff["clerk"]), token(zhao)
    before = Entry.objects.count()
    tries = [
        (post(filed, "register", {}), 401, "token_missing"),
        (post(filed, "register", {"Authorization": "Bearer no"}), 401, "bad_token"),
        (post(filed, "register", other), 404, "not_found"),
        (post(filed, "register", handler), 404, "not_found"),  # not theirs to see yet
        (post(filed, "register", token(staff["worker"])), 403, "not_permitted"),
        (post(filed, "assign", clerk, unit="371581-zf"), 409, "not_now"),
        (post(filed, "assign", clerk), 422, "missing_field"),
        (post(filed, "assign", clerk, unit="nowhere"), 422, "unknown_unit"),
        (post(filed, "register", clerk, found=True), 422, "unknown_field"),
        (post(filed, "register", clerk, colour="red"), 422, "bad_field"),
        (post(filed, "register", clerk, note="a\0"), 422, "unclean"),
        (post(filed, "register", clerk, note=7), 422, "bad_field"),
        (post(filed, "merge", clerk, into="SP-1", note="同一处"), 404, "not_found"),
        (post(filed, "dance", clerk), 404, "no_such_verb"),
        (post(filed, "rate", clerk, note="好"), 404, "no_such_verb"),
        (post(filed, "pass_check", clerk, note="a", photos=["x"]), 422, "unknown_photo"),
        (post(filed, "reject", clerk, reason="mood", note="不想办"), 422, "unknown_reason"),
        (post(filed, "void", clerk, reason="court", note="a"), 422, "unknown_reason"),
        (
            post(filed, "split", clerk, title="另一半", category="x", note="两件"),
            422,
            "unknown_category",
        ),
    ]
    for answer, status, code in tries:
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.content
        assert answer["Content-Type"] == "application/problem+json"
    bad = Client().post(
        f"/api/v1/matters/{filed.number}/steps/register",
        "{",
        content_type="application/json",
        headers=clerk,
    )
    assert (bad.status_code, bad.json()["code"]) == (400, "bad_json")
    assert Entry.objects.count() == before


def test_whom_it_is_about_is_refused_here_as_on_the_pages(
    filed: Filed,
    staff: dict[str, Person],
    units: Units,
    token: Callable[[Person], dict[str, str]],
) -> None:
    clerk, handler = token(staff["clerk"]), token(staff["handler"])
    assert post(filed, "register", clerk).status_code == 200
    assert post(filed, "assign", clerk, unit="371581-zf").status_code == 200
    about = post(filed, "say_about", clerk, unit="371581-zf", note="群众反映")
    assert about.status_code == 200
    before = Entry.objects.count()
    for verb, more in (("take_up", {"task": "lead"}), ("finish", {"task": "lead", "note": "好"})):
        answer = post(filed, verb, handler, **more)
        assert (answer.status_code, answer.json()["code"]) == (403, "own_interest")
    assert post(filed, "reveal", handler, note="想看").json()["code"] == "no_such_verb"
    assert Entry.objects.count() == before


def test_a_handler_reads_no_name_and_no_phone(
    filed: Filed,
    staff: dict[str, Person],
    zhao: Person,
    token: Callable[[Person], dict[str, str]],
) -> None:
    reactions.tell(at=now())  # the rules give it to 执法局
    assert Matter.objects.get().owner.code in ("371581-zf", "371581001001-01")
    for role in ("clerk", "worker"):
        answer = get(filed, token(staff[role]))
        assert answer.status_code == 200
        assert PHONE not in answer.content.decode() and "张桂芳" not in answer.content.decode()
    assert cast_of(staff, zhao)


@pytest.mark.parametrize(
    ("method", "address", "status"),
    [
        ("get", "/api/v1/nowhere", 404),
        ("post", "/api/v1/reports/", 404),
        ("delete", "/api/v1/matters/SP-1", 405),
    ],
)
def test_every_error_below_api_has_the_same_form(method: str, address: str, status: int) -> None:
    answer = getattr(Client(), method)(address)
    assert answer.status_code == answer.json()["status"] == status
    assert answer["Content-Type"] == "application/problem+json"


def document() -> Any:
    answer = Client().get("/api/v1/openapi.json")
    assert answer.status_code == 200
    return answer.json()


def test_the_document_describes_the_intake_beside_the_rest() -> None:
    paths = document()["paths"]
    assert set(paths) == {
        "/api/v1/reports",
        "/api/v1/matters/{number}",
        "/api/v1/matters/{number}/steps/{verb}",
        "/api/v1/photos",
    }
    assert set(paths["/api/v1/reports"]["post"]["requestBody"]["content"]) == {
        "application/json",
        "multipart/form-data",
    }


def sent(case: Any, headers: dict[str, str]) -> Any:
    """Send an invented request through Django's client, byte for byte."""
    words = case.as_transport_kwargs(base_url="http://testserver")
    words = {name: value for name, value in words.items() if name in REQUEST}
    ready = requests.Request(**words).prepare()
    body = ready.body or b""
    given = {name: str(value) for name, value in ready.headers.items() if name != "Content-Type"}
    return Client().generic(
        str(ready.method),
        str(ready.url).removeprefix("http://testserver"),
        body.encode() if isinstance(body, str) else body,
        content_type=str(ready.headers.get("Content-Type", "")),
        headers={**given, **headers},
    )


REQUEST = ("method", "url", "headers", "files", "data", "json", "params", "cookies")


def test_invented_requests_get_answers_that_the_document_allows(
    filed: Filed, wang: Person, token: Callable[[Person], dict[str, str]]
) -> None:
    """Let schemathesis invent requests, good and bad, for every operation: no 5xx, no surprise."""
    schema = schemathesis.openapi.from_dict(document())
    clerk = token(wang)
    tried = 0
    for result in schema.get_all_operations():
        assert isinstance(result, Ok)
        operation = result.ok()

        @settings(
            max_examples=25,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def knock(case: Any) -> None:
            nonlocal tried
            response = sent(case, clerk)
            code = response.status_code
            assert code in (200, 201) or 400 <= code < 500, response.content
            if code >= 400:
                assert response["Content-Type"] == "application/problem+json"
            tried += 1

        knock()
    assert tried >= 60
