"""Tags of our templates: icons, moments, clocks, colours of states."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import template
from django.forms.boundfield import BoundField
from django.template.context import Context
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from bihuan.base.clock import now
from bihuan.web.templatetags import moments

register = template.Library()

# Stored states of matters and tasks; what is not here is grey.
COLOURS = {
    "blue": "new reported received submitted accepted registered ready assigned dispatched pending",
    "teal": "handling doing working",
    "orange": "verifying checking answering confirming review rework returned paused waiting asked",
    "red": "overdue rejected refused",
    "green": "finished done solved closed granted upheld rated",
}
COLOUR_OF = {state: colour for colour, states in COLOURS.items() for state in states.split()}


@register.simple_tag
def icon(name: str, classes: str = "") -> SafeString:
    """Draw an icon of the sheet; filled ones are named f-star. Said by no reader: add words."""
    kind = "ico is-full" if name.startswith("f-") else "ico"
    return format_html(
        '<svg class="{}" aria-hidden="true"><use href="{}#i-{}"></use></svg>',
        f"{kind} {classes}".strip(),
        static("icons/icons.svg"),
        name,
    )


def moment_of(context: Context) -> datetime:
    """Return the page's one `at`, so that all its clocks agree; else now."""
    at = context.get("at")
    return at if isinstance(at, datetime) else now()


@register.simple_tag(takes_context=True)
def when(context: Context, moment: datetime | None) -> str | SafeString:
    """Say a moment near `at` (今天 10:12) inside a <time>; nothing for None."""
    if moment is None:
        return ""
    said = moments.moment(moment, moment_of(context))
    return format_html('<time datetime="{}">{}</time>', moment.isoformat(), said)


@register.simple_tag(takes_context=True)
def left(context: Context, due_at: datetime | None) -> str:
    """Say what is left until `due_at` (还剩 1 天 7 小时), or by how much it is over."""
    return "" if due_at is None else moments.left(due_at, moment_of(context))


@register.filter
def state_colour(state: str) -> str:
    """Return blue, teal, orange, red, green or grey for a stored state."""
    return COLOUR_OF.get(state, "grey")


@register.inclusion_tag("parts/state_tag.html")
def state_tag(state: str, label: str, colour: str = "") -> dict[str, str]:
    """Show the word of a state on its colour."""
    return {"label": label, "colour": colour or state_colour(state)}


@register.inclusion_tag("parts/due_bar.html", takes_context=True)
def due_bar(
    context: Context,
    due_at: datetime | None,
    since: datetime | None = None,
    done_at: datetime | None = None,
    paused: bool = False,
) -> dict[str, Any]:
    """Show a clock as words and a bar.

    since: when it began (without it no bar). done_at: when it stopped for good.
    """
    at = done_at or moment_of(context)
    shown: dict[str, Any] = {"due_at": due_at, "percent": None, "live": False}
    if due_at is None:
        return shown | {"words": _("无时限"), "colour": "grey"}
    if since is not None:
        shown["percent"] = moments.used(since, due_at, at)
    if done_at is not None:
        good = done_at <= due_at
        words = _("按期") if good else moments.left(due_at, done_at)
        return shown | {"words": words, "colour": "green" if good else "red", "percent": None}
    if paused:
        return shown | {"words": _("已暂停计时"), "colour": "grey"}
    colour = moments.urgency(since, due_at, at)
    return shown | {"words": moments.left(due_at, at), "colour": colour, "live": True}


@register.filter
def control(field: BoundField) -> SafeString:
    """Draw the input of a form field in our look, tied to its help and its error."""
    widget = field.field.widget
    kept = str(widget.attrs.get("class", ""))
    return field.as_widget(attrs={"class": f"{kept} control".strip()})


@register.filter
def about(field: BoundField, error: str) -> str:
    """Say an error away from its field: with the field's label, unless it names it already."""
    label = str(field.label)
    return error if label in error else _("%(label)s：%(error)s") % {"label": label, "error": error}


@register.simple_tag(takes_context=True)
def query(context: Context, **changes: object) -> str:
    """Return this page's address query with some names changed: `?{% query page=2 %}`."""
    wanted = context["request"].GET.copy()
    for name, value in changes.items():
        if value in (None, ""):
            wanted.pop(name, None)
        else:
            wanted[name] = str(value)
    return str(wanted.urlencode())
