"""The county's tables, to be read: who gets what and why, and how long each category may take."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from bihuan.accounts.doors import needs
from bihuan.accounts.request import Request
from bihuan.accounts.units import tree
from bihuan.reports.catalogue import in_english, name_of
from bihuan.reports.models import Category, DispatchRule
from bihuan.reports.rules import EVERY, CategoryRow, parse_window, rulebook

HOUR, WORKING_DAY, DAY = 3600, 28_800, 86_400  # seconds


@dataclass(frozen=True)
class RuleLine:
    """A dispatch rule in words."""

    rule: DispatchRule
    category: str
    area: str
    unit: str
    why: str
    window: str


@dataclass(frozen=True)
class CategoryLine:
    """A category and its limits in words."""

    row: CategoryRow
    name: str
    accept: str
    finish: str


@require_safe
@needs("rules.view")
def rules(request: Request) -> HttpResponse:
    """Show the dispatch rules in their order, and the categories with their limits."""
    names = _names()
    found = [
        RuleLine(
            rule,
            names.get(rule.category, rule.category),
            _unit(rule.area_id),
            _unit(rule.unit_id),
            rule.why_en if in_english() and rule.why_en else rule.why_zh,
            window_words(rule.window),
        )
        for rule in DispatchRule.objects.filter(is_active=True).order_by("order")
    ]
    categories = [
        CategoryLine(
            row,
            name_of(row),
            limit(row.accept_seconds, urgent=row.accept_urgent),
            limit(row.finish_seconds, urgent=row.finish_urgent),
        )
        for row in rulebook().categories.values()
    ]
    context = {"rules": found, "categories": categories}
    return render(request, "reports/tables.html", context)


def _unit(unit_id: int | None) -> str:
    return tree().name(unit_id) if unit_id is not None else ""


def _names() -> dict[str, str]:
    """Return the names of all categories and groups by key."""
    rows = Category.objects.values_list("key", "name_en" if in_english() else "name_zh")
    return {**dict(rows), EVERY: _("所有类型")}


def window_words(text: str) -> str:
    """Say a time window in words: 每天 22:00–次日 06:00; "" for any time."""
    window = parse_window(text)
    if window is None:
        return ""
    names = (_("周一"), _("周二"), _("周三"), _("周四"), _("周五"), _("周六"), _("周日"))
    days = sorted(window.days)
    if len(days) == len(names):
        said = _("每天")
    elif days == list(range(days[0], days[-1] + 1)) and len(days) > 2:
        said = _("%(first)s至%(last)s") % {"first": names[days[0]], "last": names[days[-1]]}
    else:
        said = _("、").join(names[day] for day in days)
    over = window.ends <= window.begins
    shape = _("%(days)s %(begins)s–次日 %(ends)s") if over else _("%(days)s %(begins)s–%(ends)s")
    return shape % {
        "days": said,
        "begins": f"{window.begins:%H:%M}",
        "ends": f"{window.ends:%H:%M}",
    }


def limit(seconds: int, *, urgent: bool) -> str:
    """Say a limit: of natural time when urgent, else of office hours, eight to a day."""
    day = DAY if urgent else WORKING_DAY
    if seconds % day == 0:
        shape = _("%(n)s 天") if urgent else _("%(n)s 个工作日")
        return shape % {"n": seconds // day}
    if seconds % HOUR == 0:
        shape = _("%(n)s 小时") if urgent else _("%(n)s 个工作小时")
        return shape % {"n": seconds // HOUR}
    shape = _("%(n)s 分钟") if urgent else _("%(n)s 个工作分钟")
    return shape % {"n": seconds // 60}
