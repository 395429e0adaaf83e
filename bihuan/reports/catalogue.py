"""The categories as people choose them: behind eight doors, in their own language."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from bihuan.reports.models import Reason, Tile
from bihuan.reports.rules import CategoryRow, rulebook

Choice = tuple[str, str]


@dataclass(frozen=True)
class Door:
    """One of the doors on the first page, with the public categories behind it."""

    key: str
    label: str
    icon: str
    categories: tuple[CategoryRow, ...]


def in_english() -> bool:
    return (get_language() or "").startswith("en")


def name_of(row: CategoryRow) -> str:
    """Return a category's name in the reader's language."""
    return row.name_en if in_english() and row.name_en else row.name_zh


def category_name(key: str) -> str:
    """Return the name of a category by its key, the key when the county dropped it."""
    row = rulebook().category(key)
    return name_of(row) if row else key


def reason_words(row: Reason) -> str:
    """Return what a reporter reads of a listed reason, in their language."""
    if in_english() and (row.text_en or row.name_en):
        return row.text_en or row.name_en
    return row.text_zh or row.name_zh


def reason_name(row: Reason) -> str:
    """Return the short name of a listed reason in the reader's language."""
    return row.name_en if in_english() and row.name_en else row.name_zh


def doors() -> list[Door]:
    """Return the doors in their order; one query."""
    book = rulebook()
    found = []
    for tile in Tile.objects.order_by("order", "key"):
        rows = (book.category(key) for key in tile.categories)
        public = tuple(row for row in rows if row is not None and row.is_public)
        label = tile.name_en if in_english() and tile.name_en else tile.name_zh
        found.append(Door(tile.key, label, tile.icon, public))
    return found


def choices(shown: list[Door], *, public: bool = True) -> list[Choice | tuple[str, list[Choice]]]:
    """Return the categories grouped by door, what is behind none last, "not sure" first."""
    grouped: list[Choice | tuple[str, list[Choice]]] = [("", _("说不清，请帮我判断"))]
    seen: set[str] = set()
    for door in shown:
        rows = [row for row in door.categories if row.key not in seen]
        seen.update(row.key for row in rows)
        if rows:
            grouped.append((door.label, [(row.key, name_of(row)) for row in rows]))
    rest = [
        (row.key, name_of(row))
        for row in rulebook().categories.values()
        if row.key not in seen and (row.is_public or not public)
    ]
    if rest:
        grouped.append((_("其他"), rest))
    return grouped
