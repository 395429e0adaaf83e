"""Places: official divisions, grid cells, and the address book. All points are WGS-84 degrees."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from bihuan.places.divisions import short_name


class Division(models.Model):
    """An administrative division with its official statistics code (6, 9 or 12 digits)."""

    class Level(models.TextChoices):
        COUNTY = "county", _("县（市、区）")
        STREET = "street", _("乡镇（街道）")
        COMMUNITY = "community", _("村（社区）")

    code = models.CharField(_("区划代码"), primary_key=True, max_length=12)
    name = models.CharField(_("名称"), max_length=60)
    level = models.CharField(_("层级"), max_length=12, choices=Level)
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="children"
    )
    # GeoJSON geometry in WGS-84 where it is known; no official outlines below county are public.
    outline = models.JSONField(_("边界"), null=True, blank=True)
    is_demo_outline = models.BooleanField(_("边界为演示"), default=False)

    class Meta:
        verbose_name = _("行政区划")
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                name="division_code_fits_level",
                condition=Q(level="county", code__regex=r"^[0-9]{6}$")
                | Q(level="street", code__regex=r"^[0-9]{9}$")
                | Q(level="community", code__regex=r"^[0-9]{12}$"),
            ),
            models.CheckConstraint(
                name="division_below_county_has_parent",
                condition=Q(level="county") | Q(parent__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def short_name(self) -> str:
        """Give the name people say: 温泉社区 for 温泉社区居民委员会."""
        return short_name(self.name)

    @property
    def is_rural(self) -> bool:
        """Say whether it is a village committee (serial from 200 up, by the statistics rules)."""
        return self.level == self.Level.COMMUNITY and self.code[9:] >= "200"


class Cell(models.Model):
    """A grid cell (网格): the smallest area, inside one community, served by one unit."""

    code = models.CharField(_("网格编码"), max_length=20)
    name = models.CharField(_("名称"), max_length=80)
    community = models.ForeignKey(Division, on_delete=models.PROTECT, related_name="cells")
    unit = models.ForeignKey("accounts.Unit", on_delete=models.PROTECT, related_name="cells")
    street_unit = models.ForeignKey(
        "accounts.Unit", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    # GeoJSON geometry, Polygon or MultiPolygon, WGS-84 degrees.
    polygon = models.JSONField(_("范围"))
    area_m2 = models.FloatField(_("面积（平方米）"))
    is_active = models.BooleanField(_("启用"), default=True)
    is_demo = models.BooleanField(_("演示用，非真实边界"), default=False)
    changed_at = models.DateTimeField(_("更新时间"))

    class Meta:
        verbose_name = _("网格")
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(name="cell_code_once", fields=["code"]),
            models.CheckConstraint(
                name="cell_code_is_digits", condition=Q(code__regex=r"^[0-9]{15,20}$")
            ),
            models.CheckConstraint(name="cell_area_positive", condition=Q(area_m2__gt=0)),
        ]

    def __str__(self) -> str:
        return self.name


class Address(models.Model):
    """A line of the address book; the tree hangs below a community.

    Towns: compound (小区) → building → unit → door. Villages: village (自然村) → group → courtyard.
    `path` names it once for all: community code and the names down to here, joined by "/".
    """

    class Level(models.TextChoices):
        COMPOUND = "compound", _("小区")
        BUILDING = "building", _("楼栋")
        UNIT = "unit", _("单元")
        DOOR = "door", _("户室")
        VILLAGE = "village", _("自然村")
        GROUP = "group", _("村民小组")
        COURTYARD = "courtyard", _("院落")

    community = models.ForeignKey(Division, on_delete=models.PROTECT, related_name="addresses")
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="children"
    )
    level = models.CharField(_("层级"), max_length=12, choices=Level)
    name = models.CharField(_("名称"), max_length=60)
    path = models.CharField(_("路径"), max_length=300)
    text = models.CharField(_("地址"), max_length=300)
    # What people may type, folded to half-width lower case: text, short door form, initials.
    search = models.CharField(_("检索文字"), max_length=400)
    lon = models.FloatField(_("经度（WGS-84）"), null=True, blank=True)
    lat = models.FloatField(_("纬度（WGS-84）"), null=True, blank=True)
    cell = models.ForeignKey(
        Cell, on_delete=models.PROTECT, null=True, blank=True, related_name="addresses"
    )
    is_active = models.BooleanField(_("启用"), default=True)
    is_demo = models.BooleanField(_("演示"), default=False)
    changed_at = models.DateTimeField(_("更新时间"))

    class Meta:
        verbose_name = _("地址")
        constraints = [
            models.UniqueConstraint(name="address_path_once", fields=["path"]),
            models.CheckConstraint(
                name="address_level_known",
                condition=Q(
                    level__in=[
                        "compound",
                        "building",
                        "unit",
                        "door",
                        "village",
                        "group",
                        "courtyard",
                    ]
                ),
            ),
            models.CheckConstraint(
                name="address_point_whole",
                condition=Q(lon__isnull=True, lat__isnull=True)
                | Q(
                    lon__isnull=False,  # a comparison with null alone would pass
                    lat__isnull=False,
                    lon__range=(72, 136),
                    lat__range=(3, 54.5),
                ),
            ),
            models.CheckConstraint(
                name="address_top_has_no_parent",
                condition=Q(level__in=["compound", "village"], parent__isnull=True)
                | Q(parent__isnull=False),
            ),
        ]
        indexes = [
            # queries.search_addresses
            GinIndex(Func(F("search"), function="bigrams"), name="address_search_bigrams"),
        ]

    def __str__(self) -> str:
        return self.text


class ImportRun(models.Model):
    """One import that was really written: what, by whom, when, and how much changed."""

    class Kind(models.TextChoices):
        CELLS = "cells", _("网格")
        ADDRESSES = "addresses", _("地址")

    kind = models.CharField(_("种类"), max_length=12, choices=Kind)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    at = models.DateTimeField(_("时间"))
    rows = models.PositiveIntegerField(_("行数"))
    added = models.PositiveIntegerField(_("新增"))
    changed = models.PositiveIntegerField(_("更新"))
    retired = models.PositiveIntegerField(_("停用"), default=0)

    class Meta:
        verbose_name = _("导入记录")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="import_kind_known", condition=Q(kind__in=["cells", "addresses"])
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.at:%Y-%m-%d %H:%M}"
