"""The county's tables as files: rules and categories, out and in, whole or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from bihuan.accounts.actions.log import log
from bihuan.accounts.actor import Actor
from bihuan.accounts.may import require
from bihuan.accounts.units import UnknownUnit, tree
from bihuan.base.cached import bump
from bihuan.reports.actions.reference import CELL, unit_id_of
from bihuan.reports.models import Category, DispatchRule
from bihuan.reports.rules import EVERY, BadWindow, parse_window

RULE_COLUMNS = ("order", "category", "area", "window", "unit", "mode", "why_zh", "why_en")
CATEGORY_COLUMNS = (
    "key", "parent", "name_zh", "name_en", "accept_seconds", "accept_clock", "finish_seconds",
    "finish_clock", "verify_first", "check_by", "photo_owed", "is_public", "is_active", "keywords",
)  # fmt: skip
CLOCKS = {"urgent": True, "working": False}
YES_NO = {"yes": True, "no": False}
Line = tuple[int, Mapping[str, str]]


@dataclass(frozen=True)
class Wrong:
    """A row that cannot be taken: its number in the file, its key, and why."""

    number: int
    key: str
    words: str


@dataclass
class Taken:
    """What came of a file. errors not empty: nothing was written."""

    rows: int = 0
    errors: list[Wrong] = field(default_factory=list)
    written: bool = False


@transaction.atomic
def replace_rules(*, lines: Sequence[Line], dry_run: bool, by: Actor, at: datetime) -> Taken:
    """Let the file be the county's dispatch rules; rules that are not in it are switched off."""
    require(by, "rules.edit")
    bump("report_rules")
    taken = Taken(rows=len(lines))
    known = set(Category.objects.values_list("key", flat=True)) | {EVERY}
    found: dict[int, dict[str, object]] = {}
    for number, row in lines:
        try:
            order, values = _rule(row, known)
            if order in found:
                raise ValueError(_("顺序号重复。"))
            found[order] = values
        except ValueError as error:
            taken.errors.append(Wrong(number, row.get("order", ""), str(error)))
    if not taken.errors and not dry_run:
        for order, values in found.items():
            DispatchRule.objects.update_or_create(order=order, defaults=values)
        DispatchRule.objects.exclude(order__in=found).update(is_active=False)
        log("reports.import_rules", by=by, at=at, facts={"rows": len(found)})
        taken.written = True
    return taken


def _rule(row: Mapping[str, str], known: set[str]) -> tuple[int, dict[str, object]]:
    order = _number(row, "order")
    if row.get("category", "") not in known:
        raise ValueError(_("没有这个类别：%(key)s。") % {"key": row.get("category", "")})
    if row.get("mode") not in ("auto", "clerk"):
        raise ValueError(_("方式只能是 auto 或 clerk。"))
    if not row.get("why_zh"):
        raise ValueError(_("请写明依据（why_zh）。"))
    try:
        parse_window(row.get("window", ""))
    except BadWindow as error:
        raise ValueError(_("时间写法不对，例：mon-fri 08:00-18:00。")) from error
    return order, {
        "category": row["category"],
        "area_id": _unit(row.get("area", EVERY)),
        "window": row.get("window", ""),
        "unit_id": _unit(row.get("unit", "")),
        "mode": row["mode"],
        "why_zh": row["why_zh"][:100],
        "why_en": row.get("why_en", "")[:160],
        "is_active": True,
    }


@transaction.atomic
def take_categories(*, lines: Sequence[Line], dry_run: bool, by: Actor, at: datetime) -> Taken:
    """Change the categories a file names and add new ones; what it does not name stays."""
    require(by, "rules.edit")
    bump("report_rules")
    taken = Taken(rows=len(lines))
    groups = dict(Category.objects.filter(parent=None).values_list("key", "pk"))
    found: dict[str, dict[str, object]] = {}
    for number, row in lines:
        try:
            key = row.get("key", "")
            if key in found or not key.replace("_", "").isalnum() or not key.isascii():
                raise ValueError(_("编号（key）要用小写英文，且不能重复。"))
            found[key] = _category(row, groups)
        except ValueError as error:
            taken.errors.append(Wrong(number, row.get("key", ""), str(error)))
    if not taken.errors and not dry_run:
        for key, values in found.items():
            Category.objects.update_or_create(key=key, defaults=values)
        log("reports.import_categories", by=by, at=at, facts={"rows": len(found)})
        taken.written = True
    return taken


def _category(row: Mapping[str, str], groups: Mapping[str, int]) -> dict[str, object]:
    if row.get("parent") not in groups:
        raise ValueError(_("没有这个大类：%(key)s。") % {"key": row.get("parent", "")})
    if not row.get("name_zh") or not row.get("name_en"):
        raise ValueError(_("中文名和英文名都要写。"))
    if row.get("check_by") not in ("worker", "clerk"):
        raise ValueError(_("核查人（check_by）只能是 worker 或 clerk。"))
    return {
        "parent_id": groups[row["parent"]],
        "name_zh": row["name_zh"][:40],
        "name_en": row["name_en"][:80],
        "accept_seconds": _number(row, "accept_seconds"),
        "accept_urgent": _choice(row, "accept_clock", CLOCKS),
        "finish_seconds": _number(row, "finish_seconds"),
        "finish_urgent": _choice(row, "finish_clock", CLOCKS),
        "check_by": row["check_by"],
        "keywords": [word[:30] for word in row.get("keywords", "").split()],
        **{
            name: _choice(row, name, YES_NO)
            for name in ("verify_first", "photo_owed", "is_public", "is_active")
        },
    }


def rules_as_rows() -> Iterable[tuple[str, ...]]:
    """Give the active rules as `replace_rules` takes them."""
    units = tree()
    for rule in DispatchRule.objects.filter(is_active=True).order_by("order"):
        area = units.get(rule.area_id).code if rule.area_id else EVERY
        unit = units.get(rule.unit_id).code if rule.unit_id else CELL
        yield (
            str(rule.order), rule.category, area, rule.window, unit, rule.mode, rule.why_zh,
            rule.why_en,
        )  # fmt: skip


def categories_as_rows() -> Iterable[tuple[str, ...]]:
    """Give the categories (not their groups) as `take_categories` takes them."""
    rows = Category.objects.filter(parent__isnull=False).select_related("parent")
    for row in rows.order_by("parent__order", "order", "pk"):
        yield (
            row.key, row.parent.key if row.parent else "", row.name_zh, row.name_en,
            str(row.accept_seconds), _word(CLOCKS, row.accept_urgent), str(row.finish_seconds),
            _word(CLOCKS, row.finish_urgent), _word(YES_NO, row.verify_first), row.check_by,
            _word(YES_NO, row.photo_owed), _word(YES_NO, row.is_public),
            _word(YES_NO, row.is_active), " ".join(row.keywords),
        )  # fmt: skip


def _unit(code: str) -> int | None:
    try:
        return unit_id_of(code)
    except UnknownUnit:
        raise ValueError(_("没有这个单位：%(code)s。") % {"code": code}) from None


def _number(row: Mapping[str, str], name: str) -> int:
    text = row.get(name, "")
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 2**31:
        raise ValueError(_("%(name)s 要写正整数。") % {"name": name})
    return int(text)


def _choice(row: Mapping[str, str], name: str, words: Mapping[str, bool]) -> bool:
    if row.get(name) not in words:
        known = "、".join(words)  # data: the comma of a list
        raise ValueError(_("%(name)s 只能写 %(words)s。") % {"name": name, "words": known})
    return words[row[name]]


def _word(words: Mapping[str, bool], value: bool) -> str:
    return next(word for word, meant in words.items() if meant is value)
