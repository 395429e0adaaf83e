"""What a reporter is told by text message, and when; and what the rules do without the desk.

Each reporter of a matter is told apart, with the link to their own record. Only who left a mobile
number; the number and the words are kept encrypted until they are sent (matters/channels).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bihuan.matters.channels.actions import queue_text
from bihuan.matters.models import Clock, Entry, Matter, Stop
from bihuan.matters.reactions import Reaction
from bihuan.reports.automatic import decide
from bihuan.reports.models import Report
from bihuan.reports.queries import reports_on, secret_of
from bihuan.reports.reasons import reason_text
from bihuan.reports.rules import category_of

STOP = "。"  # data: the words of a reason end with it, ours go on
MOBILE = re.compile(r"1\d{10}")

Facts = dict[str, str]


def link_of(report: Report) -> str:
    """Return the secret address of one reporter's own record."""
    return f"{settings.PUBLIC_URL}/t/{report.matter.number}/{secret_of(report.pk)}"


def _day(at: datetime | None) -> str:
    if at is None:
        return ""
    local = timezone.localtime(at)
    said = {"month": local.month, "day": local.day, "time": f"{local:%H:%M}"}
    return _("%(month)s月%(day)s日%(time)s") % said


def _nothing(entry: Entry) -> Facts | None:
    return {}


def _promised(entry: Entry) -> Facts | None:
    promise = entry.facts.get("promise")
    return {"day": _day(datetime.fromisoformat(promise) if promise else None)}


def _at_once(entry: Entry) -> Facts | None:
    """Tell of registering only when it was not accepted before."""
    return {} if entry.before == "reported" else None


def _due(entry: Entry) -> Facts | None:
    clocks = Clock.objects.filter(matter_id=entry.matter_id, name="finish", done_at=None)
    return {"day": _day(clocks.values_list("due_at", flat=True).first())}


def _because(sort: str) -> Callable[[Entry], Facts | None]:
    def facts(entry: Entry) -> Facts | None:
        key = str(entry.facts.get("reason") or entry.facts.get("cause") or "")
        return {"reason": reason_text(sort, key).rstrip(STOP) or _("详情请看链接")}

    return facts


def _paused(entry: Entry) -> Facts | None:
    stops = Stop.objects.filter(matter_id=entry.matter_id, sort="pause").order_by("-pk")
    until = stops.values_list("until", flat=True).first()
    return {**(_because("pause")(entry) or {}), "day": _day(until)}


ACCEPTED = gettext_lazy("您反映的事项%(number)s已受理，正在办理。进展：%(link)s")
CLOSED = gettext_lazy("您反映的事项%(number)s已结案。解决了吗？请点开告诉我们：%(link)s")
REOPENED = gettext_lazy("您反映的事项%(number)s已重新办理。进展：%(link)s")
# step of a report -> words, and what they need to know (None = not told this time)
TELLS = {
    "open": (
        gettext_lazy("您反映的问题已收到，编号%(number)s，承诺%(day)s前办结。进展：%(link)s"),
        _promised,
    ),
    "joined": (
        gettext_lazy("您反映的问题已收到，编号%(number)s，承诺%(day)s前办结。进展：%(link)s"),
        _promised,
    ),
    "accept": (ACCEPTED, _nothing),
    "register": (ACCEPTED, _at_once),
    "reject": (
        gettext_lazy("您反映的事项%(number)s不予受理：%(reason)s。%(link)s"),
        _because("refuse"),
    ),
    "void": (
        gettext_lazy("您反映的事项%(number)s不再办理：%(reason)s。%(link)s"),
        _because("void"),
    ),
    "ask": (
        gettext_lazy("您反映的事项%(number)s有一个问题需要您回答，请点开：%(link)s"),
        _nothing,
    ),
    "finish": (
        gettext_lazy("您反映的事项%(number)s已办完，我们正在核查。结果：%(link)s"),
        _nothing,
    ),
    "pass_check": (CLOSED, _nothing),
    "solve_on_spot": (CLOSED, _nothing),
    "reopen": (REOPENED, _nothing),
    "reopen_at_desk": (REOPENED, _nothing),
    "merge": (
        gettext_lazy("您反映的事项%(number)s与另一件相同，合并办理，进展仍在这里看：%(link)s"),
        _nothing,
    ),
    "grant_extension": (
        gettext_lazy("您反映的事项%(number)s需要更多时间，新的期限是%(day)s。%(link)s"),
        _due,
    ),
    "pause": (
        gettext_lazy("您反映的事项%(number)s暂缓办理：%(reason)s。到%(day)s继续。%(link)s"),
        _paused,
    ),
}


def tell_reporters(entry: Entry, at: datetime) -> None:
    """Keep a text message for every reporter who is told of a step; safe to run twice."""
    words, find = TELLS[entry.step]
    with translation.override(settings.LANGUAGE_CODE):
        facts = find(entry)
        if facts is None:
            return
        for report in told_of(entry):
            said = {**facts, "number": report.matter.number, "link": link_of(report)}
            text = str(words) % said
            queue_text(
                to=report.phone or "", text=text, key=f"report-{report.pk}-{entry.pk}", at=at
            )


def told_of(entry: Entry) -> list[Report]:
    """Return the records whose reporters are told of a step: who had reported by then."""
    rows = reports_on(entry.matter).filter(phone__isnull=False, at__lte=entry.at)
    if entry.step == "joined":
        rows = rows.filter(pk=entry.facts["record"])
    if entry.step == "open":
        first = Report.objects.filter(matter_id=entry.matter_id).order_by("pk").values("pk")[:1]
        rows = rows.filter(pk__in=first)
    return [r for r in rows.select_related("matter") if MOBILE.fullmatch(r.phone or "")]


def unless_ruled(do: Reaction) -> Reaction:
    """Let a reaction rest where the rules take the next step and nobody at the desk has to."""

    def react(entry: Entry, at: datetime) -> None:
        if entry.matter.kind != "report" or not ruled(entry, at):
            do(entry, at)

    return react


def ruled(entry: Entry, at: datetime) -> bool:
    """Say whether automatic.py takes the step that follows this one."""
    matter = entry.matter
    if entry.step == "finish":
        row = category_of(matter.category)
        return row is not None and row.check_by == "worker" and matter.cell_id is not None
    decision = decide(matter, at)
    return decision.auto and decision.unit_id is not None


def public_category(matter: Matter) -> str:
    """Return a matter's category as other systems may know it: "" where it is not public."""
    row = category_of(matter.category) if matter.kind == "report" else None
    return "" if row is not None and not row.is_public else matter.category
