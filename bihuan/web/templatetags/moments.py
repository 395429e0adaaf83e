"""Say moments and spans the way people do: 今天 10:12, 还剩 1 天 7 小时, 超 2 小时 10 分.

Pure: the caller gives `at`. Days are those of the current time zone (Asia/Shanghai).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

Colour = Literal["blue", "orange", "red", "grey", "green"]

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR
NEARLY = 80  # percent of the time used from which a clock is shown in orange


def moment(when: datetime, at: datetime) -> str:
    """Say `when` as somebody would at `at`: near days by name, far ones by date."""
    local, today = timezone.localtime(when), timezone.localtime(at)
    days = (local.date() - today.date()).days
    words = {-1: _("昨天 %(time)s"), 0: _("今天 %(time)s"), 1: _("明天 %(time)s")}
    if days in words:
        return words[days] % {"time": f"{local:%H:%M}"}
    if local.year == today.year:
        return date_format(local, _("n月j日 H:i"), use_l10n=False)
    return date_format(local, _("Y年n月j日 H:i"), use_l10n=False)


def span(length: timedelta) -> str:
    """Say a length in its two largest units; less than a minute is said so."""
    seconds = int(abs(length.total_seconds()))
    days, hours, minutes = seconds // DAY, seconds % DAY // HOUR, seconds % HOUR // MINUTE
    if days:
        shape = _("%(days)s 天 %(hours)s 小时") if hours else _("%(days)s 天")
    elif hours:
        shape = _("%(hours)s 小时 %(minutes)s 分") if minutes else _("%(hours)s 小时")
    elif minutes:
        shape = _("%(minutes)s 分钟")
    else:
        shape = _("不到 1 分钟")
    return shape % {"days": days, "hours": hours, "minutes": minutes}


def left(due_at: datetime, at: datetime) -> str:
    """Say how long is left until `due_at`, or by how much it is over."""
    words = _("还剩 %(span)s") if at <= due_at else _("超 %(span)s")
    return words % {"span": span(due_at - at)}


def used(since: datetime, due_at: datetime, at: datetime) -> int:
    """Return the percent of the time from `since` to `due_at` that is gone, 0 to 100."""
    whole = (due_at - since).total_seconds()
    if whole <= 0 or at >= due_at:
        return 100
    return max(0, int((at - since).total_seconds() * 100 / whole))


def urgency(since: datetime | None, due_at: datetime, at: datetime) -> Colour:
    """Return red when over, orange when nearly (80 % used, or under an hour), else blue."""
    if at > due_at:
        return "red"
    if since is None:
        return "orange" if due_at - at < timedelta(hours=1) else "blue"
    return "orange" if used(since, due_at, at) >= NEARLY else "blue"
