"""Addresses of the inbox and of the channels, at the root."""

from __future__ import annotations

from django.urls import path

from bihuan.web.pages import inbox

app_name = "inbox"
urlpatterns = [
    path("inbox", inbox.inbox, name="list"),
    path("inbox/read", inbox.read_them_all, name="read_all"),
    path("inbox/<int:message_id>/open", inbox.open_message, name="open"),
    path("webhooks", inbox.webhooks, name="webhooks"),
    path("webhooks/texts", inbox.texts_again, name="texts_again"),
    path("webhooks/<int:webhook_id>", inbox.webhook, name="webhook"),
    path("webhooks/<int:webhook_id>/switch", inbox.webhook_switch, name="switch"),
    path("webhooks/<int:webhook_id>/redeliver", inbox.webhook_redeliver, name="redeliver"),
    path("demo/texts", inbox.demo_texts, name="demo_texts"),
]
