"""What the commands write themselves. Needs Django loaded and the owner's role."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from bihuan.accounts.actions.log import Refused
from bihuan.accounts.actions.people import create_person
from bihuan.accounts.actions.units import create_unit
from bihuan.accounts.actor import SYSTEM
from bihuan.accounts.models import Unit
from bihuan.accounts.roles import Role
from bihuan.base.installation import COUNTY, Installation, kind
from bihuan.base.trouble import Trouble


class FoundedBefore(Trouble):
    """This database is something already, and stays it."""

    def __init__(self, is_now: str) -> None:
        super().__init__(
            f"这个数据库已经建成（{is_now}），不能再建。要重新开始，请换一个数据库或数据文件夹。",
            f"This database was founded before ({is_now}). "
            "To begin anew, take another database or data folder.",
        )


class NotFounded(Trouble):
    """What was given for the county or its administrator is not allowed."""

    def __init__(self, why: str) -> None:
        super().__init__(f"没有建立：{why}", f"Nothing was made: {why}")


@transaction.atomic
def found(*, as_kind: str, at: datetime) -> None:
    """Say what this database is, once for all: "demo" or "county"."""
    is_now = kind()
    if is_now:
        raise FoundedBefore(is_now)
    Installation.objects.create(kind=as_kind, founded_at=at)


def found_county(
    *, county: str, code: str, username: str, name: str, password: str, at: datetime
) -> None:
    """Make the county's unit and its first administrator, whole or not at all.

    The password is checked by the same rules as everybody's. Raises NotFounded, FoundedBefore.
    """
    try:
        with transaction.atomic():
            found(as_kind=COUNTY, at=at)
            unit = create_unit(
                code=code,
                name=county,
                kind=Unit.Kind.COUNTY,
                parent=None,
                by=SYSTEM,
                at=at,
                area_code=code,
            )
            create_person(
                username=username,
                name=name,
                password=password,
                unit=unit,
                role=Role.COUNTY_ADMIN,
                by=SYSTEM,
                at=at,
                must_change_password=False,
            )
    except ValidationError as why:
        raise NotFounded(" ".join(why.messages)) from why
    except Refused as why:
        raise NotFounded(str(why)) from why
