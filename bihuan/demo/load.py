"""Load the demo: the county, then every report through the whole loop, in the order of time."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterator
from datetime import datetime, time, timedelta
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import shapely
from shapely.geometry import shape

from bihuan.accounts.actor import REPORTER, Actor
from bihuan.accounts.models import Unit
from bihuan.base.clock import now
from bihuan.base.text import fold
from bihuan.demo import lines as lines_of
from bihuan.demo.actions import found_county
from bihuan.demo.hands import Hands
from bihuan.demo.lines import Line
from bihuan.demo.people import demo_phone
from bihuan.demo.queries import wait_for_disk
from bihuan.demo.script import Script
from bihuan.matters import jobs, reactions
from bihuan.matters.models import Matter
from bihuan.places.locate import locate
from bihuan.places.models import Cell
from bihuan.reports import reference as rules
from bihuan.reports.actions import Filed, Sent, file_report
from bihuan.reports.rules import rulebook

COUNTY = ZoneInfo("Asia/Shanghai")
Say = Callable[[str], None]
SEED = 20261123
SHOWN = 0.4  # share of a community's reports that lie in its first cell


def load_demo(*, say: Say, lines: Path | None = None) -> int:
    """Make the county where it is missing, send the reports through; return how many.

    Invented reports are sent once; a county's own lines (`lines`) as often as asked.
    """
    at = now()
    if not Unit.objects.exists():
        say("正在建立演示县：单位、人员、网格、地址…… Making the demo county …")
        found_county(at=at - timedelta(days=90))
        rules.load()  # dispatch rules name units, and these exist only now
    if lines is None and Matter.objects.filter(kind="report").exists():
        return 0
    wanted = lines_of.own(lines) if lines else lines_of.invented()
    return Stage(wanted, at=at, say=say).play()


class Stage:
    """All scripts at once: whoever's moment comes next does the next step."""

    def __init__(self, wanted: list[Line], *, at: datetime, say: Say) -> None:
        self.wanted, self.at, self.say = wanted, at, say
        self.dice = Random(SEED)
        self.hands = Hands(self.dice)
        self.matters: dict[str, int] = {}
        self.places = _Places()
        self.count = itertools.count()
        self.queue: list[tuple[datetime, int, Iterator[datetime] | Line]] = []

    def play(self) -> int:
        """Play everything up to the present; return how many reports were filed."""
        wait_for_disk(False)
        for line in self.wanted:
            self._push(self._filed_at(line), line)
        filed, minute = 0, min(at for at, _, _ in self.queue)
        while self.queue:
            at, _, what = heapq.heappop(self.queue)
            if at - minute >= timedelta(hours=6):
                minute = at
                jobs.each_minute(at=at)
            if isinstance(what, Line):
                filed += 1
                if filed % 50 == 0:
                    self.say(f"  {filed}/{len(self.wanted)}")
                what = self._file(what, at)
            self._go_on(what)
            reactions.tell(at=at + timedelta(seconds=2))
        reactions.tell(at=self.at)
        jobs.each_minute(at=self.at)
        wait_for_disk(True)
        return filed

    def _go_on(self, script: Iterator[datetime]) -> None:
        """Let a script do what it waited for and learn when it goes on; the future stays open."""
        at = next(script, None)
        if at is not None and at < self.at - timedelta(seconds=30):
            self._push(at, script)

    def _push(self, at: datetime, what: Iterator[datetime] | Line) -> None:
        heapq.heappush(self.queue, (at, next(self.count), what))

    def _filed_at(self, line: Line) -> datetime:
        day = self.at.astimezone(COUNTY).date() - timedelta(days=line.days_ago)
        at = datetime.combine(day, time.fromisoformat(line.time), COUNTY)
        late = self.at - timedelta(minutes=20 + len(line.text))
        return min(at + timedelta(seconds=len(line.text) % 60), late)

    def _file(self, line: Line, at: datetime) -> Iterator[datetime]:
        filed, by = self._send(line, at)
        self.matters[line.id] = filed.matter_id
        script = Script(line, filed.matter_id, filed.record_id, self.hands, self.matters, self.dice)
        return script.play(at)

    def _send(self, line: Line, at: datetime) -> tuple[Filed, Actor]:
        lon, lat = self.places.of(line, self.dice)
        photos = self.hands.photos(line, after=False) if line.scene else ()
        number = next(self.count)
        channel = line.channel if line.channel in ("worker", "phone", "clerk") else "resident"
        sent = Sent(
            text=line.text, category=category_key(line), lon=lon, lat=lat, address=line.address,
            phone=demo_phone(number % 10_000) if number % 5 else "", channel=channel, photos=photos,
        )  # fmt: skip
        by: Actor = REPORTER
        if channel == "worker":
            by = self.hands.worker_at(self.places.area_of(lon, lat))
        elif channel in ("phone", "clerk"):
            by = self.hands.clerk_of("371581-centre")
        return file_report(sent=sent, by=by, at=at), by


def category_key(line: Line) -> str:
    """Return the line's category when the county has it (by key or Chinese name), else nothing."""
    book = rulebook()
    if line.category in book.categories:
        return line.category
    named = {fold(row.name_zh): row.key for row in book.categories.values()}
    return named.get(fold(line.category), "")


class _Places:
    """Where invented things happen: somewhere in a cell of the community that the line names."""

    def __init__(self) -> None:
        self.cells: dict[str, list[shapely.Geometry]] = {}
        for code, polygon in Cell.objects.order_by("code").values_list("community_id", "polygon"):
            self.cells.setdefault(code, []).append(shape(polygon))
        self.every = [cell for cells in self.cells.values() for cell in cells]
        self.spots: dict[tuple[str, str], tuple[float, float]] = {}

    def of(self, line: Line, dice: Random) -> tuple[float, float]:
        """Return a point (WGS-84); the same address is always the same point."""
        key = (line.community_code, line.address or line.id)
        if key not in self.spots:
            cells = self.cells.get(line.community_code) or self.every
            # the first cell of a community is the one whose worker has a log-in to show
            cell = cells[0] if dice.random() < SHOWN else dice.choice(cells)
            self.spots[key] = _inside(cell, dice)
        return self.spots[key]

    def area_of(self, lon: float, lat: float) -> int | None:
        return locate(lon, lat).unit_id


def _inside(cell: shapely.Geometry, dice: Random) -> tuple[float, float]:
    west, south, east, north = cell.bounds
    while True:
        point = shapely.Point(dice.uniform(west, east), dice.uniform(south, north))
        if cell.contains(point):
            return round(point.x, 6), round(point.y, 6)
