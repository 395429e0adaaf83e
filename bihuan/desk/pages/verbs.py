"""Do something with a matter: every verb has a small form, which works without scripts."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from bihuan.accounts.doors import needs
from bihuan.accounts.may import NotPermitted
from bihuan.accounts.request import Request
from bihuan.base.clock import now
from bihuan.desk import words
from bihuan.desk.forms import VerbForm
from bihuan.desk.pages.matter import find
from bihuan.desk.scene import Scene, read_scene
from bihuan.desk.verbs import BY_KEY, Call, Verb, sees_still
from bihuan.matters.actions.photos import Kept, take_photo
from bihuan.matters.errors import NotNow, Refused

WRONG = 422


@needs("matters.view")
def do(request: Request, number: str, verb: str) -> HttpResponse:
    """Show the form of a verb; POST does it."""
    wanted = BY_KEY.get(verb)
    if wanted is None:
        raise Http404(verb)
    scene = read_scene(find(number, request.actor), request.actor, now())
    given = request.POST if request.method == "POST" else request.GET
    key = given.get("task", "")
    offered = wanted.keys(scene)
    if not key and len(offered) == 1:
        key = offered[0]
    if request.method == "POST":
        return _done(request, scene, wanted, key, offered)
    if key not in offered:
        return _not_offered(request, scene, wanted, key)
    start = {name: given[name] for name in ("record", "field") if name in given}
    form = VerbForm(scene=scene, names=wanted.fields, key=key, initial=start)
    return _form(request, scene, wanted, key, form)


def _done(request: Request, scene: Scene, verb: Verb, key: str, offered: list[str]) -> HttpResponse:
    """Do it, or show the form again with its words kept and the reason beside them."""
    form = VerbForm(request.POST, request.FILES, scene=scene, names=verb.fields, key=key)
    if not form.is_valid():
        if key not in offered:
            return _not_offered(request, scene, verb, key)
        return _form(request, scene, verb, key, form, WRONG)
    seen = form.cleaned_data.get("seq")
    if key in offered and seen is not None and seen != scene.matter.last_seq:
        form.add_error(None, _("这件事项刚刚有了新进展，请看过办理经过，再提交一次。"))
        return _form(request, scene, verb, key, _again(form, scene), WRONG)
    try:
        call = Call(
            scene=scene,
            key=key,
            data=form.cleaned_data,
            photos=_take(form, "photos"),
            before_photos=_take(form, "before_photos"),
            by=request.actor,
            at=scene.at,
        )
        answer = verb.do(call)
    except Refused as refused:
        form.add_error(None, str(refused))
        return _form(request, scene, verb, key, form, WRONG)
    except NotPermitted as refused:
        form.add_error(None, str(refused))
        return _form(request, scene, verb, key, form, 403)
    if verb.key == "reveal":
        return _revealed(request, scene, form, str(answer))
    return _after(request, scene, verb)


def _again(form: VerbForm, scene: Scene) -> VerbForm:
    """Let the same words be sent again: they have now been told of the new line."""
    given = QueryDict(mutable=True)
    for name in form.data:
        values = form.data.getlist(name) if isinstance(form.data, QueryDict) else [form.data[name]]
        given.setlist(name, values)
    given["seq"] = str(scene.matter.last_seq)
    form.data = given
    return form


def _take(form: VerbForm, name: str) -> tuple[Kept, ...]:
    """Keep the photos of one field durably, before the verb's transaction."""
    return tuple(take_photo(upload.read()) for upload in form.cleaned_data.get(name) or ())


def _after(request: Request, scene: Scene, verb: Verb) -> HttpResponse:
    said = {"number": scene.matter.number, "verb": verb.label}
    messages.success(request, _("%(number)s：%(verb)s，已办。") % said)
    if sees_still(scene.matter.pk, request.actor):
        return redirect("desk:matter", scene.matter.number)
    return redirect("desk:board")


def _revealed(request: Request, scene: Scene, form: VerbForm, answer: str) -> HttpResponse:
    """Show what was hidden once, on a page no browser keeps; the look is logged already."""
    field = str(words.FIELDS[form.cleaned_data["field"]])
    context = {**_frame(scene), "field": field, "answer": answer}
    return render(request, "desk/revealed.html", context)


def _not_offered(request: Request, scene: Scene, verb: Verb, key: str) -> HttpResponse:
    """Say why a verb is not offered: not this viewer's, about themselves, or not now."""
    if scene.own:
        raise_words = scene.own[0]
    elif scene.denied and not _fits_state(scene, verb):
        raise PermissionDenied
    else:
        raise_words = str(
            NotNow(
                _("事项现在是“%(state)s”，不能这样办理。请刷新后再试。")
                % {"state": scene.case.state_label}
            )
        )
    context = {**_frame(scene), "verb": verb, "why": raise_words}
    return render(request, "desk/not_now.html", context, status=409)


def _fits_state(scene: Scene, verb: Verb) -> bool:
    """Say whether a step of that name exists in the loop but not from the present state."""
    return scene.kind.loop.find(verb.key) is not None and scene.step(verb.key) is None


def _form(
    request: Request, scene: Scene, verb: Verb, key: str, form: VerbForm, status: int = 200
) -> HttpResponse:
    context = {
        **_frame(scene),
        "verb": verb,
        "form": form,
        "task": key,
        "task_name": words.task_label(key) if key else "",
        "task_unit": words.unit_label(scene.tasks[key].unit_id) if key in scene.tasks else "",
    }
    return render(request, "desk/do.html", context, status=status)


def _frame(scene: Scene) -> dict[str, Any]:
    return {
        "matter": scene.matter,
        "state": scene.case.state_label,
        "at": scene.at,
        "narrow": True,
        "back": reverse("desk:matter", args=[scene.matter.number]),
    }
