"""Whom a matter is about: they never handle, check, close or unmask it."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from bihuan.accounts.actor import Actor
from bihuan.accounts.models import Person
from bihuan.matters.actions.giving import check_units
from bihuan.matters.case import held
from bihuan.matters.errors import BadValue, NoteMissing
from bihuan.matters.models import Matter


def say_about(
    *,
    matter_id: int,
    note: str,
    by: Actor,
    at: datetime,
    unit_id: int | None = None,
    person_id: int | None = None,
) -> Matter:
    """Say that a matter is about a unit or a person of the county; neither given = about nobody.

    Whoever it was about until now may not take that away.
    """
    with held(matter_id) as case:
        case.allow(by, "matters.say_about")
        if not note.strip():
            raise NoteMissing(_("请写明依据。"))
        if unit_id is not None:
            check_units(unit_id)
        if person_id is not None and not Person.objects.filter(pk=person_id).exists():
            raise BadValue(_("没有这个人员。"))
        matter = case.matter
        if (matter.about_unit_id, matter.about_person_id) == (unit_id, person_id):
            raise BadValue(_("与现在登记的一样，没有改动。"))
        matter.about_unit_id, matter.about_person_id = unit_id, person_id
        case.write("say_about", by=by, at=at, note=note.strip())
    return case.matter
