"""Every door of the platform."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from bihuan.reports.api import reports
from bihuan.web import health
from bihuan.web.api import api, nowhere

handler500 = "bihuan.web.health.server_error"

urlpatterns: list[URLPattern | URLResolver] = [
    path("health", health.health, name="health"),
    path("api/v1/reports", reports, name="api_reports"),  # served by web/hot.py when deployed
    path("api/v1/", api.urls),
    path("api/<path:rest>", nowhere, name="api_nowhere"),
    path("", include("bihuan.reports.urls")),
    path("desk/", include("bihuan.desk.urls")),
    path("", include("bihuan.accounts.urls")),
    path("places/", include("bihuan.web.urls_places")),
    path("", include("bihuan.web.urls_look")),
    path("", include("bihuan.web.urls_seals")),
    path("", include("bihuan.web.urls_inbox")),
]
