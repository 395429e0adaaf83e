"""Addresses of the pages and data of places, below /places/."""

from __future__ import annotations

from django.urls import path

from bihuan.web.pages import places

app_name = "places"
urlpatterns = [
    path("cells/import", places.cells_import, name="cells_import"),
    path("addresses/import", places.addresses_import, name="addresses_import"),
    path("addresses", places.addresses, name="addresses"),
    path("cells.geojson", places.cells, name="cells"),
]
