"""House rules for templates, scripts, style sheets and SQL, each tried on a good and a bad line."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")
CHINESE = re.compile(r"[㐀-鿿＀-￯、-〗]")
LEFT = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
TEMPLATE_WALL = 300  # lines; the guide is 120
SCRIPT_WALL = 150  # lines


class Found(NamedTuple):
    """One fault: its line and why it is one."""

    line: int
    why: str


@dataclass(frozen=True)
class Rule(Generic[T]):
    """A check, the file it is tried on, a line it must take and one it must refuse."""

    check: Callable[[T], Iterator[Found]]
    path: str
    good: str
    bad: str

    def try_out(self, make: Callable[[str, str], T]) -> None:
        """Raise unless the check takes the good line and refuses the bad one."""
        name = self.check.__name__
        if list(self.check(make(self.path, self.good))):
            raise AssertionError(f"{name} refuses its good line: {self.good}")
        if not list(self.check(make(self.path, self.bad))):
            raise AssertionError(f"{name} takes its bad line: {self.bad}")


class Page(NamedTuple):
    """One text file: its path below the project and its text."""

    path: str
    text: str


def nothing_is_left_to_do(path: str, text: str) -> Iterator[Found]:
    """Find notes of unfinished work; an issue is the place for them."""
    for number, line in enumerate(text.splitlines(), 1):
        if LEFT.search(line):
            yield Found(number, "open an issue instead of leaving a note")


def finished(page: Page) -> Iterator[Found]:
    yield from nothing_is_left_to_do(page.path, page.text)


def matches(page: Page, text: str, pattern: re.Pattern[str], why: str) -> Iterator[Found]:
    for hit in pattern.finditer(text):
        yield Found(page.text.count("\n", 0, hit.start()) + 1, why)


BLANKED = re.compile(r"[^\n]")
COMMENT = re.compile(r"\{#.*?#\}|\{%-?\s*comment.*?endcomment\s*-?%\}|<!--.*?-->", re.S)
TRANSLATED = re.compile(
    r"\{%\s*block(?:translate|trans)\b.*?endblock(?:translate|trans)\s*%\}", re.S
)
MARKED = re.compile(r"\{%\s*(?:translate|trans)\b.*?%\}|_\(\s*(?:\"[^\"]*\"|'[^']*')\s*\)", re.S)


def without(text: str, *patterns: re.Pattern[str]) -> str:
    """Blank out what matches, so that every line keeps its number."""
    for pattern in patterns:
        text = pattern.sub(lambda hit: BLANKED.sub(" ", hit.group()), text)
    return text


def is_template(page: Page) -> bool:
    return page.path.endswith(".html")


STYLE = re.compile(r"<style\b|\sstyle\s*=", re.I)
HANDLER = re.compile(r"<[^>{]*?\son[a-z]+\s*=|javascript:", re.I)
SCRIPT = re.compile(r"<script\b(?![^>]*\bsrc=)(?![^>]*application/json)", re.I)


def nothing_is_inline(page: Page) -> Iterator[Found]:
    """A strict content security policy lets no inline style, script or handler run."""
    if is_template(page):
        text = without(page.text, COMMENT)
        yield from matches(page, text, STYLE, "no inline style: use a class")
        yield from matches(page, text, HANDLER, "no inline handler: attach by data-* in a module")
        yield from matches(page, text, SCRIPT, "no inline script: write a module and load it")


def parts_name_their_inputs(page: Page) -> Iterator[Found]:
    first = page.text.lstrip()
    if is_template(page) and "/parts/" in page.path and not re.match(r"\{#|\{% comment", first):
        yield Found(1, "a shared part starts with a comment that names its inputs")


# shown when not even the translations can be relied on: both languages side by side
BOTH_LANGUAGES = ("bihuan/web/templates/500.html", "bihuan/web/templates/503.html")


def templates_are_translated(page: Page) -> Iterator[Found]:
    if is_template(page) and page.path not in BOTH_LANGUAGES:
        text = without(page.text, COMMENT, TRANSLATED, MARKED)
        chinese = re.compile(CHINESE.pattern + r"[^\n<{]*")
        yield from matches(page, text, chinese, "wrap in translate or blocktranslate")


JS_COMMENT = re.compile(r"/\*.*?\*/|(?<![:\"'])//[^\n]*", re.S)


def scripts_take_words_from_the_page(page: Page) -> Iterator[Found]:
    if page.path.endswith(".js"):
        text = without(page.text, JS_COMMENT)
        yield from matches(page, text, CHINESE, "words come from the page (data-*), translated")


def scripts_and_templates_are_short(page: Page) -> Iterator[Found]:
    wall = {".html": TEMPLATE_WALL, ".js": SCRIPT_WALL}.get(Path(page.path).suffix)
    lines = page.text.count("\n")
    if wall and lines > wall:
        yield Found(1, f"{lines} lines, at most {wall}: split by place on the page or behaviour")


def sql_says_what_it_is_for(page: Page) -> Iterator[Found]:
    if page.path.endswith(".sql") and not page.text.startswith("-- "):
        yield Found(1, "an SQL file starts with its purpose, parameters with units, and rows")


HTML, JS, SQL = "bihuan/x/templates/x.html", "bihuan/x/static/x.js", "bihuan/x/sql/x.sql"
PART = "bihuan/web/templates/parts/x.html"
RULES: list[Rule[Page]] = [
    Rule(finished, HTML, "<p>", "<p> {# TO" + "DO #}"),
    Rule(nothing_is_inline, HTML, '<p class="a">', '<p style="color: red">'),
    Rule(nothing_is_inline, HTML, '<button data-more>', '<button onclick="more()">'),
    Rule(nothing_is_inline, HTML, '<script type="module" src="a.js">', "<script>a()</script>"),
    Rule(parts_name_their_inputs, PART, "{# inputs: matter #}\n<p>", "<p>"),
    Rule(templates_are_translated, HTML, '{% translate "已办结" %}', "<p>已办结</p>"),
    Rule(templates_are_translated, HTML, '<p title="{{ _("好") }}">', '<p title="好">'),
    Rule(scripts_take_words_from_the_page, JS, "a(b.dataset.ok) // 好", "alert('好')"),
    Rule(scripts_and_templates_are_short, JS, "a\n", "a\n" * (SCRIPT_WALL + 1)),
    Rule(sql_says_what_it_is_for, SQL, "-- Board of one unit.", "SELECT 1"),
]  # fmt: skip


def check_all(root: Path) -> int:
    """Try the rules, check every file below bihuan/, print the faults and give their number."""
    for rule in RULES:
        rule.try_out(Page)
    found = 0
    for path in sorted((root / "bihuan").rglob("*")):
        if path.suffix not in (".html", ".js", ".css", ".sql") or "vendor" in path.parts:
            continue
        page = Page(path.relative_to(root).as_posix(), path.read_text("utf8"))
        for check in dict.fromkeys(rule.check for rule in RULES):
            for line, why in check(page):
                found += 1
                print(f"{page.path}:{line}: {why}")
    return found
