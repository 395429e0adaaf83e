"""Every verb the desk offers: its words, its fields, when it is offered, what it calls.

Offered says what this viewer may do at this moment; the kernel decides when it is done.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from bihuan.accounts.actor import Actor
from bihuan.desk.actions import give
from bihuan.desk.scene import AT_WORK, OPEN, Scene
from bihuan.desk.words import task_label, unit_label, with_task
from bihuan.matters import actions
from bihuan.matters.actions.photos import Kept
from bihuan.matters.models import Task
from bihuan.matters.queries import visible_to

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

HELD = ("accept", "verify", "check")  # tasks that end by a verb of their own


@dataclass(frozen=True)
class Call:
    """What a verb is done with: the scene, the task's key, the cleaned fields, kept photos."""

    scene: Scene
    key: str
    data: dict[str, Any]
    photos: tuple[Kept, ...]
    before_photos: tuple[Kept, ...]
    by: Actor
    at: datetime

    @property
    def who(self) -> dict[str, Any]:
        """Give the arguments that every verb takes."""
        return {"matter_id": self.scene.matter.pk, "by": self.by, "at": self.at}

    def get(self, name: str) -> Any:
        return self.data.get(name)


@dataclass(frozen=True)
class Verb:
    """One verb. keys: for which tasks it is offered now; "" = for the matter itself."""

    key: str
    label: StrPromise
    fields: tuple[str, ...]
    keys: Callable[[Scene], list[str]]
    do: Callable[[Call], object]
    icon: str = "check"
    danger: bool = False
    hint: StrPromise | str = ""


@dataclass(frozen=True)
class Offer:
    """A verb that may be done now, on one task or on the matter."""

    verb: Verb
    key: str
    label: str

    @property
    def query(self) -> str:
        return f"?task={self.key}" if self.key else ""


# ---- when a verb is offered ----------------------------------------------------------------------


def by_step(name: str) -> Callable[[Scene], list[str]]:
    """Offer a step of the loop to whoever may take it."""
    return lambda scene: [""] if scene.may_step(name) else []


def by_task(name: str, key: str) -> Callable[[Scene], list[str]]:
    """Offer a step to whoever may take it for the open task `key`."""

    def keys(scene: Scene) -> list[str]:
        task = scene.tasks.get(key)
        return [key] if task and task.state in OPEN and scene.may_step(name, task) else []

    return keys


def when(
    verb: str, ready: Callable[[Scene], bool], place: str = "area"
) -> Callable[[Scene], list[str]]:
    """Offer what is no step of the loop: when it is so, to whoever may."""

    def keys(scene: Scene) -> list[str]:
        task = scene.tasks.get("lead") if place == "task" else None
        return [""] if ready(scene) and scene.may(verb, place=place, task=task) else []

    return keys


def _open_tasks(scene: Scene, states: tuple[str, ...] = OPEN) -> list[Task]:
    return [t for t in scene.tasks.values() if t.state in states]


def _at_work(scene: Scene) -> bool:
    return not scene.ended and scene.matter.state not in ("paused", "waiting")


def _verb_of(scene: Scene, name: str) -> str:
    found = scene.kind.loop.find(name)
    return found.verb if found else f"matters.{name}"


def _to_take_up(scene: Scene) -> list[str]:
    found = []
    for task in _open_tasks(scene, ("ready",)):
        fits = scene.step("take_up") is not None or scene.matter.state == "handling"
        if task.key in HELD or not fits or not _at_work(scene):
            continue
        if scene.may(_verb_of(scene, "take_up"), place="task", task=task):
            found.append(task.key)
    return found


def _to_finish(scene: Scene) -> list[str]:
    return [
        task.key
        for task in _open_tasks(scene)
        if task.key not in HELD
        and scene.step("finish") is not None
        and scene.may(_verb_of(scene, "finish"), place="task", task=task)
    ]


def _to_return(scene: Scene) -> list[str]:
    return [
        task.key
        for task in _open_tasks(scene)
        if task.key not in HELD
        and scene.step("return") is not None
        and scene.may("matters.return", place="task", task=task)
    ]


def _to_hand_over(scene: Scene) -> list[str]:
    return [
        task.key
        for task in _open_tasks(scene)
        if not scene.ended and scene.may("matters.hand_over", place="task", task=task)
    ]


def _to_send_back(scene: Scene) -> list[str]:
    if scene.matter.state not in AT_WORK or not scene.may("matters.rework"):
        return []
    return [t.key for t in scene.case.share() if t.state == "done"]


def _to_check(scene: Scene, name: str) -> list[str]:
    task = scene.tasks.get("check")
    if task is not None and task.state not in OPEN:
        task = None
    handled = {t.person_id for t in scene.rounds if t.key not in HELD} - {None}
    if scene.by.person_id in handled:
        return []
    return [""] if scene.may_step(name, task) else []


def _to_agree(scene: Scene) -> list[str]:
    extension = scene.extension
    if extension is None or scene.ended:
        return []
    if extension.state == "asked":
        lead = scene.tasks.get("lead")
        return [""] if scene.may("matters.extend_agree_unit", place="task", task=lead) else []
    if scene.by.person_id in (extension.asked_by_id, extension.unit_by_id):
        return []
    return [""] if scene.may("matters.extend_agree_centre") else []


def _may_ask_extension(scene: Scene) -> bool:
    clock = scene.case.clocks.get("finish")
    return (
        clock is not None
        and clock.done_at is None
        and clock.due_at is not None
        and scene.at <= clock.due_at
        and "lead" in scene.tasks
        and scene.extension is None
        and sum(e.state == "granted" for e in scene.extensions) < scene.kind.extensions
    )


def _to_appeal(scene: Scene) -> list[str]:
    late = any(c.late for c in scene.clocks)
    if scene.matter.closed_at is None or not late or scene.appeal is not None:
        return []
    lead = scene.tasks.get("lead")
    return [""] if scene.may("matters.appeal", place="task" if lead else "area", task=lead) else []


def _to_decide(scene: Scene) -> list[str]:
    appeal = scene.appeal
    if appeal is None or appeal.state not in ("asked", "agreed_once"):
        return []
    if scene.by.person_id in (appeal.asked_by_id, appeal.first_by_id):
        return []
    verb = "matters.appeal_first" if appeal.state == "asked" else "matters.appeal_second"
    return [""] if scene.may(verb) else []


def _to_reopen(scene: Scene) -> list[str]:
    name = "reopen" if "lead" in scene.tasks else "reopen_at_desk"
    return [""] if scene.may_step(name) else []


def _to_give(scene: Scene) -> list[str]:
    fits = scene.step("register") is not None and scene.kind.loop.find("assign") is not None
    return [""] if fits and scene.may("matters.register") and scene.may("matters.assign") else []


def _may_unsplit(scene: Scene) -> bool:
    return scene.matter.split_from_id is not None and scene.step("void") is not None


# ---- what a verb calls ---------------------------------------------------------------------------


def _assign(call: Call, do: Callable[..., object]) -> object:
    """Give to a unit; when it is the one the rule named, the rule's reason goes along."""
    asked = call.scene.kind.suggest
    found = asked(call.scene.matter.pk, call.at) if asked else None
    why = found[1] if found and found[0] == call.get("unit") else ""
    return do(
        unit_id=call.get("unit"),
        helper_unit_ids=call.get("helpers") or (),
        note=call.get("note") or "",
        why=why,
        **call.who,
    )


def _reveal(call: Call) -> object:
    look = call.scene.kind.reveal
    assert look is not None  # only offered where the kind keeps something hidden
    return look(
        record_id=call.get("record"),
        field=call.get("field"),
        reason=call.get("look_reason"),
        **call.who,
    )


def _unsplit(call: Call) -> object:
    return actions.unsplit(
        part_id=call.scene.matter.pk, note=call.get("note"), by=call.by, at=call.at
    )


def _noted(do: Callable[..., object], *names: str, **fixed: Any) -> Callable[[Call], object]:
    """Call a verb with its note and the fields named so by the kernel too."""
    return lambda call: do(
        note=call.get("note") or "", **{n: call.get(n) for n in names}, **fixed, **call.who
    )


def _shown(do: Callable[..., object], **fixed: Any) -> Callable[[Call], object]:
    """Call a verb with its note and photos."""
    return lambda call: do(note=call.get("note") or "", photos=call.photos, **fixed, **call.who)


VERBS: tuple[Verb, ...] = (
    # the centre
    Verb("give", _("受理并派遣"), ("unit", "helpers", "note"), _to_give,
         lambda c: _assign(c, give), "send", hint=_("立案并派给单位，一步完成。")),
    Verb("accept", _("受理，请人核实"), ("look_unit", "note"), by_step("accept"),
         lambda c: actions.accept(verify_unit_id=c.get("look_unit"), note=c.get("note"), **c.who),
         "clipboard-check", hint=_("网格员先到现场看一看是否属实。")),
    Verb("register", _("立案"), ("note",), by_step("register"), _noted(actions.register),
         "file-text"),
    Verb("reject", _("不予受理"), ("reason:refuse", "note!"), by_step("reject"),
         _noted(actions.reject, "reason"), "circle-x", True,
         _("请写明为什么不受理、可以找谁，居民会看到这段话。")),
    Verb("assign", _("派遣"), ("unit", "helpers", "note"), by_step("assign"),
         lambda c: _assign(c, actions.assign), "send"),
    Verb("reassign", _("改派"), ("new_unit", "note!"), by_step("reassign"),
         lambda c: actions.reassign(unit_id=c.get("new_unit"), note=c.get("note"), **c.who),
         "arrows-exchange"),
    # the hands
    Verb("verify", _("核实"), ("found", "note!", "photos"), by_task("verify", "verify"),
         lambda c: actions.verify(
             found=c.get("found"), note=c.get("note"), photos=c.photos, **c.who),
         "eye"),
    Verb("take_up", _("签收"), (), _to_take_up,
         lambda c: actions.take_up(key=c.key, **c.who), "hand-stop"),
    Verb("finish", _("办结"), ("opinion!", "before_photos", "photos"), _to_finish,
         lambda c: actions.finish(
             key=c.key, opinion=c.get("opinion"), photos=c.photos,
             before_photos=c.before_photos, **c.who),
         "circle-check"),
    Verb("return", _("退回"), ("reason:return", "note!"), _to_return,
         lambda c: actions.return_task(
             key=c.key, reason=c.get("reason"), note=c.get("note"), **c.who),
         "arrow-back-up", hint=_("退回后由受理的单位重新派遣，填过的内容都会保留。")),
    Verb("hand_over", _("转办"), ("person", "note"), _to_hand_over,
         lambda c: actions.hand_over(
             key=c.key, person_id=c.get("person"), note=c.get("note"), **c.who),
         "user-check"),
    Verb("solve_on_spot", _("现场办结"), ("note!", "photos"), by_step("solve_on_spot"),
         _shown(actions.solve_on_spot), "bolt"),
    Verb("add_helper", _("请单位协办"), ("helper", "note!"),
         when("matters.add_helper", lambda s: s.matter.state in AT_WORK),
         lambda c: actions.add_helper(unit_id=c.get("helper"), note=c.get("note"), **c.who),
         "users-group"),
    Verb("send_back", _("退回重新办理"), ("note!",), _to_send_back,
         lambda c: actions.send_back(key=c.key, note=c.get("note"), **c.who), "refresh"),
    # the check
    Verb("start_check", _("请人核查"), ("look_unit", "note"), by_step("start_check"),
         lambda c: actions.start_check(unit_id=c.get("look_unit"), note=c.get("note"), **c.who),
         "walk"),
    Verb("pass_check", _("核查通过，结案"), ("note!", "photos"),
         lambda s: _to_check(s, "pass_check"), _shown(actions.pass_check), "check"),
    Verb("fail_check", _("核查不通过，返工"), ("note!", "photos"),
         lambda s: _to_check(s, "fail_check"), _shown(actions.fail_check), "arrow-back"),
    # time
    Verb("pause", _("挂账"), ("cause:pause", "until", "evidence", "note!"), by_step("pause"),
         _noted(actions.pause, "cause", "until", "evidence"), "player-pause",
         hint=_("时限暂停，到期自动恢复；每件事项只能挂账一次。")),
    Verb("revive", _("恢复办理"), ("note",), by_step("revive"), _noted(actions.revive),
         "player-play"),
    Verb("ask", _("提问，等待答复"), ("cause:wait", "note!"), by_step("ask"),
         _noted(actions.ask, "cause"), "message-circle"),
    Verb("answer", _("已得到答复"), ("note!",), by_step("answer"), _noted(actions.answer),
         "message"),
    Verb("ask_extension", _("申请延期"), ("note!",),
         when("matters.extend", _may_ask_extension, "task"),
         _noted(actions.ask_extension), "hourglass", hint=_("批准后办结时限延长一个原时限。")),
    Verb("agree_extension", _("同意延期"), ("note",), _to_agree,
         _noted(actions.agree_extension), "hourglass"),
    Verb("refuse_extension", _("不同意延期"), ("note!",), _to_agree,
         _noted(actions.refuse_extension), "circle-x"),
    Verb("appeal", _("申诉超期"), ("note!",), _to_appeal, _noted(actions.appeal), "speakerphone"),
    Verb("decide_appeal", _("审核申诉"), ("agree", "note!"), _to_decide,
         _noted(actions.decide_appeal, "agree"), "rubber-stamp"),
    # words
    Verb("remind", _("催办"), ("note",), when("matters.remind", lambda s: not s.ended),
         _noted(actions.remind), "bell"),
    Verb("press", _("督办"), ("by_when", "note!"), when("matters.press", lambda s: not s.ended),
         lambda c: actions.press(until=c.get("by_when"), note=c.get("note"), **c.who),
         "speakerphone"),
    Verb("note", _("补充说明或照片"), ("note", "photos"),
         when("matters.note", lambda s: not s.ended), _shown(actions.add_note), "pencil"),
    Verb("reveal", _("查看上报人信息"), ("look_reason!", "record", "field"),
         when("matters.reveal", lambda s: s.kind.reveal is not None), _reveal, "eye"),
    Verb("say_about", _("登记反映的对象"), ("about_unit", "about_person", "note!"),
         when("matters.say_about", lambda s: not s.ended),
         lambda c: actions.say_about(
             unit_id=c.get("about_unit"), person_id=c.get("about_person"), note=c.get("note"),
             **c.who),
         "building",
         hint=_("事项反映的单位和个人不能办理、核查、结案，也不能查看上报人信息。")),
    # together and apart
    Verb("merge", _("并入另一件"), ("near", "into", "note!"), by_step("merge"),
         _noted(actions.merge, "into_id"), "arrows-join",
         hint=_("两件合为一件办理，每位上报人都会得到答复；可以取消。")),
    Verb("unmerge", _("取消并案"), ("note!",), by_step("unmerge"),
         _noted(actions.unmerge), "arrows-split-2"),
    Verb("split", _("拆分"), ("title", "category", "note!"),
         when("matters.split", lambda s: not s.ended),
         _noted(actions.split, "title", "category"), "arrows-split-2"),
    Verb("unsplit", _("取消拆分"), ("note!",), when("matters.split", _may_unsplit), _unsplit,
         "arrows-join"),
    Verb("reopen", _("重新办理"), ("note!",), _to_reopen, _noted(actions.reopen), "refresh"),
    Verb("void", _("作废"), ("reason:void", "note!"), by_step("void"),
         _noted(actions.void, "reason"), "trash", True,
         _("作废以后不再办理，流水保留。")),
)  # fmt: skip
BY_KEY = {verb.key: verb for verb in VERBS}
# not among the buttons: asked for beside the record it is about
UNLISTED = ("reveal",)


def offers(scene: Scene) -> list[Offer]:
    """Return every verb the viewer may do now, each once a task, in the table's order."""
    found = []
    for verb in VERBS:
        keys = verb.keys(scene)
        for key in keys:
            label = str(verb.label)
            if len(keys) > 1 and key in scene.tasks:
                label = f"{label} {_task_name(scene.tasks[key])}"
            found.append(Offer(verb, key, label))
    return found


def _task_name(task: Task) -> str:
    return with_task(task_label(task.key), unit_label(task.unit_id))


def sees_still(matter_id: int, by: Actor) -> bool:
    """Say whether a matter may still be shown to who has just done something with it."""
    return visible_to(by).filter(pk=matter_id).exists()
