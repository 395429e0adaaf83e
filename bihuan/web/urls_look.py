"""Addresses of the look: elder mode, and the sheets that show every part."""

from __future__ import annotations

from django.urls import URLPattern, path

from bihuan.web.pages import design, look

app_name = "look"
urlpatterns: list[URLPattern] = [
    path("care", look.care, name="care"),
    path("design", design.show, name="design"),
    path("design/<slug:sheet>", design.show, name="design_sheet"),
]
