"""What can be done with a task, in the order of its buttons: one table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy

from bihuan.accounts.actor import Actor
from bihuan.matters import actions as matters
from bihuan.matters.models import Task
from bihuan.reports import task_forms
from bihuan.reports.forms import YES
from bihuan.reports.kind import AT_UNIT
from bihuan.reports.task_forms import SOLVED

Given = Mapping[str, Any]
Do = Callable[[Task, Given, Actor, datetime], object]


@dataclass(frozen=True)
class Verb:
    """One button. form None: pressed and done; stays: the task's page is shown again."""

    key: str
    label: Any
    icon: str
    do: Do
    done: Any
    form: type[Any] | None = None
    send: Any = gettext_lazy("提交")
    stays: bool = False

    @property
    def asks(self) -> bool:
        """Say whether there is a form to fill in (a template would call the class itself)."""
        return self.form is not None


def _take_up(task: Task, given: Given, by: Actor, at: datetime) -> object:
    return matters.take_up(matter_id=task.matter_id, key=task.key, by=by, at=at)


def _verify(task: Task, given: Given, by: Actor, at: datetime) -> object:
    note, photos = given["note"], given["photos"]
    if given["found"] == SOLVED:
        return matters.solve_on_spot(
            matter_id=task.matter_id, note=note, photos=photos, by=by, at=at
        )
    found = given["found"] == YES
    return matters.verify(
        matter_id=task.matter_id, found=found, note=note, photos=photos, by=by, at=at
    )


def _finish(task: Task, given: Given, by: Actor, at: datetime) -> object:
    return matters.finish(
        matter_id=task.matter_id,
        key=task.key,
        opinion=given["opinion"],
        photos=given["photos"],
        before_photos=given["before"],
        by=by,
        at=at,
    )


def _return(task: Task, given: Given, by: Actor, at: datetime) -> object:
    return matters.return_task(
        matter_id=task.matter_id,
        key=task.key,
        reason=given["reason"],
        note=given["note"],
        by=by,
        at=at,
    )


def _ask(task: Task, given: Given, by: Actor, at: datetime) -> object:
    return matters.ask(
        matter_id=task.matter_id, cause="question", note=given["question"], by=by, at=at
    )


def _hand_over(task: Task, given: Given, by: Actor, at: datetime) -> object:
    return matters.hand_over(
        matter_id=task.matter_id,
        key=task.key,
        person_id=given["person"],
        note=given["note"],
        by=by,
        at=at,
    )


def _say(task: Task, given: Given, by: Actor, at: datetime) -> object:
    return matters.add_note(
        matter_id=task.matter_id, note=given["words"], photos=given["photos"], by=by, at=at
    )


def _check(task: Task, given: Given, by: Actor, at: datetime) -> object:
    do = matters.pass_check if given["passed"] == YES else matters.fail_check
    return do(matter_id=task.matter_id, note=given["note"], photos=given["photos"], by=by, at=at)


VERBS: dict[str, Verb] = {
    verb.key: verb
    for verb in (
        Verb(
            "take-up", gettext_lazy("签收，开始办理"), "player-play", _take_up,
            gettext_lazy("已签收。"), stays=True,
        ),
        Verb(
            "verify", gettext_lazy("到场核实"), "camera", _verify, gettext_lazy("核实结果已提交。"),
            task_forms.VerifyForm, gettext_lazy("提交核实结果"),
        ),
        Verb(
            "finish", gettext_lazy("办理完成"), "clipboard-check", _finish,
            gettext_lazy("办理结果已提交。"), task_forms.FinishForm, gettext_lazy("提交办理结果"),
        ),
        Verb(
            "check", gettext_lazy("现场核查"), "shield-check", _check,
            gettext_lazy("核查结果已提交。"), task_forms.CheckForm, gettext_lazy("提交核查结果"),
        ),
        Verb(
            "ask", gettext_lazy("问居民"), "help-circle", _ask,
            gettext_lazy("问题已发给居民，答复之前停止计时。"), task_forms.AskForm,
            gettext_lazy("发给居民"), stays=True,
        ),
        Verb(
            "say", gettext_lazy("请求支援"), "message", _say, gettext_lazy("已记入办理经过。"),
            task_forms.SayForm, gettext_lazy("发出"), stays=True,
        ),
        Verb(
            "hand-over", gettext_lazy("转给同事"), "arrows-exchange", _hand_over,
            gettext_lazy("已转给同事。"), task_forms.HandOverForm, gettext_lazy("转办"),
        ),
        Verb(
            "return", gettext_lazy("退回"), "arrow-back-up", _return, gettext_lazy("已退回。"),
            task_forms.ReturnForm, gettext_lazy("退回这项任务"),
        ),
    )
}  # fmt: skip

# what became of a task that is not open any more
SHARE_WORDS: dict[str, Any] = {
    "waiting": gettext_lazy("要等前面的任务办完"),
    "done": gettext_lazy("这项任务已办完"),
    "returned": gettext_lazy("这项任务已退回或改派"),
    "skipped": gettext_lazy("这项任务不用再办"),
}
LABELS: dict[str, Any] = {
    "accept": gettext_lazy("受理"),
    "verify": gettext_lazy("核实"),
    "lead": gettext_lazy("主办"),
    "helper": gettext_lazy("协办"),
    "check": gettext_lazy("核查"),
}


def task_label(task: Task) -> str:
    """Return what a task is called: 核实, 主办, 协办, 核查."""
    return str(LABELS.get(task.key.split("-", 1)[0], task.key))


def verbs_for(task: Task) -> list[Verb]:
    """Return what may be done with a task now, the main thing first. The kernel asks again."""
    if task.state not in ("ready", "doing"):
        return []
    if task.matter.state in ("paused", "waiting"):
        return [VERBS["say"]]
    names: tuple[str, ...] = ()
    if task.key == "verify":
        names = ("verify", "ask", "say", "hand-over")
    elif task.key == "check":
        names = ("check", "say", "hand-over")
    elif task.matter.state in AT_UNIT:
        first = ("take-up", "finish") if task.state == "ready" else ("finish",)
        names = (*first, "ask", "say", "hand-over", "return")
    return [VERBS[name] for name in names]
