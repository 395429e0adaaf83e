"""What the desk's tests stand on: a browser of somebody, reports, a little reference data."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bihuan.accounts.actor import REPORTER
from bihuan.accounts.models import Person
from bihuan.base.cached import bump, forget_all
from bihuan.base.clock import now
from bihuan.matters.actions import Opening, open_matter
from bihuan.matters.actions.opening import NewTask, Opened
from bihuan.matters.models import Matter
from bihuan.reports.models import Category, DispatchRule, Reason, Report

if TYPE_CHECKING:
    from conftest import Units

BACKEND = "django.contrib.auth.backends.ModelBackend"
OFFICE = [[8 * 3600, 12 * 3600], [14 * 3600, 18 * 3600]]
Reported = Callable[..., Opened]


def enter(person: Person) -> Client:
    """Sign somebody in, as the accounts' own tests do."""
    client = Client()
    client.force_login(person, backend=BACKEND)
    return client


def queries_of(client: Client, address: str) -> int:
    """Count the queries of a page, without those by which caches look whether they are fresh."""
    client.get(address)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    return sum("base_version" not in query["sql"] for query in queries)


def reporter(units: Units) -> Reported:
    def report(text: str = "路灯不亮", phone: str = "", name: str = "", **changes: Any) -> Opened:
        desk = units.county.pk
        when: datetime = changes.pop("at", None) or now()
        given: dict[str, Any] = {
            "kind": "report",
            "title": text[:40],
            "owner_id": desk,
            "channel": "resident",
            "category": "lamp",
            "area_id": units.team.pk,
            "lon": 115.7,
            "lat": 36.85,
            "address": "温泉路 3 号",
            "tasks": (NewTask("accept", desk),),
            "clocks": (("accept", 7200, None), ("finish", 3 * 28_800, OFFICE)),
        }
        opened = open_matter(Opening(**{**given, **changes}), by=REPORTER, at=when)
        row = Report(
            matter=Matter.objects.get(pk=opened.matter_id), text=text, category="lamp",
            phone=phone or None, name=name or None, channel="resident", at=when,
            phone_key=_key(phone), address="温泉路 3 号",
        )  # fmt: skip
        row.save(force_insert=True)
        return opened

    return report


def _key(phone: str) -> bytes | None:
    from bihuan.base.crypto import lookup_hash

    return lookup_hash(phone, "phone") if phone else None


def load_reference(units: Units) -> None:
    group = Category.objects.create(key="road", name_zh="道路", name_en="Roads")
    Category.objects.create(key="lamp", parent=group, name_zh="路灯", name_en="Street lamp")
    Category.objects.create(key="hole", parent=group, name_zh="坑洞", name_en="Pothole")
    Category.objects.create(key="other", parent=group, name_zh="其他", name_en="Other")
    for sort, key, name in (
        ("refuse", "court", "法院已受理"), ("return", "not_our_duty", "不是本单位职责"),
        ("void", "not_there", "核实不存在"), ("pause", "season", "季节不宜施工"),
        ("wait", "question", "等群众补充说明"),
    ):  # fmt: skip
        Reason.objects.create(sort=sort, key=key, name_zh=name, name_en=key)
    DispatchRule.objects.create(
        order=1,
        category="lamp",
        unit=units.urban,
        mode="clerk",
        why_zh="路灯归综合执法局",
        origin="1",
    )
    with transaction.atomic():
        bump("report_rules")
    forget_all()
