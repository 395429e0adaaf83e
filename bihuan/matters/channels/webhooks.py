"""What other systems are told: public facts of a step, never a person's data."""

from __future__ import annotations

import json
from datetime import UTC

from bihuan.accounts.units import tree
from bihuan.matters import kinds
from bihuan.matters.channel_models import Call, Webhook
from bihuan.matters.models import Entry, Matter

# told beside the steps of a kind's loop; all else is the house's own business: who looked at whom,
# what staff wrote, whom a matter is about, how dates were reckoned
TOLD = frozenset(
    {
        "open",
        "joined",
        "add_helper",
        "finish_share",
        "remind",
        "press",
        "escalate",
        "grant_extension",
        "rate",
        "merged_here",
        "unmerged_here",
        "split",
        "unsplit",
    }
)


def any_webhook() -> bool:
    """Say whether any system at all is told: where none is, no entry needs a delivery."""
    return Webhook.objects.filter(is_active=True).exists()


def wanting(entry: Entry) -> list[Webhook]:
    """Return the active webhooks that are told of this entry."""
    matter = entry.matter
    if entry.step not in TOLD and kinds.get(matter.kind).loop.find(entry.step) is None:
        return []
    return [
        hook
        for hook in Webhook.objects.filter(is_active=True).defer("secret").order_by("pk")
        if (not hook.kinds or matter.kind in hook.kinds)
        and (not hook.steps or entry.step in hook.steps)
        and covers(hook.unit_id, matter)
    ]


def covers(unit_id: int, matter: Matter) -> bool:
    """Say whether a matter is worked on, or lies, in or below a unit."""
    units = tree()
    if unit_id not in units:
        return False
    return bool({matter.owner_id, matter.area_id} & units.subtree(units.reach(unit_id)))


def body_of(entry: Entry, *, category: str) -> str:
    """Write what a webhook is told of an entry, as JSON: no title, words, names or photos."""
    matter = entry.matter
    facts = {
        "number": matter.number,
        "kind": matter.kind,
        "step": entry.step,
        "seq": entry.seq,
        "before": entry.before,
        "state": entry.after,
        "at": entry.at.astimezone(UTC).isoformat(timespec="seconds"),
        "category": category,
        "area": area_code(matter.area_id),
    }
    return json.dumps(facts, ensure_ascii=False)


def area_code(unit_id: int | None) -> str:
    """Return the official code of the area a unit serves, or of the nearest above that has one."""
    units = tree()
    if unit_id is None or unit_id not in units:
        return ""
    line = (unit_id, *units.above(unit_id))
    return next((units.get(at).area_code for at in line if units.get(at).area_code), "")


def key_of(call: Call) -> str:
    """Return the idempotency key of a call: the same at every try and every redelivery."""
    return f"webhook-{call.webhook_id}-{call.entry_id}"
