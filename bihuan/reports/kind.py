"""The loop of a report: 上报—受理—核实—立案—派遣—处置—核查—结案, and what stands beside it."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from bihuan.matters.kinds import Kind
from bihuan.matters.loop import BACK, Loop, Step

NEW = ("reported", "verifying")
AT_DESK = ("registered", "returned")
AT_UNIT = ("dispatched", "handling", "rework")
DONE = ("handled", "checking")
OPEN = (*NEW, *AT_DESK, *AT_UNIT, *DONE)

LOOP = Loop(
    start="reported",
    ends=frozenset({"closed", "void", "rejected", "merged"}),
    steps=(
        Step("accept", ("reported",), "verifying", "matters.accept"),
        Step("verify", ("verifying",), "registered", "matters.verify", note=True, place="task"),
        Step("register", NEW, "registered", "matters.register"),
        # not a matter for this county: said at once, with where to turn
        Step("reject", NEW, "rejected", "matters.reject", note=True),
        Step("assign", AT_DESK, "dispatched", "matters.assign"),
        Step("reassign", AT_UNIT, "dispatched", "matters.assign", note=True),
        Step("take_up", ("dispatched", "rework"), "handling", "matters.take_up", place="task"),
        Step("finish", AT_UNIT, "handled", "matters.finish", note=True, place="task"),
        Step("return", AT_UNIT, "returned", "matters.return", note=True, place="task"),
        Step("start_check", ("handled",), "checking", "matters.check"),
        Step("pass_check", DONE, "closed", "matters.check", note=True),
        Step("fail_check", DONE, "rework", "matters.check", note=True),
        Step(
            "solve_on_spot",
            (*NEW, *AT_DESK, *AT_UNIT),
            "closed",
            "matters.solve_on_spot",
            note=True,
        ),
        # the reporter's word: closed is the office's, resolved is theirs
        Step("reopen", ("closed",), "rework", "matters.reopen", note=True),
        Step("reopen_at_desk", ("closed",), "registered", "matters.reopen", note=True),
        # hung up: no owner, no money, the season; once, and it revives itself
        Step("pause", (*AT_DESK, *AT_UNIT), "paused", "matters.pause", note=True),
        Step("revive", ("paused",), BACK, "matters.revive"),
        Step("ask", (*NEW, *AT_DESK, *AT_UNIT), "waiting", "matters.ask", note=True),
        Step("answer", ("waiting",), BACK, "matters.answer", note=True),
        Step("merge", (*OPEN, "paused", "waiting"), "merged", "matters.merge", note=True),
        Step("unmerge", ("merged",), BACK, "matters.merge", note=True),
        Step("void", (*OPEN, "paused", "waiting"), "void", "matters.void", note=True),
    ),
    labels=(
        ("reported", _("待受理")),
        ("verifying", _("待核实")),
        ("registered", _("待派遣")),
        ("dispatched", _("待签收")),
        ("handling", _("处置中")),
        ("handled", _("待核查")),
        ("checking", _("核查中")),
        ("closed", _("已结案")),
        ("returned", _("已退回")),
        ("rework", _("返工")),
        ("paused", _("已挂账")),
        ("waiting", _("等待答复")),
        ("void", _("已作废")),
        ("rejected", _("不予受理")),
        ("merged", _("已并案")),
    ),
)

# keys of reference/pause_causes.toml (a test holds them equal)
PAUSE_CAUSES = (
    "no_owner",
    "no_money",
    "season",
    "weather",
    "court_pending",
    "project",
    "parts",
)
WAIT_CAUSES = ("question", "joint_survey", "access")


KIND = Kind(
    key="report",
    label=_("随手拍"),
    prefix="SP",
    loop=LOOP,
    pause_causes=PAUSE_CAUSES,
    wait_causes=WAIT_CAUSES,
)
