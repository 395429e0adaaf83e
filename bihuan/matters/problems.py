"""What a verb refuses, as a problem document: the exact words in Chinese, the code's in English."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.utils.translation import override

from bihuan.base.problem import Problem
from bihuan.matters.errors import Refused
from bihuan.matters.models import Matter
from bihuan.matters.photos import PhotoRefused

ENGLISH = {
    "refused": "This was refused; nothing was written.",
    "not_now": "The matter or task is not in a state in which this may be done (any more).",
    "note_missing": "Words are owed with this step: say what was found, done or decided, and why.",
    "evidence_missing": "A photo is owed with this step.",
    "own_interest": "The matter is about you or a unit you work for; somebody else must do this.",
    "not_another": "The check is for somebody other than those who handled it.",
    "too_many": "This is allowed only so often, and has been done as often as that.",
    "too_late": "The time in which this could be asked has passed.",
    "bad_value": "A value given is not one of those allowed.",
    "other_content": "This Idempotency-Key was used before with other content.",
    "no_such_matter": "There is no open matter of this number; file a report of its own.",
    "rated_before": "You have rated this already.",
    "tried_too_often": "Too many attempts; please wait an hour.",
    "too_big": "The photo is larger than 10 MB.",
    "too_many_pixels": "The photo has too many pixels.",
    "not_a_photo": "The file is not a photo.",
    "broken": "The photo is incomplete or damaged.",
    "unsupported": "Only JPEG, PNG, WebP, HEIC and GIF photos are taken.",
}
STATUS = {
    "not_now": 409,
    "own_interest": 403,
    "not_another": 403,
    "too_many": 409,
    "too_late": 409,
    "rated_before": 409,
    "tried_too_often": 429,
    "too_big": 413,
}
# data: words in both languages
NOT_PERMITTED = (
    "您没有这一步的权限。",
    "You may not do this here. Ask your unit's administrator if your work needs it.",
)
# data: words in both languages
NOT_FOUND = ("没有这件事项，或您不能查看它。", "There is no such matter, or you may not see it.")


def problem_of(error: Exception) -> Problem | None:
    """Turn a refusal into a Problem; None for what is no refusal.

    The words of a refusal were chosen when it was raised: run verbs with Chinese switched on.
    """
    if isinstance(error, Problem):
        return error
    if isinstance(error, PermissionDenied):
        return Problem(403, "not_permitted", *NOT_PERMITTED)
    if isinstance(error, Matter.DoesNotExist):
        return Problem(404, "not_found", *NOT_FOUND)
    if not isinstance(error, Refused):
        return None
    with override("zh-hans"):
        zh = str(error)
    code = error.code
    field = "photos" if isinstance(error, PhotoRefused) else ""
    return Problem(
        STATUS.get(code, 422), code, zh, ENGLISH.get(code, ENGLISH["refused"]), field=field
    )
