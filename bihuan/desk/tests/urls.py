"""The whole house's doors, the desk's among them, as web mounts them."""

from django.urls import include, path

urlpatterns = [
    path("desk/", include("bihuan.desk.urls")),
    path("", include("bihuan.web.urls")),
]
