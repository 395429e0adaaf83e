from django.apps import AppConfig


class ReportsConfig(AppConfig):
    name = "bihuan.reports"
    label = "reports"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from bihuan.matters import kinds
        from bihuan.reports.kind import KIND

        kinds.register(KIND)
