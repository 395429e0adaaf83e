"""Several of the kernel's verbs at one press."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from bihuan.accounts.actor import Actor
from bihuan.matters import actions
from bihuan.matters.models import Matter


@transaction.atomic
def give(
    *,
    matter_id: int,
    unit_id: int,
    by: Actor,
    at: datetime,
    note: str = "",
    helper_unit_ids: Sequence[int] = (),
    why: str = "",
) -> Matter:
    """Register a new matter and give it to a unit, in one transaction (受理并派给…).

    Registering ends the clock of accepting, as the rules do it by themselves.
    """
    actions.register(matter_id=matter_id, by=by, at=at)
    return actions.assign(
        matter_id=matter_id,
        unit_id=unit_id,
        helper_unit_ids=helper_unit_ids,
        note=note,
        why=why,
        by=by,
        at=at,
    )
