"""Every write about units, people, posts and passwords; each leaves a line in the log."""

from __future__ import annotations

from bihuan.accounts.actions.log import NameMissing, NotOneself, Refused, log, require_over
from bihuan.accounts.actions.passwords import (
    network,
    note_sign_in,
    one_time_password,
    reset_password,
    set_password,
)
from bihuan.accounts.actions.people import (
    PhoneWrong,
    UsernameTaken,
    UsernameWrong,
    create_person,
    deactivate_person,
    reactivate_person,
    set_language,
    set_phone,
)
from bihuan.accounts.actions.posts import (
    PostEnded,
    PostHeld,
    PowersNotSeparate,
    end_post,
    give_post,
)
from bihuan.accounts.actions.units import (
    Circle,
    CodeTaken,
    HoursWrong,
    ParentMissing,
    RootStays,
    UnitsBelow,
    close_unit,
    create_unit,
    move_unit,
    set_office_hours,
)

__all__ = [
    "Circle",
    "CodeTaken",
    "HoursWrong",
    "NameMissing",
    "NotOneself",
    "ParentMissing",
    "PhoneWrong",
    "PostEnded",
    "PostHeld",
    "PowersNotSeparate",
    "Refused",
    "RootStays",
    "UnitsBelow",
    "UsernameTaken",
    "UsernameWrong",
    "close_unit",
    "create_person",
    "create_unit",
    "deactivate_person",
    "end_post",
    "give_post",
    "log",
    "move_unit",
    "network",
    "note_sign_in",
    "one_time_password",
    "reactivate_person",
    "require_over",
    "reset_password",
    "set_language",
    "set_office_hours",
    "set_password",
    "set_phone",
]
