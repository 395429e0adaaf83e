"""Choose how pages look for this reader: elder mode."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

CARE_SECONDS = 365 * 86_400


@require_POST
def care(request: HttpRequest) -> HttpResponse:
    """Turn elder mode on (care=1) or off, keep it in a cookie, and go back to `next`."""
    target = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(target, {request.get_host()}, request.is_secure()):
        target = "/"
    answer = HttpResponseRedirect(target)
    if request.POST.get("care") == "1":
        answer.set_cookie(
            "care",
            "1",
            max_age=CARE_SECONDS,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
    else:
        answer.delete_cookie("care", samesite="Lax")
    return answer
