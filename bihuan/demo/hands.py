"""Who does what in the demo: the people at hand for a matter, and the photos they take."""

from __future__ import annotations

from functools import cache
from random import Random

from bihuan.accounts import queries
from bihuan.accounts.actor import Actor, actor_of, today
from bihuan.accounts.models import Person
from bihuan.accounts.roles import Role
from bihuan.accounts.units import tree
from bihuan.demo import people, pictures
from bihuan.demo.lines import Line
from bihuan.matters.actions.photos import Kept, take_photo
from bihuan.matters.models import Matter, Task
from bihuan.reports.reasons import reason_text

VARIANTS = 2
LOGINS_SHOWN = frozenset(login.username for login in people.LOGINS)


class Hands:
    """The demo's people, found by the unit that has the matter."""

    def __init__(self, dice: Random) -> None:
        self.dice = dice
        self.actors: dict[int, Actor] = {}
        self.at_hand: dict[tuple[int, tuple[Role, ...]], list[Person]] = {}

    def clerk(self, matter: Matter) -> Actor:
        """The desk that accepted it."""
        accept = Task.objects.filter(matter=matter, key="accept").first()
        return self._one(accept.unit_id if accept else matter.owner_id, Role.CLERK)

    def clerk_of(self, code: str) -> Actor:
        """A clerk of the unit with this code."""
        return self._one(tree().by_code(code).id, Role.CLERK)

    def worker_at(self, area_id: int | None) -> Actor:
        """The worker of a cell's team."""
        return self._one(area_id or tree().by_code("371581-centre").id, Role.WORKER, Role.CLERK)

    def worker(self, matter: Matter) -> Actor:
        """The worker of the cell."""
        return self._one(matter.area_id or matter.owner_id, Role.WORKER, Role.CELL_HEAD)

    def checker(self, matter: Matter) -> Actor:
        """Somebody of the cell or community who did not handle it."""
        lead = matter.tasks.filter(key="lead").order_by("-round").first()
        worker = self._one(matter.area_id or matter.owner_id, Role.WORKER)
        if lead is None or lead.person_id != worker.person_id:
            return worker
        above = tree().above(matter.area_id)[0] if matter.area_id else matter.owner_id
        return self._one(above, Role.CELL_HEAD, Role.CLERK)

    def holder(self, matter: Matter) -> Actor:
        """Whoever has the lead, or somebody of the unit that does."""
        lead = matter.tasks.filter(key="lead").exclude(state="returned").get()
        if lead.person_id:
            return self._actor(Person.objects.get(pk=lead.person_id))
        return self._one(lead.unit_id, Role.HANDLER, Role.WORKER, Role.CELL_HEAD, Role.UNIT_HEAD)

    def head(self, matter: Matter) -> Actor:
        """The head of the unit that has the lead."""
        lead = matter.tasks.filter(key="lead").exclude(state="returned").get()
        return self._one(lead.unit_id, Role.UNIT_HEAD, Role.CELL_HEAD)

    def unit_for(self, suggested: int | None) -> int:
        """The unit the rules suggest; what they leave to the centre goes to urban management."""
        units = tree()
        if suggested is not None and units.get(suggested).kind != "centre":
            return suggested
        return units.by_code("371581-city-management").id

    def other_unit(self, matter: Matter) -> int:
        """Another unit than the one that gave it back."""
        last = matter.tasks.filter(key="lead").order_by("-round").first()
        for code in ("371581-city-management", "371581-municipal"):
            unit_id = tree().by_code(code).id
            if last is None or unit_id != last.unit_id:
                return unit_id
        return self.unit_for(None)

    def photos(self, line: Line, *, after: bool) -> tuple[Kept, ...]:
        """The photo of the line's scene; every matter that owes one has a scene, or a plain one."""
        return (scene_photo(line.scene or "plain", after, sum(line.id.encode()) % VARIANTS),)

    def reason(self, sort: str, key: str) -> str:
        """The words of a listed reason."""
        return reason_text(sort, key) or "情况已向上报人说明。"

    def _one(self, unit_id: int, *roles: Role) -> Actor:
        found = self.at_hand.get((unit_id, roles))
        if found is None:
            found = queries.nearest_people(unit_id, *roles, on=today())
            self.at_hand[unit_id, roles] = found
        shown = [person for person in found if person.username in LOGINS_SHOWN]
        return self._actor(self.dice.choice(shown or found if self.dice.random() < 0.6 else found))

    def _actor(self, person: Person) -> Actor:
        if person.pk not in self.actors:
            self.actors[person.pk] = actor_of(person)
        return self.actors[person.pk]


@cache
def scene_photo(scene: str, after: bool, variant: int) -> Kept:
    return take_photo(pictures.picture(scene, after=after, variant=variant))
