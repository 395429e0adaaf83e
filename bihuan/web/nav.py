"""The desk's side navigation: who sees which entry."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from bihuan.accounts.may import may

Counts = Mapping[str, Callable[[], int]]


@dataclass(frozen=True)
class Item:
    """One entry. verb: shown only to those who may; url: a name, left out while it has no page."""

    label: str | Promise
    url: str
    icon: str
    verb: str


@dataclass(frozen=True)
class Shown:
    """An entry as the template takes it."""

    label: str | Promise
    address: str
    icon: str
    here: bool
    count: int = 0


@dataclass(frozen=True)
class Group:
    """A heading and its entries."""

    label: str | Promise
    items: tuple[Shown, ...]


GROUPS: tuple[tuple[str | Promise, tuple[Item, ...]], ...] = (
    (_("我的"), (Item(_("消息"), "inbox:list", "bell", "matters.view"),)),
    (
        _("指挥中心"),
        (
            Item(_("事项看板"), "desk:board", "layout-kanban", "matters.view"),
            Item(_("代录事项"), "reports:desk_report", "circle-plus", "matters.accept"),
        ),
    ),
    (_("处置与网格"), (Item(_("我的任务"), "desk:tasks", "clipboard-list", "matters.take_up"),)),
    (
        _("基础数据"),
        (
            Item(_("派遣规则"), "reports:rules", "list-details", "rules.view"),
            Item(_("导入网格"), "places:cells_import", "table-import", "places.import"),
            Item(_("导入地址"), "places:addresses_import", "table-import", "places.import"),
            Item(_("人员与单位"), "accounts:people", "users", "accounts.manage"),
            Item(_("对外推送"), "inbox:webhooks", "send", "matters.webhooks"),
        ),
    ),
    (
        _("审计"),
        (
            Item(_("查看记录"), "desk:looks", "eye", "audit.view"),
            Item(_("流水封存"), "seals:show", "shield-check", "audit.view"),
            Item(_("管理日志"), "accounts:admin_log", "history", "audit.view"),
        ),
    ),
)


def groups(request: HttpRequest, counts: Counts | None = None) -> list[Group]:
    """Return what this person may open, in order; a heading without entries is left out.

    counts: by an entry's url, how many wait there; asked for only when the entry is shown.
    """
    found = []
    for label, items in GROUPS:
        shown = tuple(_shown(request, items, counts or {}))
        if shown:
            found.append(Group(label, shown))
    return found


def _shown(request: HttpRequest, items: tuple[Item, ...], counts: Counts) -> Iterator[Shown]:
    actor = getattr(request, "actor", None)
    if actor is None:
        return
    for item in items:
        try:
            address = reverse(item.url)
        except NoReverseMatch:
            continue
        if may(actor, item.verb):
            count = counts[item.url]() if item.url in counts else 0
            yield Shown(item.label, address, item.icon, request.path == address, count)
