"""Fold address words to what people type; pure functions."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pypinyin import Style, lazy_pinyin

from bihuan.base import text as base_text

# Endings people leave out: 3号楼2单元101室 is typed 3-2-101.
ENDINGS = re.compile(r"(号楼|号院|幢|栋|座|楼|单元|室|户|号)$")


def fold(text: str) -> str:
    """Fold full-width to half-width, capitals to small, and drop blanks inside and around."""
    return "".join(base_text.fold(text).split())


def short_door(names: Sequence[tuple[str, str]]) -> str:
    """Write building, unit and door the short way: 3-2-101; empty when there is no building."""
    parts = [
        ENDINGS.sub("", fold(name))
        for level, name in names
        if level in ("building", "unit", "door")
    ]
    return "-".join(parts)


def initials(text: str) -> str:
    """Give the first letters of a name's pinyin: jhjy for 锦和家园."""
    return "".join(lazy_pinyin(text, style=Style.FIRST_LETTER, errors="ignore")).lower()


def search_words(text: str, names: Sequence[tuple[str, str]]) -> str:
    """Join everything an address may be found by, as short as that goes."""
    top = fold(names[0][1])
    door = short_door(names)
    words = [fold(text), initials(top) + (f" {top}{door}" if door else "")]
    return " ".join(word for word in words if word)
