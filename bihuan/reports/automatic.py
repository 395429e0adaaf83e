"""What the rules do by themselves, as reactions (web/wiring.py); each is safe to run twice."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import datetime

from bihuan.accounts.actor import SYSTEM
from bihuan.matters import actions as matters
from bihuan.matters.errors import OwnInterest
from bihuan.matters.models import Entry, Matter
from bihuan.reports.actions import areas_of
from bihuan.reports.rules import Decision, rulebook


def on(do: Callable[..., None]) -> Callable[[Entry, datetime], None]:
    """Turn one of the functions below into a reaction to a line of history."""

    def react(entry: Entry, at: datetime) -> None:
        do(matter_id=entry.matter_id, at=at)

    return react


def decide(matter: Matter, at: datetime) -> Decision:
    """Return who should act on a matter by the rules of this moment."""
    return rulebook().decide(
        matter.category, areas=areas_of(matter.area_id), team=matter.area_id, at=at
    )


def begin(*, matter_id: int, at: datetime) -> None:
    """Take the first steps by rule: have it looked at, or register it and give it to the unit."""
    matter = Matter.objects.get(pk=matter_id)
    if matter.state != "reported" or not decide(matter, at).auto:
        return
    row = rulebook().category(matter.category)
    if row is not None and row.verify_first and matter.area_id and matter.cell_id:
        matters.accept(matter_id=matter_id, by=SYSTEM, at=at)
        return
    matters.register(matter_id=matter_id, by=SYSTEM, at=at)
    give(matter_id=matter_id, at=at)


def give(*, matter_id: int, at: datetime) -> None:
    """Give a registered matter to the unit that an automatic rule names, and say why."""
    matter = Matter.objects.get(pk=matter_id)
    decision = decide(matter, at)
    if matter.state != "registered" or not decision.auto or decision.unit_id is None:
        return
    with contextlib.suppress(OwnInterest):  # a matter about that unit is for the desk to give
        matters.assign(
            matter_id=matter_id, unit_id=decision.unit_id, by=SYSTEM, at=at, why=decision.why_zh
        )


def look_again(*, matter_id: int, at: datetime) -> None:
    """Have the cell's team look whether it is done, where the category says so."""
    matter = Matter.objects.get(pk=matter_id)
    row = rulebook().category(matter.category)
    if matter.state == "handled" and row and row.check_by == "worker" and matter.cell_id:
        matters.start_check(matter_id=matter_id, by=SYSTEM, at=at)
