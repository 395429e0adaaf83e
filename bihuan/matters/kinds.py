"""Kinds: what a capability declares so that its matters fit the kernel."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bihuan.matters.loop import Loop

# a template and what it is drawn with
Panel = tuple[str, dict[str, Any]]


def any_length(cause: str) -> int | None:
    """Set no limit of its own to a pause for this cause."""
    return None


def never(category: str) -> bool:
    """Owe no photo, whatever the category."""
    return False


@dataclass(frozen=True)
class Kind:
    """A sort of matter, declared by one capability in its kind.py.

    prefix: the letters before its numbers. The limits are the kernel verbs' own:
    how often a matter may be paused (挂账), wait (a question, an amendment), be
    extended; for how many days it may be reopened; how long a pause may last.
    photo_owed: whether finishing a matter of a category asks for a photo. pause_most: for how
    many days a pause may last for a cause, where that is less than pause_days.

    What the desk shows of it, without importing the capability (`by` is an Actor):
    panel(matter_id, by): the part of the matter page that shows the records; find(words, by): the
    ids of matters found by what only the records know, like a phone; categories(): key and name;
    reasons(sort): key, name and words of the listed reasons to refuse, return, void, pause, wait,
    reply; suggest(matter_id, at): the unit a rule names, and why; reveal(matter_id, record_id,
    field, reason, by, at): what is hidden of a reporter, after the look was logged.
    """

    key: str
    label: Any  # its word, translated when it is shown
    prefix: str
    loop: Loop
    pauses: int = 1
    pause_days: int = 365
    waits: int = 3
    extensions: int = 2
    reopen_days: int = 15
    reopens: int = 2
    reminds_a_day: int = 1
    pause_causes: tuple[str, ...] = ()
    wait_causes: tuple[str, ...] = ("question",)
    photo_owed: Callable[[str], bool] = never
    pause_most: Callable[[str], int | None] = any_length
    panel: Callable[[int, Any], Panel] | None = None
    find: Callable[[str, Any], list[int]] | None = None
    categories: Callable[[], list[tuple[str, str]]] | None = None
    reasons: Callable[[str], list[tuple[str, str, str]]] | None = None
    suggest: Callable[[int, datetime], tuple[int, str] | None] | None = None
    reveal: Callable[..., str] | None = None


_kinds: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    """Make `kind` known. Called once, from the capability's AppConfig.ready()."""
    if kind.key in _kinds:
        raise ValueError(f"kind {kind.key} is declared twice")
    if any(kind.prefix == other.prefix for other in _kinds.values()):
        raise ValueError(f"prefix {kind.prefix} is taken")
    _kinds[kind.key] = kind


def get(key: str) -> Kind:
    return _kinds[key]


def every() -> Iterator[Kind]:
    return iter(_kinds.values())
