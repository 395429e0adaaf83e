"""What the project's papers point at is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PAPERS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")
# `matters/case.py`, `bihuan/reports/kind.py`, `conftest.py`; a star, a <part> or … is no name
NAMED = re.compile(r"`((?:[\w.-]+/)+[\w.-]+\.(?:py|sql|toml|md|csv|po|html))`")
# examples of what somebody would make
MADE_LATER = ("bihuan/visits/", "reference/", "tests/test_story.py")


def named_files(text: str) -> list[str]:
    return [name for name in NAMED.findall(text) if not name.startswith(MADE_LATER)]


def is_there(name: str, paper: Path) -> bool:
    return any((home / name).exists() for home in (paper.parent, ROOT, ROOT / "bihuan"))


@pytest.mark.parametrize("paper", PAPERS, ids=lambda path: path.name)
def test_a_paper_points_at_what_is_there(paper: Path) -> None:
    text = paper.read_text("utf8")
    targets = [*LINK.findall(text), *named_files(text)]
    assert [target for target in targets if not is_there(target, paper)] == []


def test_a_file_that_is_gone_is_found() -> None:
    assert named_files("see `matters/gone.py` and `reference/x.toml`") == ["matters/gone.py"]
    assert not is_there("matters/gone.py", ROOT / "README.md")


def test_the_architecture_names_every_verb_of_the_kernel() -> None:
    from bihuan.matters import actions

    text = (ROOT / "ARCHITECTURE.md").read_text("utf8")
    listed = text.split("**Verbs**", 1)[1].split("):", 1)[1].split(". They are", 1)[0]
    verbs = set(re.findall(r"\w+", listed))
    assert verbs == {name for name in actions.__all__ if name.islower()}
