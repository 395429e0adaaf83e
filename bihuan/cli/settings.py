"""bihuan settings: print the table of settings."""

from __future__ import annotations

import argparse

from bihuan.base.environment import SETTINGS

ZH = "打印全部设置的表格（Markdown）。"
EN = "Print the table of all settings (Markdown)."


def arguments(parser: argparse.ArgumentParser) -> None:
    """Take none."""


def table() -> str:
    """Write the settings as a Markdown table, the one docs/operate.md shows."""
    rows = ["| 名称 name | 默认 default | 含义 meaning |", "|---|---|---|"]
    for setting in SETTINGS:
        default = f"`{setting.default}`" if setting.default else ""
        rows.append(f"| `{setting.name}` | {default} | {setting.zh}<br>{setting.en} |")
    return "\n".join(rows)


def run(args: argparse.Namespace) -> int:
    """Print the table."""
    print(table())
    return 0
