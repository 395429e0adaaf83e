"""What a reporter reads of a matter's history: one table says which lines, and in which words.

Unit and role are said, never who; the note of a line only where it is written for the reporter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bihuan.accounts.models import Post
from bihuan.accounts.roles import LABELS, Role
from bihuan.accounts.units import tree
from bihuan.matters.models import Attachment, Entry, Matter, Stop
from bihuan.reports.catalogue import reason_words
from bihuan.reports.models import Reason, Report
from bihuan.reports.queries import reports_on


class Said(NamedTuple):
    """How one step is told. unit: %(unit)s is the unit the step names; reasons: sort of Reason."""

    words: Any
    note: bool = False
    colour: str = ""
    reasons: str = ""


# step -> what its reporter reads. A step that is neither here nor in UNSAID fails a test.
SAID: Mapping[str, Said] = {
    "open": Said(gettext_lazy("上报已收到")),
    "joined": Said(gettext_lazy("又有人反映了同一问题")),
    "accept": Said(gettext_lazy("已受理，请网格员到现场核实")),
    "verify": Said(gettext_lazy("网格员到场核实，情况属实"), colour="green"),
    "not_found": Said(gettext_lazy("网格员到过现场，没有看到所说的情况"), colour="orange"),
    "register": Said(gettext_lazy("已立案")),
    "reject": Said(gettext_lazy("不予受理"), note=True, colour="red", reasons="refuse"),
    "assign": Said(gettext_lazy("已派给%(unit)s办理")),
    "reassign": Said(gettext_lazy("改由%(unit)s办理")),
    "take_up": Said(gettext_lazy("已签收，正在办理")),
    "add_helper": Said(gettext_lazy("请%(unit)s协助办理")),
    "finish": Said(gettext_lazy("办理完成"), note=True, colour="green"),
    "return": Said(gettext_lazy("承办单位退回，正在重新派遣"), colour="orange"),
    "start_check": Said(gettext_lazy("正在安排人到现场查看办理结果")),
    "pass_check": Said(gettext_lazy("核查通过，已结案"), colour="green"),
    "fail_check": Said(gettext_lazy("核查没有通过，要求重新办理"), colour="orange"),
    "solve_on_spot": Said(gettext_lazy("已在现场处理好，结案"), note=True, colour="green"),
    "reopen": Said(gettext_lazy("没有解决，重新办理"), colour="orange"),
    "reopen_at_desk": Said(gettext_lazy("没有解决，重新办理"), colour="orange"),
    "pause": Said(gettext_lazy("暂时挂账，到期自动恢复办理"), colour="orange", reasons="pause"),
    "revive": Said(gettext_lazy("恢复办理")),
    "ask": Said(gettext_lazy("请您补充情况"), note=True, colour="orange"),
    "answer": Said(gettext_lazy("已得到答复，继续办理")),
    "merge": Said(gettext_lazy("与另一件同样的事项并案办理")),
    "unmerge": Said(gettext_lazy("从并案中拆出，单独办理")),
    "split": Said(gettext_lazy("其中一部分另立一件办理")),
    "unsplit": Said(gettext_lazy("另立的一部分并回本件办理")),
    "void": Said(gettext_lazy("已作废"), colour="red", reasons="void"),
    "remind": Said(gettext_lazy("已催办")),
    "press": Said(gettext_lazy("上级已督办"), colour="orange"),
    "grant_extension": Said(gettext_lazy("办理时限已延长")),
    "rate": Said(gettext_lazy("已评价")),
}
# the office's own: who looked, who asked for what, internal words
UNSAID = frozenset(
    {
        "take_up_share", "finish_share", "return_share", "hand_over", "send_back", "reveal",
        "ask_extension", "agree_extension_unit", "refuse_extension", "appeal", "decide_appeal",
        "escalate",
        "say_about", "recompute", "merged_here", "unmerged_here",
    }
)  # fmt: skip
BY_REPORTER = gettext_lazy("补充了说明")  # the step "note", when a reporter took it


@dataclass(frozen=True)
class Line:
    """One line of the timeline, as parts/timeline.html takes it."""

    what: str
    at_moment: datetime
    who: str
    words: str = ""
    colour: str = ""
    photos: list[Any] = field(default_factory=list)


def lines_for(report: Report, matter: Matter, photos: Sequence[Attachment]) -> list[Line]:
    """Return the history as one reporter reads it, newest first.

    matter: the one that answers the report; until a merge its own history stands before. photos:
    those this reporter may see.
    """
    entries = list(_entries(report, matter))
    shown = [entry for entry in entries if entry.step in SAID or _by_reporter(entry)]
    alone = reports_on(matter)[:2].count() == 1
    known = _Known(shown, photos, alone=alone)
    return [known.line(entry, report) for entry in reversed(shown)]


def _entries(report: Report, matter: Matter) -> Iterable[Entry]:
    ids = {report.matter_id, matter.pk}
    rows = Entry.objects.filter(matter_id__in=ids).select_related("note")
    return rows.order_by("at", "seq")


def _by_reporter(entry: Entry) -> bool:
    return entry.step == "note" and entry.facts.get("as") == "reporter"


def is_told(entry: Entry, report: Report) -> bool:
    """Say whether a reporter reads the words of a step: a question was put to who was there."""
    return entry.step != "ask" or entry.at >= report.at


class _Known:
    """What the lines need, read in a few queries whatever their number."""

    def __init__(
        self, entries: Sequence[Entry], photos: Sequence[Attachment], *, alone: bool
    ) -> None:
        self.alone = alone
        people = {entry.by_id for entry in entries if entry.by_id}
        self.posts: dict[int, list[Post]] = {}
        for post in Post.objects.filter(person_id__in=people).order_by("pk"):
            self.posts.setdefault(post.person_id, []).append(post)
        sorts = {said.reasons for said in SAID.values() if said.reasons}
        self.reasons = {(row.sort, row.key): row for row in Reason.objects.filter(sort__in=sorts)}
        self.photos = {bytes(photo.sha256).hex(): photo for photo in photos}
        matters = {entry.matter_id for entry in entries}
        stops = Stop.objects.filter(matter_id__in=matters, until__isnull=False)
        self.until = {(stop.matter_id, stop.begun_at): stop.until for stop in stops}

    def line(self, entry: Entry, report: Report) -> Line:
        said = SAID.get(entry.step) or Said(BY_REPORTER)
        return Line(
            what=str(said.words) % {"unit": self.unit(entry)},
            at_moment=entry.at,
            who=self.who(entry, report),
            words=self.words(entry, said) if is_told(entry, report) else "",
            colour=said.colour,
            photos=self.photos_of(entry),
        )

    def unit(self, entry: Entry) -> str:
        """Name the unit a step gives the matter to."""
        unit_id = entry.facts.get("unit")
        units = tree()
        return units.name(unit_id) if isinstance(unit_id, int) and unit_id in units else ""

    def words(self, entry: Entry, said: Said) -> str:
        """Return the listed reason's words, and the note where it is written for the reporter."""
        key = entry.facts.get("reason") or entry.facts.get("cause")
        row = self.reasons.get((said.reasons, str(key))) if said.reasons else None
        until = self.until.get((entry.matter_id, entry.at))
        parts = [_filled(reason_words(row), until)] if row else []
        if said.note or (said.reasons and row is None):
            note = getattr(entry, "note", None)
            parts += [note.text] if note is not None else []
        if row is not None and row.turn_to:
            parts.append(_("可以找：%(whom)s") % {"whom": row.turn_to})
        return "\n".join(parts)

    def who(self, entry: Entry, report: Report) -> str:
        """Say unit and role, never the name; the reporter is 您 only for their own report."""
        if entry.by_id is None:
            if entry.facts.get("as") != "reporter":
                return _("系统")
            return _("您") if self.is_own(entry, report) else _("上报人")
        day = entry.at.date()
        posts = [
            post
            for post in self.posts.get(entry.by_id, [])
            if post.from_on <= day and (post.to_on is None or post.to_on > day)
        ]
        if not posts:
            return _("工作人员")
        post, units = posts[0], tree()
        unit = units.name(post.unit_id) if post.unit_id in units else ""
        return f"{unit} {LABELS[Role(post.role)]}".strip()

    def is_own(self, entry: Entry, report: Report) -> bool:
        """Say whether a reporter's line is surely this one's: named by it, or no other is there."""
        record = entry.facts.get("record")
        if record is not None:
            return bool(record == report.pk)
        if entry.step == "open":
            return entry.matter_id == report.matter_id and entry.at == report.at
        return self.alone

    def photos_of(self, entry: Entry) -> list[Attachment]:
        if entry.step in ("open", "joined"):  # shown beside the reporter's own words
            return []
        digests = [
            value for name, value in sorted(entry.facts.items()) if name.startswith("photo:")
        ]
        return [self.photos[str(digest)] for digest in digests if str(digest) in self.photos]


def _filled(words: str, until: datetime | None) -> str:
    """Put the date into a listed reason's words."""
    if "%(until)s" not in words:
        return words
    said = date_format(localtime(until), _("n月j日"), use_l10n=False) if until else _("到期日")
    return words.replace("%(until)s", said)
