"""The files of others are the ones we listed, with their licences."""

from __future__ import annotations

import importlib.util
import shutil
import tomllib
from pathlib import Path
from types import ModuleType

import pytest
from django.conf import settings

TOOL = Path(settings.ROOT) / "tools" / "vendor.py"


@pytest.fixture(name="tool")
def load_tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("vendor", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_vendored_file_has_its_listed_sum(tool: ModuleType) -> None:
    assert tool.check(tomllib.loads(tool.LIST.read_text(encoding="utf-8"))) == []


def test_a_changed_and_a_strange_file_are_named(
    tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "static"
    shutil.copytree(tool.STATIC, copy)
    monkeypatch.setattr(tool, "STATIC", copy)
    monkeypatch.setattr(tool, "LIST", copy / "vendor" / "vendor.toml")
    (copy / "vendor" / "weui.min.css").write_text("body{}")
    (copy / "vendor" / "stranger.js").write_text("")
    (copy / "vendor" / "htmx.min.js").unlink()
    faults = tool.check(tomllib.loads(tool.LIST.read_text(encoding="utf-8")))
    assert [fault.split(":")[0] for fault in faults] == [
        "vendor/htmx.min.js",
        "vendor/weui.min.css",
        "vendor/stranger.js",
    ]


def test_a_drawing_becomes_a_symbol_and_filled_ones_keep_the_word(tool: ModuleType) -> None:
    frame = '<path stroke="none" d="M0 0h24v24H0z" fill="none" />'
    drawing = f'<svg width="24">{frame}<path d="M1 2" /></svg>'.encode()
    members = {"icons/outline/star.svg": drawing, "icons/filled/star.svg": drawing}
    sheet = tool.sprite(members, ["star", "filled/star"])
    assert '<symbol id="i-star" viewBox="0 0 24 24"><path d="M1 2" /></symbol>' in sheet
    assert '<symbol id="i-f-star"' in sheet
    assert "M0 0h24" not in sheet
