"""What each role may do. One table, read top to bottom; the kernel adds who may do it WHEN."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from bihuan.accounts.actor import Actor
from bihuan.accounts.roles import Role
from bihuan.accounts.units import tree

REPORTER, SYSTEM = Role.REPORTER, Role.SYSTEM
WORKER, CELL_HEAD, CLERK = Role.WORKER, Role.CELL_HEAD, Role.CLERK
HANDLER, UNIT_HEAD, SUPERVISOR = Role.HANDLER, Role.UNIT_HEAD, Role.SUPERVISOR
COUNTY_ADMIN, AUDITOR = Role.COUNTY_ADMIN, Role.AUDITOR

CELL = frozenset({WORKER, CELL_HEAD})
HANDS = CELL | {HANDLER, UNIT_HEAD}  # those a task may lie with
CENTRE = frozenset({CLERK, SUPERVISOR})
STAFF = HANDS | CENTRE

# verb -> roles. The system may do everything, so SYSTEM alone means: nobody else may.
MAY: dict[str, frozenset[Role]] = {
    # The account administrator runs the platform and reads no residents' affairs (三员分立).
    "matters.view": STAFF | {AUDITOR},
    "matters.accept": frozenset({CLERK}),
    # 核实 is looking on the spot, 立案 is the centre's decision.
    "matters.verify": CELL | {CLERK},
    "matters.register": frozenset({CLERK}),
    "matters.reject": frozenset({CLERK}),
    # A unit's head gives the work to the people of the unit; between units the centre decides.
    "matters.assign": CENTRE | {UNIT_HEAD},
    "matters.take_up": HANDS,
    "matters.finish": HANDS,
    "matters.return": HANDS,
    "matters.hand_over": HANDS | {CLERK},
    # 吹哨报到: the street's clerk calls departments to the spot.
    "matters.add_helper": CENTRE | {UNIT_HEAD},
    "matters.solve_on_spot": CELL,
    # A question to the reporter stops the clock; the answer, by whoever hears it, starts it.
    "matters.ask": HANDS | {CLERK},
    "matters.answer": HANDS | {CLERK, REPORTER},
    # 延期 is agreed at two levels: the asker's own leader, then the centre (china-grid.md §2).
    "matters.extend": HANDS,
    "matters.extend_agree_unit": frozenset({UNIT_HEAD, CELL_HEAD}),
    "matters.extend_agree_centre": CENTRE,
    # 挂账 takes a matter off the clock for up to a year: never the hands' own decision.
    "matters.pause": CENTRE,
    "matters.revive": CENTRE,
    # 催办 by anyone waiting, 督办 by those who supervise.
    "matters.remind": CENTRE | CELL | {REPORTER},
    "matters.press": frozenset({SUPERVISOR}),
    "matters.escalate": frozenset({SYSTEM}),
    # 申诉 of an overdue mark: once, two reviews, by two different desks.
    "matters.appeal": HANDS,
    "matters.appeal_first": frozenset({CLERK}),
    "matters.appeal_second": frozenset({SUPERVISOR}),
    # 核查 is somebody else's look; the kernel also refuses whoever handled it.
    "matters.check": CELL | CENTRE,
    "matters.close": CENTRE,
    "matters.rework": CENTRE,
    "matters.reopen": CENTRE | {REPORTER},
    # 好差评 is the resident's word alone; nobody rates on their behalf.
    "matters.rate": frozenset({REPORTER}),
    "matters.callback": CENTRE,
    "matters.merge": frozenset({CLERK}),
    "matters.unmerge": frozenset({CLERK}),
    "matters.split": frozenset({CLERK}),
    "matters.void": CENTRE,
    "matters.note": STAFF | {REPORTER},
    "matters.attach": STAFF | {REPORTER},
    # PIPL art. 6: the least needed. Whoever handles a complaint does not learn who complained.
    "matters.reveal": CENTRE,
    # Whom it is about is kept away from it; never said by those who handle.
    "matters.say_about": CENTRE,
    "matters.export": CENTRE,
    "reports.file": STAFF | {REPORTER},
    "rules.view": STAFF | {COUNTY_ADMIN, AUDITOR},
    "rules.edit": frozenset({COUNTY_ADMIN}),
    "matters.webhooks": frozenset({COUNTY_ADMIN}),
    "places.import": frozenset({COUNTY_ADMIN}),
    "accounts.manage": frozenset({COUNTY_ADMIN}),
    # Who saw which person, and why: read by those who do not run the accounts.
    "audit.view": frozenset({AUDITOR, SUPERVISOR}),
}


class NotPermitted(PermissionDenied):
    """The actor may not do this verb, or not at this unit. Django answers 403."""

    def __init__(self, verb: str, unit_id: int | None = None) -> None:
        super().__init__(_("您没有这一步的权限。如果工作需要，请联系本单位的系统管理员。"))
        self.verb = verb
        self.unit_id = unit_id


def may(actor: Actor, verb: str, unit_id: int | None = None) -> bool:
    """Say whether `actor` may do `verb`; with a unit, at that unit or from one above it.

    An unknown verb is a KeyError; a unit that is not in the tree is refused. A resident's verbs
    know no units: what a resident may touch hangs on the secret of their own record.
    """
    roles = MAY[verb]
    if actor.label == "system":
        return True
    if not actor.posts:
        return REPORTER in roles
    held = {post.unit_id for post in actor.posts if post.role in roles}
    if unit_id is None or not held:
        return bool(held)
    units = tree()
    if unit_id not in units:
        return False
    reached = {units.reach(post) for post in held if post in units}
    return not reached.isdisjoint((unit_id, *units.above(unit_id)))


def require(actor: Actor, verb: str, unit_id: int | None = None) -> None:
    """Raise NotPermitted unless `actor` may do `verb` (at the unit)."""
    if not may(actor, verb, unit_id):
        raise NotPermitted(verb, unit_id)
