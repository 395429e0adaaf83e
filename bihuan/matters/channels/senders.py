"""Text messages: the adapters that hand one over, chosen by the settings.

BIHUAN_SMS_URL names the county's gateway. Without one a demo keeps the messages in its own table
and shows them; a county's installation sends nothing and says so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from bihuan.base.clock import now
from bihuan.base.environment import value
from bihuan.base.installation import is_demo
from bihuan.matters.channels.post import Unreachable, parse, post, signed

# the gateway has read the message and will never take it: a wrong number, forbidden words
REFUSED_FOR_GOOD = (400, 422)
RECEIPT = re.compile(r"[A-Za-z0-9_.:-]{1,64}")


class NotTaken(Exception):
    """The gateway refuses this message for good. The message of the error is a short word."""


class Sender(Protocol):
    """Hands over one text message."""

    def send(self, to: str, text: str, key: str) -> str:
        """Give it to the gateway and return its receipt; the same key is sent on but once.

        Raises Unreachable (try again later) or NotTaken (never again).
        """


class Double:
    """Stands for a gateway in a demo: the message stays in the table, and counts as sent."""

    def send(self, to: str, text: str, key: str) -> str:
        return "demo"


@dataclass(frozen=True)
class Gateway:
    """Posts JSON {to, text, key} to the one address of the settings, signed when a secret is set.

    The host is allowed by being named in the settings, inside the county's network too.
    """

    url: str
    secret: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    def send(self, to: str, text: str, key: str) -> str:
        body = json.dumps({"to": to, "text": text, "key": key}, ensure_ascii=False).encode()
        headers = {**signed(self.secret, body, key=key, at=now()), **self.headers}
        answer = post(self.url, body, headers, inside=(parse(self.url)[0],))
        if answer.status in REFUSED_FOR_GOOD:
            raise NotTaken(f"HTTP {answer.status}")
        if not answer.taken:
            raise Unreachable(f"HTTP {answer.status}")
        return receipt_of(answer.body)


def receipt_of(body: bytes) -> str:
    """Read the gateway's own id from {"id": …}; "" when there is none that can be kept."""
    try:
        found = json.loads(body)
    except ValueError:
        return ""
    ident = str(found.get("id", "")) if isinstance(found, dict) else ""
    return ident if RECEIPT.fullmatch(ident) else ""


def sender() -> Sender | None:
    """Return the adapter of this installation; None = nothing is sent from here."""
    url: str = value("BIHUAN_SMS_URL")
    if url:
        return Gateway(url, value("BIHUAN_SMS_SECRET"), value("BIHUAN_SMS_HEADERS"))
    return Double() if is_demo() else None
