"""The page inbox: which step tells whom among the staff, as one table.

Nobody is told of their own step, nor of a matter about themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.timezone import localdate

from bihuan.accounts.roles import Role
from bihuan.matters import kinds
from bihuan.matters.channels import people
from bihuan.matters.models import Appeal, Entry, Extension, Rung, Task
from bihuan.matters.timed import OPEN

CLERK, SUPERVISOR = frozenset({Role.CLERK}), frozenset({Role.SUPERVISOR})
CELL = frozenset({Role.WORKER, Role.CELL_HEAD})
HANDS = CELL | {Role.HANDLER, Role.UNIT_HEAD}
HEADS = frozenset({Role.UNIT_HEAD, Role.CELL_HEAD})
# whom a task without a person is told to, by the beginning of its key
ROLES = {"lead": HANDS, "helper": HANDS, "verify": CELL, "check": CELL | CLERK}

Told = dict[int, str]  # person id -> key of the words


@dataclass(frozen=True)
class Scene:
    """What the table's functions look at: an entry, its matter's tasks, the day."""

    entry: Entry
    tasks: list[Task]
    at: datetime

    def opened(self) -> list[Task]:
        """Give the tasks that this very entry opened."""
        facts = self.entry.facts
        return [t for t in self.tasks if facts.get(f"task:{t.key}:{t.round}") == "ready"]

    def open(self) -> list[Task]:
        return [t for t in self.tasks if t.state in OPEN]

    def named(self, key: str) -> list[Task]:
        """Give the live task of a key."""
        return [t for t in self.tasks if t.key == key and t.state != "returned"]

    def desk(self) -> list[int]:
        """Give the unit that accepted the matter, else its owner."""
        units = [t.unit_id for t in self.tasks if t.key in ("accept", "call")]
        return units[:1] or [self.entry.matter.owner_id]

    def holders(self, tasks: Iterable[Task]) -> set[int]:
        """Give each task's person, or the people of its unit with the roles for it."""
        found: set[int] = set()
        units: dict[frozenset[Role], set[int]] = {}
        for task in tasks:
            if task.person_id is not None:
                found.add(task.person_id)
            else:
                roles = ROLES.get(task.key.partition("-")[0], CLERK)
                units.setdefault(frozenset(roles), set()).add(task.unit_id)
        for roles, unit_ids in units.items():
            found |= self.people(unit_ids, roles)
        return found

    def people(self, unit_ids: Iterable[int], roles: Collection[Role]) -> set[int]:
        return people.at_units(unit_ids, roles, on=localdate(self.at))

    def clerks(self) -> set[int]:
        return self.people(self.desk(), CLERK)


def _opened(key: str) -> Callable[[Scene], Told]:
    """Tell those who hold what was opened."""
    return lambda scene: dict.fromkeys(scene.holders(scene.opened()), key)


def _open(key: str) -> Callable[[Scene], Told]:
    """Tell those who hold what is open."""
    return lambda scene: dict.fromkeys(scene.holders(scene.open()), key)


def _desk(key: str) -> Callable[[Scene], Told]:
    return lambda scene: dict.fromkeys(scene.clerks(), key)


def _lead(key: str) -> Callable[[Scene], Told]:
    return lambda scene: dict.fromkeys(scene.holders(scene.named("lead")), key)


def _opening(scene: Scene) -> Told:
    key = "to_call" if scene.named("call") else "new"
    return dict.fromkeys(scene.holders(scene.opened()), key)


def _reassigned(scene: Scene) -> Told:
    facts = scene.entry.facts
    gone = [
        t.person_id
        for t in scene.tasks
        if t.person_id and facts.get(f"task:{t.key}:{t.round}") == "returned"
    ]
    return dict.fromkeys(gone, "withdrawn") | _opened("assigned")(scene)


def _finished(scene: Scene) -> Told:
    """Tell the desk to have it checked, unless the loop ends here."""
    ended = scene.entry.after in kinds.get(scene.entry.matter.kind).loop.ends
    return {} if ended else _desk("to_check")(scene)


def _handed_over(scene: Scene) -> Told:
    return {int(scene.entry.facts["person"]): "handed_over"}


def _pressed(scene: Scene) -> Told:
    units = [t.unit_id for t in scene.open()]
    return dict.fromkeys(scene.holders(scene.open()) | scene.people(units, HEADS), "press")


def _climbed(scene: Scene) -> Told:
    """Tell the rung's roles: in the unit of the open task, and in the nearest unit above."""
    facts, matter = scene.entry.facts, scene.entry.matter
    rung = Rung.objects.filter(kind=matter.kind, clock=facts["clock"], key=facts["rung"]).first()
    if rung is None:
        return {}
    clerical = facts["clock"] == "accept"
    open_tasks = scene.open()
    units = [t.unit_id for t in open_tasks] or [matter.owner_id]
    persons = {t.person_id for t in open_tasks if t.person_id}
    here = scene.people(units, [Role(r) for r in rung.to_unit])
    if clerical:
        here |= scene.people(scene.desk(), [Role(r) for r in rung.to_unit])
    over = people.above(units, [Role(r) for r in rung.to_above], on=localdate(scene.at))
    key = "due_soon" if rung.offset_seconds < 0 else "overdue"
    told = dict.fromkeys(over, "escalate") | dict.fromkeys(here, key)
    # whoever holds the task themselves is always told
    return told | dict.fromkeys(persons if rung.to_unit else (), key)


def _extension_asked(scene: Scene) -> Told:
    units = [t.unit_id for t in scene.named("lead")]
    return dict.fromkeys(scene.people(units, {Role.UNIT_HEAD}), "extension_asked")


def _extension_unit_agreed(scene: Scene) -> Told:
    told = scene.people(scene.desk(), CLERK | SUPERVISOR)
    return dict.fromkeys(told, "extension_unit_agreed")


def _extension_decided(key: str) -> Callable[[Scene], Told]:
    def told(scene: Scene) -> Told:
        asked = Extension.objects.filter(pk=scene.entry.facts["extension"])
        asker = [p for p in asked.values_list("asked_by_id", flat=True) if p]
        return dict.fromkeys(asker, key) | _lead(key)(scene)

    return told


def _noted(scene: Scene) -> Told:
    """Tell of what the reporter adds; what staff write is on the page."""
    if scene.entry.facts.get("as") != "reporter":
        return {}
    return dict.fromkeys(scene.holders(scene.open()) or scene.clerks(), "noted")


def _joined(scene: Scene) -> Told:
    return dict.fromkeys(scene.holders(scene.open()) or scene.clerks(), "joined")


def _appeal_decided(scene: Scene) -> Told:
    if scene.entry.facts.get("appeal") == "agreed_once":
        return dict.fromkeys(scene.people(scene.desk(), SUPERVISOR), "appealed")
    asked = Appeal.objects.filter(matter=scene.entry.matter).values_list("asked_by_id", flat=True)
    return dict.fromkeys([p for p in asked if p], "appeal_decided")


# step -> who is told, in which words
TELLS: dict[str, Callable[[Scene], Told]] = {
    "open": _opening,
    "accept": _opened("to_verify"),
    "not_found": _desk("not_found"),
    "verify": _desk("to_assign"),
    "assign": _opened("assigned"),
    "reassign": _reassigned,
    "add_helper": _opened("asked_help"),
    "hand_over": _handed_over,
    "return": _desk("returned"),
    "return_share": _lead("share_returned"),
    "finish": _finished,
    "finish_share": _lead("share_done"),
    "start_check": _opened("check"),
    "fail_check": _opened("rework"),
    "send_back": _opened("rework"),
    "remind": _open("remind"),
    "press": _pressed,
    "escalate": _climbed,
    "ask_extension": _extension_asked,
    "agree_extension_unit": _extension_unit_agreed,
    "grant_extension": _extension_decided("extension_granted"),
    "refuse_extension": _extension_decided("extension_refused"),
    "answer": _open("answered"),
    "reopen": _opened("reopened"),
    "reopen_at_desk": _desk("reopened"),
    "joined": _joined,
    "note": _noted,
    "revive": _open("revived"),
    "appeal": _desk("appealed"),
    "decide_appeal": _appeal_decided,
}


def told_of(entry: Entry, at: datetime) -> Told:
    """Return who is told of an entry, and the key of the words; nobody for a quiet step."""
    tell = TELLS.get(entry.step)
    if tell is None:
        return {}
    tasks = list(Task.objects.filter(matter_id=entry.matter_id).order_by("pk"))
    told = tell(Scene(entry, tasks, at))
    left_out = {entry.by_id, entry.matter.about_person_id}
    return {person: key for person, key in told.items() if person not in left_out}
