"""A backup: one tar with the database's dump, the attachments, and a manifest of digests.

Keys are never inside: whoever finds a backup can read no phone or name. The manifest says which
keys it needs (a digest of them), so that a restore beside other keys is refused.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from bihuan.base import keyfile
from bihuan.base.environment import keys_file
from bihuan.base.trouble import Trouble
from bihuan.base.unprivileged import program
from bihuan.cli.house import say

FORM = 1
DUMP, FILES, MANIFEST = "database.dump", "files/", "manifest.json"
CHUNK = 1 << 20
SAY_EVERY = 500


class BrokenBackup(Trouble):
    """The backup is not what was written."""

    def __init__(self, path: Path, what: str) -> None:
        super().__init__(
            f"备份 {path} 不完整或被改动：{what}。没有改动数据库。",
            f"The backup {path} is incomplete or altered: {what}. The database was not touched.",
        )


def client_environment(url: str) -> dict[str, str]:
    """Give PostgreSQL's programs an address and password, kept off the command line."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    found = {
        "PGHOST": query.pop("host", "") or parts.hostname or "",
        "PGPORT": str(parts.port or ""),
        "PGUSER": unquote(parts.username or ""),
        "PGPASSWORD": unquote(parts.password or ""),
        "PGDATABASE": unquote(parts.path.lstrip("/")),
        "PGSSLMODE": query.get("sslmode", ""),
        "PGSSLROOTCERT": query.get("sslrootcert", ""),
    }
    keep = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return keep | {name: word for name, word in found.items() if word}


def keys_digest() -> str:
    """Digest the keys that never change, to tell one county's from another's."""
    keys = keyfile.read(keys_file())
    return hashlib.sha256(b"bihuan keys" + keys.lookup_key + keys.token_key).hexdigest()[:32]


def digest_file(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with path.open("rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()


def pack(path: Path, *, url: str, files: Path, facts: dict[str, Any], at: datetime) -> int:
    """Write the backup whole or not at all (0600); gives the number of attachments.

    The dump comes first: every attachment it names was stored before its row was committed.
    """
    half = path.with_name(f".{path.name}.half")
    digests: dict[str, str] = {}
    try:
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".dump-") as folder:
            dump = Path(folder) / DUMP
            say("正在导出数据库…… Dumping the database …")
            _dump(url, dump)
            handle = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "wb") as out, tarfile.open(fileobj=out, mode="w") as tar:
                digests[DUMP] = digest_file(dump)
                tar.add(dump, DUMP)
                for count, each in enumerate(_files(files), start=1):
                    name = FILES + each.relative_to(files).as_posix()
                    digests[name] = digest_file(each)
                    tar.add(each, name, recursive=False)
                    if count % SAY_EVERY == 0:
                        say(f"附件 attachments: {count}")
                manifest = {
                    "form": FORM,
                    "at": at.isoformat(),
                    "keys": keys_digest(),
                    **facts,
                    "sha256": digests,
                }
                text = json.dumps(manifest, ensure_ascii=False, indent=1).encode()
                entry = tarfile.TarInfo(MANIFEST)
                entry.size, entry.mode = len(text), 0o600
                tar.addfile(entry, io.BytesIO(text))
                tar.close()
                out.flush()
                os.fsync(out.fileno())
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)
    return len(digests) - 1


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name[0] != ".")


def _dump(url: str, dump: Path) -> None:
    done = subprocess.run(
        [program("pg_dump"), "-Fc", "--no-owner", "--no-privileges", "-f", dump],
        env=client_environment(url),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["?"])[-1]
        raise Trouble(f"数据库导出失败：{last}", f"The database could not be dumped: {last}")


@contextmanager
def checked(path: Path) -> Iterator[tuple[tarfile.TarFile, dict[str, Any]]]:
    """Open a backup after comparing every part with the manifest; raises BrokenBackup."""
    try:
        with tarfile.open(path, "r:") as tar:
            say("正在核对备份…… Checking the backup …")
            yield tar, _manifest(path, tar)
    except tarfile.TarError as why:
        raise BrokenBackup(path, str(why)) from why


def _manifest(path: Path, tar: tarfile.TarFile) -> dict[str, Any]:
    names = tar.getnames()
    if not names or names[-1] != MANIFEST:
        raise BrokenBackup(path, f"{MANIFEST} ?")
    manifest: dict[str, Any] = json.loads(_read(tar, MANIFEST).read())
    if manifest.get("form") != FORM:
        raise BrokenBackup(path, f"form {manifest.get('form')}")
    said: dict[str, str] = manifest["sha256"]
    if set(said) != set(names[:-1]) or DUMP not in said:
        raise BrokenBackup(path, MANIFEST)
    for name, digest in said.items():
        if hashlib.file_digest(_read(tar, name), "sha256").hexdigest() != digest:  # type: ignore[arg-type]
            raise BrokenBackup(path, name)
    return manifest


def _read(tar: tarfile.TarFile, name: str) -> IO[bytes]:
    data = tar.extractfile(name)
    if data is None:
        raise tarfile.TarError(f"{name} is no file")
    return data


def unpack_database(tar: tarfile.TarFile, *, url: str) -> None:
    """Replace the schema by the dump's in one transaction: whole, or nothing changed."""
    with tempfile.TemporaryDirectory(prefix="bihuan-restore-") as folder:
        home = Path(folder)
        tar.extract(DUMP, home, filter="data")
        say("正在恢复数据库…… Restoring the database …")
        script = home / "restore.sql"
        words = ["--no-owner", "--no-privileges", "-f", str(script), str(home / DUMP)]
        _sql(subprocess.run([program("pg_restore"), *words], capture_output=True, check=False))
        _forget_timeout(script)
        clear = Path(__file__).with_name("sql") / "clear.sql"
        flags = ["-X", "-q", "-1", "-v", "ON_ERROR_STOP=1", "-f", str(clear), "-f", str(script)]
        env = client_environment(url)
        _sql(subprocess.run([program("psql"), *flags], env=env, capture_output=True, check=False))


def _forget_timeout(script: Path) -> None:
    """Blank the one setting in the script's head that servers before PostgreSQL 17 do not know."""
    line = b"SET transaction_timeout = 0;"
    with script.open("r+b") as text:
        where = text.read(CHUNK).find(line)
        if where >= 0:
            text.seek(where)
            text.write(b" " * len(line))


def _sql(done: subprocess.CompletedProcess[bytes]) -> None:
    if done.returncode:
        lines = done.stderr.decode(errors="replace").strip().splitlines() or ["?"]
        last = next((line for line in lines if "ERROR" in line or "error" in line), lines[-1])
        raise Trouble(
            f"数据库恢复失败，原来的数据没有动：{last}",
            f"The database was not restored, what was there is untouched: {last}",
        )


def unpack_files(tar: tarfile.TarFile, files: Path) -> int:
    """Put the attachments back; what is there under the same name is the same content."""
    count = 0
    for entry in tar:
        if not entry.name.startswith(FILES):
            continue
        target = files / entry.name.removeprefix(FILES)
        if not target.resolve().is_relative_to(files.resolve()):
            raise tarfile.TarError(f"{entry.name} leads outside")
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        half = target.with_name(f".{target.name}.half")
        with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
            data = _read(tar, entry.name)
            while chunk := data.read(CHUNK):
                out.write(chunk)
        half.replace(target)
        count += 1
        if count % SAY_EVERY == 0:
            say(f"附件 attachments: {count}")
    return count
