"""Merge and split: nothing is lost, both can be undone."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from bihuan.accounts.actor import Actor
from bihuan.matters.actions.opening import NewTask, Opened, Opening, open_matter
from bihuan.matters.case import Case, hold, taking
from bihuan.matters.errors import BadValue, NoteMissing, NotNow
from bihuan.matters.models import Entry, Matter


def merge(*, matter_id: int, into_id: int, note: str, by: Actor, at: datetime) -> Matter:
    """Let one matter be answered by another (并案); each reporter is still answered."""
    with transaction.atomic():
        if matter_id == into_id:
            raise BadValue(_("不能并入自己。"))
        case, into = _hold_both(matter_id, into_id)
        into.allow(by, "matters.merge")
        if into.matter.state in into.kind.loop.ends:
            raise NotNow(_("要并入的事项已经结束。"))
        if into.matter.kind != case.matter.kind:
            raise BadValue(_("不同类的事项不能合并。"))
        if not _guards(into, case.matter):
            raise BadValue(_("要并入的事项没有登记同样的反映对象，请先登记再合并。"))
        facts = {"into": into.matter.number}
        with taking(case, "merge", by=by, at=at, note=note, facts=facts):
            case.matter.merged_into_id = into_id
        into.write("merged_here", by=by, at=at, facts={"from": case.matter.number})
    return case.matter


def unmerge(*, matter_id: int, note: str, by: Actor, at: datetime) -> Matter:
    """Take a matter out of the one it was merged into; it goes on where it was."""
    with transaction.atomic():
        into_id = Matter.objects.values_list("merged_into_id", flat=True).get(pk=matter_id)
        if into_id is None:
            raise NotNow(_("这件事项没有并入别的事项。"))
        case, into = _hold_both(matter_id, into_id)
        if case.matter.merged_into_id != into_id:  # somebody was quicker
            raise NotNow(_("这件事项没有并入别的事项。"))
        into.allow(by, "matters.merge")
        facts = {"from": into.matter.number}
        with taking(case, "unmerge", by=by, at=at, note=note, facts=facts):
            case.matter.merged_into_id = None
            _wake(case, at)
        into.write("unmerged_here", by=by, at=at, facts={"from": case.matter.number})
    return case.matter


def split(
    *, matter_id: int, title: str, category: str, note: str, by: Actor, at: datetime
) -> Opened:
    """Open a second matter for the other half of what was reported (拆分); the first goes on."""
    with transaction.atomic():
        case = hold(matter_id)
        matter = case.matter
        case.allow(by, "matters.split")
        if matter.state in case.kind.loop.ends:
            raise NotNow(_("事项已经结束，不能再拆分。"))
        if not title.strip() or not note.strip():
            raise NoteMissing(_("请写明拆分出来的事情和原因。"))
        desk = case.tasks["accept"].unit_id if "accept" in case.tasks else matter.owner_id
        clocks = tuple((c.name, c.base_seconds, c.hours) for c in case.clocks.values())
        part = open_matter(
            Opening(
                kind=matter.kind,
                category=category,
                title=title[:120],
                owner_id=desk,
                cell_id=matter.cell_id,
                area_id=matter.area_id,
                lon=matter.lon,
                lat=matter.lat,
                address=matter.address,
                channel=matter.channel,
                place_guessed=matter.place_guessed,
                urgency=matter.urgency,
                about_unit_id=matter.about_unit_id,
                about_person_id=matter.about_person_id,
                tasks=(NewTask("accept", desk),),
                clocks=clocks,
                split_from_id=matter.pk,
                facts={"from": matter.number},
            ),
            by=by,
            at=at,
        )
        case.write("split", by=by, at=at, note=note, facts={"part": part.number})
    return part


def unsplit(*, part_id: int, note: str, by: Actor, at: datetime) -> Matter:
    """Undo a split: the part is struck out, the first matter says so."""
    with transaction.atomic():
        first_id = Matter.objects.values_list("split_from_id", flat=True).get(pk=part_id)
        if first_id is None:
            raise NotNow(_("这件事项不是拆分出来的。"))
        part, first = _hold_both(part_id, first_id)
        first.allow(by, "matters.split")
        facts = {"reason": "unsplit", "from": first.matter.number}
        with taking(part, "void", by=by, at=at, note=note, facts=facts):
            pass
        first.write("unsplit", by=by, at=at, note=note, facts={"part": part.matter.number})
    return part.matter


def _hold_both(one: int, other: int) -> tuple[Case, Case]:
    """Hold two matters, the lower id first, so that two people can never wait for each other."""
    held = {pk: hold(pk) for pk in sorted((one, other))}
    return held[one], held[other]


def _guards(into: Case, matter: Matter) -> bool:
    """Say whether whoever `matter` is about is kept away from `into` as well."""
    unit_id, person_id = matter.about_unit_id, matter.about_person_id
    return (unit_id is None or into.concerns(unit_id)) and person_id in (
        None,
        into.matter.about_person_id,
    )


def _wake(case: Case, at: datetime) -> None:
    """Let the clocks that the merge ended go on as they went, the tasks it skipped be as before.

    A clock that stood still before (the matter was paused) stands still again.
    """
    was: dict[str, str] = {}
    rows = Entry.objects.filter(matter=case.matter).exclude(step="merge").order_by("seq")
    for facts in rows.values_list("facts", flat=True):
        was |= {key: state for key, state in facts.items() if key.startswith("task:")}
    for task in case.tasks.values():
        before = was.get(f"task:{task.key}:{task.round}")
        if task.state == "skipped" and before is not None and before != "skipped":
            task.state, task.done_at = before, None
    for clock in case.clocks.values():
        marks = case.marks[clock.pk]
        if clock.done_at is not None and marks[-1].cause == "merge":
            clock.done_at = None
            case.mark(clock, at=at, runs=marks[-2].runs, cause="unmerge")
