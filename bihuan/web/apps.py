from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "bihuan.web"
    label = "web"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from bihuan.web.wiring import wire

        wire()
