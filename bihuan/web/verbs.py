"""The kernel's verbs as the API offers them: which fields each takes, and what they become."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bihuan.accounts.actor import Actor
from bihuan.accounts.units import UnknownUnit, tree
from bihuan.base.problem import Problem
from bihuan.matters import actions, kinds
from bihuan.matters.actions.photos import Kept
from bihuan.matters.models import Matter
from bihuan.matters.queries import visible_to
from bihuan.reports.uploads import open_token


@dataclass(frozen=True)
class Verb:
    """A verb, the fields it needs and takes. names: fields whose argument has another name."""

    do: Callable[..., Any]
    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    names: dict[str, str] = field(default_factory=dict)


def _unsplit(*, matter_id: int, note: str, by: Actor, at: datetime) -> None:
    """Undo a split, asked for at the part."""
    actions.unsplit(part_id=matter_id, note=note, by=by, at=at)


PHOTOS = ("photos",)
VERBS: dict[str, Verb] = {
    "accept": Verb(actions.accept, (), ("note", "unit"), {"unit": "verify_unit_id"}),
    "verify": Verb(actions.verify, ("found", "note"), PHOTOS),
    "register": Verb(actions.register, (), ("note",)),
    "assign": Verb(actions.assign, ("unit",), ("helper_units", "person_id", "note")),
    "reassign": Verb(actions.reassign, ("unit", "note")),
    "reject": Verb(actions.reject, ("reason", "note")),
    "void": Verb(actions.void, ("reason", "note")),
    "solve_on_spot": Verb(actions.solve_on_spot, ("note",), PHOTOS),
    "take_up": Verb(actions.take_up, ("task",)),
    "finish": Verb(
        actions.finish, ("task", "note"), ("photos", "before_photos"), {"note": "opinion"}
    ),
    "return": Verb(actions.return_task, ("task", "reason", "note")),
    "hand_over": Verb(actions.hand_over, ("task", "person_id"), ("note",)),
    "add_helper": Verb(actions.add_helper, ("unit", "note")),
    "send_back": Verb(actions.send_back, ("task", "note")),
    "start_check": Verb(actions.start_check, (), ("unit", "person_id", "note")),
    "pass_check": Verb(actions.pass_check, ("note",), PHOTOS),
    "fail_check": Verb(actions.fail_check, ("note",), PHOTOS),
    "pause": Verb(actions.pause, ("cause", "until", "note")),
    "revive": Verb(actions.revive, (), ("note",)),
    "ask": Verb(actions.ask, ("cause", "note")),
    "answer": Verb(actions.answer, ("note",)),
    "ask_extension": Verb(actions.ask_extension, ("note",)),
    "agree_extension": Verb(actions.agree_extension, (), ("note",)),
    "refuse_extension": Verb(actions.refuse_extension, ("note",)),
    "appeal": Verb(actions.appeal, ("note",)),
    "decide_appeal": Verb(actions.decide_appeal, ("agree", "note")),
    "remind": Verb(actions.remind, (), ("note",)),
    "press": Verb(actions.press, ("note", "until")),
    "note": Verb(actions.add_note, ("note",), PHOTOS),
    "merge": Verb(actions.merge, ("into", "note")),
    "unmerge": Verb(actions.unmerge, ("note",)),
    "split": Verb(actions.split, ("title", "category", "note")),
    "unsplit": Verb(_unsplit, ("note",)),
    "say_about": Verb(actions.say_about, ("note",), ("unit", "person_id")),
    "reopen": Verb(actions.reopen, ("note",)),
}
# field -> the argument it becomes, where the two differ
ARGUMENTS = {
    "unit": "unit_id",
    "helper_units": "helper_unit_ids",
    "task": "key",
    "into": "into_id",
}


def take(verb: str, matter: Matter, given: dict[str, Any], *, by: Actor, at: datetime) -> None:
    """Do a verb with the fields given. Raises Problem, Refused, NotPermitted."""
    found = VERBS.get(verb)
    if found is None:
        raise Problem(404, "no_such_verb", "没有这个步骤。", "There is no such step.")
    for name in found.needs:
        if name not in given:
            raise Problem(
                422, "missing_field",
                f"缺少字段“{name}”。", f"Field “{name}” is missing.", field=name,
            )  # fmt: skip
    for name in given:
        if name not in (*found.needs, *found.takes):
            raise Problem(
                422, "unknown_field",
                f"这个步骤没有“{name}”字段。", f"This step has no field “{name}”.", field=name,
            )  # fmt: skip
    _listed(verb, matter, given)
    arguments = {
        found.names.get(name) or ARGUMENTS.get(name, name): _value(name, value, by)
        for name, value in given.items()
    }
    found.do(matter_id=matter.pk, by=by, at=at, **arguments)


REASONS = {"reject": "refuse", "return": "return", "void": "void"}  # verb -> sort of its reasons


def _listed(verb: str, matter: Matter, given: dict[str, Any]) -> None:
    """Check that a reason and a category are among those the pages offer. Raises Problem."""
    kind = kinds.get(matter.kind)
    lists = {}
    if verb in REASONS and kind.reasons is not None:
        lists["reason"] = {key for key, _name, _words in kind.reasons(REASONS[verb])}
    if kind.categories is not None:
        lists["category"] = {key for key, _name in kind.categories()}
    for name, known in lists.items():
        if name in given and given[name] not in known:
            raise Problem(
                422, f"unknown_{name}",
                f"字段“{name}”不在列表中。", f"Field “{name}” is not one of those listed.",
                field=name,
            )  # fmt: skip


def _value(name: str, value: Any, by: Actor) -> Any:
    if name == "unit":
        return _unit(value, name)
    if name == "helper_units":
        return [_unit(code, name) for code in value]
    if name in ("photos", "before_photos"):
        return [_photo(token, name) for token in value]
    if name == "into":
        return visible_to(by).values_list("pk", flat=True).get(number=value)
    return value


def _unit(code: str, name: str) -> int:
    try:
        return tree().by_code(code).id
    except UnknownUnit:
        raise Problem(
            422, "unknown_unit", "没有这个单位。", "There is no unit with this code.", field=name
        ) from None


def _photo(token: str, name: str) -> Kept:
    kept = open_token(token)
    if kept is None:
        raise Problem(
            422, "unknown_photo",
            "照片标记不对或已过期，请重新上传。",
            "The photo's token is wrong or too old: upload it again.",
            field=name,
        )  # fmt: skip
    return kept
