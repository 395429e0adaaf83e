"""Show every shared part in every state, for those who build pages; demo only, no real data."""

from __future__ import annotations

import tomllib
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django import forms
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from bihuan.base.clock import now
from bihuan.base.installation import is_demo

SHEETS = ("phone", "progress", "tasks", "result", "desk", "matter", "form", "slip")
SCENE = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 160 120"><rect width="160" height="120"'
    ' fill="{sky}"/><rect y="62" width="160" height="58" fill="#565b63"/><path d="M20 120L70 62h6'
    'L44 120z" fill="#d9b44a"/><ellipse cx="98" cy="94" rx="36" ry="13" fill="{spot}"/></svg>'
)
QR = mark_safe(
    '<svg viewBox="0 0 29 29" shape-rendering="crispEdges"><path d="M1 1h7v7h-7zM21 1h7v7h-7z'
    "M1 21h7v7h-7zM11 2h2v3h-2zM15 1h3v2h-3zM10 10h4v2h-4zM17 11h3v4h-3zM22 12h5v2h-5zM2 11h4v3h-4"
    'zM11 16h5v3h-5zM18 18h4v4h-4zM24 18h3v6h-3zM12 22h4v5h-4z"/></svg>'
)
SAID = tomllib.loads(Path(__file__).with_name("design.toml").read_text(encoding="utf-8"))


class Example(forms.Form):
    """Fields of every sort, to be looked at."""

    title = forms.CharField(label=_("标题"), max_length=60, help_text=_("一句话说清是什么事"))
    phone = forms.CharField(label=_("手机号"), required=False, help_text=_("只有承办人员可见"))
    unit = forms.ChoiceField(
        label=_("承办单位"),
        choices=[("", _("请选择")), ("a", SAID["unit"]), ("b", SAID["other_unit"])],
    )
    words = forms.CharField(label=_("说明"), widget=forms.Textarea(attrs={"rows": 3}))
    how = forms.ChoiceField(
        label=_("处理方式"),
        widget=forms.RadioSelect,
        choices=[("now", _("立即办理")), ("later", _("列入计划")), ("no", _("不属本单位"))],
    )
    hide = forms.BooleanField(label=_("公开时隐藏我的姓名"), required=False)


@require_safe
def show(request: HttpRequest, sheet: str = "phone") -> HttpResponse:
    """Draw one sheet of examples."""
    if sheet not in SHEETS or not is_demo():
        raise Http404
    wrong = Example({"title": "", "phone": "12", "unit": "a"})
    wrong.add_error("phone", _("手机号应为 11 位数字，请核对。"))
    return render(request, f"design/{sheet}.html", examples(now()) | {"wrong_form": wrong})


def examples(at: datetime) -> dict[str, Any]:
    """Invent what the sheets show."""
    before = _photo("#9fb6cf", "#20262e", _("处置前照片：路面坑洞"), _("处置前"))
    after = _photo("#b7cde4", "#6d737b", _("处置后照片：路面平整"), _("处置后"))
    return {
        "example": Example(),
        "qr": QR,
        "said": SAID,
        "photos": [before, after, _photo("#c9d7c2", "#3b2f26", _("现场照片"), "")],
        "tiles": _tiles(),
        "steps": [
            {"label": _("已上报"), "place": "past"},
            {"label": _("已受理"), "place": "past"},
            {"label": _("处置中"), "place": "now"},
            {"label": _("待评价"), "place": "next"},
        ],
        "lines": _lines(at, [before, after]),
        "rows": _rows(at),
        "page": Paginator(range(41), 10).page(2),
        "facts": [
            (_("来源"), _("居民随手拍")),
            (_("位置"), SAID["place"]),
            (_("网格"), SAID["cell"]),
            (_("上报人"), SAID["reporter"]),
        ],
        "due": {
            "far": at + timedelta(days=1, hours=7, minutes=2),
            "near": at + timedelta(minutes=52),
            "over": at - timedelta(hours=2, minutes=10),
            "since": at - timedelta(hours=6),
            "at": at,
        },
    }


def _photo(sky: str, spot: str, alt: Any, word: Any) -> dict[str, Any]:
    address = "data:image/svg+xml," + quote(SCENE.format(sky=sky, spot=spot))
    return {"thumb": address, "full": address, "alt": alt, "word": word}


def _tiles() -> list[dict[str, Any]]:
    named = (
        ("road", _("道路破损"), "road"),
        ("lid", _("井盖"), "circle-dot"),
        ("lamp", _("路灯"), "bulb"),
        ("waste", _("垃圾"), "trash"),
        ("water", _("积水污水"), "droplet"),
        ("parking", _("违规停放"), "car"),
        ("green", _("绿化"), "plant-2"),
        ("other", _("更多"), "dots"),
    )
    tiles: list[dict[str, Any]] = [
        {"value": value, "label": label, "icon": icon} for value, label, icon in named
    ]
    tiles[0] |= {"hint": _("推荐"), "checked": True}
    return tiles


def _lines(at: datetime, photos: list[dict[str, Any]]) -> list[dict[str, Any]]:
    refused = {"colour": "red", "words": SAID["returned"]}
    told: tuple[tuple[Any, int, Any, dict[str, Any]], ...] = (
        (_("施工队已到场，正在填补"), 5, SAID["crew"], {"photos": photos}),
        (_("派给市政养护所办理"), 70, SAID["centre"], {}),
        (_("退回：不属本单位"), 80, SAID["other_unit"], refused),
        (_("网格员到场核实，情况属实"), 1500, SAID["worker"], {"colour": "green"}),
        (_("您提交了上报"), 9000, _("2 张照片"), {}),
    )
    return [
        {"what": what, "at_moment": at - timedelta(minutes=minutes), "who": who} | more
        for what, minutes, who, more in told
    ]


def _rows(at: datetime) -> list[dict[str, Any]]:
    words = {
        "accepted": _("待派遣"),
        "handling": _("处置中"),
        "overdue": _("已超期"),
        "verifying": _("待核查"),
        "finished": _("已办结"),
    }
    return [
        row
        | {
            "number": f"SP-20261123-{142 - n:06d}",
            "label": words[row["state"]],
            "due_at": at + timedelta(minutes=row["minutes"]),
            "since": at - timedelta(minutes=row["gone"]),
            "done_at": at if row["state"] == "finished" else None,
        }
        for n, row in enumerate(SAID["row"])
    ]
