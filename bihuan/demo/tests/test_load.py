"""The demo's reports, and a county's own, go through the whole loop on the real kernel."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bihuan.base.actions import seed_calendar
from bihuan.base.clock import now
from bihuan.base.trouble import Trouble
from bihuan.demo import lines
from bihuan.demo.actions import found_county, make_people, make_units
from bihuan.demo.load import Stage
from bihuan.matters.database import connected
from bihuan.matters.models import Delivery, Entry, Matter
from bihuan.matters.verify import everything
from bihuan.places import reference as places
from bihuan.places.actions import create_demo_cells
from bihuan.reports.models import Report
from bihuan.reports.reference import load as load_rules

AT = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
# real complaints, for measuring only: read where they lie, never copied (494 lines)
REAL = Path(__file__).parents[4] / "shared" / "data" / "complaints_zh" / "subjects_labelled.csv"


@pytest.fixture
def county(db: None) -> None:
    """Make the demo county's units, cells and people, without its address book."""
    at = AT - timedelta(days=90)
    seed_calendar(at=at)
    places.load()
    units = make_units(at=at)
    load_rules()
    create_demo_cells(unit_ids={code: unit.pk for code, unit in units.items()}, at=at)
    make_people(units, at=at)


def test_every_outcome_of_the_invented_reports_is_played_as_written(county: None) -> None:
    wanted = {line.outcome: line for line in lines.invented() if line.outcome != "merged"}
    played = list(wanted.values())
    assert Stage(played, at=AT, say=lambda _: None).play() == len(played)
    state = dict(Report.objects.values_list("text", "matter__state"))
    for outcome in ("still_open_handling", "still_open_checking"):
        assert state[wanted[outcome].text] == outcome.removeprefix("still_open_")
    assert state[wanted["paused"].text] == "paused"
    assert state[wanted["void"].text] == "void"
    assert state[wanted["solved"].text] == state[wanted["rework"].text] == "closed"
    steps = set(Entry.objects.values_list("step", flat=True))
    assert {"return", "fail_check", "ask", "answer", "grant_extension", "reopen"} <= steps
    assert Matter.objects.filter(kind="callback").exists()
    assert not Entry.objects.filter(at__gt=AT).exists()
    assert not Delivery.objects.filter(done_at=None).exists()
    assert everything(connected(), at=now()) == []


@pytest.mark.skipif(not REAL.exists(), reason="the real complaints are not beside the project")
def test_494_real_complaints_go_round_the_whole_loop(county: None) -> None:
    wanted = lines.own(REAL)
    assert len(wanted) == 494
    assert Stage(wanted, at=AT, say=lambda _: None).play() == 494
    assert Report.objects.count() == 494
    assert Matter.objects.filter(kind="report").count() == 494
    assert Matter.objects.filter(kind="report", state="closed").count() > 300
    assert everything(connected(), at=now()) == []


def test_demo_people_cannot_come_into_a_county_database(db: None) -> None:
    with pytest.raises(Trouble, match="演示库"):
        found_county(at=AT)
    assert not Matter.objects.exists()


def test_a_file_without_words_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(Trouble, match=r"x\.csv"):
        lines.own(path)


def test_a_file_in_gb18030_is_read(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes("诉求内容,类别\n路灯不亮,路灯\n".encode("gb18030"))
    assert [(line.text, line.category) for line in lines.own(path)] == [("路灯不亮", "路灯")]
