"""Which category, which unit, how long: the county's tables, kept in memory by every process."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo

from bihuan.base.cached import Cached
from bihuan.base.text import fold

COUNTY = ZoneInfo("Asia/Shanghai")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
OTHER = "other"
EVERY = "*"


class BadWindow(ValueError):
    """A time window is not written as "mon-fri 08:00-18:00"."""


@dataclass(frozen=True, slots=True)
class CategoryRow:
    """A category as the rules need it; limits in seconds, urgent = natural time."""

    key: str
    group: str
    name_zh: str
    name_en: str
    accept_seconds: int
    accept_urgent: bool
    finish_seconds: int
    finish_urgent: bool
    verify_first: bool
    check_by: str
    photo_owed: bool
    is_public: bool
    keywords: tuple[str, ...]
    photo_hint: str
    icon: str


@dataclass(frozen=True, slots=True)
class Window:
    """A weekly time window; one whose end is before its start runs over midnight."""

    days: frozenset[int]
    begins: time
    ends: time

    def holds(self, at: datetime) -> bool:
        """Say whether `at` lies in the window, on the county's clock."""
        local = at.astimezone(COUNTY)
        clock, day = local.time(), local.weekday()
        if self.begins < self.ends:
            return day in self.days and self.begins <= clock < self.ends
        return (day in self.days and clock >= self.begins) or (
            (day - 1) % 7 in self.days and clock < self.ends
        )


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A dispatch rule: see DispatchRule. area: a unit's id; unit None = the cell's team."""

    id: int
    category: str
    area: int | None
    window: Window | None
    unit: int | None
    auto: bool
    why_zh: str
    why_en: str


@dataclass(frozen=True, slots=True)
class Decision:
    """Who should act, by which rule and why."""

    rule_id: int | None
    unit_id: int | None
    auto: bool
    why_zh: str
    why_en: str


def parse_window(text: str) -> Window | None:
    """Read "", "22:00-06:00", "mon-fri 08:00-18:00" or "sat,sun 08:00-18:00"."""
    words = text.strip().lower().split()
    if not words:
        return None
    try:
        span = words.pop()
        begins, ends = (time.fromisoformat(part) for part in span.split("-"))
        days = _days(words[0]) if words else frozenset(range(7))
        if len(words) > 1 or begins == ends:
            raise ValueError
    except ValueError as error:
        raise BadWindow(text) from error
    return Window(days, begins, ends)


def _days(text: str) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        first, dash, last = part.partition("-")
        a, b = DAYS.index(first), DAYS.index(last if dash else first)
        found.update(range(a, b + 1) if a <= b else [*range(a, 7), *range(b + 1)])
    return frozenset(found)


class Rulebook:
    """All categories and rules. Pure: no query."""

    def __init__(self, categories: Iterable[CategoryRow], rules: Sequence[RuleRow]) -> None:
        self.categories: Mapping[str, CategoryRow] = {c.key: c for c in categories}
        self.rules = tuple(rules)
        self._words = [(fold(word), c.key) for c in self.categories.values() for word in c.keywords]

    def category(self, key: str) -> CategoryRow | None:
        return self.categories.get(key)

    def suggest(self, text: str, most: int = 3) -> list[str]:
        """Return up to `most` category keys by the keywords in the text; longer ones weigh more."""
        folded = fold(text)
        score: dict[str, int] = {}
        for word, key in self._words:
            if word in folded:
                score[key] = score.get(key, 0) + len(word)
        ranked = sorted(score, key=lambda key: -score[key])
        return ranked[:most]

    def decide(
        self, category: str, *, areas: frozenset[int], team: int | None, at: datetime
    ) -> Decision:
        """Return the first rule that fits. areas: the units at and above the place."""
        row = self.categories.get(category)
        keys = {EVERY, category, row.group if row else ""}
        for rule in self.rules:
            if rule.category not in keys:
                continue
            if rule.area is not None and rule.area not in areas:
                continue
            if rule.window is not None and not rule.window.holds(at):
                continue
            unit = rule.unit if rule.unit is not None else team
            if unit is None:
                continue
            return Decision(rule.id, unit, rule.auto, rule.why_zh, rule.why_en)
        return Decision(None, None, False, "", "")


def _load() -> Rulebook:
    from bihuan.reports.models import Category, DispatchRule  # noqa: PLC0415 — kind.py comes first

    categories = [
        CategoryRow(
            c.key, c.parent.key if c.parent else "", c.name_zh, c.name_en, c.accept_seconds,
            c.accept_urgent, c.finish_seconds, c.finish_urgent, c.verify_first, c.check_by,
            c.photo_owed, c.is_public, tuple(c.keywords), c.photo_hint, c.icon,
        )
        for c in Category.objects.select_related("parent")
        .filter(is_active=True, parent__isnull=False)
        .order_by("parent__order", "order", "pk")
    ]  # fmt: skip
    rules = [
        RuleRow(
            r.pk, r.category, r.area_id, parse_window(r.window), r.unit_id, r.mode == "auto",
            r.why_zh, r.why_en,
        )
        for r in DispatchRule.objects.filter(is_active=True).order_by("order")
    ]  # fmt: skip
    return Rulebook(categories, rules)


RULEBOOK: Cached[Rulebook] = Cached("report_rules", _load)


def rulebook() -> Rulebook:
    """Return the county's rules, reloaded in every process when they change."""
    return RULEBOOK.get()


def category_of(key: str) -> CategoryRow | None:
    return rulebook().category(key)


def photo_owed(category: str) -> bool:
    """Say whether finishing a report of `category` asks for a photo of the result."""
    found = category_of(category)
    return found is not None and found.photo_owed
