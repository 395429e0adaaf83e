"""A worker files what they have just put right: opened and closed in one go."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from bihuan.accounts.actor import Actor
from bihuan.accounts.may import NotPermitted
from bihuan.matters.actions import solve_on_spot
from bihuan.matters.actions.opening import Once
from bihuan.matters.actions.photos import Kept
from bihuan.matters.errors import Refused
from bihuan.matters.models import Matter
from bihuan.reports.actions.filing import Filed, Sent, file_report


class NotOnOwnGround(Refused):
    """It lies outside the cells of whoever put it right."""

    code = "not_on_own_ground"


def file_solved(
    *, sent: Sent, note: str, photos: Sequence[Kept], by: Actor, at: datetime, once: Once
) -> Filed:
    """File a report and close it as solved on the spot (现场办结); both or nothing."""
    try:
        with transaction.atomic():
            filed = file_report(sent=sent, by=by, at=at, once=once)
            closed = Matter.objects.filter(pk=filed.matter_id, closed_at__isnull=False)
            if not closed.exists():  # else the same form came twice
                solve_on_spot(matter_id=filed.matter_id, note=note, photos=photos, by=by, at=at)
            return filed
    except NotPermitted as why:
        raise NotOnOwnGround(
            _("这里不在您的网格内，不能现场办结。请去掉“已在现场处理好”，按上报提交。")
        ) from why
