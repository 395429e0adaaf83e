"""What the desk calls things: channels, tasks, clocks, lines of history."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bihuan.accounts.units import UnknownUnit, tree
from bihuan.matters import kinds

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

CHANNELS: dict[str, StrPromise] = {
    "resident": gettext_lazy("居民上报"),
    "worker": gettext_lazy("网格员上报"),
    "clerk": gettext_lazy("代录"),
    "phone": gettext_lazy("电话"),
    "api": gettext_lazy("接口"),
    "rating": gettext_lazy("评价回访"),
}
TASK_STATES: dict[str, StrPromise] = {
    "waiting": gettext_lazy("等前面的任务"),
    "ready": gettext_lazy("待签收"),
    "doing": gettext_lazy("办理中"),
    "done": gettext_lazy("已办完"),
    "returned": gettext_lazy("已退回"),
    "skipped": gettext_lazy("不再办理"),
}
TASKS: dict[str, StrPromise] = {
    "accept": gettext_lazy("受理"),
    "verify": gettext_lazy("核实"),
    "lead": gettext_lazy("主办"),
    "helper": gettext_lazy("协办"),
    "check": gettext_lazy("核查"),
    "call": gettext_lazy("回访"),
}
CLOCKS: dict[str, StrPromise] = {
    "accept": gettext_lazy("受理时限"),
    "finish": gettext_lazy("办结时限"),
    "promised": gettext_lazy("承诺时限"),
    "statutory": gettext_lazy("法定时限"),
}
USES: dict[str, StrPromise] = {
    "report": gettext_lazy("上报"),
    "before": gettext_lazy("处置前"),
    "after": gettext_lazy("处置后"),
    "note": gettext_lazy("补充"),
}
FIELDS: dict[str, StrPromise] = {
    "phone": gettext_lazy("联系电话"),
    "name": gettext_lazy("姓名"),
}
STEPS: dict[str, StrPromise] = {
    "open": gettext_lazy("上报"),
    "joined": gettext_lazy("又有人上报同一件事"),
    "accept": gettext_lazy("受理，请人到场核实"),
    "verify": gettext_lazy("核实属实"),
    "not_found": gettext_lazy("核实：与上报不符"),
    "register": gettext_lazy("立案"),
    "reject": gettext_lazy("不予受理"),
    "assign": gettext_lazy("派遣"),
    "reassign": gettext_lazy("改派"),
    "take_up": gettext_lazy("签收"),
    "take_up_share": gettext_lazy("签收任务"),
    "finish": gettext_lazy("办结，待核查"),
    "finish_share": gettext_lazy("办完一项任务"),
    "return": gettext_lazy("退回"),
    "return_share": gettext_lazy("退回一项任务"),
    "hand_over": gettext_lazy("转办"),
    "add_helper": gettext_lazy("请单位协办"),
    "send_back": gettext_lazy("退回重新办理"),
    "solve_on_spot": gettext_lazy("现场办结"),
    "start_check": gettext_lazy("请人核查"),
    "pass_check": gettext_lazy("核查通过，结案"),
    "fail_check": gettext_lazy("核查不通过，返工"),
    "pause": gettext_lazy("挂账"),
    "revive": gettext_lazy("恢复办理"),
    "ask": gettext_lazy("提问，等待答复"),
    "answer": gettext_lazy("已答复，继续办理"),
    "ask_extension": gettext_lazy("申请延期"),
    "agree_extension_unit": gettext_lazy("单位同意延期"),
    "grant_extension": gettext_lazy("批准延期"),
    "refuse_extension": gettext_lazy("不同意延期"),
    "appeal": gettext_lazy("申诉超期"),
    "decide_appeal": gettext_lazy("审核申诉"),
    "remind": gettext_lazy("催办"),
    "press": gettext_lazy("督办"),
    "escalate": gettext_lazy("超期提醒"),
    "note": gettext_lazy("补充"),
    "reveal": gettext_lazy("查看上报人信息"),
    "rate": gettext_lazy("居民评价"),
    "reopen": gettext_lazy("未解决，重新办理"),
    "reopen_at_desk": gettext_lazy("未解决，重新派遣"),
    "merge": gettext_lazy("并入另一件"),
    "merged_here": gettext_lazy("有一件并入"),
    "unmerge": gettext_lazy("取消并案"),
    "unmerged_here": gettext_lazy("有一件取消并入"),
    "split": gettext_lazy("拆分"),
    "unsplit": gettext_lazy("取消拆分"),
    "void": gettext_lazy("作废"),
    "say_about": gettext_lazy("登记反映的对象"),
    "recompute": gettext_lazy("按公布的工作日历重算时限"),
}


def state_label(kind: str, state: str) -> str:
    """Return the word a kind gives a state."""
    return str(dict(kinds.get(kind).loop.labels).get(state, state))


def channel_label(channel: str) -> str:
    return str(CHANNELS.get(channel, channel))


# rungs of the escalation ladder as loaded; a county's own are all called 超期提醒
RUNGS = {
    "accept_overdue": gettext_lazy("受理超时提醒"),
    "due_soon": gettext_lazy("临期提醒"),
    "overdue_day": gettext_lazy("超期一天，报督查"),
}


def rung_label(rung: str) -> str:
    return str(RUNGS.get(rung, STEPS["escalate"]))


def step_label(step: str) -> str:
    return str(STEPS.get(step, step))


def task_label(key: str) -> str:
    """Return what a task is called: 主办, 协办 …; one of another capability by its key."""
    return str(TASKS.get(key.split("-", 1)[0], key))


def unit_label(unit_id: int | None) -> str:
    """Return a unit's name with that of the street or county above it, where it needs one."""
    if unit_id is None:
        return ""
    try:
        node = tree().get(unit_id)
    except UnknownUnit:
        return _("已撤销的单位")
    above = tree().name(node.parent_id) if node.parent_id else ""
    if node.kind in ("team", "community", "centre") and not node.name.startswith(above):
        return f"{above} {node.name}"
    return node.name


def categories() -> dict[str, str]:
    """Return the names of every kind's categories by key."""
    found: dict[str, str] = {}
    for kind in kinds.every():
        if kind.categories is not None:
            found |= dict(kind.categories())
    return found


def kind_label(kind: str) -> str:
    return str(kinds.get(kind).label)


def hours(seconds: int) -> str:
    """Say a length of a clock's own hours; office hours make no days of 24."""
    whole, minutes = seconds // 3600, seconds % 3600 // 60
    if not whole:
        return _("%(m)s 分钟") % {"m": minutes}
    if not minutes:
        return _("%(h)s 小时") % {"h": whole}
    return _("%(h)s 小时 %(m)s 分") % {"h": whole, "m": minutes}


def with_task(what: str, more: str) -> str:
    """Add a word in brackets: 退回（协办）."""
    return _("%(what)s（%(more)s）") % {"what": what, "more": more}
