"""What this database is: a demo, or a county's own. Said once, by the owner's role alone."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

DEMO, COUNTY = "demo", "county"


class Installation(models.Model):
    """The one row that says what was founded here; none = an empty database.

    The application's role may only read it: demo accounts, whose log-ins everybody knows,
    cannot come into a county's database, nor a demo pass for a county.
    """

    id = models.SmallIntegerField(primary_key=True, default=1)
    kind = models.CharField(_("类别"), max_length=10)
    founded_at = models.DateTimeField(_("建立时间"))

    class Meta:
        verbose_name = _("安装")
        verbose_name_plural = _("安装")
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="installation_only_one"),
            models.CheckConstraint(condition=Q(kind__in=(DEMO, COUNTY)), name="installation_kind"),
        ]

    def __str__(self) -> str:
        return self.kind


def kind() -> str:
    """Read what this database is: "demo", "county", or "" while it was not founded."""
    return Installation.objects.values_list("kind", flat=True).first() or ""


def is_demo() -> bool:
    """Say whether demo accounts may exist here."""
    return kind() == DEMO
