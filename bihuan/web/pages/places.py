"""Pages and data of places: two imports, the search of addresses, the map of cells."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import condition, require_http_methods, require_safe

from bihuan.accounts.actor import Actor
from bihuan.accounts.doors import needs
from bihuan.accounts.may import MAY
from bihuan.accounts.request import Request
from bihuan.accounts.units import tree
from bihuan.base.cached import Cached
from bihuan.base.clock import now
from bihuan.base.models import Version
from bihuan.places.actions import import_addresses, import_cells
from bihuan.places.coordinates import BD09, GCJ02, WGS84, BadCoordinates, to_wgs84
from bihuan.places.geojson import read_geojson
from bihuan.places.imports import EVERYWHERE, MOST_BYTES, BadFile, ImportResult, Reach
from bihuan.places.queries import cells_geojson, search_addresses
from bihuan.places.tables import read_table

ERRORS_SHOWN = 200

Work = Callable[[bytes, dict[str, Any]], ImportResult]


class ImportForm(forms.Form):
    """A file and the datum of its coordinates."""

    file = forms.FileField(label=gettext_lazy("文件"))
    datum = forms.ChoiceField(
        label=gettext_lazy("坐标系"),
        choices=[(WGS84, "WGS-84 / CGCS2000"), (GCJ02, "GCJ-02"), (BD09, "BD-09")],
        help_text=gettext_lazy(
            "测绘成果一般是 CGCS2000；高德、腾讯地图的坐标是 GCJ-02，百度地图是 BD-09。"
        ),
    )

    def clean_file(self) -> Any:
        """Refuse what is larger than an import may be, before it is read."""
        upload = self.cleaned_data["file"]
        if upload.size > MOST_BYTES:
            raise forms.ValidationError(_("文件太大，请分几次导入。"))
        return upload


class CellsForm(ImportForm):
    """A GeoJSON file, and whether it holds all cells of its communities."""

    complete = forms.BooleanField(
        label=gettext_lazy("文件包含这些村（社区）的全部网格，未列出的停用"), required=False
    )


@require_http_methods(["GET", "HEAD", "POST"])
@needs("places.import")
def cells_import(request: Request) -> HttpResponse:
    """Check or import a GeoJSON file of cells."""
    form = CellsForm(request.POST or None, request.FILES or None)

    def work(data: bytes, how: dict[str, Any]) -> ImportResult:
        complete = form.cleaned_data["complete"]
        return import_cells(features=read_geojson(data), complete=complete, **how)

    return _import_page(request, "web/places/cells_import.html", form, work)


@require_http_methods(["GET", "HEAD", "POST"])
@needs("places.import")
def addresses_import(request: Request) -> HttpResponse:
    """Check or import a spreadsheet of addresses."""
    form = ImportForm(request.POST or None, request.FILES or None)

    def work(data: bytes, how: dict[str, Any]) -> ImportResult:
        return import_addresses(lines=read_table(data), **how)

    return _import_page(request, "web/places/addresses_import.html", form, work)


def _import_page(request: Request, template: str, form: ImportForm, work: Work) -> HttpResponse:
    """Show the form; after a POST also the outcome, row by row. 422 when something is wrong."""
    context: dict[str, Any] = {"form": form}
    if request.method != "POST":
        return render(request, template, context)
    if not form.is_valid():
        return render(request, template, context, status=422)
    how = {
        "datum": form.cleaned_data["datum"],
        "dry_run": request.POST.get("step") != "import",
        "by": request.actor,
        "at": now(),
        "reach": reach(request.actor),
    }
    try:
        result = work(form.cleaned_data["file"].read(), how)
    except BadFile as error:
        form.add_error("file", str(error))
        return render(request, template, context, status=422)
    context["result"] = result
    context["errors"] = result.errors[:ERRORS_SHOWN]
    context["hidden"] = max(0, len(result.errors) - ERRORS_SHOWN)
    return render(request, template, context, status=200 if result.ok else 422)


def reach(actor: Actor) -> Reach:
    """Give the areas and units below the posts that let somebody import places."""
    units = tree()
    ids: frozenset[int] = frozenset()
    for post in actor.posts:
        if post.role in MAY["places.import"] and post.unit_id in units:
            ids |= units.subtree(post.unit_id)
    if ids and len(ids) == len(units):
        return EVERYWHERE
    codes = {units.get(unit_id).area_code for unit_id in ids}
    return Reach(areas=tuple(sorted(codes - {""})), unit_ids=ids)


@require_safe
def addresses(request: Request) -> HttpResponse:
    """Search the address book: ?q=锦和 3-2&near=115.7,36.8&datum=gcj02, up to 20 as JSON.

    The public is led as far as the unit of a building; single doors are for those who work here.
    """
    found = search_addresses(
        request.GET.get("q", "")[:100],
        near=_near(request),
        doors=bool(request.actor.posts),
    )
    rows = [
        {
            "id": each.id,
            "text": each.text,
            "level": each.level,
            "lon": each.lon,
            "lat": each.lat,
        }
        for each in found
    ]
    return JsonResponse({"addresses": rows}, json_dumps_params={"ensure_ascii": False})


def _near(request: HttpRequest) -> tuple[float, float] | None:
    """Read ?near=lon,lat; what cannot be read is no wish at all."""
    lon, _comma, lat = request.GET.get("near", "").partition(",")
    try:
        return to_wgs84(float(lon), float(lat), request.GET.get("datum", WGS84))
    except (ValueError, BadCoordinates):
        return None


WHOLE_MAP: Cached[bytes] = Cached(
    "cells", lambda: json.dumps(cells_geojson(), ensure_ascii=False).encode()
)


def _cells_version(request: HttpRequest) -> str:
    version = Version.objects.filter(name="cells").values_list("n", flat=True).first()
    return f'"cells-{version or 0}"'


@require_safe
@condition(etag_func=_cells_version)
def cells(request: HttpRequest) -> HttpResponse:
    """Give the active cells as GeoJSON, WGS-84; ?under=371581001 for one division only."""
    under = request.GET.get("under", "")
    if under and not (under.isascii() and under.isdigit()):
        return JsonResponse({"detail": _("区划代码应为数字。")}, status=400)
    body = json.dumps(cells_geojson(under), ensure_ascii=False) if under else WHOLE_MAP.get()
    response = HttpResponse(body, content_type="application/geo+json")
    response["Cache-Control"] = "no-cache"  # keep it, but ask with the ETag each time
    return response
