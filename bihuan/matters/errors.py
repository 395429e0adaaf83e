"""What a kernel verb may refuse, in words for people."""

from __future__ import annotations

from django.utils.functional import Promise


class Refused(Exception):
    """A verb was refused; nothing was written. `code` is for programs, the text for people."""

    code = "refused"

    def __init__(self, message: str | Promise) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return str(self.message)


class NotNow(Refused):
    """The matter or task is not in a state in which this may be done (any more)."""

    code = "not_now"


class NoteMissing(Refused):
    """Words are owed with this step."""

    code = "note_missing"


class EvidenceMissing(Refused):
    """A photo is owed with this step."""

    code = "evidence_missing"


class OwnInterest(Refused):
    """The matter is about the person, or about a unit they work for."""

    code = "own_interest"


class NotAnother(Refused):
    """The check is for somebody other than those who handled it."""

    code = "not_another"


class TooMany(Refused):
    """The kind allows this only so often."""

    code = "too_many"


class TooLate(Refused):
    """The time in which this could be asked has passed."""

    code = "too_late"


class BadValue(Refused):
    """A value given is not one of those allowed."""

    code = "bad_value"
