"""The door the web server calls."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bihuan.settings")
django_application = get_wsgi_application()

from bihuan.web.hot import beside  # noqa: E402 — needs the settings and apps loaded above

application = beside(django_application)
