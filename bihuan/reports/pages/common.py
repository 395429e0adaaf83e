"""What the pages of residents and of staff share: filing a form, showing photos, the QR."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Concatenate, ParamSpec

import segno
from django.http import HttpResponseBase
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from bihuan.accounts.actor import Actor
from bihuan.accounts.request import Request
from bihuan.base.clock import now
from bihuan.matters.actions.opening import Once
from bihuan.matters.errors import Refused
from bihuan.matters.models import Attachment, Clock, Matter
from bihuan.reports.actions import Filed, OtherContent, Sent, file_report
from bihuan.reports.forms import ReportForm, refuse
from bihuan.reports.kind import KIND

P = ParamSpec("P")
View = Callable[Concatenate[Request, P], HttpResponseBase]
File = Callable[[Sent, Once], Filed]
PAGE = "page"  # the caller to whom a page's idempotency keys are scoped: each is a random UUID


def unlisted(view: View[P]) -> View[P]:
    """Keep a page out of caches and of search engines: whoever has its address may read it."""

    @wraps(view)
    def opened(request: Request, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        answer = view(request, *args, **kwargs)
        answer["X-Robots-Tag"] = "noindex, nofollow"
        return answer

    return never_cache(opened)


def file_form(form: ReportForm, *, by: Actor, file: File | None = None) -> Filed | None:
    """File a valid form; None when it was refused, the reason then stands on the form."""

    def plainly(sent: Sent, once: Once) -> Filed:
        return file_report(sent=sent, by=by, at=now(), once=once)

    scope = PAGE if by.person_id is None else f"{PAGE}:{by.person_id}"
    try:
        return (file or plainly)(form.sent(), form.once_for(scope))
    except OtherContent:
        form.begin_anew()
        again = _("这张表刚才已经提交成功，现在的内容和那时不一样。要另报一件，请再提交一次。")
        form.add_error(None, again)
    except Refused as why:
        refuse(form, why)
    return None


def state_label(matter: Matter) -> str:
    """Return the word of a report's state in the reader's language."""
    word = dict(KIND.loop.labels).get(matter.state)
    return _(str(word)) if word else matter.state


def promise_of(matter: Matter) -> Clock | None:
    """Return the clock whose due moment is what people were promised."""
    return Clock.objects.filter(matter=matter, task=None, name="finish").first()


Shown = dict[str, str]


def show(photos: Iterable[Attachment], address: Callable[[Attachment, str], str]) -> list[Shown]:
    """Return photos as parts/photo_grid.html takes them."""
    said = {
        "report": (_("上报的照片"), ""),
        "before": (_("处置前的照片"), _("处置前")),
        "after": (_("处置后的照片"), _("处置后")),
        "note": (_("补充的照片"), ""),
    }
    return [
        {
            "thumb": address(photo, "thumb"),
            "full": address(photo, "full"),
            "alt": f"{said[photo.use][0]} {number}",
            "word": said[photo.use][1],
        }
        for number, photo in enumerate(photos, 1)
    ]


def qr_of(address: str) -> SafeString:
    """Draw an address as a QR: inline SVG without styles, so that a strict policy lets it be."""
    drawn = segno.make(address, error="m", micro=False)
    return mark_safe(drawn.svg_inline(omitsize=True, border=2, svgclass=None, lineclass=None))
