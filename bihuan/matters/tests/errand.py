"""A kind for the kernel's own tests: every verb, none of a capability's words."""

from __future__ import annotations

from bihuan.matters import kinds
from bihuan.matters.kinds import Kind
from bihuan.matters.loop import BACK, Loop, Step

NEW = ("reported", "verifying")
DESK = ("registered", "returned")
UNIT = ("dispatched", "handling", "rework")
DONE = ("handled", "checking")
OPEN = (*NEW, *DESK, *UNIT, *DONE)

LOOP = Loop(
    start="reported",
    ends=frozenset({"closed", "void", "rejected", "merged"}),
    steps=(
        Step("accept", ("reported",), "verifying", "matters.accept"),
        Step("verify", ("verifying",), "registered", "matters.verify", note=True, place="task"),
        Step("register", NEW, "registered", "matters.register"),
        Step("reject", NEW, "rejected", "matters.reject", note=True),
        Step("assign", DESK, "dispatched", "matters.assign"),
        Step("reassign", UNIT, "dispatched", "matters.assign", note=True),
        Step("take_up", ("dispatched", "rework"), "handling", "matters.take_up", place="task"),
        Step("finish", UNIT, "handled", "matters.finish", note=True, place="task"),
        Step("return", UNIT, "returned", "matters.return", note=True, place="task"),
        Step("start_check", ("handled",), "checking", "matters.check"),
        Step("pass_check", DONE, "closed", "matters.check", note=True),
        Step("fail_check", DONE, "rework", "matters.check", note=True),
        Step("solve_on_spot", (*NEW, *DESK, *UNIT), "closed", "matters.solve_on_spot", note=True),
        Step("reopen", ("closed",), "rework", "matters.reopen", note=True),
        Step("reopen_at_desk", ("closed",), "registered", "matters.reopen", note=True),
        Step("pause", (*DESK, *UNIT), "paused", "matters.pause", note=True),
        Step("revive", ("paused",), BACK, "matters.revive"),
        Step("ask", (*NEW, *DESK, *UNIT), "waiting", "matters.ask", note=True),
        Step("answer", ("waiting",), BACK, "matters.answer", note=True),
        Step("merge", (*OPEN, "paused", "waiting"), "merged", "matters.merge", note=True),
        Step("unmerge", ("merged",), BACK, "matters.merge", note=True),
        Step("void", (*OPEN, "paused", "waiting"), "void", "matters.void", note=True),
    ),
)

ERRAND = Kind(
    key="errand",
    label="试办",
    prefix="TS",
    loop=LOOP,
    pause_causes=("season",),
    photo_owed=lambda category: category == "road",
)

# reviews side by side, then a survey that needs them all: tasks with needs, no lead
REVIEWED = Loop(
    start="reviewing",
    ends=frozenset({"decided", "void"}),
    steps=(
        Step("take_up", ("reviewing",), "handling", "matters.take_up", place="task"),
        Step("finish", ("reviewing", "handling"), "decided", "matters.finish", True, "task"),
        Step("void", ("reviewing", "handling"), "void", "matters.void", note=True),
    ),
)
REVIEW = Kind(key="review", label="试审", prefix="SS", loop=REVIEWED)

if "errand" not in {kind.key for kind in kinds.every()}:
    kinds.register(ERRAND)
    kinds.register(REVIEW)
