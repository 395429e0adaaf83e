"""Ways: bring an errand to where a verb may be used; and a picture of every table, to compare."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from bihuan.matters import actions
from bihuan.matters.tests.bed import Cast, OpenErrand
from conftest import Units

# every table of the kernel that a verb may write
TABLES = (
    "matter", "task", "clock", "clockmark", "stop", "extension", "appeal", "entry", "note",
    "notice", "delivery", "attachment", "rating", "climbed", "once",
)  # fmt: skip


def picture() -> dict[str, list[Any]]:
    """Return every row of every table of the kernel."""
    found = {}
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"SELECT to_jsonb(t)::text FROM matters_{table} t ORDER BY 1")
            found[table] = cursor.fetchall()
    return found


@dataclass
class Ways:
    """One small county in which errands are brought to a state, all at the moment `at`."""

    cast: Cast
    units: Units
    open_errand: OpenErrand
    at: datetime

    @property
    def later(self) -> datetime:
        """Well after every limit of an errand."""
        return self.at + timedelta(days=20)

    def reported(self, **changes: Any) -> int:
        return self.open_errand(**changes).matter_id

    def accepted(self) -> int:
        pk = self.reported()
        actions.accept(matter_id=pk, by=self.cast.clerk, at=self.at)
        return pk

    def registered(self, **changes: Any) -> int:
        pk = self.reported(**changes)
        actions.register(matter_id=pk, by=self.cast.clerk, at=self.at)
        return pk

    def dispatched(self, *helpers: int, **changes: Any) -> int:
        pk = self.registered(**changes)
        actions.assign(
            matter_id=pk, unit_id=self.units.urban.pk, helper_unit_ids=helpers,
            by=self.cast.clerk, at=self.at,
        )  # fmt: skip
        return pk

    def handling(self, *helpers: int, **changes: Any) -> int:
        pk = self.dispatched(*helpers, **changes)
        actions.take_up(matter_id=pk, key="lead", by=self.cast.handler, at=self.at)
        return pk

    def handled(self, at: datetime | None = None) -> int:
        pk = self.handling()
        actions.finish(
            matter_id=pk, key="lead", opinion="已修", by=self.cast.handler, at=at or self.at
        )
        return pk

    def checking(self) -> int:
        pk = self.handled()
        actions.start_check(matter_id=pk, by=self.cast.clerk, at=self.at)
        return pk

    def closed(self, at: datetime | None = None) -> int:
        pk = self.handled(at)
        actions.pass_check(matter_id=pk, note="好了", by=self.cast.clerk, at=at or self.at)
        return pk

    def paused(self) -> int:
        pk = self.handling()
        actions.pause(
            matter_id=pk, cause="season", until=self.at + timedelta(days=3), note="等",
            by=self.cast.clerk, at=self.at,
        )  # fmt: skip
        return pk

    def waiting(self) -> int:
        pk = self.handling()
        actions.ask(matter_id=pk, cause="question", note="在哪", by=self.cast.handler, at=self.at)
        return pk

    def with_done_helper(self) -> tuple[int, str]:
        key = f"helper-{self.units.roads.pk}"
        pk = self.handling(self.units.roads.pk)
        actions.finish(matter_id=pk, key=key, opinion="路面好", by=self.cast.system, at=self.at)
        return pk, key

    def extension_asked(self) -> int:
        pk = self.handling()
        actions.ask_extension(matter_id=pk, note="缺料", by=self.cast.handler, at=self.at)
        return pk

    def appealed(self) -> int:
        pk = self.closed(self.later)
        actions.appeal(matter_id=pk, note="下雨", by=self.cast.handler, at=self.later)
        return pk

    def merged(self) -> tuple[int, int]:
        one, into = self.handling(), self.reported()
        actions.merge(matter_id=one, into_id=into, note="同一处", by=self.cast.clerk, at=self.at)
        return one, into

    def part(self) -> int:
        part = actions.split(
            matter_id=self.handling(), title="井盖", category="lamp", note="两件事",
            by=self.cast.clerk, at=self.at,
        )  # fmt: skip
        return part.matter_id
