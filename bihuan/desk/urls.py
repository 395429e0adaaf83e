"""Addresses of the desk, below /desk/."""

from __future__ import annotations

from django.urls import path

from bihuan.desk.pages import board, exports, looks, matter, tasks, verbs

app_name = "desk"
urlpatterns = [
    path("", board.show, name="board"),
    path("print", board.paper, name="print"),
    path("export.csv", exports.csv_file, name="csv"),
    path("export.xlsx", exports.excel_file, name="excel"),
    path("tasks", tasks.show, name="tasks"),
    path("looks", looks.show, name="looks"),
    path("<str:number>", matter.show, name="matter"),
    path("<str:number>/slip", matter.slip, name="slip"),
    path("<str:number>/photos/<int:photo_id>", matter.photo, name="photo"),
    path("<str:number>/photos/<int:photo_id>/thumb", matter.photo, {"thumb": True}, name="thumb"),
    path("<str:number>/do/<slug:verb>", verbs.do, name="do"),
]
