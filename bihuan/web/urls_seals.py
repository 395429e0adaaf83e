"""Addresses of the seals and of a reporter's own receipt."""

from __future__ import annotations

from django.urls import URLPattern, path

from bihuan.web.pages import seals

app_name = "seals"
urlpatterns: list[URLPattern] = [
    path("seals", seals.show, name="show"),
    path("seals/receipt/<str:number>/<str:secret>", seals.receipt, name="receipt"),
]
