"""Filters of the templates of reports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template

register = template.Library()


@register.filter
def of(values: Mapping[str, Any], name: str) -> Any:
    """Return what a mapping holds under a name that the template only knows as a variable."""
    return values.get(name)
