"""The board: open matters by due time or past ones by age, page after page, whatever their number.

A viewer who sees much walks an index and leaves out what is not theirs; one who sees little gets
all of theirs collected by unit. Pages go by key, so that the hundredth costs what the first does.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import NamedTuple

from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone

from bihuan.accounts.actor import Actor
from bihuan.accounts.models import Post, current
from bihuan.accounts.units import tree
from bihuan.matters import kinds
from bihuan.matters.models import Matter
from bihuan.matters.queries import Among, collected_for, past_of, sees_much, visible_to

PAGE = 50
CHUNK_MOST = 8_000  # ids read at once where a viewer's own past is read through
MOST = 1000  # a count above it is shown as "1,000+"
NEW = ("reported", "to_call")
TO_ASSIGN = ("registered", "returned")
TO_CHECK = ("handled", "checking")
SHOWN = (
    "number", "kind", "category", "title", "state", "address", "channel", "owner_id", "area_id",
    "opened_at", "due_at", "closed_at", "urgency", "reminds", "presses",
)  # fmt: skip


class Key(NamedTuple):
    """Where a page begins or ends: the due moment (None = clocks stopped) and the id."""

    due_at: datetime | None
    pk: int

    def text(self) -> str:
        stamp = f"{self.due_at.timestamp():.6f}" if self.due_at else "-"
        return f"{stamp}_{self.pk}"


def read_key(text: str) -> Key | None:
    """Read what Key.text wrote; None for anything else."""
    stamp, _, pk = text.partition("_")
    if not (pk.isascii() and pk.isdigit() and len(pk) < 19):
        return None
    if stamp == "-":
        return Key(None, int(pk))
    try:
        return Key(
            datetime.fromtimestamp(float(stamp), tz=timezone.get_current_timezone()), int(pk)
        )
    except (ValueError, OverflowError, OSError):
        return None


@dataclass(frozen=True)
class Asked:
    """What the board is asked for. area, owner: a unit and all below it. days: 0 = all."""

    tab: str = "open"
    category: str = ""
    area: int | None = None
    owner: int | None = None
    channel: str = ""
    state: str = ""
    days: int = 0
    after: Key | None = None
    before: Key | None = None

    def within(self, at: datetime) -> Q:
        """Return the filters, without the tab."""
        wanted = Q()
        if self.category:
            wanted &= Q(category=self.category)
        if self.area is not None:
            wanted &= Q(Among("area_id", sorted(tree().subtree(self.area))))
        if self.owner is not None:
            wanted &= Q(Among("owner_id", sorted(tree().subtree(self.owner))))
        if self.channel:
            wanted &= Q(channel=self.channel)
        if self.state:
            wanted &= Q(state=self.state)
        if self.days:
            wanted &= Q(opened_at__gte=at - timedelta(days=self.days))
        return wanted


@dataclass
class Page:
    """One page of matters. counts: by tab, None = not counted; above MOST = at least so many."""

    rows: list[Matter]
    counts: dict[str, int] = field(default_factory=dict)
    newer: str = ""
    older: str = ""
    total: int | None = None
    at_least: bool = False


def doing_states() -> tuple[str, ...]:
    """Return the states of every kind in which somebody works on it, or it stands still."""
    others = {*NEW, *TO_ASSIGN, *TO_CHECK}
    every = {s for kind in kinds.every() for s in kind.loop.states - kind.loop.ends}
    return tuple(sorted(every - others))


def end_of_day(at: datetime) -> datetime:
    """Return the next midnight of the county."""
    day = timezone.localtime(at).date() + timedelta(days=1)
    return timezone.make_aware(datetime.combine(day, time()))


def tabs(at: datetime) -> dict[str, Q]:
    """Return the condition of each tab of open matters."""
    return {
        "new": Q(state__in=NEW),
        "assign": Q(state__in=TO_ASSIGN),
        "doing": Q(state__in=doing_states()),
        "today": Q(due_at__gte=at, due_at__lt=end_of_day(at)),
        "overdue": Q(due_at__lt=at),
        "check": Q(state__in=TO_CHECK),
    }


def board(by: Actor, asked: Asked, at: datetime, *, much: bool | None = None) -> Page:
    """Return one page of what `by` may see and asked for, with the counts of the tabs.

    much: whether to walk rather than collect; None = as suits what the viewer sees.
    """
    much = sees_much(by) if much is None else much
    if asked.tab == "over":
        page = _over(by, asked, at, much)
        page.counts = _counts(by, asked, at) if much else _collected(by, asked, at)[1]
        return page
    if not much:
        keys, counts = _collected(by, asked, at)
        return _cut(keys, asked, counts)
    rows = visible_to(by).filter(Q(closed_at=None) & asked.within(at))
    if asked.tab in (known := tabs(at)):
        rows = rows.filter(known[asked.tab])
    keys = _walk(rows, asked)
    return _page(keys, asked, _counts(by, asked, at))


def _counts(by: Actor, asked: Asked, at: datetime) -> dict[str, int]:
    """Count each tab, up to one above MOST; with filters in one pass over the open ones."""
    open_ones = visible_to(by).filter(closed_at=None).order_by()
    if asked.within(at):
        found = open_ones.filter(asked.within(at)).aggregate(
            **{name: Count("pk", filter=wanted) for name, wanted in tabs(at).items()}
        )
        return {name: int(n) for name, n in found.items()}
    return {
        name: open_ones.filter(wanted).values("pk")[: MOST + 1].count()
        for name, wanted in tabs(at).items()
    }


def _collected(by: Actor, asked: Asked, at: datetime) -> tuple[list[Key], dict[str, int]]:
    """Collect every open matter of a viewer who has few; count and choose in memory."""
    rows = collected_for(by, Q(closed_at=None) & asked.within(at))
    found = [(Key(due, pk), state) for due, pk, state in rows.values_list("due_at", "pk", "state")]
    midnight, doing = end_of_day(at), doing_states()
    by_tab: dict[str, list[Key]] = {
        "new": [key for key, state in found if state in NEW],
        "assign": [key for key, state in found if state in TO_ASSIGN],
        "doing": [key for key, state in found if state in doing],
        "today": [key for key, _ in found if key.due_at and at <= key.due_at < midnight],
        "overdue": [key for key, _ in found if key.due_at and key.due_at < at],
        "check": [key for key, state in found if state in TO_CHECK],
    }
    counts = {name: len(keys) for name, keys in by_tab.items()}
    return sorted(by_tab.get(asked.tab, [key for key, _ in found]), key=_order), counts


def _order(key: Key) -> tuple[bool, float, int]:
    return (key.due_at is None, key.due_at.timestamp() if key.due_at else 0.0, key.pk)


def _cut(keys: list[Key], asked: Asked, counts: dict[str, int]) -> Page:
    """Cut one page out of all keys in order."""
    if asked.before is not None:
        earlier = [k for k in keys if _order(k) < _order(asked.before)]
        return _page(earlier[::-1][: PAGE + 1], asked, counts)
    if asked.after is not None:
        keys = [k for k in keys if _order(k) > _order(asked.after)]
    return _page(keys[: PAGE + 1], asked, counts)


def _walk(rows: QuerySet[Matter], asked: Asked) -> list[Key]:
    """Read one page and one row more, by due moment, those whose clocks stand still at the end.

    Two reads, each along an index from the key on; backwards when asked for the page before.
    """
    edge, back = asked.before or asked.after, asked.before is not None
    ticking = rows.filter(due_at__isnull=False).order_by(
        *(("-due_at", "-pk") if back else ("due_at", "pk"))
    )
    still = rows.filter(due_at=None).order_by("-pk" if back else "pk")
    if edge is not None and edge.due_at is not None:
        near = Q(due_at__lte=edge.due_at) if back else Q(due_at__gte=edge.due_at)
        past = (
            Q(due_at__lt=edge.due_at) | Q(pk__lt=edge.pk)
            if back
            else Q(due_at__gt=edge.due_at) | Q(pk__gt=edge.pk)
        )
        ticking = ticking.filter(near & past)
    elif edge is not None:
        still = still.filter(pk__lt=edge.pk) if back else still.filter(pk__gt=edge.pk)
    if back:
        parts = [ticking] if edge is not None and edge.due_at is not None else [still, ticking]
    else:
        parts = [still] if edge is not None and edge.due_at is None else [ticking, still]
    found: list[Key] = []
    for part in parts:
        if len(found) <= PAGE:
            wanted = part.values_list("due_at", "pk")[: PAGE + 1 - len(found)]
            found += [Key(due, pk) for due, pk in wanted]
    return found


def _over(by: Actor, asked: Asked, at: datetime, much: bool) -> Page:
    """Read one page of what is over, the newest first."""
    wanted = Q(closed_at__isnull=False) & asked.within(at)
    back = asked.before is not None
    if asked.before is not None:
        wanted &= Q(pk__gt=asked.before.pk)
    elif asked.after is not None:
        wanted &= Q(pk__lt=asked.after.pk)
    order = "pk" if back else "-pk"
    if not much and not back:
        before = asked.after.pk if asked.after else None
        found = past(by, wanted, before=before, most=PAGE + 1, chunk=4 * PAGE)
        return _page([Key(None, pk) for pk in found], asked, {})
    rows = visible_to(by).filter(wanted) if much else collected_for(by, wanted, order, PAGE + 1)
    pks = list(rows.order_by(order).values_list("pk", flat=True)[: PAGE + 1])
    return _page([Key(None, pk) for pk in pks], asked, {})


def past(
    by: Actor, wanted: Q, *, before: int | None, most: int, chunk: int, rounds: int = 0
) -> list[int]:
    """Return ids of past matters that `by` may see and are wanted, newest first, at most so many.

    For a viewer who sees little: reads their own chunk after chunk, each four times the last;
    rounds: no more chunks than this, 0 = all.
    """
    found: list[int] = []
    while True:
        read = past_of(by, before=before, most=chunk)
        rows = visible_to(by).filter(wanted, Among("pk", read), closed_at__isnull=False)
        found += rows.order_by("-pk").values_list("pk", flat=True)
        rounds -= 1
        if len(read) < chunk or len(found) >= most or rounds == 0:
            return found[:most]
        before, chunk = read[-1], min(chunk * 4, CHUNK_MOST)


def _page(keys: list[Key], asked: Asked, counts: dict[str, int]) -> Page:
    """Load the rows of the keys; one key more than a page says that there is more."""
    more, back = len(keys) > PAGE, asked.before is not None
    keys = keys[:PAGE]
    if back:
        keys.reverse()
    page = Page(load(k.pk for k in keys), counts)
    if keys:
        page.newer = keys[0].text() if (more if back else asked.after is not None) else ""
        page.older = keys[-1].text() if (back or more) else ""
    return page


def chosen(by: Actor, asked: Asked, at: datetime, most: int) -> list[int]:
    """Return the ids of everything asked for, in the board's order, at most so many."""
    if asked.tab == "over":
        wanted = Q(closed_at__isnull=False) & asked.within(at)
        rows = visible_to(by).filter(wanted) if sees_much(by) else collected_for(by, wanted)
        return list(rows.order_by("-pk").values_list("pk", flat=True)[:most])
    wanted = Q(closed_at=None) & asked.within(at) & tabs(at).get(asked.tab, Q())
    rows = visible_to(by).filter(wanted) if sees_much(by) else collected_for(by, wanted)
    ordered = rows.order_by(F("due_at").asc(nulls_last=True), "pk")
    return list(ordered.values_list("pk", flat=True)[:most])


def load(pks: Iterable[int]) -> list[Matter]:
    """Return the matters of these ids in their order, with what a list shows."""
    wanted = list(pks)
    found = {m.pk: m for m in Matter.objects.filter(pk__in=wanted).only(*SHOWN)}
    return [found[pk] for pk in wanted if pk in found]


def posts_of(person_ids: Iterable[int], at: datetime) -> dict[int, Post]:
    """Return one post of each person today, in one query, to say who somebody is."""
    day = timezone.localdate(at)
    rows = Post.objects.filter(current(day), person_id__in=set(person_ids)).order_by("-pk")
    return {post.person_id: post for post in rows}


def nearby(matter: Matter, by: Actor) -> list[Matter]:
    """Return up to ten open matters of the same kind in the same cell or area, likest first."""
    place = Q(cell_id=matter.cell_id) if matter.cell_id else Q(area_id=matter.area_id)
    if matter.cell_id is None and matter.area_id is None:
        return []
    rows = list(
        visible_to(by)
        .filter(place, kind=matter.kind, closed_at=None)
        .exclude(pk=matter.pk)
        .order_by("-opened_at")[:50]
    )
    rows.sort(key=lambda m: (m.category != matter.category, apart(matter, m), -m.pk))
    return rows[:10]


def apart(one: Matter, other: Matter) -> float:
    """Return how far two matters lie apart in metres, roughly; far when one has no point."""
    if one.lon is None or one.lat is None or other.lon is None or other.lat is None:
        return 1e6
    # 1 degree of latitude is 111 km; of longitude 89 km at 36.5 degrees north
    east, north = (one.lon - other.lon) * 89_300, (one.lat - other.lat) * 111_000
    return float((east * east + north * north) ** 0.5)
