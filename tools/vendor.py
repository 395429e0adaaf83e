"""Fetch the front-end files we ship and check that they are the ones we trust.

python tools/vendor.py          check every file against vendor.toml (no network)
python tools/vendor.py --fetch  pack each package with npm, unpack, write, then check
python tools/vendor.py --fetch --accept  the same, and write the new sums into vendor.toml

Only this script writes below bihuan/web/static/vendor/ and the icon sprite. Source map
lines are cut off, because the maps are not shipped.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import re
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from pathlib import Path
from typing import Any

STATIC = Path(__file__).resolve().parent.parent / "bihuan" / "web" / "static"
LIST = STATIC / "vendor" / "vendor.toml"
SPRITE = STATIC / "icons" / "icons.svg"
SOURCE_MAP = re.compile(rb"\n?(?://# sourceMappingURL=[^\n]*|/\*# sourceMappingURL=[^*]*\*/)\s*$")
DRAWING = re.compile(r"<svg[^>]*>(.*)</svg>", re.S)
FRAME = re.compile(r'<path stroke="none" d="M0 0h24v24H0z" fill="none"\s*/>')


def main() -> int:
    """Check, or fetch and check; 0 when every file is as listed."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--fetch", action="store_true", help="fetch the packages again")
    options.add_argument("--accept", action="store_true", help="write new sums into the list")
    wanted = options.parse_args()
    listed = tomllib.loads(LIST.read_text(encoding="utf-8"))
    if wanted.fetch:
        for package in listed["package"]:
            fetch(package)
    if wanted.accept:
        accept()
        listed = tomllib.loads(LIST.read_text(encoding="utf-8"))
    faults = check(listed)
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


def fetch(package: dict[str, Any]) -> None:
    """Write the files of one package as vendor.toml lists them."""
    with tempfile.TemporaryDirectory() as folder:
        name = f"{package['name']}@{package['version']}"
        print(f"fetching {name}")
        subprocess.run(
            ["npm", "pack", name, "--silent"], cwd=folder, check=True, stdout=subprocess.DEVNULL
        )
        packed = next(Path(folder).glob("*.tgz")).read_bytes()
    members = unpack(packed)
    for file in package["file"]:
        target = STATIC / file["to"]
        target.parent.mkdir(parents=True, exist_ok=True)
        if "icons" in file:
            target.write_text(sprite(members, file["icons"]), encoding="utf-8")
        else:
            target.write_bytes(SOURCE_MAP.sub(b"\n", members[file["from"]]))


def unpack(packed: bytes) -> dict[str, bytes]:
    """Read the files of an npm tarball, by their path inside the package."""
    members = {}
    with tarfile.open(fileobj=io.BytesIO(packed), mode="r:gz") as archive:
        for member in archive:
            stream = archive.extractfile(member)
            if stream is not None:
                members[member.name.split("/", 1)[1]] = stream.read()
    return members


def sprite(members: dict[str, bytes], names: list[str]) -> str:
    """Draw one sheet of symbols, `i-name` each; names in filled/ keep the word, `i-f-star`."""
    symbols = []
    for name in sorted(names):
        folder, _, icon = name.rpartition("/")
        source = members[f"icons/{folder or 'outline'}/{icon}.svg"].decode()
        found = DRAWING.search(source)
        if found is None:
            raise SystemExit(f"no drawing in icon {name}")
        lines = FRAME.sub("", found.group(1)).split()
        ident = f"i-f-{icon}" if folder == "filled" else f"i-{icon}"
        symbols.append(f'<symbol id="{ident}" viewBox="0 0 24 24">{" ".join(lines)}</symbol>')
    return "\n".join(['<svg xmlns="http://www.w3.org/2000/svg">', *symbols, "</svg>", ""])


def accept() -> None:
    """Write the sum of every file now on disk into the list."""
    lines = LIST.read_text(encoding="utf-8").splitlines()
    target = ""
    for at, line in enumerate(lines):
        if line.startswith("to = "):
            target = line.split('"')[1]
        elif line.startswith("sha256 = "):
            lines[at] = f'sha256 = "{digest(STATIC / target)}"'
    LIST.write_text("\n".join(lines) + "\n", encoding="utf-8")


def check(listed: dict[str, Any]) -> list[str]:
    """Say what differs between the list and the files; nothing when all is well."""
    faults = []
    known = {LIST}
    for package in listed["package"]:
        for file in package["file"]:
            target = STATIC / file["to"]
            known.add(target)
            if not target.exists():
                faults.append(f"{file['to']}: missing, run tools/vendor.py --fetch")
            elif digest(target) != file["sha256"]:
                faults.append(f"{file['to']}: differs from vendor.toml")
    strangers = {path for path in (STATIC / "vendor").rglob("*") if path.is_file()} - known
    faults += [f"{path.relative_to(STATIC)}: not in vendor.toml" for path in sorted(strangers)]
    return faults


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    raise SystemExit(main())
