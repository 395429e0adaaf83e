"""Addresses of the look: language, elder mode, and the page that shows every part."""

from __future__ import annotations

from django.urls import URLPattern, path
from django.views.i18n import set_language

from bihuan.web.pages import design, look

urlpatterns: list[URLPattern] = [
    path("language", set_language, name="set_language"),
    path("care", look.care, name="care"),
    path("design", design.show, name="design"),
    path("design/<slug:sheet>", design.show, name="design_sheet"),
]
