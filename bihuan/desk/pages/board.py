"""The board: open matters under tabs, with filters and search, all of it in the address."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from bihuan.accounts.actor import Actor
from bihuan.accounts.doors import needs
from bihuan.accounts.may import may
from bihuan.accounts.request import Request
from bihuan.accounts.roles import Role
from bihuan.accounts.units import UnitTree, tree
from bihuan.base.clock import now
from bihuan.base.text import TooShort
from bihuan.desk import words
from bihuan.desk.forms import DAYS, GROUPS, SieveForm
from bihuan.desk.forms import Unit as UnitKind
from bihuan.desk.queries import MOST, Asked, Page, board, read_key
from bihuan.desk.search import exact, search
from bihuan.matters import kinds
from bihuan.matters.models import Matter

TABS = {
    "open": (gettext_lazy("全部在办"), ""),
    "new": (gettext_lazy("待受理"), "blue"),
    "assign": (gettext_lazy("待派遣"), ""),
    "doing": (gettext_lazy("处置中"), "teal"),
    "today": (gettext_lazy("今日到期"), "orange"),
    "overdue": (gettext_lazy("已超期"), "red"),
    "check": (gettext_lazy("待核查"), "green"),
    "over": (gettext_lazy("已结束"), ""),
}
FILTERS = ("category", "area", "owner", "channel", "state", "days")


@dataclass(frozen=True)
class Row:
    """A matter as the board shows it: words instead of keys and ids."""

    matter: Matter
    state: str
    category: str
    owner: str
    area: str
    channel: str


def rows_of(matters: list[Matter]) -> list[Row]:
    """Put words to keys and ids, without a query a row."""
    names = words.categories()
    return [
        Row(
            m,
            words.state_label(m.kind, m.state),
            names.get(m.category, m.category),
            words.unit_label(m.owner_id),
            words.unit_label(m.area_id),
            words.channel_label(m.channel),
        )
        for m in matters
    ]


def asked_by(request: Request) -> tuple[Asked, SieveForm]:
    """Read tab, filters and page from the address; what is wrong counts as not given."""
    form = SieveForm(request.GET)
    form.is_valid()
    given = {name: form.cleaned_data.get(name) for name in FILTERS}
    tab = request.GET.get("tab", "open")
    asked = Asked(
        tab=tab if tab in TABS else "open",
        category=given["category"] or "",
        area=given["area"],
        owner=given["owner"],
        channel=given["channel"] or "",
        state=given["state"] or "",
        days=given["days"] or 0,
        after=read_key(request.GET.get("after", "")),
        before=read_key(request.GET.get("before", "")),
    )
    return asked, form


def words_of(request: Request) -> str:
    """Return what is searched for; the database keeps no zero characters."""
    return request.GET.get("q", "").replace("\0", "").strip()


@needs("matters.view")
def show(request: Request) -> HttpResponse:
    """Show a page of the board, or of what was searched for."""
    at = now()
    asked, form = asked_by(request)
    q = words_of(request)
    said = ""
    if q:
        found = exact(request.actor, q)
        if found is not None:
            return redirect("desk:matter", found.number)
    try:
        page = search(request.actor, q, asked, at) if q else board(request.actor, asked, at)
    except TooShort as short:
        page, said = Page([]), str(short)
    context = frame(request, asked, page, at)
    context |= {"q": q, "said": said, "sieve": form, "wrong_words": _wrong(form)}
    return render(request, "desk/board.html", context)


@needs("matters.view")
def paper(request: Request) -> HttpResponse:
    """Show the same page of the board for a sheet of paper."""
    at = now()
    asked, _form = asked_by(request)
    q = words_of(request)
    try:
        page = search(request.actor, q, asked, at) if q else board(request.actor, asked, at)
    except TooShort:
        page = Page([])
    context = frame(request, asked, page, at) | {"q": q, "by": request.actor.name}
    return render(request, "desk/print.html", context)


def frame(request: Request, asked: Asked, page: Page, at: datetime) -> dict[str, Any]:
    """Collect what board and paper show alike."""
    return {
        "rows": rows_of(page.rows),
        "page_of": page,
        "tabs": _tabs(request, asked, page),
        "asked": asked,
        "newer": _turned(request, "before", page.newer),
        "older": _turned(request, "after", page.older),
        "total": _total(page),
        "choices": _choices(request.actor),
        "chips": _chips(request, asked),
        "may_export": may(request.actor, "matters.export"),
        "file_url": _file_url(request.actor),
        "query": request.GET.urlencode(),
        "at": at,
        "seek_url": reverse("desk:board"),
    }


def _file_url(by: Actor) -> str:
    """Return where a clerk writes down what somebody tells them, if that page is there."""
    if not by.has(Role.CLERK):
        return ""
    try:
        return reverse("reports:desk_report")
    except NoReverseMatch:
        return ""


def count_words(n: int) -> str:
    """Say a count; a long one as "1,000+"."""
    return f"{MOST:,}+" if n > MOST else f"{n:,}"


def _tabs(request: Request, asked: Asked, page: Page) -> list[dict[str, Any]]:
    kept = request.GET.copy()
    for name in ("tab", "after", "before", "q"):
        kept.pop(name, None)
    found = []
    for key, (label, colour) in TABS.items():
        kept["tab"] = key
        count = page.counts.get(key)
        found.append(
            {
                "key": key,
                "label": label,
                "colour": colour,
                "count": "" if count is None else count_words(count),
                "query": kept.urlencode(),
                "here": key == asked.tab and not words_of(request),
            }
        )
    return found


def _turned(request: Request, name: str, key: str) -> str:
    """Return the address query of the page before or after; empty when there is none."""
    if not key:
        return ""
    kept = request.GET.copy()
    for other in ("after", "before"):
        kept.pop(other, None)
    kept[name] = key
    return str(kept.urlencode())


def _total(page: Page) -> str:
    if page.total is None:
        return ""
    more = page.at_least
    n = f"{page.total:,}+" if more else f"{page.total:,}"
    return _("共 %(n)s 件") % {"n": n}


def _choices(by: Actor) -> dict[str, Any]:
    """Return the choices of the filters, as ready options; units within what the viewer sees."""
    states = {s: str(label) for k in kinds.every() for s, label in k.loop.labels}
    units = _unit_options(tree(), tree().scope(by), get_language() or "")
    return {
        "category": options(sorted(words.categories().items(), key=lambda pair: pair[1])),
        "owner": units,
        "area": units,
        "channel": options(words.CHANNELS.items()),
        "state": options(states.items()),
        "days": options((n, _("近 %(n)s 天") % {"n": n}) for n in DAYS if n),
    }


def options(pairs: Iterable[tuple[Any, Any]]) -> SafeString:
    return format_html_join("", '<option value="{}">{}</option>', pairs)


@lru_cache(maxsize=64)
def _unit_options(units: UnitTree, scope: frozenset[int] | None, language: str) -> SafeString:
    """Return the units of a scope as options in groups; kept until the tree is read anew."""
    shown = [u for u in units if u.is_active and (scope is None or u.id in scope)]
    groups = (
        (GROUPS[kind], options((u.id, words.unit_label(u.id)) for u in shown if u.kind == kind))
        for kind in UnitKind.ORDER
        if any(u.kind == kind for u in shown)
    )
    return format_html_join("", '<optgroup label="{}">{}</optgroup>', groups)


def _chips(request: Request, asked: Asked) -> list[dict[str, str]]:
    """Return each filter that is on, with the query that takes it off."""
    names = {
        "category": (_("类别"), words.categories().get(asked.category, asked.category)),
        "area": (_("位置"), words.unit_label(asked.area)),
        "owner": (_("承办"), words.unit_label(asked.owner)),
        "channel": (_("来源"), words.channel_label(asked.channel)),
        "state": (_("状态"), _state(asked.state)),
        "days": (_("时间"), _("近 %(n)s 天") % {"n": asked.days}),
    }
    found = []
    for key, (name, value) in names.items():
        if getattr(asked, key):
            kept = request.GET.copy()
            for other in (key, "after", "before"):
                kept.pop(other, None)
            shown = {"key": key, "name": name, "value": value, "query": kept.urlencode()}
            found.append(shown | {"stored": getattr(asked, key)})
    return found


def _state(state: str) -> str:
    labels = {s: label for k in kinds.every() for s, label in k.loop.labels}
    return str(labels.get(state, state))


def _wrong(form: SieveForm) -> list[str]:
    if not form.errors:
        return []
    return [_("有筛选条件不对，已按全部显示。")]
