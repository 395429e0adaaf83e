"""The browser harness: it sees what it must see. Journeys stand beside it, one file an audience."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Error, Page

from bihuan.web.tests.harness import axe, picture, watch_of

pytestmark = pytest.mark.browser


def blank(page: Page, body: str, policy: str = "default-src 'self'") -> None:
    """Show a made-up page of the served county, under a content security policy."""
    head = "<meta name=viewport content='width=device-width'><title>试</title>"
    page.route(
        "**/made-up",
        lambda route: route.fulfill(
            body=f"<!doctype html><html lang=zh>{head}<main><h1>试</h1>{body}</main>",
            headers={"Content-Security-Policy": policy, "Content-Type": "text/html; charset=utf-8"},
        ),
    )
    page.goto("/made-up")


def taken(page: Page) -> list[str]:
    """Take what was noted, so that the page's own end does not fail the test."""
    page.wait_for_timeout(100)
    watch = watch_of(page)
    noted = watch.wrong[:]
    watch.wrong.clear()
    return noted


def test_a_clean_page_passes(phone: Page) -> None:
    blank(phone, "<p>好</p>")
    axe(phone)
    picture(phone, "made-up")
    assert taken(phone) == []


def test_an_inline_script_is_a_breach_that_is_noted(phone: Page) -> None:
    blank(phone, "<script>window.ran = true</script>")
    assert phone.evaluate("window.ran") is None
    assert any("content security policy" in line.lower() for line in taken(phone))


def test_a_request_to_another_machine_is_refused_and_noted(desk: Page) -> None:
    blank(desk, "<img alt=图 src='http://192.0.2.1/a.png'>", policy="img-src *")
    assert any("192.0.2.1" in line for line in taken(desk))


def test_leaving_the_county_is_refused(desk: Page) -> None:
    with pytest.raises(Error):
        desk.goto("http://192.0.2.1/")
    assert taken(desk)


def test_an_error_in_a_script_is_noted(wall: Page) -> None:
    blank(wall, "<p>好</p>", policy="default-src 'self' 'unsafe-inline'")
    wall.evaluate("setTimeout(() => { throw new Error('broken') })")
    assert any("broken" in line for line in taken(wall))


def test_axe_names_a_picture_without_words(phone: Page) -> None:
    blank(phone, "<img src='data:image/gif;base64,R0lGODlhAQABAAAAACw='>", policy="img-src data:")
    with pytest.raises(AssertionError, match="image-alt"):
        axe(phone)


def test_a_phone_page_has_room_for_a_thumb(phone: Page) -> None:
    blank(phone, "<p>好</p>")
    size: Any = phone.evaluate("[innerWidth, navigator.maxTouchPoints > 0]")
    assert size == [390, True]
