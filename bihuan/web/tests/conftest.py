"""Fixtures of the browser tests: a served county, its worker, and watched pages (harness.py)."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from bihuan.accounts.models import Person
    from bihuan.web.tests.doors import World

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start the system's Chromium once a process; skip visibly where there is none, fail in CI."""
    spec = importlib.util.spec_from_file_location("browser", ROOT / "tools" / "browser.py")
    assert spec is not None and spec.loader is not None
    finder = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(finder)
    path, wanted = finder.chromium(), finder.missing()
    if path is None or wanted:
        say = f"no browser test without {', '.join(wanted)}: run python tools/browser.py"
        pytest.fail(say) if os.environ.get("CI") else pytest.skip(say)
    from playwright.sync_api import sync_playwright

    from bihuan.web.tests.harness import FLAGS

    with pytest.MonkeyPatch.context() as patch, sync_playwright() as play:
        # Playwright keeps an event loop in this thread; the database calls here are still plain
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        started = play.chromium.launch(executable_path=path, args=FLAGS, headless=True)
        yield started
        started.close()


@pytest.fixture
def live(live_server: Any) -> str:
    """Serve the test database; gives the address without a slash at its end."""
    return str(live_server.url)


@pytest.fixture
def work() -> Callable[[], None]:
    """Give a function that does every job that is waiting, as the worker process would."""
    from procrastinate.contrib.django import app
    from procrastinate.contrib.django.django_connector import DjangoConnector

    def run() -> None:
        assert isinstance(app.connector, DjangoConnector)
        worker = app.with_connector(app.connector.get_worker_connector())
        worker.run_worker(wait=False, install_signal_handlers=False, listen_notify=False)

    return run


@pytest.fixture
def phone(browser: Browser, live: str) -> Iterator[Page]:
    """Give a watched page on a phone of 390 × 844."""
    from bihuan.web.tests.harness import PHONE, opened

    yield from opened(browser, live, PHONE)


@pytest.fixture
def desk(browser: Browser, live: str) -> Iterator[Page]:
    """Give a watched page on a desk of 1440 × 900."""
    from bihuan.web.tests.harness import DESK, opened

    yield from opened(browser, live, DESK)


@pytest.fixture
def wall(browser: Browser, live: str) -> Iterator[Page]:
    """Give a watched page on a wall screen of 1920 × 1080."""
    from bihuan.web.tests.harness import WALL, opened

    yield from opened(browser, live, WALL)


@pytest.fixture
def people(units: Any, zhang: Person, staff: dict[str, Person]) -> dict[str, Person | None]:
    """Give who knocks: nobody, a resident, each role here, and each role in the other county."""
    from bihuan.accounts.models import Person, Post
    from bihuan.web.tests.doors import ANONYMOUS, OTHER, RESIDENT

    found: dict[str, Person | None] = {ANONYMOUS: None, RESIDENT: zhang, **staff}
    for role in staff:
        twin = Person(username=f"other-{role.replace('_', '-')}", name="外县人")
        twin.set_unusable_password()
        twin.save(force_insert=True)
        Post.objects.create(
            person=twin, unit=units.other_county, role=role, from_on=date(2020, 1, 1)
        )
        found[role + OTHER] = twin
    return found


@pytest.fixture
def world(units: Any, staff: dict[str, Person]) -> World:
    """Give the rows that addresses are made of, all of 临清市."""
    from bihuan.matters.channel_models import Webhook
    from bihuan.web.tests.doors import World
    from conftest import MONDAY_9AM

    worker = staff["worker"]
    hook = Webhook.objects.create(
        url="https://city.example/hook",
        secret="word",
        unit=units.county,
        created_by=staff["county_admin"],
        created_at=MONDAY_9AM,
    )
    return World(
        {
            "person": worker.pk,
            "post": worker.posts.get().pk,
            "unit": units.team.pk,
            "webhook": hook.pk,
            **reported(units, staff),
        }
    )


def reported(units: Any, staff: dict[str, Person]) -> dict[str, Any]:
    """File one report with a photo and give it to a unit; have the clerk write another down."""
    from bihuan.accounts.actor import REPORTER, actor_of
    from bihuan.base.clock import now
    from bihuan.matters import actions as matters
    from bihuan.matters.actions.photos import take_photo
    from bihuan.matters.models import Attachment, Task
    from bihuan.reports.actions import Sent, file_report
    from bihuan.reports.tests.bed import LAT, LON, draw_cell, make_rules, photo

    draw_cell(units)
    make_rules(units)
    clerk = actor_of(staff["clerk"])
    seen = Sent(
        text="垃圾桶满了，撒了一地",
        category="litter",
        lon=LON,
        lat=LAT,
        address="文化路与曙光街交叉口东北角",
        phone="13800138000",
        photos=(take_photo(photo()),),
    )
    filed = file_report(sent=seen, by=REPORTER, at=now())
    matters.register(matter_id=filed.matter_id, by=clerk, at=now())
    matters.assign(matter_id=filed.matter_id, unit_id=units.urban.pk, by=clerk, at=now())
    called = Sent(text="路灯不亮", address="文化路", channel="phone")
    written = file_report(sent=called, by=clerk, at=now())
    return {
        "number": filed.number,
        "secret": filed.secret,
        "photo": Attachment.objects.get(matter_id=filed.matter_id).pk,
        "task": Task.objects.get(matter_id=filed.matter_id, key="lead").pk,
        "written_down": written.record_id,
    }
