from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest
from django.test import Client

from bihuan.accounts.actor import REPORTER, SYSTEM
from bihuan.matters import actions, jobs, seal
from bihuan.matters.database import connected
from bihuan.matters.models import Leaf, Seal
from bihuan.reports.actions import Sent, file_report
from bihuan.reports.actions.reference import load_reference
from conftest import Units

pytestmark = pytest.mark.django_db


@pytest.fixture
def filed(units: Units, at: datetime) -> tuple[int, str, str]:
    """File a report: matter id, number, secret."""
    load_reference()
    found = file_report(
        sent=Sent(text="路灯不亮", channel="api", lon=115.7, lat=36.85), by=REPORTER, at=at
    )
    return found.matter_id, found.number, found.secret


def test_the_seals_page_shows_each_days_last_seal(
    client: Client, filed: tuple[int, str, str], at: datetime
) -> None:
    matter, _, _ = filed
    jobs.seal_all(at=at)
    for day in (0, 1):
        for minute in (1, 2):
            actions.add_note(matter_id=matter, note="看", by=SYSTEM, at=at)
            jobs.seal_all(at=at + timedelta(days=day, minutes=minute))
    page = client.get("/seals").content.decode()
    for row in Seal.objects.all():
        assert f"{row.pk}:{bytes(row.hash).hex()}" in page
        assert bytes(row.root).hex() in page
    days, _, _latest = page.partition("最近的封存")
    assert [n for n in range(1, 6) if f"<code>{n}:" in days] == [3, 5]


def test_a_resident_gets_receipts_of_every_line(
    client: Client, filed: tuple[int, str, str], at: datetime
) -> None:
    matter, number, secret = filed
    jobs.seal_all(at=at)
    actions.add_note(matter_id=matter, note="看", by=SYSTEM, at=at)
    answer = client.get(f"/seals/receipt/{number}/{secret}")
    kept = json.loads(answer.content)
    assert [line["seal"] for line in kept["lines"]] == [1, None]
    lines = kept["lines"]
    assert [seal.check_receipt(connected(), line) for line in lines] == [None, None]
    lines[0]["hash"] = "00" * 32
    assert seal.check_receipt(connected(), lines[0])
    assert Leaf.objects.count() == 1


def test_a_wrong_secret_gets_no_receipt(client: Client, filed: tuple[int, str, str]) -> None:
    _, number, secret = filed
    wrong = secret[:-1] + ("a" if secret[-1] != "a" else "b")
    assert client.get(f"/seals/receipt/{number}/{wrong}").status_code == 404
    assert client.get(f"/seals/receipt/SP-20261123-999999/{secret}").status_code == 404
