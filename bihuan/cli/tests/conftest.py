"""Fixtures of the commands' tests: the kernel's cast and ways."""

from __future__ import annotations

from bihuan.matters.tests.conftest import cast, open_errand, ways

__all__ = ["cast", "open_errand", "ways"]
