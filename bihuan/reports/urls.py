"""Addresses of the pages of reports: residents', workers', the clerk's."""

from __future__ import annotations

from django.urls import URLPattern, path

from bihuan.reports.pages import progress, resident, staff, tables, worker

app_name = "reports"
OWN = "t/<str:number>/<str:secret>"  # the secret link of one's own record

urlpatterns: list[URLPattern] = [
    path("", resident.home, name="home"),
    path("report", resident.report, name="report"),
    path("report/photo/<str:token>", resident.kept_photo, name="kept_photo"),
    path("track", resident.track, name="track"),
    path(OWN, progress.progress, name="progress"),
    path(f"{OWN}/sent", progress.sent, name="sent"),
    path(f"{OWN}/slip", progress.slip, name="slip"),
    path(f"{OWN}/photo/<int:photo_id>/<str:size>", progress.photo, name="own_photo"),
    path(f"{OWN}/<slug:verb>", progress.act, name="act"),
    path("my/tasks", worker.tasks, name="tasks"),
    path("my/tasks/<int:task_id>", worker.task, name="task"),
    path("my/tasks/<int:task_id>/<slug:verb>", worker.task_verb, name="task_verb"),
    path("my/report", worker.report, name="my_report"),
    path("photos/<int:photo_id>/<str:size>", worker.photo, name="photo"),
    path("desk/rules", tables.rules, name="rules"),
    path("desk/report", staff.desk_report, name="desk_report"),
    path("desk/report/<int:record_id>", staff.desk_filed, name="desk_filed"),
]
