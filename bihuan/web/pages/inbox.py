"""What one has been told, and how others are told: inbox, webhooks, a demo's text messages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bihuan.accounts.actor import Actor
from bihuan.accounts.doors import needs, signed_in
from bihuan.accounts.may import require
from bihuan.accounts.request import Request
from bihuan.accounts.roles import Role
from bihuan.accounts.units import tree
from bihuan.base.clock import now
from bihuan.base.installation import is_demo
from bihuan.base.text import mask_phone, narrow
from bihuan.matters import kinds
from bihuan.matters.channel_models import Webhook
from bihuan.matters.channels import queries
from bihuan.matters.channels.actions import (
    add_webhook,
    read_all,
    read_message,
    redeliver,
    send_failed_again,
    switch_webhook,
)
from bihuan.matters.channels.words import words_of
from bihuan.matters.errors import Refused
from bihuan.matters.models import Matter
from bihuan.matters.queries import open_tasks

PAGE = 30
ON_THE_GROUND = frozenset({Role.WORKER, Role.CELL_HEAD})  # they have a phone in hand


class WebhookForm(forms.Form):
    """An address of another system, and what it is told of."""

    url = forms.CharField(label=gettext_lazy("网址"), max_length=300, widget=forms.URLInput)
    unit = forms.TypedChoiceField(label=gettext_lazy("哪个单位的事项"), coerce=int)
    kind = forms.ChoiceField(label=gettext_lazy("哪类事项"), required=False)
    steps = forms.CharField(
        label=gettext_lazy("哪些步骤"),
        required=False,
        max_length=300,
        help_text=gettext_lazy(
            "步骤的英文名，用逗号分隔，如 open, assign, pass_check；不填为全部。"
        ),
    )

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        units = [(unit_id, tree().name(unit_id)) for unit_id in queries.units_run(actor)]
        self.fields["unit"].choices = units  # type: ignore[attr-defined]
        every = [(kind.key, kind.label) for kind in kinds.every()]
        self.fields["kind"].choices = [("", _("全部")), *every]  # type: ignore[attr-defined]

    def clean_steps(self) -> list[str]:
        """Read names separated by commas or spaces."""
        return narrow(self.cleaned_data["steps"]).replace(",", " ").split()


@require_safe
@signed_in
def inbox(request: Request) -> HttpResponse:
    """List one's own messages; a matter one may no longer see keeps its number alone."""
    assert request.actor.person_id is not None
    only = request.GET.get("unread") == "1"
    found = queries.inbox_of(request.actor.person_id, unread=only)
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    theirs = queries.still_theirs(request.actor, page.object_list)
    rows = [
        {"message": m, "words": words_of(m.key), "theirs": m.matter_id in theirs}
        for m in page.object_list
    ]
    newest = max((m.pk for m in page.object_list), default=0)
    context = {"page": page, "rows": rows, "only": only, "newest": newest}
    return render(request, "web/inbox/list.html", context)


@require_POST
@signed_in
def open_message(request: Request, message_id: int) -> HttpResponse:
    """Mark a message as read and go to what it is about."""
    found = read_message(message_id=message_id, by=request.actor, at=now())
    if found is None:
        raise Http404
    return redirect(address_of(found.matter, request.actor))


def address_of(matter: Matter, by: Actor) -> str:
    """Give the page of a matter: for who works on the ground their task, where one is open."""
    if matter.kind == "report" and by.roles <= ON_THE_GROUND:
        task = open_tasks(by).filter(matter=matter).first()
        if task is not None:
            return reverse("reports:task", args=[task.pk])
    return reverse("desk:matter", args=[matter.number])


@require_POST
@signed_in
def read_them_all(request: Request) -> HttpResponse:
    """Mark every message up to the newest one seen as read."""
    newest = request.POST.get("newest", "")
    if newest.isascii() and newest.isdigit() and len(newest) < 19:
        read_all(up_to=int(newest), by=request.actor, at=now())
        messages.success(request, _("已全部标为已读。"))
    else:
        messages.error(request, _("没有标记，请刷新页面后再试。"))
    return redirect("inbox:list")


# ---- webhooks ------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@needs("matters.webhooks")
def webhooks(request: Request) -> HttpResponse:
    """List the systems that are told, and add one; its secret is shown once."""
    posted = request.POST if request.method == "POST" else None
    form = WebhookForm(posted, actor=request.actor)
    if form.is_valid():
        said = form.cleaned_data
        try:
            hook, secret = add_webhook(
                url=said["url"],
                unit_id=said["unit"],
                kinds_told=[said["kind"]] if said["kind"] else [],
                steps=said["steps"],
                by=request.actor,
                at=now(),
            )
        except Refused as why:
            form.add_error("steps" if why.code == "bad_steps" else "url", str(why))
        else:
            context = {"hook": hook, "secret": secret, "narrow": True}
            return render(request, "web/inbox/secret.html", context)
    context = {
        "form": form,
        "hooks": queries.webhooks_of(request.actor),
        "texts": queries.texts_by_state(at=now()),
    }
    return render(request, "web/inbox/webhooks.html", context, status=422 if form.errors else 200)


def _within_reach(request: Request, webhook_id: int) -> Webhook:
    hook = get_object_or_404(Webhook.objects.defer("secret"), pk=webhook_id)
    require(request.actor, "matters.webhooks", hook.unit_id)
    return hook


@require_safe
@needs("matters.webhooks")
def webhook(request: Request, webhook_id: int) -> HttpResponse:
    """Show the latest calls of one webhook, and what can be done."""
    hook = _within_reach(request, webhook_id)
    context = {"hook": hook, "unit": tree().name(hook.unit_id), "calls": queries.last_calls(hook)}
    return render(request, "web/inbox/webhook.html", context)


@require_POST
@needs("matters.webhooks")
def webhook_switch(request: Request, webhook_id: int) -> HttpResponse:
    """Switch a webhook on or off."""
    hook = _within_reach(request, webhook_id)
    on = request.POST.get("on") == "1"
    switch_webhook(webhook_id=hook.pk, on=on, by=request.actor, at=now())
    messages.success(request, _("已启用。") if on else _("已停用，还没送出的不再送。"))
    return redirect("inbox:webhook", hook.pk)


@require_POST
@needs("matters.webhooks")
def webhook_redeliver(request: Request, webhook_id: int) -> HttpResponse:
    """Try what failed again."""
    hook = _within_reach(request, webhook_id)
    try:
        count = redeliver(webhook_id=hook.pk, by=request.actor, at=now())
    except Refused as why:
        messages.error(request, str(why))
    else:
        messages.success(request, _again(count))
    return redirect("inbox:webhook", hook.pk)


@require_POST
@needs("matters.webhooks")
def texts_again(request: Request) -> HttpResponse:
    """Send the text messages again that were given up or never sent."""
    messages.success(request, _again(send_failed_again(by=request.actor, at=now())))
    return redirect("inbox:webhooks")


def _again(count: int) -> str:
    return ngettext("%(n)s 条正在重新发送。", "%(n)s 条正在重新发送。", count) % {"n": count}


@require_safe
@signed_in
def demo_texts(request: Request) -> HttpResponse:
    """Show what a demo would have sent to phones; a county's own messages are nobody's to read."""
    if not is_demo() or not request.actor.posts:
        raise Http404
    rows = [
        {"text": row.text, "to": mask_phone(row.receiver or ""), "at": row.at, "state": row.state}
        for row in queries.last_texts()
    ]
    return render(request, "web/inbox/texts.html", {"rows": rows})
