"""Every dependency has its record: who keeps it, what it replaces, how we would leave it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
COLUMNS = 5  # package, licence, who keeps it, what it does, how we would leave it


def records() -> dict[str, list[str]]:
    """Read docs/decisions/dependencies.md: each package's other columns, by its name."""
    text = (ROOT / "docs" / "decisions" / "dependencies.md").read_text("utf8")
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.splitlines()
        if line.startswith("| ") and not line.startswith("| package")
    ]
    assert all(len(row) == COLUMNS for row in rows)
    names = [row[0].lower() for row in rows]
    assert len(names) == len(set(names))
    return {row[0].lower(): row[1:] for row in rows}


def declared() -> set[str]:
    """Read the names in pyproject.toml and in the list of vendored files."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf8"))["project"]
    lines = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    names = {re.split(r"[\[<>=~!; ]", line, maxsplit=1)[0].lower() for line in lines}
    listed = ROOT / "bihuan" / "web" / "static" / "vendor" / "vendor.toml"
    packages = tomllib.loads(listed.read_text("utf8"))["package"]
    return names | {package["name"].lower() for package in packages}


def test_every_dependency_has_its_record_and_no_record_is_left_over() -> None:
    assert set(records()) == declared()


def test_no_record_leaves_a_question_open() -> None:
    assert [name for name, words in records().items() if not all(words)] == []


def test_every_decision_is_in_the_list_of_decisions() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = set(re.findall(r"\]\(([^)]+\.md)\)", (folder / "README.md").read_text("utf8")))
    assert listed == {path.name for path in folder.glob("*.md")} - {"README.md"}
