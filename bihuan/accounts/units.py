"""The tree of units in memory, reloaded in every process when units change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bihuan.accounts.actor import Actor
from bihuan.accounts.models import Unit
from bihuan.base.cached import Cached

Spans = tuple[tuple[int, int], ...]


class UnknownUnit(LookupError):
    """No unit has this id or code."""


@dataclass(frozen=True, slots=True)
class Node:
    """One unit. office_hours: spans in seconds of the day, None = as the unit above."""

    id: int
    parent_id: int | None
    code: str
    name: str
    kind: str
    area_code: str = ""
    office_hours: Spans | None = None
    is_active: bool = True


class UnitTree:
    """Answer questions about who is above whom, without a query."""

    def __init__(self, nodes: Iterable[Node]) -> None:
        self._nodes = {node.id: node for node in nodes}
        self._codes = {node.code: node for node in self._nodes.values()}
        self._children: dict[int | None, list[int]] = {}
        for node in self._nodes.values():
            self._children.setdefault(node.parent_id, []).append(node.id)
        self._subtrees: dict[int, frozenset[int]] = {}

    def __contains__(self, unit_id: object) -> bool:
        return unit_id in self._nodes

    def __iter__(self) -> Iterator[Node]:
        return iter(self._nodes.values())

    def __len__(self) -> int:
        return len(self._nodes)

    def get(self, unit_id: int) -> Node:
        """Give a unit. Raises UnknownUnit."""
        try:
            return self._nodes[unit_id]
        except KeyError:
            raise UnknownUnit(unit_id) from None

    def by_code(self, code: str) -> Node:
        """Give the unit with this code. Raises UnknownUnit."""
        try:
            return self._codes[code]
        except KeyError:
            raise UnknownUnit(code) from None

    def name(self, unit_id: int) -> str:
        """Give a unit's name."""
        return self.get(unit_id).name

    def children(self, unit_id: int | None) -> tuple[Node, ...]:
        """Give the units directly below; of None, the roots."""
        return tuple(self._nodes[child] for child in self._children.get(unit_id, ()))

    def above(self, unit_id: int) -> tuple[int, ...]:
        """Give the units above, nearest first, the unit itself not among them."""
        found: list[int] = []
        parent = self.get(unit_id).parent_id
        while parent is not None and parent not in found:
            found.append(parent)
            parent = self.get(parent).parent_id
        return tuple(found)

    def subtree(self, unit_id: int) -> frozenset[int]:
        """Give the unit and every unit below it."""
        if (known := self._subtrees.get(unit_id)) is not None:
            return known
        self.get(unit_id)
        seen: set[int] = set()
        waiting = [unit_id]
        while waiting:
            at = waiting.pop()
            if at not in seen:
                seen.add(at)
                waiting.extend(self._children.get(at, ()))
        return self._subtrees.setdefault(unit_id, frozenset(seen))

    def path(self, unit_id: int) -> str:
        """Give the names from below the root to the unit: 临清市 · 青年路街道 · 温泉社区."""
        line = (unit_id, *self.above(unit_id))
        return " · ".join(self.name(at) for at in reversed(line[:-1] or line))

    def reach(self, unit_id: int) -> int:
        """Give the unit for which a post at `unit_id` speaks: a centre speaks for the one above."""
        node = self.get(unit_id)
        return node.parent_id if node.kind == "centre" and node.parent_id else unit_id

    def of_kind(self, unit_id: int, *kinds: str) -> Node | None:
        """Give the nearest unit of one of `kinds`, from the unit itself upwards."""
        for at in (unit_id, *self.above(unit_id)):
            if (node := self.get(at)).kind in kinds:
                return node
        return None

    def office_hours(self, unit_id: int) -> Spans | None:
        """Give the unit's office hours, or the nearest ones above; None = the county's usual."""
        for at in (unit_id, *self.above(unit_id)):
            if (spans := self.get(at).office_hours) is not None:
                return spans
        return None

    def scope(self, actor: Actor) -> frozenset[int] | None:
        """Give every unit at or below the actor's posts; None = everything.

        Everything is said only when the posts really cover the whole tree, so that a second root
        never opens its neighbour. A resident's scope is empty: what they see hangs on their secret.
        """
        if actor.label == "system":
            return None
        found: frozenset[int] = frozenset()
        for unit_id in actor.unit_ids:
            if unit_id in self:
                found |= self.subtree(self.reach(unit_id))
        return None if found and len(found) == len(self) else found


def _load() -> UnitTree:
    rows = Unit.objects.order_by("code").values_list(
        "id", "parent_id", "code", "name", "kind", "area_code", "office_hours", "is_active"
    )
    return UnitTree(Node(*row[:6], _spans(row[6]), row[7]) for row in rows)


def _spans(stored: list[list[int]] | None) -> Spans | None:
    return None if stored is None else tuple((start, end) for start, end in stored)


_TREE: Cached[UnitTree] = Cached("units", _load)


def tree() -> UnitTree:
    """Give the tree as it is in the database now (at most a second old)."""
    return _TREE.get()
