"""The pages and data of places, through the doors."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import include, path

from bihuan.accounts.models import Person
from bihuan.places.actions import create_demo_addresses, create_demo_cells, load_divisions
from bihuan.places.demo_areas import STREET_CODES, demo_places
from bihuan.places.divisions import divisions
from bihuan.places.models import Address, Cell, ImportRun

urlpatterns = [
    path("places/", include("bihuan.web.urls_places")),
    path("", include("bihuan.web.urls")),
    path("", include("bihuan.accounts.urls")),
]
pytestmark = [pytest.mark.urls(__name__), pytest.mark.django_db]
BACKEND = "django.contrib.auth.backends.ModelBackend"
COMMUNITY = "371581001001"
WEST, SOUTH, SIDE = 115.72, 36.83, 0.003


def cell(number: int, column: int, **words: str) -> dict[str, Any]:
    west, east = WEST + column * SIDE, WEST + (column + 1) * SIDE
    ring = [[west, SOUTH], [east, SOUTH], [east, SOUTH + SIDE], [west, SOUTH + SIDE], [west, SOUTH]]
    code = f"{COMMUNITY}{number:03d}"
    return {
        "type": "Feature",
        "properties": {"code": code, "name": f"第{number}网格", "unit_code": COMMUNITY} | words,
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }


def upload(*features: dict[str, Any]) -> SimpleUploadedFile:
    content = json.dumps({"type": "FeatureCollection", "features": features})
    return SimpleUploadedFile("cells.geojson", content.encode())


@pytest.fixture
def ready(units: Any) -> None:
    load_divisions(rows=[row for row in divisions() if row.code.startswith("371581")])


@pytest.fixture
def admin(staff: dict[str, Person], ready: None) -> Client:
    """Give the administrator of 临清市, signed in."""
    client = Client()
    client.force_login(staff["county_admin"], BACKEND)
    return client


def send(client: Client, file: SimpleUploadedFile, step: str, what: str = "cells") -> Any:
    data = {"file": file, "datum": "wgs84", "step": step}
    return client.post(f"/places/{what}/import", data)


def test_an_import_is_checked_first_and_then_written(admin: Client) -> None:
    assert admin.get("/places/cells/import").status_code == 200
    checked = send(admin, upload(cell(1, 0), cell(2, 1)), "check")
    assert checked.status_code == 200
    assert "检查通过" in checked.content.decode()
    assert Cell.objects.count() == 0
    written = send(admin, upload(cell(1, 0), cell(2, 1)), "import")
    assert "已导入 2 行：新增 2" in written.content.decode()
    assert Cell.objects.count() == 2
    assert ImportRun.objects.get().by is not None


def test_errors_are_listed_with_their_rows_and_nothing_is_written(admin: Client) -> None:
    answer = send(admin, upload(cell(1, 0), cell(2, 0, unit_code="<b>nobody")), "import")
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "什么都没有写入" in page
    assert f"与网格 {COMMUNITY}001 重叠" in page
    assert "&lt;b&gt;nobody" in page
    assert Cell.objects.count() == 0


def test_a_file_that_is_no_file_gets_one_sentence(admin: Client) -> None:
    answer = send(admin, SimpleUploadedFile("x.geojson", b"no json"), "check")
    assert answer.status_code == 422
    assert "文件不是 GeoJSON" in answer.content.decode()
    assert admin.post("/places/cells/import", {"step": "check"}).status_code == 422
    empty = send(admin, SimpleUploadedFile("x.csv", b""), "check", "addresses")
    assert empty.status_code == 422


def test_another_countys_administrator_may_not_draw_here(units: Any, ready: None) -> None:
    from bihuan.accounts.models import Post

    other = Person.objects.create(username="guan", name="外县人")
    Post.objects.create(
        person=other, unit=units.other_county, role="county_admin", from_on="2020-01-01"
    )
    client = Client()
    client.force_login(other, BACKEND)
    answer = send(client, upload(cell(1, 0)), "import")
    assert answer.status_code == 422
    assert "不在您管理的区域内" in answer.content.decode()
    assert Cell.objects.count() == 0


def test_only_an_administrator_may_import(staff: dict[str, Person], ready: None) -> None:
    for role in ("worker", "clerk", "supervisor", "auditor"):
        client = Client()
        client.force_login(staff[role], BACKEND)
        assert send(client, upload(cell(1, 0)), "import").status_code == 403
    assert send(Client(), upload(cell(1, 0)), "import").status_code == 302
    assert Cell.objects.count() == 0


def test_addresses_are_imported_from_a_csv(admin: Client) -> None:
    table = "社区编码,小区,楼栋\n371581001001,锦云家园,3号楼\n".encode("gbk")
    answer = send(admin, SimpleUploadedFile("a.csv", table), "import", "addresses")
    assert "已导入 1 行：新增 2" in answer.content.decode()
    assert Address.objects.count() == 2


@pytest.fixture
def demo(units: Any, ready: None, at: datetime) -> None:
    ids = {area.code: units.community.pk for area in demo_places().communities}
    create_demo_cells(unit_ids=ids | dict.fromkeys(STREET_CODES, units.street.pk), at=at)
    create_demo_addresses(at=at)


def test_the_public_finds_buildings_and_the_staff_find_doors(
    demo: None, zhang: Person, li: Person
) -> None:
    name = Address.objects.filter(level="compound").order_by("id")[0].name
    public = Client().get("/places/addresses", {"q": f"{name}2号楼"}).json()["addresses"]
    assert {row["level"] for row in public} == {"building", "unit"}
    assert 115 < public[0]["lon"] < 117
    assert Client().get("/places/addresses", {"q": f"{name}2-1-302"}).json() == {"addresses": []}
    worker = Client()
    worker.force_login(li, BACKEND)
    found = worker.get("/places/addresses", {"q": f"{name}2-1-302"}).json()["addresses"]
    assert [row["level"] for row in found] == ["door"]


@pytest.mark.parametrize("query", ["", "q=%00", "q=a%00b", "q=家园&near=x,y", "near=1,2,3"])
def test_a_strange_search_is_answered(demo: None, query: str) -> None:
    assert Client().get(f"/places/addresses?{query}").status_code == 200


def test_the_map_of_cells_is_sent_once_until_cells_change(demo: None, at: datetime) -> None:
    client = Client()
    first = client.get("/places/cells.geojson")
    assert len(first.json()["features"]) == 200
    assert first.json()["features"][0]["properties"]["demo"] is True
    again = client.get("/places/cells.geojson", headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    part = client.get("/places/cells.geojson", {"under": "371581002"}).json()["features"]
    assert len(part) == Cell.objects.filter(community__code__startswith="371581002").count() == 100
    assert client.get("/places/cells.geojson?under=x").status_code == 400
