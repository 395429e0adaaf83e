from django.apps import AppConfig


class MattersConfig(AppConfig):
    name = "bihuan.matters"
    label = "matters"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from bihuan.matters import callback, kinds

        kinds.register(callback.KIND)
