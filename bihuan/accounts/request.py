"""The request as every page of ours gets it, for type annotations."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest

from bihuan.accounts.actor import Actor
from bihuan.accounts.models import Person


class Request(HttpRequest):
    """A request behind accounts.middleware.actor. Never made: views only name it."""

    actor: Actor
    user: Person | AnonymousUser
