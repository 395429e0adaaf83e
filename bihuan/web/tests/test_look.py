"""The look: sheets without inline style, elder mode, titles of wrong forms, icons that exist."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.test import Client, RequestFactory
from django.urls import include, path

from bihuan.accounts.actor import REPORTER
from bihuan.web.pages import design

WEB = Path(design.__file__).resolve().parent.parent
TEMPLATES = [page for page in (WEB / "templates").rglob("*.html") if "web" not in page.parts[-3:-1]]
MOMENT = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
INLINE = re.compile(r"<style|\sstyle=|<script(?![^>]*\bsrc=)|\son[a-z]+=", re.I)


class Wrong(forms.Form):
    title = forms.CharField(label="标题")


def wrong(request: HttpRequest) -> HttpResponse:
    words = design.examples(MOMENT) | {"wrong_form": Wrong({}), "form": Wrong({})}
    return render(request, "design/phone.html", words)


urlpatterns = [path("", include("bihuan.web.urls_look")), path("wrong", wrong)]
CONTEXT = [
    "django.template.context_processors.request",
    "django.contrib.messages.context_processors.messages",
    "django.template.context_processors.i18n",
    "bihuan.web.context.look",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]


@pytest.fixture(name="client")
def look_client(settings: object, monkeypatch: pytest.MonkeyPatch) -> Client:
    """A browser of the look alone: no database, no sign-in, as in a demo."""
    monkeypatch.setattr(design, "is_demo", lambda: True)
    templates = {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": CONTEXT},
    }
    changes = {
        "ROOT_URLCONF": __name__,
        "MIDDLEWARE": MIDDLEWARE,
        "TEMPLATES": [templates],
        "ALLOWED_HOSTS": ["testserver"],
        "SESSION_ENGINE": "django.contrib.sessions.backends.signed_cookies",
        "MESSAGE_STORAGE": "django.contrib.messages.storage.cookie.CookieStorage",
        "STORAGES": {
            "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
            "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
        },
    }
    for name, value in changes.items():
        setattr(settings, name, value)
    return Client(HTTP_ACCEPT_LANGUAGE="zh-hans")


@pytest.mark.parametrize("sheet", design.SHEETS)
def test_a_sheet_is_whole_and_carries_no_inline_style_or_script(client: Client, sheet: str) -> None:
    answer = client.get(f"/design/{sheet}")
    text = answer.content.decode()
    assert answer.status_code == 200
    assert text.rstrip().endswith("</html>")
    assert '<html lang="zh-CN"' in text
    assert INLINE.findall(text) == []


def test_the_sheets_are_shown_only_in_a_demo(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert client.get("/design").status_code == 200
    monkeypatch.setattr(design, "is_demo", lambda: False)
    assert client.get("/design").status_code == 404


def test_no_template_holds_inline_style_or_script() -> None:
    assert len(TEMPLATES) > 30
    assert [page.name for page in TEMPLATES if INLINE.search(page.read_text("utf-8"))] == []


def test_every_part_says_its_inputs_first() -> None:
    parts = list((WEB / "templates" / "parts").glob("*.html"))
    assert len(parts) > 20
    silent = [
        part.name
        for part in parts
        if not part.read_text("utf-8").startswith("{% comment %}")
        or "Inputs:" not in part.read_text("utf-8").split("{% endcomment %}")[0]
    ]
    assert silent == []


def test_every_icon_a_template_asks_for_is_on_the_sheet() -> None:
    sheet = (WEB / "static" / "icons" / "icons.svg").read_text("utf-8")
    drawn = set(re.findall(r'id="i-([^"]+)"', sheet))
    asked = {
        name
        for page in (WEB / "templates").rglob("*.html")
        for name in re.findall(r'{% icon "([^"]+)"', page.read_text("utf-8"))
    }
    asked |= set(re.findall(r'", "([a-z0-9-]+)", "[a-z]+\.', (WEB / "nav.py").read_text("utf-8")))
    assert len(asked) > 30
    assert asked - drawn == set()


def test_a_wrong_form_begins_the_title_and_links_each_error_to_its_field(client: Client) -> None:
    text = client.get("/wrong").content.decode()
    assert "<title>有误：" in text
    assert "<title>有误：" not in client.get("/design/phone").content.decode()
    linked = client.get("/design/result").content.decode()
    assert re.search(r'<a href="#id_title">\s*标题：', linked)
    assert re.search(r'id="id_phone_error">.*?手机号应为 11 位数字', linked, re.S)
    assert re.search(r'<input[^>]*name="phone"[^>]*aria-invalid="true"', linked)


def test_elder_mode_is_kept_in_a_cookie_and_undone(client: Client) -> None:
    assert "is-care" not in client.get("/design").content.decode().split("<main")[0]
    answer = client.post("/care", {"care": "1", "next": "/design"})
    assert (answer.status_code, answer["Location"]) == (302, "/design")
    assert 'data-weui-mode="care"' in client.get("/design").content.decode()
    client.post("/care", {"care": "0", "next": "/design"})
    assert 'data-weui-mode="care"' not in client.get("/design").content.decode()


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "javascript:1", ""])
def test_elder_mode_never_leads_to_a_strange_place(client: Client, target: str) -> None:
    assert client.post("/care", {"care": "1", "next": target})["Location"] == "/"


def test_elder_mode_is_not_changed_by_a_link(client: Client) -> None:
    answer = client.get("/care?care=1")
    assert answer.status_code == 405
    assert "care" not in answer.cookies


@pytest.mark.parametrize("page", ["400", "403", "403_csrf", "404", "500", "503"])
def test_an_error_page_needs_no_context(client: Client, page: str) -> None:
    text = render(None, f"{page}.html").content.decode()
    assert "回首页" in text
    assert INLINE.findall(text) == []


def test_a_resident_is_shown_no_entry_of_the_desk(client: Client) -> None:
    from bihuan.web import nav

    request = RequestFactory().get("/design")
    assert nav.groups(request) == []
    request.actor = REPORTER  # type: ignore[attr-defined]
    assert [item.address for group in nav.groups(request) for item in group.items] == []
