"""The lines of a matter's history, in words: what, when, who, why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bihuan.accounts.models import Post
from bihuan.desk import words
from bihuan.desk.queries import posts_of
from bihuan.matters import chain, kinds
from bihuan.matters.models import Entry, Matter

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

MOST = 200  # lines shown at once; older ones on demand
COLOURS = {
    "reject": "red", "void": "red", "return": "orange", "return_share": "orange",
    "fail_check": "orange", "escalate": "red", "press": "red", "remind": "orange",
    "pause": "orange", "ask": "orange", "finish": "green", "pass_check": "green",
    "solve_on_spot": "green", "reveal": "orange",
}  # fmt: skip
REASONS = {
    "reject": ("refuse",), "return": ("return",), "return_share": ("return",), "void": ("void",),
    "pause": ("pause",), "ask": ("wait",),
}  # fmt: skip

APPEALS: dict[str, StrPromise] = {
    "agreed_once": gettext_lazy("一审同意"),
    "upheld": gettext_lazy("二审同意，不计超期"),
    "refused": gettext_lazy("不同意，仍计超期"),
}


@dataclass(frozen=True)
class Line:
    """One line as the timeline part draws it."""

    what: str
    at_moment: datetime
    who: str
    words: str
    colour: str


def history(matter: Matter, at: datetime, *, every: bool = False) -> tuple[list[Line], bool]:
    """Return the lines, newest first, and whether there are older ones: three queries at most."""
    entries = list(
        Entry.objects.filter(matter=matter)
        .select_related("by", "note")
        .order_by("-seq")[: None if every else MOST + 1]
    )
    more = not every and len(entries) > MOST
    entries = entries[:MOST] if more else entries
    posts = posts_of((e.by_id for e in entries if e.by_id), at)
    named = _reasons(matter, {e.step for e in entries})
    return [_line(e, posts, named) for e in entries], more


def who(entry: Entry, posts: dict[int, Post]) -> str:
    """Say who acted: a person with role and unit, a resident, or the system."""
    if entry.by is None:
        return _("系统") if entry.facts.get("as") == "system" else _("居民")
    post = posts.get(entry.by.pk)
    if post is None:
        return entry.by.name
    return _("%(name)s（%(unit)s %(role)s）") % {
        "name": entry.by.name,
        "unit": words.unit_label(post.unit_id),
        "role": post.role_label,
    }


def _reasons(matter: Matter, steps: set[str]) -> dict[str, str]:
    """Return the names of the listed reasons that these steps can have, by key."""
    listed = kinds.get(matter.kind).reasons
    sorts = {sort for step in steps for sort in REASONS.get(step, ())}
    if listed is None or not sorts:
        return {}
    return {key: name for sort in sorted(sorts) for key, name, _words in listed(sort)}


def _line(entry: Entry, posts: dict[int, Post], named: dict[str, str]) -> Line:
    note = getattr(entry, "note", None)
    said = [text for text in (_facts(entry, named), note.text if note else "") if text]
    what = words.step_label(entry.step)
    if entry.step == "escalate":
        what = words.rung_label(str(entry.facts.get("rung", "")))
    if entry.task:
        what = words.with_task(what, words.task_label(entry.task))
    return Line(what, entry.at, who(entry, posts), "\n".join(said), COLOURS.get(entry.step, ""))


def _facts(entry: Entry, named: dict[str, str]) -> str:
    """Say in words what the facts of a line tell beside its step."""
    facts = entry.facts
    found: list[str] = []
    if isinstance(facts.get("unit"), int):
        found.append(_("单位：%(unit)s") % {"unit": words.unit_label(facts["unit"])})
    if facts.get("why"):
        found.append(_("依据：%(why)s") % {"why": facts["why"]})
    reason = facts.get("reason") or facts.get("cause")
    if reason:
        found.append(_("原因：%(reason)s") % {"reason": named.get(str(reason), str(reason))})
    for name, shape in (("into", _("并入 %(n)s")), ("part", _("拆出 %(n)s"))):
        if facts.get(name):
            found.append(shape % {"n": facts[name]})
    if isinstance(facts.get("from"), str):
        found.append(_("来自 %(n)s") % {"n": facts["from"]})
    if entry.step in ("remind", "press") and facts.get("count"):
        found.append(_("第 %(n)s 次") % {"n": facts["count"]})
    until = parse_datetime(str(facts["until"])) if facts.get("until") else None
    if until is not None:
        local = timezone.localtime(until)
        found.append(_("期限 %(until)s") % {"until": f"{local:%Y-%m-%d %H:%M}"})
    if entry.step == "reveal":
        field = str(facts.get("field", ""))
        found.append(_("查看了：%(field)s") % {"field": words.FIELDS.get(field, field)})
    found += _about(facts)
    if facts.get("appeal") in APPEALS:
        found.append(str(APPEALS[str(facts["appeal"])]))
    if entry.step == "rate":
        found += _rated(facts.get("level"), facts.get("solved"))
    return "，".join(found)  # data: the comma between facts


def _about(facts: chain.Facts) -> list[str]:
    """Say whom a matter was registered to be about; a person is not named here."""
    found = []
    unit_id = facts.get("about_unit")
    if isinstance(unit_id, int):
        found.append(_("反映的单位：%(unit)s") % {"unit": words.unit_label(unit_id)})
    elif "about_unit" in facts:
        found.append(_("不涉及单位"))
    if "about_person" in facts:
        found.append(_("涉及工作人员") if facts["about_person"] else _("不涉及工作人员"))
    return found


def _rated(level: object, solved: object) -> list[str]:
    found = []
    if isinstance(solved, bool):
        found.append(_("已解决") if solved else _("没有解决"))
    if isinstance(level, int):
        found.append(_("满意度 %(n)s 级") % {"n": level})
    return found
