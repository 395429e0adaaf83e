"""Keep out of the logs what opens somebody's record."""

from __future__ import annotations

import logging
import re

# /t/<number>/<secret>, /seals/receipt/<number>/<secret>, /api/v1/matters/<number>?secret=<secret>:
# the number may be read, the secret opens the record
SECRET_LINK = re.compile(r"(/(?:t|seals/receipt)/[^/\s?]+/|[?&]secret=)[^/\s?&]+")


def without_secrets(text: str) -> str:
    """Return a text in which the secret of a tracking link is stars."""
    return SECRET_LINK.sub(r"\1***", text)


class HideSecrets(logging.Filter):
    """Put stars in the place of every secret of a tracking link."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep every record; change those that name a secret link."""
        said = record.getMessage()
        hidden = without_secrets(said)
        if hidden != said:
            record.msg, record.args = hidden, ()
        return True
