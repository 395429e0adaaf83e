"""What the reports' tests stand on: rules for the small tree, a cell, and the deployed door."""

from __future__ import annotations

import io
import json
from contextlib import nullcontext
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any
from unittest.mock import patch
from uuid import uuid4

from django.db import connection
from PIL import Image

from bihuan.base.cached import forget_all
from bihuan.places.models import Cell, Division
from bihuan.reports.models import DispatchRule
from bihuan.reports.reference import load
from conftest import MONDAY_9AM

if TYPE_CHECKING:
    from conftest import Units

# the deployed door stands a layer above this one
hot: Any = import_module("bihuan.web.hot")
application: Any = import_module("bihuan.web.wsgi").application

WEST, SOUTH, EAST, NORTH = 115.70, 36.84, 115.71, 36.85
LON, LAT = 115.705, 36.845  # inside the cell, WGS-84
PHONE = "13800138000"
ADDRESS = "/api/v1/reports"


def draw_cell(units: Units) -> Cell:
    county = Division.objects.create(code="371581", name="临清市", level="county")
    street = Division.objects.create(
        code="371581001", name="青年路街道", level="street", parent=county
    )
    community = Division.objects.create(
        code="371581001001", name="温泉社区居民委员会", level="community", parent=street
    )
    ring = [[WEST, SOUTH], [EAST, SOUTH], [EAST, NORTH], [WEST, NORTH], [WEST, SOUTH]]
    made = Cell.objects.create(
        code="371581001001001",
        name="温泉社区第一网格",
        community=community,
        unit=units.team,
        street_unit=units.street,
        polygon={"type": "Polygon", "coordinates": [ring]},
        area_m2=987_000,
        changed_at=MONDAY_9AM,
    )
    forget_all()
    return made


def make_rules(units: Units) -> None:
    """Litter: the cell's team at night, 执法局 by day; potholes: 交通局; the rest: a clerk."""
    load()
    DispatchRule.objects.all().delete()  # those of the reference that fit this tree

    def rule(order: int, category: str, unit: Any, mode: str, why: str, **more: Any) -> None:
        DispatchRule.objects.create(
            order=order, category=category, unit=unit, mode=mode, why_zh=why, **more
        )

    rule(10, "litter", None, "auto", "夜里由网格先看", window="22:00-06:00")
    rule(20, "litter", units.urban, "auto", "垃圾归执法局")
    rule(30, "pothole", units.roads, "auto", "本街道的坑归交通局", area=units.street)
    rule(40, "noise", units.urban, "clerk", "噪声要受理员先看")
    rule(90, "*", units.county, "clerk", "没有规则的由中心判断")
    forget_all()


def photo(colour: str = "red", size: tuple[int, int] = (640, 480)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "JPEG")
    return out.getvalue()


def held() -> bool:
    return connection.in_atomic_block


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Door:
    """Call the WSGI application as granian does, with whole control over the request."""

    def __call__(
        self,
        body: bytes = b"",
        *,
        kind: str = "application/json",
        method: str = "POST",
        address: str = ADDRESS,
        query: str = "",
        length: str | None = None,
        **headers: str,
    ) -> Answer:
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "PATH_INFO": address,
            "QUERY_STRING": query,
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "8000",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_HOST": "127.0.0.1:8000",
            "wsgi.input": io.BytesIO(body),
            "wsgi.url_scheme": "http",
            "CONTENT_TYPE": kind,
            "CONTENT_LENGTH": str(len(body)) if length is None else length,
        }
        environ |= {f"HTTP_{name.upper()}": value for name, value in headers.items()}
        said: dict[str, Any] = {}

        def start(status: str, given: list[tuple[str, str]]) -> None:
            said.update(status=int(status[:3]), headers=dict(given))

        # inside a test's transaction the connection has to stay, as with Django's own test client
        with patch.object(hot, "close_old_connections") if held() else nullcontext():
            content = b"".join(application(environ, start))
        return Answer(said["status"], said["headers"], content)

    def send(self, *, key: str = "", token: str = "", language: str = "", **fields: Any) -> Answer:
        """Send fields as JSON."""
        return self(json.dumps(fields).encode(), **self._headers(key, token, language))

    def form(
        self,
        fields: dict[str, str],
        photos: list[bytes] | None = None,
        *,
        key: str = "",
        name: str = "photos",
        file_name: str = "a.jpg",
    ) -> Answer:
        """Send a multipart form."""
        edge = uuid4().hex
        parts = [
            f'--{edge}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n'.encode()
            for k, v in fields.items()
        ]
        for data in photos or []:
            head = (
                f'--{edge}\r\nContent-Disposition: form-data; name="{name}"; '
                f'filename="{file_name}"\r\nContent-Type: image/jpeg\r\n\r\n'
            )
            parts.append(head.encode() + data + b"\r\n")
        body = b"".join(parts) + f"--{edge}--\r\n".encode()
        return self(body, kind=f"multipart/form-data; boundary={edge}", **self._headers(key))

    def _headers(self, key: str = "", token: str = "", language: str = "") -> dict[str, str]:
        found = {}
        if key:
            found["idempotency_key"] = key
        if token:
            found["authorization"] = f"Bearer {token}"
        if language:
            found["accept_language"] = language
        return found
