"""The roles people hold at a unit, and what they are called."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise


class Role(StrEnum):
    """What somebody is at a unit; a person may hold several, each at its own unit."""

    REPORTER = "reporter"
    SYSTEM = "system"
    WORKER = "worker"
    CELL_HEAD = "cell_head"
    CLERK = "clerk"
    HANDLER = "handler"
    UNIT_HEAD = "unit_head"
    SUPERVISOR = "supervisor"
    COUNTY_ADMIN = "county_admin"
    AUDITOR = "auditor"

    @property
    def label(self) -> StrPromise:
        """Give the name people know the role by."""
        return LABELS[self]


LABELS: dict[Role, StrPromise] = {
    Role.REPORTER: _("群众"),
    Role.SYSTEM: _("系统"),
    Role.WORKER: _("网格员"),
    Role.CELL_HEAD: _("网格长"),
    Role.CLERK: _("受理派遣员"),
    Role.HANDLER: _("处置人员"),
    Role.UNIT_HEAD: _("单位负责人"),
    Role.SUPERVISOR: _("督查"),
    Role.COUNTY_ADMIN: _("系统管理员"),
    Role.AUDITOR: _("审计员"),
}

# Nobody is appointed a resident or the system.
APPOINTED = tuple(role for role in Role if role not in (Role.REPORTER, Role.SYSTEM))

# GB/T 22239-2019 level 3 keeps administration and audit in different hands (三员分立); whoever
# runs the accounts also decides no cases.
NEVER_TOGETHER: dict[Role, frozenset[Role]] = {
    Role.COUNTY_ADMIN: frozenset(APPOINTED) - {Role.COUNTY_ADMIN},
    Role.AUDITOR: frozenset(APPOINTED) - {Role.AUDITOR},
}


def together(role: Role, held: frozenset[Role]) -> bool:
    """Say whether one person may hold `role` beside the roles `held`."""
    if NEVER_TOGETHER.get(role, frozenset()) & held:
        return False
    return not any(role in NEVER_TOGETHER.get(other, frozenset()) for other in held)
