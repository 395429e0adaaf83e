"""When one capability's step should move another: all of it, on this one page."""

from __future__ import annotations


def wire() -> None:
    """Declare every reaction. Called once, when the web layer is ready."""
