"""The kernel's own kind: somebody calls back whoever was not content (回访)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from bihuan.matters.kinds import Kind
from bihuan.matters.loop import Loop, Step

LOOP = Loop(
    start="to_call",
    ends=frozenset({"closed", "void"}),
    steps=(
        Step("take_up", ("to_call",), "handling", "matters.callback", place="task"),
        Step(
            "finish", ("handling", "to_call"), "closed", "matters.callback", note=True, place="task"
        ),
        Step("void", ("to_call", "handling"), "void", "matters.void", note=True),
    ),
    labels=(
        ("to_call", _("待回访")),
        ("handling", _("回访中")),
        ("closed", _("已回访")),
        ("void", _("已作废")),
    ),
)

KIND = Kind(
    key="callback", label=_("回访"), prefix="HF", loop=LOOP, waits=0, pauses=0, extensions=0
)
