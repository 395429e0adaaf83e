"""The log-ins both READMEs print are the demo's."""

from __future__ import annotations

from pathlib import Path

import pytest

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
