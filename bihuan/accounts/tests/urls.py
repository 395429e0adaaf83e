"""The pages of accounts alone, as web mounts them."""

from django.urls import include, path

urlpatterns = [path("", include("bihuan.accounts.urls"))]
