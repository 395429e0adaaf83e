"""What browser tests are made of: watched pages in three sizes, axe, pictures.

A watched page notes errors in its console, breaches of the content security policy and requests
to other machines; the fixtures phone, desk and wall (conftest.py) fail a test that has any.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, Response, Route

from bihuan.accounts.models import Person

ROOT = Path(__file__).resolve().parents[3]
PICTURES = ROOT / "screenshots"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# the device classes the pages are drawn for
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}
DESK: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}}
WALL: dict[str, Any] = {"viewport": {"width": 1920, "height": 1080}}
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
BREACH = "content security policy"
LISTEN = f"""document.addEventListener("securitypolicyviolation", (event) =>
    console.error("{BREACH}: " + event.violatedDirective + " " + event.blockedURI));"""


@dataclass
class Watch:
    """What went wrong on one page, and what the test said may go wrong."""

    allowed: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    bodies: list[tuple[str, bytes]] = field(default_factory=list)

    def allow(self, text: str) -> None:
        """Say that console errors with this text are expected: "status of 422"."""
        self.allowed.append(text)

    def note(self, what: str) -> None:
        if not any(text in what for text in self.allowed):
            self.wrong.append(what)

    def keep(self, response: Response) -> None:
        if response.status == 200 and "image/" not in response.headers.get("content-type", ""):
            self.bodies.append((response.url, response.body()))

    @property
    def kilobytes(self) -> float:
        """Weigh what was fetched since the last forget(), gzipped, without pictures: 1 = 1024 B."""
        return sum(len(gzip.compress(body)) for _, body in self.bodies) / 1024

    def forget(self) -> None:
        self.bodies.clear()


def watched(context: BrowserContext, origin: str) -> Page:
    """Open a page that notes errors, and refuses requests to other machines."""
    watch = Watch()

    def stay_home(route: Route) -> None:
        if urlsplit(route.request.url).netloc == urlsplit(origin).netloc:
            route.continue_()
        else:
            watch.note(f"request to {route.request.url}")
            route.abort()

    context.add_init_script(LISTEN)
    context.route(lambda url: url.startswith(("http", "ws")), stay_home)
    page = context.new_page()
    page.watch = watch  # type: ignore[attr-defined]
    page.on("console", lambda line: watch.note(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: watch.note(str(error)))
    page.on("response", watch.keep)
    return page


def watch_of(page: Page) -> Watch:
    """Give what was noted on a page of phone, desk or wall."""
    watch: Watch = page.watch  # type: ignore[attr-defined]
    return watch


def opened(browser: Browser, origin: str, sort: dict[str, Any]) -> Iterator[Page]:
    context = browser.new_context(
        base_url=origin, locale="zh-CN", timezone_id="Asia/Shanghai", **sort
    )
    context.set_default_timeout(10_000)  # ms
    page = watched(context, origin)
    yield page
    context.close()
    assert not watch_of(page).wrong, "\n".join(watch_of(page).wrong)


def sign_in(page: Page, person: Person, origin: str) -> None:
    """Sign somebody in without the form, which has its own test."""
    client = Client()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    name = settings.SESSION_COOKIE_NAME
    page.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": origin}])


def axe(page: Page) -> None:
    """Fail on any breach of WCAG 2.2 A and AA that axe can find, naming rule and element."""
    options = {"runOnly": {"type": "tag", "values": WCAG}, "resultTypes": ["violations"]}
    found = Axe().run(page, options=options).response["violations"]
    lines = [
        f"{fault['id']}: {fault['help']}\n    " + "\n    ".join(n["html"] for n in fault["nodes"])
        for fault in found
    ]
    assert not lines, f"{page.url}\n" + "\n".join(lines)


def picture(page: Page, name: str, *, full: bool = False) -> None:
    """Keep a picture of the page in screenshots/, to look at; it is compared with nothing."""
    PICTURES.mkdir(exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}.png", full_page=full)
