"""Signing in and out, one's own password, one's language."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import authenticate, login, logout, update_session_auth_hash
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST
from django.views.i18n import set_language as set_cookie

from bihuan.accounts import sessions
from bihuan.accounts.actions import network, note_sign_in, set_language, set_password
from bihuan.accounts.actor import actor_of
from bihuan.accounts.doors import signed_in
from bihuan.accounts.forms import PasswordForm, SignInForm
from bihuan.accounts.models import Person, clean_username
from bihuan.accounts.network import address
from bihuan.accounts.queries import failures_from, find_person
from bihuan.accounts.request import Request
from bihuan.base.clock import now

# One address may fail this often within the time of a lockout, whatever names it tries: more
# than an office behind one address mistypes, far fewer than guessing needs.
NETWORK_TRIES = 50
LOCKED_MINUTES = int(settings.AXES_COOLOFF_TIME * 60)


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: Request) -> HttpResponse:
    """Ask for user name and password; say the same of a wrong name and a wrong password."""
    onward = _own_address(request)
    if request.method != "POST":
        if request.actor.person_id is not None:
            return redirect(onward)
        return _ask(request, SignInForm())
    form = SignInForm(request.POST)
    if not form.is_valid():
        return _ask(request, form, status=422)
    at = now()
    source = address(request) or ""
    since = at - timedelta(minutes=LOCKED_MINUTES)
    if failures_from(network(source), since=since) >= NETWORK_TRIES:
        return locked_out(request)
    username = clean_username(form.cleaned_data["username"])
    person = authenticate(request, username=username, password=form.cleaned_data["password"])
    if not isinstance(person, Person):
        note_sign_in(person=find_person(username), success=False, address=source, at=at)
        if getattr(request, "axes_locked_out", False):
            return locked_out(request)
        form.add_error(None, _("用户名或密码不正确。"))
        return _ask(request, form, status=422)
    note_sign_in(person=person, success=True, address=source, at=at)
    return _enter(request, person, onward, at)


def _enter(request: Request, person: Person, onward: str, at: datetime) -> HttpResponse:
    login(request, person)  # a new session key: one fixed beforehand is worth nothing
    sessions.begin(request.session, actor_of(person), at)
    response = redirect(onward)
    if person.language:
        _keep_language(response, person.language)
    return response


def _ask(request: HttpRequest, form: SignInForm, *, status: int = 200) -> HttpResponse:
    wanted = request.POST.get("next", request.GET.get("next", ""))
    context = {"form": form, "next": wanted, "has_foot": False}
    return render(request, "accounts/sign_in.html", context, status=status)


def locked_out(
    request: HttpRequest, response: object = None, credentials: object = None
) -> HttpResponse:
    """Say that there were too many tries, and the ways out (AXES_LOCKOUT_CALLABLE)."""
    context = {"minutes": LOCKED_MINUTES, "has_foot": False}
    answer = render(request, "accounts/locked_out.html", context, status=429)
    answer["Retry-After"] = str(LOCKED_MINUTES * 60)
    return answer


def _own_address(request: HttpRequest) -> str:
    """Give the address to go on to, if it is one of ours; never another host's."""
    wanted = request.POST.get("next", request.GET.get("next", ""))
    ours = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if ours else str(settings.LOGIN_REDIRECT_URL)


@require_POST
def sign_out(request: Request) -> HttpResponse:
    """End the session here; the others of the same person go on."""
    logout(request)
    messages.success(request, _("您已退出登录。"))
    return redirect("accounts:login")


@sensitive_post_parameters("old", "new", "again")
@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def password(request: Request) -> HttpResponse:
    """Let somebody set their own new password; their other sessions end."""
    person = request.user
    assert isinstance(person, Person)
    owed = person.must_change_password
    form = PasswordForm(request.POST if request.method == "POST" else None, person=person)
    if form.is_valid():
        try:
            new = form.cleaned_data["new"]
            set_password(person=person, password=new, by=request.actor, at=now())
        except ValidationError as why:
            form.add_error("new", why)
        else:
            update_session_auth_hash(request, person)
            messages.success(request, _("密码已修改，其他设备上的登录已退出。"))
            return redirect(settings.LOGIN_REDIRECT_URL if owed else "accounts:password")
    context = {"form": form, "owed": owed, "has_foot": False}
    status = 422 if form.errors else 200
    return render(request, "accounts/password.html", context, status=status)


@require_POST
def language(request: Request) -> HttpResponse:
    """Switch the language, and remember it for whoever is signed in."""
    chosen = request.POST.get("language", "")
    if isinstance(request.user, Person) and chosen in dict(settings.LANGUAGES):
        set_language(person=request.user, language=chosen)
    return set_cookie(request)


def _keep_language(response: HttpResponse, code: str) -> None:
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        code,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
        samesite="Lax",
    )
