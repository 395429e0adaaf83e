"""Every verb: who may, who may not, what exactly it writes. A new verb has to stand here too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from bihuan.accounts.may import NotPermitted
from bihuan.matters import actions
from bihuan.matters.actions.opening import NewTask, Opening
from bihuan.matters.errors import BadValue, NotAnother, NoteMissing, OwnInterest, TooMany
from bihuan.matters.models import Entry, Matter, Notice, Task
from bihuan.matters.tests.bed import verified
from bihuan.matters.tests.ways import Ways, picture

pytestmark = pytest.mark.django_db

EVERYBODY = (
    "worker", "cell_head", "clerk", "handler", "unit_head", "supervisor", "other", "reporter",
)  # fmt: skip
ANYBODY = " ".join((*EVERYBODY, "system"))
CELL, CENTRE, UNIT = "worker cell_head", "clerk supervisor", "handler unit_head"


@dataclass(frozen=True)
class Row:
    """One verb. bring: make the matter, return what the verb is given; may: who (the rest may not);
    lines: the steps it writes, in order, over all matters.
    """

    bring: Callable[[Ways], dict[str, Any]]
    may: str
    lines: str


def of(way: str, **more: Any) -> Callable[[Ways], dict[str, Any]]:
    return lambda w: {"matter_id": getattr(w, way)(), "at": w.at, **more}


def late(way: str, **more: Any) -> Callable[[Ways], dict[str, Any]]:
    return lambda w: {"matter_id": getattr(w, way)(), "at": w.later, **more}


def with_unit(way: str, unit: str, **more: Any) -> Callable[[Ways], dict[str, Any]]:
    return lambda w: {
        "matter_id": getattr(w, way)(), "at": w.at, "unit_id": getattr(w.units, unit).pk, **more
    }  # fmt: skip


def closed_late(w: Ways) -> dict[str, Any]:
    return {"matter_id": w.closed(w.later), "note": "下雨", "at": w.later}


def to_merge(w: Ways) -> dict[str, Any]:
    return {"matter_id": w.handling(), "into_id": w.reported(), "note": "同一处", "at": w.at}


def paused_and_due(w: Ways) -> dict[str, Any]:
    w.paused()
    return {"at": w.at + timedelta(days=4)}


def handing_over(w: Ways) -> dict[str, Any]:
    chief = w.cast.unit_head.person_id
    return {"matter_id": w.dispatched(), "key": "lead", "person_id": chief, "at": w.at}


def done_share(w: Ways) -> dict[str, Any]:
    pk, key = w.with_done_helper()
    return {"matter_id": pk, "key": key, "note": "没查全", "at": w.at}


def until(way: str, days: int, **more: Any) -> Callable[[Ways], dict[str, Any]]:
    return lambda w: of(way, until=w.at + timedelta(days=days), **more)(w)


def to_unmerge(w: Ways) -> dict[str, Any]:
    return {"matter_id": w.merged()[0], "note": "两处", "at": w.at}


def to_unsplit(w: Ways) -> dict[str, Any]:
    return {"part_id": w.part(), "note": "一件", "at": w.at}


def opening(w: Ways) -> dict[str, Any]:
    desk = w.units.county.pk
    one = Opening(
        kind="errand", title="灯", owner_id=desk, channel="resident",
        tasks=(NewTask("accept", desk),), clocks=(("finish", 3600, None),),
    )  # fmt: skip
    return {"opening": one, "at": w.at}


VERBS = {
    "open_matter": Row(opening, ANYBODY, "open"),
    "accept": Row(of("reported"), "clerk system", "accept"),
    "verify": Row(of("accepted", found=True, note="碎了"), f"{CELL} clerk", "verify"),
    "register": Row(of("reported"), "clerk system", "register"),
    "assign": Row(with_unit("registered", "urban"), f"{CENTRE} system", "assign"),
    "reassign": Row(with_unit("handling", "roads", note="路口"), CENTRE, "reassign"),
    "reject": Row(of("reported", reason="x", note="请找供电"), "clerk", "reject"),
    "void": Row(of("handling", reason="x", note="重复"), CENTRE, "void"),
    "solve_on_spot": Row(of("reported", note="扶正"), CELL, "solve_on_spot"),
    "take_up": Row(of("dispatched", key="lead"), UNIT, "take_up"),
    "finish": Row(of("handling", key="lead", opinion="好"), UNIT, "finish"),
    "return_task": Row(of("handling", key="lead", reason="x", note="非我"), UNIT, "return"),
    "hand_over": Row(handing_over, f"{UNIT} clerk", "hand_over"),
    "add_helper": Row(
        with_unit("handling", "roads", note="围挡"), f"{CENTRE} unit_head", "add_helper"),
    "send_back": Row(done_share, CENTRE, "send_back"),
    "start_check": Row(of("handled"), f"{CELL} {CENTRE} system", "start_check"),
    "pass_check": Row(of("checking", note="亮"), f"{CELL} {CENTRE}", "pass_check"),
    "fail_check": Row(of("checking", note="没亮"), f"{CELL} {CENTRE}", "fail_check"),
    "pause": Row(until("handling", 9, cause="season", note="等"), CENTRE, "pause"),
    "revive": Row(of("paused"), f"{CENTRE} system", "revive"),
    "revive_due": Row(paused_and_due, f"{CENTRE} system", "revive"),
    "ask": Row(of("handling", cause="question", note="?"), f"{CELL} clerk {UNIT}", "ask"),
    "answer": Row(of("waiting", note="东侧"), f"{CELL} clerk {UNIT} reporter", "answer"),
    "ask_extension": Row(of("handling", note="缺料"), UNIT, "ask_extension"),
    "agree_extension": Row(of("extension_asked"), "unit_head", "agree_extension_unit"),
    "refuse_extension": Row(of("extension_asked", note="不"), "unit_head", "refuse_extension"),
    "appeal": Row(closed_late, UNIT, "appeal"),
    "decide_appeal": Row(late("appealed", agree=True, note="属实"), "clerk", "decide_appeal"),
    "remind": Row(of("handling"), f"{CELL} {CENTRE} reporter", "remind"),
    "press": Row(until("handling", 1, note="快"), "supervisor", "press"),
    "add_note": Row(of("handling", note="补充"), f"{CELL} {CENTRE} {UNIT} reporter", "note"),
    "reveal": Row(of("closed", field="phone", reason="回访", record_id=1), CENTRE, "reveal"),
    "rate": Row(of("closed", level=5, solved=True, note=""), "reporter", "rate"),
    "reopen": Row(of("closed", note="又坏了"), f"{CENTRE} reporter", "reopen"),
    "merge": Row(to_merge, "clerk", "merge merged_here"),
    "unmerge": Row(to_unmerge, "clerk", "unmerge unmerged_here"),
    "split": Row(
        of("handling", title="井盖", category="lamp", note="两件"), "clerk", "open split"),
    "unsplit": Row(to_unsplit, "clerk", "void unsplit"),
    "say_about": Row(with_unit("handling", "roads", note="投诉"), CENTRE, "say_about"),
}  # fmt: skip
# verbs with words that are owed, and the name of those words
NOTED = {
    verb: {"finish": "opinion", "reveal": "reason"}.get(verb, "note")
    for verb in (
        "verify", "reassign", "reject", "void", "solve_on_spot", "finish", "return_task",
        "add_helper", "send_back", "pass_check", "fail_check", "pause", "ask", "answer",
        "ask_extension", "refuse_extension", "appeal", "decide_appeal", "press", "add_note",
        "reveal", "reopen", "merge", "unmerge", "split", "unsplit", "say_about",
    )
}  # fmt: skip


def call(verb: str) -> Callable[..., Any]:
    found: Callable[..., Any] = getattr(actions, verb)
    return found


def test_every_verb_stands_in_the_table() -> None:
    assert set(VERBS) == set(actions.__all__) - {"Opening"}


@pytest.mark.parametrize("verb", VERBS)
def test_who_may_leaves_exactly_its_lines_and_a_notice_for_each(verb: str, ways: Ways) -> None:
    row = VERBS[verb]
    given = row.bring(ways)
    before = Entry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    for who in row.may.split():
        with transaction.atomic():
            call(verb)(by=getattr(ways.cast, who), **given)
            new = Entry.objects.filter(pk__gt=before).order_by("pk")
            assert list(new.values_list("step", flat=True)) == row.lines.split(), who
            assert {e.by_id for e in new} == {getattr(ways.cast, who).person_id}
            assert {e.at for e in new} == {given["at"]}
            assert Notice.objects.filter(entry__in=new, told_at=None).count() == len(new)
            assert verified() == []
            transaction.set_rollback(True)


@pytest.mark.parametrize("verb", sorted(set(VERBS) - {"open_matter"}))
def test_who_may_not_is_refused_and_nothing_is_written(verb: str, ways: Ways) -> None:
    row = VERBS[verb]
    given = row.bring(ways)
    before = picture()
    refused = set(EVERYBODY) - set(row.may.split())
    assert "other" in refused
    for who in refused:
        with pytest.raises(NotPermitted):
            call(verb)(by=getattr(ways.cast, who), **given)
    assert picture() == before


@pytest.mark.parametrize("verb", sorted(set(VERBS) - {"open_matter"}))
def test_a_failure_at_the_last_moment_takes_everything_back(
    verb: str, ways: Ways, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = VERBS[verb]
    given = row.bring(ways)
    before = picture()
    save = Notice.save
    left = [len([step for step in row.lines.split() if step != "open"])]

    def fail_on_last(self: Notice, *args: Any, **more: Any) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise OSError("disk full")
        save(self, *args, **more)

    monkeypatch.setattr(Notice, "save", fail_on_last)
    with pytest.raises(OSError, match="disk full"):
        call(verb)(by=getattr(ways.cast, row.may.split()[0]), **given)
    assert picture() == before


@pytest.mark.parametrize("verb", NOTED)
def test_words_that_are_owed_are_asked_for(verb: str, ways: Ways) -> None:
    row = VERBS[verb]
    given = row.bring(ways) | {NOTED[verb]: " \n"}
    before = picture()
    with pytest.raises(NoteMissing):
        call(verb)(by=getattr(ways.cast, row.may.split()[0]), **given)
    assert picture() == before


# what is left to those a matter is about: words, and giving back what was given by mistake
LEFT = (
    "open_matter", "add_note", "remind", "press", "return_task", "appeal", "answer", "reopen",
    "rate", "revive_due",
)  # fmt: skip


@pytest.mark.parametrize("verb", sorted(set(VERBS) - set(LEFT)))
def test_nobody_handles_checks_closes_or_unmasks_what_is_about_them(verb: str, ways: Ways) -> None:
    row = VERBS[verb]
    given = row.bring(ways)
    for who in set(row.may.split()) - {"system", "reporter"}:
        actor = getattr(ways.cast, who)
        for about in ({"about_person": actor.person_id}, {"about_unit": actor.posts[0].unit_id}):
            with transaction.atomic():
                # as if it had been said when it was opened
                Matter.objects.update(**{f"{k}_id": v for k, v in about.items()})
                before = picture()
                with pytest.raises(OwnInterest):
                    call(verb)(by=actor, **given)
                assert picture() == before
                transaction.set_rollback(True)


def test_a_part_and_a_callback_are_about_the_same_people(ways: Ways) -> None:
    urban = ways.units.urban.pk
    pk = ways.reported(about_unit_id=urban)
    clerk = ways.cast.clerk
    actions.split(matter_id=pk, title="井盖", category="lamp", note="两件", by=clerk, at=ways.at)
    actions.solve_on_spot(matter_id=pk, note="好", by=ways.cast.worker, at=ways.at)
    actions.rate(matter_id=pk, level=1, solved=False, note="", by=ways.cast.reporter, at=ways.at)
    assert list(Matter.objects.values_list("about_unit_id", flat=True)) == [urban] * 3
    assert verified() == []


def test_work_is_never_given_to_whom_the_matter_is_about(ways: Ways) -> None:
    urban, roads, clerk = ways.units.urban.pk, ways.units.roads.pk, ways.cast.clerk
    pk = ways.registered(about_unit_id=urban)
    with pytest.raises(OwnInterest):
        actions.assign(matter_id=pk, unit_id=urban, by=clerk, at=ways.at)
    with pytest.raises(OwnInterest):
        actions.assign(matter_id=pk, unit_id=roads, helper_unit_ids=[urban], by=clerk, at=ways.at)
    actions.assign(matter_id=pk, unit_id=roads, by=clerk, at=ways.at)
    with pytest.raises(OwnInterest):
        actions.reassign(matter_id=pk, unit_id=urban, note="改", by=clerk, at=ways.at)
    with pytest.raises(OwnInterest):
        actions.add_helper(matter_id=pk, unit_id=urban, note="助", by=clerk, at=ways.at)
    about_cell = ways.reported(about_unit_id=ways.units.community.pk)
    actions.accept(matter_id=about_cell, by=clerk, at=ways.at)  # the desk looks, not the cell
    assert Task.objects.get(matter_id=about_cell, key="verify").unit_id == ways.units.county.pk


def test_a_units_head_gives_work_within_the_unit_alone(ways: Ways) -> None:
    pk, head = ways.handling(), ways.cast.unit_head
    with pytest.raises(NotPermitted):
        actions.reassign(matter_id=pk, unit_id=ways.units.roads.pk, note="推", by=head, at=ways.at)
    assert Task.objects.get(matter_id=pk, key="lead").unit_id == ways.units.urban.pk


def test_a_task_is_handed_only_to_somebody_who_may_do_it_there(ways: Ways) -> None:
    pk, cast = ways.dispatched(), ways.cast
    for actor in (cast.worker, cast.clerk, cast.other):
        with pytest.raises(BadValue):
            actions.hand_over(
                matter_id=pk,
                key="lead",
                person_id=actor.person_id or 0,
                by=cast.handler,
                at=ways.at,
            )
    assert Task.objects.get(matter_id=pk, key="lead").person_id is None


def test_who_handed_the_work_on_may_not_check_it_either(ways: Ways) -> None:
    pk, cast = ways.reported(), ways.cast
    actions.register(matter_id=pk, by=cast.clerk, at=ways.at)
    actions.assign(matter_id=pk, unit_id=ways.units.team.pk, by=cast.clerk, at=ways.at)
    actions.take_up(matter_id=pk, key="lead", by=cast.cell_head, at=ways.at)
    worker = cast.worker.person_id or 0
    actions.hand_over(matter_id=pk, key="lead", person_id=worker, by=cast.cell_head, at=ways.at)
    actions.finish(matter_id=pk, key="lead", opinion="好", by=cast.worker, at=ways.at)
    for who in (cast.cell_head, cast.worker):
        with pytest.raises(NotAnother):
            actions.pass_check(matter_id=pk, note="好", by=who, at=ways.at)
    with pytest.raises(NotAnother):
        actions.start_check(matter_id=pk, person_id=worker, by=cast.clerk, at=ways.at)
    actions.pass_check(matter_id=pk, note="好", by=cast.clerk, at=ways.at)


def test_each_reporter_of_a_matter_may_remind_once_a_day(ways: Ways) -> None:
    pk, reporter = ways.handling(), ways.cast.reporter
    for record in (1, 2):
        actions.remind(matter_id=pk, record_id=record, by=reporter, at=ways.at)
        with pytest.raises(TooMany):
            actions.remind(matter_id=pk, record_id=record, by=reporter, at=ways.at)
    assert Matter.objects.get(pk=pk).reminds == 2
    actions.remind(matter_id=pk, record_id=1, by=reporter, at=ways.at + timedelta(days=1))
    assert Matter.objects.get(pk=pk).reminds == 3


def test_a_helper_may_end_while_the_lead_is_back_at_the_desk(ways: Ways) -> None:
    roads, cast = ways.units.roads.pk, ways.cast
    pk = ways.handling(roads)
    actions.return_task(
        matter_id=pk, key="lead", reason="x", note="非我", by=cast.handler, at=ways.at
    )
    actions.finish(matter_id=pk, key=f"helper-{roads}", opinion="好", by=cast.system, at=ways.at)
    assert Matter.objects.get(pk=pk).state == "returned"
    actions.assign(matter_id=pk, unit_id=ways.units.urban.pk, by=cast.clerk, at=ways.at)
    actions.finish(matter_id=pk, key="lead", opinion="好", by=cast.handler, at=ways.at)
    assert Matter.objects.get(pk=pk).state == "handled"
    assert verified() == []
