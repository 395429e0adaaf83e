"""Kinds: what a capability declares so that its matters fit the kernel."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bihuan.matters.loop import Loop


def never(category: str) -> bool:
    """Owe no photo, whatever the category."""
    return False


@dataclass(frozen=True)
class Kind:
    """A sort of matter, declared by one capability in its kind.py.

    prefix: the letters before its numbers. The limits are the kernel verbs' own:
    how often a matter may be paused (挂账), wait (a question, an amendment), be
    extended; for how many days it may be reopened; how long a pause may last.
    photo_owed: whether finishing a matter of a category asks for a photo.
    """

    key: str
    label: str
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
