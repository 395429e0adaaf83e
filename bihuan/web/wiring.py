"""When one capability's step should move another: all of it, on this one page.

Each line: which kind's step, the reaction's name (stored with every delivery: never reuse one),
what happens. "*" is every kind or step. A reaction may run twice and must be safe then.
"""

from __future__ import annotations

from bihuan.matters.reactions import when
from bihuan.reports import automatic


def wire() -> None:
    """Declare every reaction. Called once, when the web layer is ready."""
    # the rules do the first steps, give it on once it is registered, have somebody look again
    when("report", "open", "reports.begin", automatic.on(automatic.begin))
    when("report", "verify", "reports.give_verified", automatic.on(automatic.give))
    when("report", "register", "reports.give_registered", automatic.on(automatic.give))
    when("report", "finish", "reports.look_again", automatic.on(automatic.look_again))
