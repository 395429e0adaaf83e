from __future__ import annotations

import ast
from pathlib import Path

import pytest

from bihuan.base import environment
from bihuan.base.environment import CLONE, SETTINGS, value
from bihuan.base.trouble import Trouble
from bihuan.cli.settings import table

PACKAGE = Path(environment.__file__).parent.parent
NOT_OURS = {"DJANGO_SETTINGS_MODULE"}  # Django's own


def _names_read() -> set[str]:
    """Every name the code takes from the environment, found in its text."""
    found = set()
    for path in PACKAGE.rglob("*.py"):
        if {"tests", "migrations"} & set(path.parts):
            continue
        for node in ast.walk(ast.parse(path.read_text("utf8"))):
            if not isinstance(node, ast.Subscript | ast.Call):
                continue
            if not ast.unparse(node).startswith(
                ("os.environ", "os.getenv", "value(", "environment.value(")
            ):
                continue
            words = [node.slice] if isinstance(node, ast.Subscript) else node.args[:1]
            for word in words:
                if isinstance(word, ast.Constant) and isinstance(word.value, str):
                    found.add(word.value)
    return found - NOT_OURS


def test_every_name_read_from_the_environment_is_in_the_table() -> None:
    names = {setting.name for setting in SETTINGS}
    assert _names_read() == names


def test_the_printed_table_has_a_line_for_each_setting_in_both_languages() -> None:
    lines = table().splitlines()[2:]
    assert len(lines) == len(SETTINGS)
    for setting, line in zip(SETTINGS, lines, strict=True):
        assert f"`{setting.name}`" in line and setting.zh in line and setting.en in line


def test_the_operators_guide_shows_the_same_table() -> None:
    guide = CLONE / "docs" / "operate.md"
    if not guide.exists():
        pytest.skip("docs/operate.md is not written yet")
    assert table() in guide.read_text("utf8")


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("PORT", "http"),
        ("PORT", "0"),
        ("PORT", "70000"),
        ("BIHUAN_WORKERS", "-1"),
        ("BIHUAN_BEHIND_PROXY", "yes"),
        ("BIHUAN_PUBLIC_URL", "bihuan.example.gov.cn"),
        ("DATABASE_URL", "mysql://root@localhost/bihuan"),
        ("DATABASE_URL", "postgresql://root@localhost"),
        ("BIHUAN_FIELD_CIPHER", "rot13"),
        ("BIHUAN_LOG_LEVEL", "loud"),
    ],
)
def test_a_wrong_setting_is_named_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, name: str, wrong: str
) -> None:
    monkeypatch.setenv(name, wrong)
    with pytest.raises(Trouble) as why:
        value(name)
    assert name in why.value.zh and name in why.value.en
    assert "\n" not in why.value.zh


def test_a_wrong_database_address_does_not_show_its_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DATABASE_URL", "mysql://root:secret-word@localhost/bihuan")
    with pytest.raises(Trouble) as why:
        value("DATABASE_URL")
    assert "secret-word" not in str(why.value)


def test_an_empty_setting_means_its_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "")
    assert value("PORT") == 8000
