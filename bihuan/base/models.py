"""The county's calendar, and the versions by which every process knows that its copies are old."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from bihuan.base.installation import Installation as Installation


class CalendarDay(models.Model):
    """A day that differs from its weekday: a holiday from Monday to Friday, or a make-up day.

    Days are days of Asia/Shanghai. Provisional: computed from the law before the State
    Council's notice for that year; replaced when the year is confirmed (actions.confirm_year).
    """

    day = models.DateField(_("日期"), primary_key=True)
    worked = models.BooleanField(_("是否上班"))
    name = models.CharField(_("名称"), max_length=40)
    provisional = models.BooleanField(_("是否暂定"), default=False)
    set_at = models.DateTimeField(_("录入时间"))
    set_by = models.CharField(_("录入人"), max_length=80)

    class Meta:
        verbose_name = _("日历")
        verbose_name_plural = _("日历")
        ordering = ["day"]
        constraints = [
            models.CheckConstraint(
                name="calendar_day_in_range",
                condition=Q(day__gte=date(2004, 1, 1), day__lte=date(2060, 12, 31)),
            ),
            models.CheckConstraint(name="calendar_day_named", condition=~Q(name="")),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.name}"


class Version(models.Model):
    """How often the content named `name` has changed. Written by cached.bump alone."""

    name = models.CharField(_("名称"), max_length=40, primary_key=True)
    n = models.BigIntegerField(_("版本"))

    class Meta:
        verbose_name = _("版本")
        verbose_name_plural = _("版本")

    def __str__(self) -> str:
        return f"{self.name} {self.n}"
