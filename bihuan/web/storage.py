"""Static files under hashed names, so that browsers may keep them for a year."""

from __future__ import annotations

from django.contrib.staticfiles.storage import ManifestStaticFilesStorage


class Hashed(ManifestStaticFilesStorage):
    """Hash static names, and rewrite the import lines of ES modules to match."""

    support_js_module_import_aggregation = True
