"""Every door of the platform, the pages of reports first."""

from __future__ import annotations

from django.urls import include, path

from bihuan.web.urls import handler500
from bihuan.web.urls import urlpatterns as doors

__all__ = ["handler500", "urlpatterns"]

urlpatterns = [path("", include("bihuan.reports.urls")), *doors]
