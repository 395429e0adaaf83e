from dataclasses import replace

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    name = "bihuan.reports"
    label = "reports"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from bihuan.matters import kinds
        from bihuan.reports import panel
        from bihuan.reports.actions import reveal
        from bihuan.reports.kind import KIND
        from bihuan.reports.reasons import pause_most
        from bihuan.reports.rules import photo_owed

        # what the desk shows of a report; declared here, because kind.py knows no tables
        shown = replace(
            KIND,
            panel=panel.panel,
            find=panel.find,
            categories=panel.categories,
            reasons=panel.listed_reasons,
            suggest=panel.suggest,
            reveal=reveal,
            photo_owed=photo_owed,
            pause_most=pause_most,
        )
        kinds.register(shown)
