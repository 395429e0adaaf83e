"""Every verb on reports: one place to import them from."""

from bihuan.reports.actions.answering import (
    RatedBefore,
    add_words,
    answer,
    rate_report,
    remind_by_reporter,
    reveal,
)
from bihuan.reports.actions.filing import (
    TEXT_MOST,
    Filed,
    OtherContent,
    Sent,
    answer_again,
    areas_of,
    category_for,
    desk_for,
    file_report,
    join_report,
    joinable,
    key_of,
    office_hours,
    place_of,
)
from bihuan.reports.actions.looking import TriedTooOften, find_by_phone
from bihuan.reports.queries import secret_of

__all__ = [
    "TEXT_MOST",
    "Filed",
    "OtherContent",
    "RatedBefore",
    "Sent",
    "TriedTooOften",
    "add_words",
    "answer",
    "answer_again",
    "areas_of",
    "category_for",
    "desk_for",
    "file_report",
    "find_by_phone",
    "join_report",
    "joinable",
    "key_of",
    "office_hours",
    "place_of",
    "rate_report",
    "remind_by_reporter",
    "reveal",
    "secret_of",
]
