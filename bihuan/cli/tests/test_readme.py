"""Both READMEs print the demo's log-ins and every command."""

from __future__ import annotations

from pathlib import Path

import pytest

from bihuan.cli import COMMANDS
from bihuan.demo.people import DEMO_PASSWORD, LOGINS

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("paper", ["README.md", "README.zh-CN.md"])
def test_the_readme_prints_every_log_in_and_the_password(paper: str) -> None:
    text = (ROOT / paper).read_text("utf8")
    printed = [
        tuple(cell.strip(" `") for cell in line.strip("|").split("|")[:2])
        for line in text.splitlines()
        if line.startswith("| `")
    ]
    assert [row for row in printed if row in {(x.username, x.name) for x in LOGINS}] == [
        (login.username, login.name) for login in LOGINS
    ]
    assert DEMO_PASSWORD in text


@pytest.mark.parametrize("paper", ["README.md", "README.zh-CN.md"])
def test_the_readme_lists_every_command(paper: str) -> None:
    text = (ROOT / paper).read_text("utf8")
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    named = {
        word
        for row in rows
        for word in row.replace("`", " ").replace(",", " ").replace("、", " ").split()
    }
    missing = [name for name in COMMANDS if name.replace("_", "-") not in named]
    assert missing == []
