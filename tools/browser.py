"""Find a Chromium and a Chinese font for the browser tests; install them where that is allowed.

python tools/browser.py           0 when both are there, else says what to install and gives 1
python tools/browser.py --path    print the browser's path, for scripts

As root with apt-get at hand the two packages are installed; nobody else's system is touched.
BIHUAN_CHROMIUM names another browser.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PACKAGES = {"browser": "chromium", "font": "fonts-noto-cjk"}
APT_SECONDS = 900


def chromium() -> str | None:
    """Give the path of the browser the tests drive; None when there is none."""
    named = os.environ.get("BIHUAN_CHROMIUM")
    if named:
        return shutil.which(named)
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def chinese_font() -> str | None:
    """Give the name of one installed font with Chinese signs; None when there is none."""
    if shutil.which("fc-list") is None:
        return None
    done = subprocess.run(
        ["fc-list", ":lang=zh-cn", "family"], capture_output=True, text=True, check=False
    )
    return next(iter(sorted(done.stdout.splitlines())), None)


def missing() -> list[str]:
    """Give the packages that are missing, by their Debian names."""
    found = [
        package
        for thing, package in PACKAGES.items()
        if (chromium() if thing == "browser" else chinese_font()) is None
    ]
    # the list of fonts is read by a program of its own
    return found if shutil.which("fc-list") else [*found, "fontconfig"]


def install(packages: list[str]) -> None:
    """Install Debian packages; what goes wrong is shown and left to the check after it."""
    print(f"installing {' '.join(packages)} …", flush=True)
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    options = ("-qq", "-y", "--no-install-recommends")
    for words in (["update", "-qq"], ["install", *options, *packages]):
        try:
            subprocess.run(
                ["apt-get", *words],
                env=quiet,
                check=True,
                timeout=APT_SECONDS,
                stdout=subprocess.DEVNULL,
            )
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as why:
            print(f"apt-get {words[0]} failed: {why}", file=sys.stderr)


def main() -> int:
    """Look, install if allowed, look again."""
    named = os.environ.get("BIHUAN_CHROMIUM")
    if named and chromium() is None:
        print(f"BIHUAN_CHROMIUM names {named}, which is no program here", file=sys.stderr)
        return 1
    wanted = missing()
    if wanted and os.geteuid() == 0 and shutil.which("apt-get"):
        install(wanted)
        wanted = missing()
    if wanted:
        print(
            f"The browser tests need: {' and '.join(wanted)}.\n"
            f"  Debian, Ubuntu: sudo apt-get install {' '.join(wanted)}\n"
            "  Fedora, openEuler: sudo dnf install chromium google-noto-sans-cjk-fonts\n"
            "  or let BIHUAN_CHROMIUM name a Chromium or Chrome you have.",
            file=sys.stderr,
        )
        return 1
    print(chromium() if "--path" in sys.argv else f"browser {chromium()}, font {chinese_font()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
