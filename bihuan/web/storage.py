"""Static files under hashed names and compressed, so that browsers may keep them for a year."""

from __future__ import annotations

from whitenoise.storage import CompressedManifestStaticFilesStorage


class Hashed(CompressedManifestStaticFilesStorage):
    """Hash static names, and rewrite the import lines of ES modules to match."""

    support_js_module_import_aggregation = True
