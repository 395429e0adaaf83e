"""When one capability's step should move another: all of it, on this one page.

Each line: which kind's step, the reaction's name (stored with every delivery: never reuse one),
what happens. "*" is every kind or step. A reaction may run twice and must be safe then.
"""

from __future__ import annotations

from datetime import datetime

from bihuan.matters.channels import inbox
from bihuan.matters.channels.actions import queue_calls, tell_people
from bihuan.matters.channels.webhooks import any_webhook
from bihuan.matters.models import Entry
from bihuan.matters.reactions import when
from bihuan.reports import automatic, telling

# what the rules take further by themselves is not laid before the desk
RULED = ("open", "verify", "finish")


def wire() -> None:
    """Declare every reaction. Called once, when the web layer is ready."""
    # the rules do the first steps, give it on once it is registered, have somebody look again
    when("report", "open", "reports.begin", automatic.on(automatic.begin))
    when("report", "verify", "reports.give_verified", automatic.on(automatic.give))
    when("report", "register", "reports.give_registered", automatic.on(automatic.give))
    when("report", "finish", "reports.look_again", automatic.on(automatic.look_again))
    # people and other systems are told
    for step in inbox.TELLS:
        tell = telling.unless_ruled(tell_people) if step in RULED else tell_people
        when("*", step, f"inbox.{step}", tell)
    for step in telling.TELLS:
        when("report", step, f"texts.{step}", telling.tell_reporters)
    when("*", "*", "webhooks", _call, wanted=any_webhook)


def _call(entry: Entry, at: datetime) -> None:
    queue_calls(entry=entry, category=telling.public_category(entry.matter), at=at)
