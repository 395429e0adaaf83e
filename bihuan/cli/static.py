"""Collect the static files under hashed names, when any of them changed."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from bihuan.base.trouble import Trouble
from bihuan.cli.house import say


def collect() -> bool:
    """Collect into the data folder; says whether there was anything to do. Needs Django loaded."""
    from django.conf import settings

    stamp = Path(settings.STATIC_ROOT) / ".stamp"
    now = _fingerprint()
    if stamp.exists() and stamp.read_text("ascii") == now:
        return False
    say("正在整理网页文件…… Collecting static files …")
    # as a web process of its own: only those hash the names
    done = subprocess.run(
        [sys.executable, "-m", "django", "collectstatic", "--noinput", "--clear", "-v", "0"],
        env=os.environ | {"BIHUAN_PROCESS": "web"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["?"]
        why = next((line for line in lines if "Error: " in line), lines[-1])
        raise Trouble(f"网页文件整理失败：{why}", f"Collecting static files failed: {why}")
    stamp.write_text(now, "ascii")
    return True


def _fingerprint() -> str:
    """Digest names, sizes and times of all static files; reads none of them."""
    from django.contrib.staticfiles.finders import get_finders

    digest = hashlib.sha256()
    for finder in get_finders():
        for name, storage in sorted(finder.list([]), key=lambda found: found[0]):
            found = os.stat(storage.path(name))
            digest.update(f"{name}\0{found.st_size}\0{found.st_mtime_ns}\n".encode())
    return digest.hexdigest()
