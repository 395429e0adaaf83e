"""Words: every Chinese word of the pages has its English, and the compiled catalogue is fresh."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def messages() -> ModuleType:
    """Load tools/messages.py, which is no package."""
    spec = importlib.util.spec_from_file_location("messages", ROOT / "tools" / "messages.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_compiled_catalogue_fits_its_source(messages: ModuleType) -> None:
    assert messages.stale() == []


def test_every_word_has_its_english(messages: ModuleType) -> None:
    try:
        assert messages.faults() == []
    except messages.Toolless as why:
        pytest.skip(str(why))


def test_a_catalogue_is_read_back_as_it_was_written(messages: ModuleType) -> None:
    rows = [
        messages.Message("", '一"二\n三', "", ('one "two\nthree',), (), ("bihuan/a.py",)),
        messages.Message(
            "门", "%(n)s 件", "%(n)s 件", ("%(n)s matter", "%(n)s matters"), ("python-format",), ()
        ),
    ]
    assert list(messages.parse(messages.text_of(rows)).values()) == rows
