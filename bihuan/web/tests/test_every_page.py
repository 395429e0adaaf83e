"""Every page of doors.py in a real browser: no breach of WCAG that axe finds, and not too heavy."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import Page

from bihuan.accounts.models import Person
from bihuan.web.tests.doors import ANONYMOUS, DOORS, KNOWN, RESIDENT, Door, World, doors
from bihuan.web.tests.harness import axe, picture, sign_in, watch_of

pytestmark = pytest.mark.browser
# KB gzipped, without photos: a phone on a weak network, a desk, a wall screen
BUDGET = {"phone": 60, "desk": 250, "wall": 450}
SIZES = {"phone": (390, 844), "desk": (1440, 900), "wall": (1920, 1080)}


def pages(name: str) -> list[Door]:
    return [door for door in doors(name) if door.method == "get" and door.drawn_for]


def visitor(door: Door) -> str:
    """Choose who looks: the plainest visitor that gets the page itself."""
    order = [ANONYMOUS, RESIDENT, *sorted(door.may)]
    return next((who for who in order if door.answer(who) == 200), "")


LOOKED_AT = [n for n in KNOWN if n in DOORS and any(visitor(door) for door in pages(n))]


@pytest.mark.parametrize("name", LOOKED_AT)
def test_a_page_is_open_to_everyone_and_light(
    name: str, phone: Page, live: str, people: dict[str, Person | None], world: World
) -> None:
    for door in pages(name):
        who = visitor(door)
        person = people[who] if who else None
        if not who:
            continue
        phone.context.clear_cookies()
        if person is not None:
            sign_in(phone, person, live)
        width, height = SIZES[door.drawn_for]
        phone.set_viewport_size({"width": width, "height": height})
        watch_of(phone).forget()
        answer = phone.goto(reverse(name, kwargs=door.args(world)))
        assert answer is not None and answer.status == 200
        if "text/html" not in answer.headers["content-type"]:
            continue
        phone.wait_for_load_state("networkidle")
        axe(phone)
        picture(phone, f"page-{name.replace(':', '-')}", full=True)
        heavy = watch_of(phone).kilobytes
        assert heavy <= BUDGET[door.drawn_for], f"{name} weighs {heavy:.0f} KB"
        scrolls = phone.evaluate("document.documentElement.scrollWidth > innerWidth + 1")
        assert not scrolls, f"{name} is wider than its screen"
