"""People: who works where; accounts are made, reset and closed."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bihuan.accounts.actions import (
    Refused,
    create_person,
    deactivate_person,
    end_post,
    give_post,
    one_time_password,
    reactivate_person,
    require_over,
    reset_password,
)
from bihuan.accounts.doors import needs
from bihuan.accounts.forms import PersonForm, PostForm, offered, refuse
from bihuan.accounts.models import Person, Post
from bihuan.accounts.queries import last_sign_ins, manageable, posts_of
from bihuan.accounts.request import Request
from bihuan.base.clock import now
from bihuan.base.text import mask_phone

PAGE = 50


@require_safe
@needs("accounts.manage")
def people(request: Request) -> HttpResponse:
    """List the people within reach, with their posts of today."""
    words = request.GET.get("q", "").strip()[:40]
    closed = request.GET.get("closed") == "1"
    found = manageable(request.actor, on=localdate(now()), words=words, closed=closed)
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "q": words, "closed": closed}
    return render(request, "accounts/people.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs("accounts.manage")
def person_add(request: Request) -> HttpResponse:
    """Make an account with its first post, and show its one-time password once."""
    form = PersonForm(
        request.POST if request.method == "POST" else None,
        actor=request.actor,
        initial={"unit": request.GET.get("unit", "")},
    )
    if form.is_valid():
        drawn = one_time_password()
        try:
            person = create_person(**form.cleaned_data, password=drawn, by=request.actor, at=now())
        except Refused as why:
            refuse(form, why)
        else:
            return _show_password(request, person, drawn)
    context = {"form": form, "units": offered(request.actor), "narrow": True}
    status = 422 if form.errors else 200
    return render(request, "accounts/person_add.html", context, status=status)


def _show_password(request: Request, person: Person, drawn: str) -> HttpResponse:
    """Show a one-time password in the answer itself: kept in no message, session or address."""
    context = {"person": person, "password": drawn, "narrow": True}
    return render(request, "accounts/one_time_password.html", context)


@require_safe
@needs("accounts.manage")
def person(request: Request, person_id: int) -> HttpResponse:
    """Show one person: posts, latest sign-ins, and what an administrator may do."""
    return _person_page(request, _within_reach(request, person_id))


def _person_page(
    request: Request, found: Person, form: PostForm | None = None, *, status: int = 200
) -> HttpResponse:
    context = {
        "person": found,
        "phone": mask_phone(found.phone) if found.phone else "",
        "posts": posts_of(found, on=localdate(now())),
        "sign_ins": last_sign_ins(found),
        "form": form or PostForm(actor=request.actor),
        "units": offered(request.actor),
        "oneself": found.pk == request.actor.person_id,
    }
    return render(request, "accounts/person.html", context, status=status)


def _within_reach(request: Request, person_id: int) -> Person:
    found = get_object_or_404(Person, pk=person_id)
    require_over(request.actor, found)
    return found


@require_POST
@needs("accounts.manage")
def post_add(request: Request, person_id: int) -> HttpResponse:
    """Give a person one more post."""
    found = _within_reach(request, person_id)
    form = PostForm(request.POST, actor=request.actor)
    if form.is_valid():
        try:
            give_post(person=found, **form.cleaned_data, by=request.actor, at=now())
        except Refused as why:
            refuse(form, why)
        else:
            messages.success(request, _("已任职。"))
            return redirect("accounts:person", found.pk)
    return _person_page(request, found, form, status=422)


@require_POST
@needs("accounts.manage")
def post_end(request: Request, post_id: int) -> HttpResponse:
    """End a post from this moment on."""
    post = get_object_or_404(Post, pk=post_id)
    try:
        end_post(post=post, by=request.actor, at=now())
    except Refused as why:
        messages.error(request, str(why))
    else:
        messages.success(request, _("任职已结束，即刻生效。"))
    return redirect("accounts:person", post.person_id)


@require_http_methods(["GET", "HEAD", "POST"])
@needs("accounts.manage")
def person_reset(request: Request, person_id: int) -> HttpResponse:
    """Ask, then give a one-time password, shown once."""
    found = _within_reach(request, person_id)
    if request.method == "POST":
        try:
            drawn = reset_password(person=found, by=request.actor, at=now())
        except Refused as why:
            messages.error(request, str(why))
            return redirect("accounts:person", found.pk)
        return _show_password(request, found, drawn)
    return _confirm(
        request,
        found,
        heading=_("重置密码"),
        words=_("将生成一次性密码并只显示一次；此人的登录全部退出，下次登录须修改密码。"),
        label=_("重置密码"),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@needs("accounts.manage")
def person_close(request: Request, person_id: int) -> HttpResponse:
    """Ask, then close an account."""
    found = _within_reach(request, person_id)
    if request.method == "POST":
        try:
            deactivate_person(person=found, by=request.actor, at=now())
        except Refused as why:
            messages.error(request, str(why))
        else:
            messages.success(request, _("账号已停用，登录已退出，任职已结束。"))
        return redirect("accounts:person", found.pk)
    return _confirm(
        request,
        found,
        heading=_("停用账号"),
        words=_("此人立即退出登录，任职全部结束；办理过的记录保留。"),
        label=_("停用账号"),
    )


def _confirm(
    request: Request, found: Person, *, heading: str, words: str, label: str
) -> HttpResponse:
    context = {"person": found, "heading": heading, "words": words, "label": label}
    return render(request, "accounts/person_confirm.html", context)


@require_POST
@needs("accounts.manage")
def person_reopen(request: Request, person_id: int) -> HttpResponse:
    """Open a closed account again."""
    found = _within_reach(request, person_id)
    try:
        reactivate_person(person=found, by=request.actor, at=now())
    except Refused as why:
        messages.error(request, str(why))
    else:
        messages.success(request, _("账号已启用，请重新任职。"))
    return redirect("accounts:person", found.pk)
