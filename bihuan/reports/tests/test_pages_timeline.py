"""Every step that can be written has words for the reporter, or is said to be the office's own."""

from __future__ import annotations

import re
from pathlib import Path

import bihuan
from bihuan.reports.kind import KIND
from bihuan.reports.timeline import SAID, UNSAID

ROOT = Path(bihuan.__file__).parent


def written() -> set[str]:
    """Read from the code which lines of history a report can get."""
    found = {step.name for step in KIND.loop.steps} | {"open"}
    for folder in ("matters", "reports"):
        for path in (ROOT / folder).rglob("*.py"):
            if "tests" not in path.parts:
                text = path.read_text("utf8")
                found |= set(re.findall(r'\.write\(\s*"([a-z_]+)"', text))
                found |= set(re.findall(r'\bname = "([a-z_]+)"', text))
    return found


def test_every_step_has_words_or_is_the_offices_own() -> None:
    assert {"finish", "grant_extension", "joined", "escalate"} <= written()
    assert written() - set(SAID) - UNSAID - {"note"} == set()
    assert set(SAID) & UNSAID == set()


def test_no_word_of_the_table_names_a_step_that_cannot_be_written() -> None:
    assert set(SAID) | UNSAID <= written() | {"unsplit"}
