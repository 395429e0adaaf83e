"""Addresses of signing in, people, units and the administration log."""

from __future__ import annotations

from django.urls import path

from bihuan.accounts.pages import people, signing, units

app_name = "accounts"
urlpatterns = [
    path("login", signing.sign_in, name="login"),
    path("logout", signing.sign_out, name="logout"),
    path("password", signing.password, name="password"),
    path("language", signing.language, name="language"),
    path("people", people.people, name="people"),
    path("people/add", people.person_add, name="person_add"),
    path("people/<int:person_id>", people.person, name="person"),
    path("people/<int:person_id>/posts", people.post_add, name="post_add"),
    path("people/<int:person_id>/password", people.person_reset, name="person_reset"),
    path("people/<int:person_id>/close", people.person_close, name="person_close"),
    path("people/<int:person_id>/reopen", people.person_reopen, name="person_reopen"),
    path("people/posts/<int:post_id>/end", people.post_end, name="post_end"),
    path("units", units.units, name="units"),
    path("units/<int:unit_id>", units.unit, name="unit"),
    path("units/<int:unit_id>/add", units.unit_add, name="unit_add"),
    path("units/<int:unit_id>/move", units.unit_move, name="unit_move"),
    path("units/<int:unit_id>/hours", units.unit_hours, name="unit_hours"),
    path("units/<int:unit_id>/close", units.unit_close, name="unit_close"),
    path("administration", units.admin_log, name="admin_log"),
]
