"""Every door of the platform."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from bihuan.web import health

handler500 = "bihuan.web.health.server_error"

urlpatterns: list[URLPattern | URLResolver] = [
    path("health", health.health, name="health"),
]
