"""The listed reasons of a county: of refusing, returning, voiding, pausing, waiting; replies."""

from __future__ import annotations

from bihuan.reports.models import Reason

# sorts: refuse 不予受理, return 退回, void 作废, pause 挂账, wait 等待, reply 常用答复


def reasons(sort: str) -> list[Reason]:
    """Return the active reasons of a sort, in their order."""
    return list(Reason.objects.filter(sort=sort, is_active=True).order_by("order", "pk"))


def pause_most(cause: str) -> int | None:
    """Return for how many days a matter may be hung up for a cause, None for no such limit."""
    days = Reason.objects.filter(sort="pause", key=cause).values_list("most_days", flat=True)
    return days.first()


def reason_text(sort: str, key: str) -> str:
    """Return the words of a reason that a resident reads, its name where it has none, or ""."""
    row = Reason.objects.filter(sort=sort, key=key).first()
    return (row.text_zh or row.name_zh) if row else ""
