"""One matter: what it is, what happened, and everything the viewer may do with it now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from bihuan.accounts.actor import Actor
from bihuan.accounts.doors import needs, signed_in
from bihuan.accounts.may import may, require
from bihuan.accounts.request import Request
from bihuan.base.clock import now
from bihuan.desk import words
from bihuan.desk.history import history
from bihuan.desk.scene import Scene, read_scene
from bihuan.desk.verbs import UNLISTED, Offer, offers
from bihuan.matters.models import Attachment, Clock, Entry, Matter, Task
from bihuan.matters.photo_response import photo_response
from bihuan.matters.queries import pressed_until, visible_to

# what a viewer most likely came to do, first one found is the page's main button
LIKELIEST = ("give", "assign", "verify", "take_up", "finish", "pass_check", "start_check",
             "agree_extension", "decide_appeal", "answer", "revive")  # fmt: skip


@dataclass(frozen=True)
class TaskRow:
    """A task as the table shows it."""

    task: Task
    name: str
    unit: str
    person: str
    state: str


@dataclass(frozen=True)
class ClockRow:
    """A clock as the page shows it. used, limit: words, of its own hours."""

    clock: Clock
    name: str
    used: str
    limit: str
    stopped: bool


def find(number: str, by: Actor) -> Matter:
    """Return the matter with this number if `by` may see it; 404 otherwise, whether it exists."""
    if "\0" in number:  # the database keeps none
        raise Http404
    rows = visible_to(by).select_related("cell", "merged_into", "split_from", "about_person")
    matter = rows.filter(number=number).first()
    if matter is None:
        raise Http404(number)
    return matter


@needs("matters.view")
def show(request: Request, number: str) -> HttpResponse:
    """Show one matter."""
    at = now()
    scene = read_scene(find(number, request.actor), request.actor, at)
    return render(request, "desk/matter.html", page_of(scene, every="all" in request.GET))


def page_of(scene: Scene, *, every: bool = False) -> dict[str, Any]:
    """Collect what the matter page shows."""
    matter, kind = scene.matter, scene.kind
    found = offers(scene)
    lines, more = history(matter, scene.at, every=every)
    shown = kind.panel(matter.pk, scene.by) if kind.panel else None
    listed = [o for o in found if o.verb.key not in UNLISTED]
    main = _main(listed)
    return {
        "matter": matter,
        "kind": kind,
        "state": scene.case.state_label,
        "category": words.categories().get(matter.category, matter.category),
        "owner": words.unit_label(matter.owner_id),
        "area": words.unit_label(matter.area_id),
        "channel": words.channel_label(matter.channel),
        "panel_template": shown[0] if shown else "",
        "panel": shown[1] if shown else {},
        "may_reveal": any(o.verb.key == "reveal" for o in found),
        "main": main,
        "offers": [o for o in listed if o is not main],
        "oneclick": _oneclick(scene, listed),
        "own": scene.own,
        "none_why": _why_none(scene, listed),
        "tasks": [_task_row(t) for t in scene.rounds],
        "clocks": [_clock_row(scene, c) for c in scene.clocks],
        "stop": scene.stop,
        "pressed_until": pressed_until(matter),
        "origin": _origin(matter),
        "about_unit": words.unit_label(matter.about_unit_id),
        "about_person": _about(scene),
        "photos": photos_of(matter),
        "lines": lines,
        "more": more,
        "parts": Matter.objects.filter(split_from=matter)
        .only("number", "title")
        .order_by("pk")[:20],
        "merged": Matter.objects.filter(merged_into=matter)
        .only("number", "title")
        .order_by("pk")[:50],
        "at": scene.at,
        "back": reverse("desk:board"),
    }


def _main(found: list[Offer]) -> Offer | None:
    """Choose the offer that becomes the page's one main button."""
    by_key = {o.verb.key: o for o in reversed(found)}
    return next((by_key[key] for key in LIKELIEST if key in by_key), None)


def _oneclick(scene: Scene, found: list[Offer]) -> dict[str, Any] | None:
    """Offer to give it to the unit that the rule names, at one press."""
    suggest = scene.kind.suggest
    keys = {o.verb.key for o in found}
    verb = "give" if "give" in keys else "assign" if "assign" in keys else ""
    named = suggest(scene.matter.pk, scene.at) if suggest and verb else None
    if named is None:
        return None
    unit_id, why = named
    shape = _("受理并派给 %(unit)s") if verb == "give" else _("派给 %(unit)s")
    label = shape % {"unit": words.unit_label(unit_id)}
    return {"verb": verb, "unit": unit_id, "why": why, "label": label}


def _why_none(scene: Scene, found: list[Offer]) -> str:
    """Say why there is nothing to do, where there is nothing."""
    if found or scene.own:
        return ""
    if scene.ended:
        return _("事项已经结束。")
    return _("这一步由其他单位办理，您可以查看进展。")


def _origin(matter: Matter) -> str:
    """Return the number of the matter whose bad rating opened this one."""
    if matter.channel != "rating":
        return ""
    facts = Entry.objects.filter(matter=matter, seq=1).values_list("facts", flat=True).first()
    return str((facts or {}).get("from", ""))


def _about(scene: Scene) -> str:
    """Name the person a matter is about, to those who may register it."""
    about = scene.matter.about_person
    return about.name if about is not None and may(scene.by, "matters.say_about") else ""


def _task_row(task: Task) -> TaskRow:
    return TaskRow(
        task,
        words.task_label(task.key),
        words.unit_label(task.unit_id),
        task.person.name if task.person else "",
        str(words.TASK_STATES.get(task.state, task.state)),
    )


def _clock_row(scene: Scene, clock: Clock) -> ClockRow:
    marks = scene.case.marks[clock.pk]
    stopped = clock.done_at is None and bool(marks) and not marks[-1].runs
    used = scene.case.elapsed(clock, scene.at) if marks else 0
    return ClockRow(
        clock,
        str(words.CLOCKS.get(clock.name, clock.name)),
        words.hours(used),
        words.hours(clock.limit_seconds),
        stopped,
    )


def photos_of(matter: Matter) -> list[dict[str, str]]:
    """Return the photos of handling as photo_grid.html takes them; reports show their own."""
    rows = Attachment.objects.filter(matter=matter).exclude(use="report").order_by("pk")
    return [
        {
            "thumb": reverse("desk:thumb", args=[matter.number, row.pk]),
            "full": reverse("desk:photo", args=[matter.number, row.pk]),
            "alt": str(words.USES[row.use]),
            "word": str(words.USES[row.use]),
        }
        for row in rows
    ]


def photo(request: Request, number: str, photo_id: int, thumb: bool = False) -> HttpResponseBase:
    """Send a photo of a matter the viewer may see; browsers may keep it for themselves."""
    if request.actor.person_id is None:
        return signed_in(show)(request, number=number)
    require(request.actor, "matters.view")
    matter = find(number, request.actor)
    row = Attachment.objects.filter(matter=matter, pk=photo_id).first()
    if row is None:
        raise Http404(number)
    return photo_response(request, row, thumb=thumb)


@needs("matters.view")
def slip(request: Request, number: str) -> HttpResponse:
    """Show a matter as a slip of paper."""
    scene = read_scene(find(number, request.actor), request.actor, now())
    return render(request, "desk/slip.html", page_of(scene))
