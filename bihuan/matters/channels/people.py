"""Who at a unit is told: the holders of roles there, or at the nearest unit above that has some."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date

from bihuan.accounts.models import Post, current
from bihuan.accounts.roles import Role
from bihuan.accounts.units import tree


def at_units(unit_ids: Iterable[int], roles: Collection[Role], *, on: date) -> set[int]:
    """Return the ids of active people with one of `roles` at each unit, else at the nearest above.

    A centre stands for the unit above it. One query, however many units and however high it climbs.
    """
    lines = [_line(unit_id) for unit_id in set(unit_ids) if unit_id in tree()]
    return _first(lines, roles, on)


def above(unit_ids: Iterable[int], roles: Collection[Role], *, on: date) -> set[int]:
    """Return the same for the units above: never those at the unit itself."""
    lines = [_line(unit_id)[1:] for unit_id in set(unit_ids) if unit_id in tree()]
    return _first(lines, roles, on)


def _line(unit_id: int) -> list[frozenset[int]]:
    """Give a unit and those above it, nearest first, each together with its centres."""
    units = tree()
    begin = units.reach(unit_id)
    line = [frozenset({unit_id})] if begin != unit_id else []
    for at in (begin, *units.above(begin)):
        centres = {node.id for node in units.children(at) if node.kind == "centre"}
        line.append(frozenset({at, *centres}))
    return line


def _first(lines: list[list[frozenset[int]]], roles: Collection[Role], on: date) -> set[int]:
    asked = {unit_id for line in lines for level in line for unit_id in level}
    if not asked or not roles:
        return set()
    rows = Post.objects.filter(
        current(on), unit_id__in=asked, role__in=list(roles), person__is_active=True
    )
    held: dict[int, set[int]] = {}
    for unit_id, person_id in rows.values_list("unit_id", "person_id"):
        held.setdefault(unit_id, set()).add(person_id)
    found: set[int] = set()
    for line in lines:
        for level in line:
            there = {person for unit_id in level for person in held.get(unit_id, ())}
            if there:
                found |= there
                break
    return found
