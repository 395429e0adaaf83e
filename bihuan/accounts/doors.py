"""What a page asks before it opens."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth.views import redirect_to_login
from django.http import HttpResponse
from django.views.decorators.cache import never_cache

from bihuan.accounts.may import require
from bihuan.accounts.request import Request

P = ParamSpec("P")
View = Callable[Concatenate[Request, P], HttpResponse]


def signed_in(view: View[P]) -> View[P]:
    """Send whoever is not signed in to the sign-in page, and back afterwards; cache nothing."""

    @wraps(view)
    def opened(request: Request, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if request.actor.person_id is None:
            return redirect_to_login(request.get_full_path())
        return view(request, *args, **kwargs)

    return never_cache(opened)


def needs(verb: str) -> Callable[[View[P]], View[P]]:
    """Open a page only to those who may do `verb` somewhere; others get 403."""

    def door(view: View[P]) -> View[P]:
        @wraps(view)
        def opened(request: Request, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            require(request.actor, verb)
            return view(request, *args, **kwargs)

        return signed_in(opened)

    return door
