"""The project's own papers agree with each other."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
# publiccode.yml 0.4, keys that must be there
OWED = {
    "publiccodeYmlVersion", "name", "url", "platforms", "developmentStatus", "softwareType",
    "description", "legal", "maintenance", "localisation",
}  # fmt: skip
LONG_LEAST, LONG_MOST, SHORT_MOST = 150, 10_000, 150  # characters


@pytest.fixture(scope="module")
def paper() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "publiccode.yml").read_text("utf8"))
    return loaded


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    loaded: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf8"))
    return loaded["project"]  # type: ignore[no-any-return]


def test_publiccode_has_every_key_the_standard_asks_for(paper: dict[str, Any]) -> None:
    assert set(paper) >= OWED
    assert paper["maintenance"]["type"] == "community" and paper["maintenance"]["contacts"]


def test_publiccode_describes_it_in_both_languages_at_the_length_allowed(
    paper: dict[str, Any],
) -> None:
    assert set(paper["description"]) == set(paper["localisation"]["availableLanguages"])
    for words in paper["description"].values():
        assert LONG_LEAST <= len(words["longDescription"]) <= LONG_MOST
        assert len(words["shortDescription"]) <= SHORT_MOST
        assert words["features"]


def test_one_version_and_one_licence_everywhere(
    paper: dict[str, Any], project: dict[str, Any]
) -> None:
    assert paper["softwareVersion"] == project["version"]
    assert paper["legal"]["license"] == project["license"] == "Apache-2.0"
    assert "Apache License" in (ROOT / "LICENSE").read_text("ascii")


def test_the_project_needs_what_its_settings_load(project: dict[str, Any]) -> None:
    names = {line.split(">")[0].split("[")[0].lower() for line in project["dependencies"]}
    assert names >= {"django", "django-axes", "django-csp", "procrastinate", "whitenoise"}
