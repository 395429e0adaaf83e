from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings

from bihuan.accounts import actions, sessions
from bihuan.accounts.actor import REPORTER, actor_of
from bihuan.accounts.middleware import actor
from bihuan.accounts.models import Person, SignIn
from bihuan.accounts.network import address
from bihuan.accounts.pages.signing import NETWORK_TRIES
from bihuan.base.clock import now
from conftest import PASSWORD

pytestmark = [pytest.mark.urls("bihuan.accounts.tests.urls"), pytest.mark.django_db]
LOGIN = "/login"
ELSEWHERE = {"REMOTE_ADDR": "10.9.8.7"}
NEW = "kuaizhang-2026-lu"


def enter(client: Client, username: str, password: str = PASSWORD, **extra: str) -> HttpResponse:
    return client.post(LOGIN, {"username": username, "password": password}, **extra)  # type: ignore[return-value,arg-type]


def is_in(client: Client) -> bool:
    return client.get("/password").status_code == 200


def test_the_right_password_opens_and_signing_out_closes(client: Client, wang: Person) -> None:
    answer = enter(client, " WANG ")
    assert answer.status_code == 302
    assert answer["Location"] == "/"
    assert is_in(client)
    assert client.get("/logout").status_code == 405
    assert is_in(client)
    client.post("/logout")
    assert not is_in(client)


def test_a_wrong_name_a_wrong_password_and_a_closed_account_are_answered_alike(
    wang: Person, li: Person
) -> None:
    li.username, li.is_active = "closed", False
    li.save(update_fields=["username", "is_active"])
    answers = []
    for username, password in (("nobody", "x"), ("wang", "x"), ("closed", PASSWORD)):
        client = Client()
        answer = enter(client, username, password)
        assert answer.status_code == 422
        assert not is_in(client)
        text = answer.content.decode().replace(username, "NAME")
        answers.append(text.split("<main")[1].split("csrfmiddlewaretoken")[0])
    assert "用户名或密码不正确" in answers[0]
    assert len(set(answers)) == 1
    assert [row.success for row in SignIn.objects.order_by("id")] == [False] * 3


def test_an_unknown_name_costs_one_hash_like_a_known_one(
    wang: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.contrib.auth.hashers import MD5PasswordHasher

    hashed: list[str] = []
    encode = MD5PasswordHasher.encode

    def counted(self: MD5PasswordHasher, password: str, salt: str) -> str:
        hashed.append(password)
        return encode(self, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", counted)
    enter(Client(), "wang", "wrong-one")
    known = len(hashed)
    enter(Client(), "nobody", "wrong-one")
    assert known == len(hashed) - known == 1


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"username": "wang"},
        {"password": PASSWORD},
        {"username": " ", "password": PASSWORD},
        {"username": "w" * 101, "password": PASSWORD},
        {"username": "wang\x00", "password": PASSWORD},
    ],
)
def test_a_form_with_something_missing_is_shown_again(
    given: dict[str, str], client: Client, wang: Person
) -> None:
    answer = client.post(LOGIN, given)
    assert answer.status_code == 422
    assert "还不能提交" in answer.content.decode()
    assert not is_in(client)


def test_after_five_tries_even_the_right_password_is_refused_here_but_not_elsewhere(
    client: Client, wang: Person
) -> None:
    for _ in range(4):
        assert enter(client, "wang", "guess").status_code == 422
    fifth = enter(client, "wang", "guess")
    assert fifth.status_code == 429
    locked = enter(client, "wang")
    assert locked.status_code == 429
    assert "15 分钟" in locked.content.decode()
    assert "系统管理员" in locked.content.decode()
    assert locked["Retry-After"] == "900"
    assert not is_in(client)
    assert enter(client, "Wang ").status_code == 429  # another way to write it changes nothing
    owner = Client(REMOTE_ADDR="10.9.8.7")
    assert enter(owner, "wang").status_code == 302
    assert is_in(owner)


def test_a_lockout_ends_after_fifteen_minutes_and_after_a_reset(
    client: Client, wang: Person, staff: dict[str, Person]
) -> None:
    from axes.models import AccessAttempt

    for _ in range(5):
        enter(client, "wang", "guess")
    assert enter(client, "wang").status_code == 429
    AccessAttempt.objects.update(attempt_time=now() - timedelta(minutes=14))
    assert enter(client, "wang").status_code == 429
    AccessAttempt.objects.update(attempt_time=now() - timedelta(minutes=16))
    assert enter(client, "wang").status_code == 302

    other = Client()
    for _ in range(5):
        enter(other, "li", "guess")
    by = actor_of(staff["county_admin"])
    drawn = actions.reset_password(person=staff["worker"], by=by, at=now())
    assert enter(other, "li", drawn).status_code == 302


def test_one_address_that_tries_many_names_is_stopped(client: Client, wang: Person) -> None:
    for _ in range(NETWORK_TRIES):
        actions.note_sign_in(person=None, success=False, address="127.0.0.1", at=now())
    assert enter(client, "wang").status_code == 429
    assert enter(Client(), "wang", **ELSEWHERE).status_code == 302


def test_each_try_is_kept_without_what_was_typed_or_the_address(
    client: Client, wang: Person
) -> None:
    enter(client, "my-Password-9", "x")
    enter(client, "wang", "x")
    enter(client, "wang")
    rows = list(SignIn.objects.order_by("id").values_list("person_id", "success"))
    assert rows == [(None, False), (wang.pk, False), (wang.pk, True)]
    assert bytes(SignIn.objects.latest("id").network) == actions.network("127.0.0.1")


@pytest.mark.parametrize(
    "evil",
    [
        "https://evil.example/",
        "//evil.example/",
        "///evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "http:evil.example",
        "\thttps://evil.example",
        "https://testserver@evil.example/",
    ],
)
def test_nobody_is_sent_on_to_another_host(evil: str, client: Client, wang: Person) -> None:
    given = {"username": "wang", "password": PASSWORD, "next": evil}
    answer = client.post(LOGIN, given)
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert client.get(LOGIN, {"next": evil})["Location"] == "/"


def test_whoever_asked_for_a_page_gets_there_after_signing_in(client: Client, wang: Person) -> None:
    sent = client.get("/password?a=1")
    assert sent["Location"] == "/login?next=/password%3Fa%3D1"
    given = {"username": "wang", "password": PASSWORD, "next": "/password?a=1"}
    assert client.post(LOGIN, given)["Location"] == "/password?a=1"
    assert client.get(LOGIN, {"next": "/people"})["Location"] == "/people"


def test_the_session_key_changes_at_sign_in(client: Client, wang: Person) -> None:
    session = client.session
    session["planted"] = "1"
    session.save()
    planted = session.session_key
    enter(client, "wang")
    assert client.session.session_key != planted
    assert not Session.objects.filter(session_key=planted).exists()


def test_a_form_from_elsewhere_does_not_sign_anybody_in(wang: Person) -> None:
    client = Client(enforce_csrf_checks=True)
    assert enter(client, "wang").status_code == 403
    assert not is_in(client)


def test_the_session_of_a_closed_account_dies_at_the_next_request(
    client: Client, wang: Person, staff: dict[str, Person]
) -> None:
    enter(client, "wang")
    assert is_in(client)
    actions.deactivate_person(person=wang, by=actor_of(staff["county_admin"]), at=now())
    assert not is_in(client)


def test_a_reset_ends_every_session_and_asks_for_an_own_password(
    client: Client, wang: Person, staff: dict[str, Person]
) -> None:
    enter(client, "wang")
    by = actor_of(staff["county_admin"])
    drawn = actions.reset_password(person=wang, by=by, at=now())
    assert not is_in(client)
    assert enter(client, "wang", drawn).status_code == 302
    assert client.get("/people")["Location"] == "/password"
    assert client.post("/people/add", {}).status_code == 403
    given = {"old": drawn, "new": NEW, "again": NEW}
    assert client.post("/password", given)["Location"] == "/"
    assert client.get("/people").status_code == 403  # a clerk: known again, but not permitted


def test_a_new_password_ends_the_other_sessions_and_keeps_this_one(
    client: Client, wang: Person
) -> None:
    other = Client()
    enter(client, "wang")
    enter(other, "wang")
    client.post("/password", {"old": PASSWORD, "new": NEW, "again": NEW})
    assert is_in(client)
    assert not is_in(other)
    assert enter(Client(), "wang").status_code == 422
    assert enter(Client(), "wang", NEW).status_code == 302


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"old": "wrong", "new": NEW, "again": NEW}, "当前密码不正确"),
        ({"old": PASSWORD, "new": NEW, "again": NEW + "x"}, "两次输入的新密码不一致"),
        ({"old": PASSWORD, "new": PASSWORD, "again": PASSWORD}, "不能与当前密码相同"),
        ({"old": PASSWORD, "new": "1357924680", "again": "1357924680"}, "数字"),
        ({"old": PASSWORD, "new": "short-1", "again": "short-1"}, "10"),
        ({"old": PASSWORD, "new": "", "again": ""}, "还不能提交"),
        ({}, "还不能提交"),
    ],
)
def test_a_wrong_new_password_is_refused_and_the_old_one_stays(
    given: dict[str, str], words: str, client: Client, wang: Person
) -> None:
    enter(client, "wang")
    answer = client.post("/password", given)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert Person.objects.get(pk=wang.pk).check_password(PASSWORD)


# ---- how long ----------------------------------------------------------------------------------


def test_a_desk_is_signed_out_when_idle_and_a_worker_at_the_end_of_the_day(
    wang: Person, li: Person, settings: Settings
) -> None:
    for username, seconds in (("wang", 1800), ("li", settings.SESSION_COOKIE_AGE)):
        client = Client()
        enter(client, username)
        assert client.session.get_expiry_age() == seconds


def test_a_page_opened_moves_the_idle_clock_but_not_with_every_request(
    client: Client, wang: Person
) -> None:
    enter(client, "wang")
    before = Session.objects.get().expire_date
    is_in(client)
    assert Session.objects.get().expire_date == before
    session = client.session
    session[sessions.SEEN] -= 61
    session.save()
    before = Session.objects.get().expire_date
    is_in(client)
    assert Session.objects.get().expire_date > before


def test_a_session_older_than_a_day_of_work_ends_even_in_use(
    client: Client, wang: Person, settings: Settings
) -> None:
    enter(client, "wang")
    session = client.session
    session[sessions.SINCE] -= settings.SESSION_COOKIE_AGE
    session.save()
    assert not is_in(client)


# ---- who acts, from where ----------------------------------------------------------------------


def test_a_visitor_without_a_cookie_is_the_reporter_and_costs_no_query(
    rf: RequestFactory, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    seen = []

    def page(request: object) -> HttpResponse:
        seen.append(request.actor)  # type: ignore[attr-defined]
        return HttpResponse()

    with django_assert_num_queries(0):
        actor(page)(rf.get("/"))
    assert seen[0] is REPORTER


def test_a_cookie_that_is_no_session_is_a_visitor_too(client: Client) -> None:
    client.cookies["bihuan_session"] = "made-up"
    assert client.get("/password").status_code == 302


def test_behind_a_proxy_only_its_own_word_about_the_address_counts(
    rf: RequestFactory, settings: Settings
) -> None:
    request = rf.get("/", HTTP_X_FORWARDED_FOR="1.2.3.4, 203.0.113.9", REMOTE_ADDR="10.0.0.1")
    settings.BEHIND_PROXY = False
    assert address(request) == "10.0.0.1"
    settings.BEHIND_PROXY = True
    assert address(request) == "203.0.113.9"
    assert address(rf.get("/", HTTP_X_FORWARDED_FOR="nonsense")) is None
    assert address(rf.get("/")) is None


def test_the_language_is_switched_and_remembered_for_the_next_sign_in(
    client: Client, wang: Person
) -> None:
    assert "登录" in client.get(LOGIN).content.decode()
    client.post("/language", {"language": "en", "next": LOGIN})
    assert 'lang="en"' in client.get(LOGIN).content.decode()
    enter(client, "wang")
    client.post("/language", {"language": "en", "next": "/password"})
    client.post("/language", {"language": "xx", "next": "/password"})
    assert Person.objects.get(pk=wang.pk).language == "en"
    fresh = Client()
    assert enter(fresh, "wang").cookies["django_language"].value == "en"
    answer = client.post("/language", {"language": "en", "next": "https://evil.example/"})
    assert answer["Location"] == "/"


def test_pages_of_signing_are_never_kept_by_a_cache(client: Client, wang: Person) -> None:
    assert "no-store" in client.get(LOGIN)["Cache-Control"]
    enter(client, "wang")
    assert "no-store" in client.get(reverse("accounts:password"))["Cache-Control"]
