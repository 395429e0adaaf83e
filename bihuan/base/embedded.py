"""Start and stop the embedded PostgreSQL, from the wheel's programs alone.

The wheel's own start-up code is not used: as root it opens every parent folder to the world and
trusts anyone. Here the server listens on one Unix socket in a folder nobody else may enter, and
still asks for a password (SCRAM). Three roles: `postgres` (only to set up), `bihuan_owner` (owns
the tables, migrates) and `bihuan_app` (serves). This file speaks SQL, as base kernel.

Below the folder given: `data/` the cluster, `run/` the socket, `postgres.log`, `passwords.toml`
(0600) and `lock`, held by the process that started the server.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from urllib.parse import quote

import psycopg
from psycopg import sql

from bihuan.base.environment import value
from bihuan.base.trouble import Trouble
from bihuan.base.unprivileged import ALL_PASS, Account, account_for, home_for, programs_for

SOCKET_FOLDER_BYTES = 92  # 107 bytes for a socket's path, less "/.s.PGSQL.5432"
ADMIN, OWNER, APP, NAME = "postgres", "bihuan_owner", "bihuan_app", "bihuan"
STOP_SECONDS = 30
LEAST_CONNECTIONS, OTHER_CONNECTIONS = 80, 40  # others: job worker, commands, backups
POLL_SECONDS = 0.02
PR_SET_PDEATHSIG = 1
ENCODING = ("--encoding=UTF8", "--locale=C.UTF-8")
SAFE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "shared_buffers": "128MB",
}
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "password_encryption": "scram-sha-256",
    "shared_buffers": "256MB",
    "work_mem": "8MB",
    "maintenance_work_mem": "128MB",
    "effective_cache_size": "1GB",
    "random_page_cost": "1.1",
    "max_wal_size": "2GB",
    "wal_compression": "on",
    "jit": "off",
    "timezone": "Asia/Shanghai",
    "log_timezone": "Asia/Shanghai",
    "log_line_prefix": "%m [%p] ",
    "log_min_duration_statement": "2000",
    "log_parameter_max_length": "0",  # no personal data in the log
    "log_parameter_max_length_on_error": "0",
}


@dataclass(frozen=True)
class Urls:
    """postgresql:// addresses with passwords: keep them out of logs and command lines."""

    owner: str
    app: str
    admin: str


class AlreadyRunning(Trouble):
    """Another process runs the database of this folder."""


class Embedded:
    """One PostgreSQL server over one folder. Use as a context manager, or start() and stop().

    durable=False is for tests: nothing survives a power cut. attach=True: when another process
    runs the server already, use that one (stop() then leaves it alone).
    """

    def __init__(
        self,
        folder: Path,
        *,
        durable: bool = True,
        attach: bool = False,
        say: Callable[[str], None] = lambda _line: None,
    ) -> None:
        self.folder = folder
        self.durable = durable
        self.attach = attach
        self.say = say
        self.process: subprocess.Popen[bytes] | None = None
        self._account: Account | None = None
        self._bin = Path()
        self._home = folder
        self._socket = Path()
        self._lock: int | None = None

    def __enter__(self) -> Urls:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    # -- life ---------------------------------------------------------------------------------

    def start(self) -> Urls:
        """Start the server (first time: make the cluster, roles, database) and give its addresses.

        Raises AlreadyRunning, or Trouble with what stands in PostgreSQL's own log.
        """
        try:
            self._make_folder()
            if not self._take_lock():
                return self._join()
            try:
                self._account = account_for(self._home / "data")
                self._bin = programs_for(self._account)
                self._clear_away()
                self._initdb()
                self._choose_socket()
                self._launch()
                self._roles()
            except BaseException:
                self.stop()
                raise
        except OSError as why:
            raise Trouble(
                f"数据文件夹 {self.folder} 不能用：{why.strerror}。请检查权限和磁盘空间。",
                f"The data folder {self.folder} cannot be used: {why.strerror}. "
                "Check its permissions and free space.",
            ) from why
        return self._urls()

    def alive(self) -> bool:
        """Say whether the server this process started still runs."""
        return self.process is not None and self.process.poll() is None

    def revive(self) -> None:
        """Start the server again after it died by itself; the addresses stay the same."""
        self._clear_away()
        self._launch()

    def stop(self) -> None:
        """Stop the server if this process started it: open transactions are rolled back."""
        process, self.process = self.process, None
        if process is not None:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)  # PostgreSQL's "fast" shutdown
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGQUIT)  # "immediate": it recovers at next start
                process.wait()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
            if self._socket.parent != self._home and self._socket != Path():
                shutil.rmtree(self._socket, ignore_errors=True)

    # -- the folder ---------------------------------------------------------------------------

    def _make_folder(self) -> None:
        root = os.geteuid() == 0
        if not self.folder.is_symlink():
            for part in reversed((self.folder, *self.folder.parents)):
                if not part.exists():
                    part.mkdir()
                    part.chmod(ALL_PASS if root else 0o700)
        account = account_for(self.folder / "data")
        self._home = home_for(self.folder, account)

    def _take_lock(self) -> bool:
        handle = os.open(self._home / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return False
        os.ftruncate(handle, 0)
        os.write(handle, str(os.getpid()).encode())
        self._lock = handle
        return True

    def _join(self) -> Urls:
        """Use the server another process runs; wait for it if it is still starting."""
        owner = (self._home / "lock").read_text("ascii")
        if self.attach:
            for _ in range(int(60 / POLL_SECONDS)):
                lines = self._pid_file()
                if len(lines) > 7 and lines[7] == "ready":
                    self._socket = Path(lines[4])
                    return self._urls()
                time.sleep(POLL_SECONDS)
        raise AlreadyRunning(
            f"数据文件夹 {self.folder} 正被另一个闭环使用（进程 {owner}）。"
            "请先停下它，或用 BIHUAN_DATA 另选一个文件夹。",
            f"The data folder {self.folder} is in use by another Bihuan (process {owner}). "
            "Stop that one first, or choose another folder with BIHUAN_DATA.",
        )

    def _pid_file(self) -> list[str]:
        try:
            text = (self._home / "data" / "postmaster.pid").read_text("utf8")
        except FileNotFoundError:
            return []
        return [line.strip() for line in text.splitlines()]

    def _clear_away(self) -> None:
        """End a server whose starter died, wait for its last process, drop its lock files.

        We hold the lock, so whoever started a server still running here is gone. Its files must
        not be dropped before: PostgreSQL itself would then no longer see what still runs.
        """
        lines = self._pid_file()
        if not lines:
            return
        chief = int(lines[0])
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            left = self._left_running()
            for pid in (chief,) if number == signal.SIGINT and chief in left else left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
            if self._all_ended():
                break
        (self._home / "data" / "postmaster.pid").unlink(missing_ok=True)
        for name in (".s.PGSQL.5432", ".s.PGSQL.5432.lock"):
            (self._home / "run" / name).unlink(missing_ok=True)

    def _all_ended(self) -> bool:
        for _ in range(int(STOP_SECONDS / POLL_SECONDS)):
            if not self._left_running():
                return True
            time.sleep(POLL_SECONDS)
        return False

    def _left_running(self) -> list[int]:
        """List the processes of this cluster: each works in its data folder. The dead have none."""
        data, found = str(self._home / "data"), []
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                program = os.readlink(entry / "exe").removesuffix(" (deleted)")
                if os.readlink(entry / "cwd") == data and program.endswith("/postgres"):
                    found.append(int(entry.name))
        return found

    # -- the cluster --------------------------------------------------------------------------

    def _initdb(self) -> None:
        data = self._home / "data"
        if (data / "PG_VERSION").exists():
            self._same_major(data)
            return
        self.say("正在创建数据库…… Creating the database …")
        half = self._home / "data.new"  # an initdb cut short leaves no half cluster behind
        for old in (half, data):
            if old.exists():
                shutil.rmtree(old) if old == half else old.rmdir()
        words = self._passwords(new=True)
        pwfile = self._home / "initdb.password"
        pwfile.unlink(missing_ok=True)
        half.mkdir(mode=0o700)
        with os.fdopen(os.open(pwfile, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            out.write(words[ADMIN] + "\n")
        self._give(half, pwfile)
        try:
            done = self._run(
                *(str(self._bin / "initdb"), "-D", str(half), "-U", ADMIN, *ENCODING),
                *("--auth=scram-sha-256", f"--pwfile={pwfile}", "--no-instructions"),
                *(() if self.durable else ("--no-sync",)),
            )
        finally:
            pwfile.unlink(missing_ok=True)
        if done.returncode:
            self._fail(done.stdout.decode(errors="replace"))
        hba = half / "pg_hba.conf"
        hba.write_text("# one socket, always a password\nlocal all all scram-sha-256\n", "ascii")
        half.rename(data)

    def _same_major(self, data: Path) -> None:
        made = (data / "PG_VERSION").read_text("ascii").strip()
        version = self._run(str(self._bin / "postgres"), "--version").stdout.decode()
        have = version.rsplit(maxsplit=1)[-1].split(".")[0]
        if made != have:
            raise Trouble(
                f"数据由 PostgreSQL {made} 写成，现在装的是 {have}。"
                "请用旧版本 bihuan backup，再用新版本 bihuan restore。",
                f"The data was written by PostgreSQL {made}, installed is {have}. "
                "Run `bihuan backup` with the old version and `bihuan restore` with the new one.",
            )

    def _run(self, *words: str) -> subprocess.CompletedProcess[bytes]:
        who = self._account
        return subprocess.run(
            words,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=self._environment(),
            cwd="/",
            check=False,
            user=who.uid if who else None,
            group=who.gid if who else None,
            extra_groups=[] if who else None,
        )

    def _environment(self) -> dict[str, str]:
        return {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "Asia/Shanghai"}

    def _give(self, *paths: Path) -> None:
        if self._account:
            for path in paths:
                os.chown(path, self._account.uid, self._account.gid)

    def _choose_socket(self) -> None:
        run = self._home / "run"
        if len(os.fsencode(run)) > SOCKET_FOLDER_BYTES:
            run = Path(tempfile.mkdtemp(prefix="bihuan-pg-", dir="/tmp"))
        else:
            run.mkdir(exist_ok=True)
            run.chmod(0o700)
        self._give(run)
        self._socket = run

    def _launch(self) -> None:
        settings = SETTINGS | (SAFE if self.durable else FAST)
        settings["unix_socket_directories"] = str(self._socket)
        serving = value("BIHUAN_WORKERS") * value("BIHUAN_THREADS")
        settings["max_connections"] = str(max(LEAST_CONNECTIONS, serving + OTHER_CONNECTIONS))
        flags = [word for pair in settings.items() for word in ("-c", "=".join(pair))]
        log = self._home / "postgres.log"
        with open(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as out:
            begun = out.tell()
            who = self._account
            self.process = subprocess.Popen(
                [str(self._bin / "postgres"), "-D", str(self._home / "data"), *flags],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                env=self._environment(),
                cwd="/",
                start_new_session=True,  # Ctrl-C reaches us; we stop the database last
                user=who.uid if who else None,
                group=who.gid if who else None,
                extra_groups=[] if who else None,
                preexec_fn=_die_with_parent,
            )
        waited = 0.0
        while not (len(self._pid_file()) > 7 and self._pid_file()[7] == "ready"):
            if not self.alive():
                with log.open("rb") as text:
                    text.seek(begun)
                    self._fail(text.read().decode(errors="replace"))
            time.sleep(POLL_SECONDS)
            waited += POLL_SECONDS
            if round(waited / POLL_SECONDS) % round(5 / POLL_SECONDS) == 0:
                self.say("数据库还在恢复，请稍候…… The database is still recovering …")

    def _fail(self, output: str) -> None:
        """Turn PostgreSQL's last words into one sentence."""
        if "No space left on device" in output:
            raise Trouble(
                "磁盘已满，数据库无法启动。请腾出空间后再试。",
                "The disk is full, the database cannot start. Free some space and try again.",
            )
        lines = [line for line in output.splitlines() if "FATAL" in line or "error" in line.lower()]
        last = (lines or output.splitlines() or ["?"])[-1].strip()
        raise Trouble(
            f"内置数据库没能启动：{last}（详见 {self._home / 'postgres.log'}）",
            f"The embedded database did not start: {last} (see {self._home / 'postgres.log'})",
        )

    # -- roles and addresses ------------------------------------------------------------------

    def _passwords(self, *, new: bool = False) -> dict[str, str]:
        path = self._home / "passwords.toml"
        if new:
            words = {role: secrets.token_urlsafe(24) for role in (ADMIN, OWNER, APP)}
            half = path.with_suffix(".new")
            half.unlink(missing_ok=True)
            with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
                out.writelines(f'{role} = "{word}"\n' for role, word in words.items())
            half.rename(path)
            return words
        try:
            found = tomllib.loads(path.read_text("ascii"))
        except FileNotFoundError as why:
            raise Trouble(
                f"数据库在，但它的密码文件 {path} 不见了，请从备份中找回。",
                f"The database is there but its password file {path} is missing: "
                "bring it back from your backup.",
            ) from why
        return {role: str(found[role]) for role in (ADMIN, OWNER, APP)}

    def _urls(self) -> Urls:
        words = self._passwords()
        host = quote(str(self._socket), safe="")

        def url(role: str, name: str = NAME) -> str:
            return f"postgresql://{role}:{words[role]}@/{name}?host={host}"

        return Urls(owner=url(OWNER), app=url(APP), admin=url(ADMIN, "postgres"))

    def _roles(self) -> None:
        """Make the two roles and the database where they are missing."""
        words = self._passwords()
        with psycopg.connect(self._urls().admin, autocommit=True) as link:
            roles = {row[0] for row in link.execute("SELECT rolname FROM pg_roles")}
            for role in (OWNER, APP):
                if role not in roles:
                    link.execute(
                        sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(
                            sql.Identifier(role), sql.Literal(words[role])
                        )
                    )
            if not self.durable:  # the test runner makes its own databases
                link.execute(sql.SQL("ALTER ROLE {} CREATEDB").format(sql.Identifier(OWNER)))
            found = link.execute("SELECT FROM pg_database WHERE datname = %s", [NAME]).fetchone()
            if found is None:
                link.execute(
                    sql.SQL("CREATE DATABASE {} OWNER {}").format(
                        sql.Identifier(NAME), sql.Identifier(OWNER)
                    )
                )
                link.execute(
                    sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(NAME))
                )
                link.execute(
                    sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(
                        sql.Identifier(NAME), sql.Identifier(APP)
                    )
                )


class Temporary(Embedded):
    """A throw-away server for tests: its own folder, no fsync, gone after stop()."""

    def __init__(self) -> None:
        folder = Path(tempfile.mkdtemp(prefix="bihuan-test-", dir="/tmp"))
        folder.chmod(ALL_PASS if os.geteuid() == 0 else 0o700)
        super().__init__(folder, durable=False)

    def stop(self) -> None:
        """Stop the server and remove its folder."""
        super().stop()
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(self.folder)


def temporary() -> Temporary:
    """Give a throw-away server: `with temporary() as urls:`, or start() and stop().

    Any number may run at once. The owner role may create databases.
    """
    return Temporary()


def _die_with_parent() -> None:
    """Ask the kernel to stop this server (fast) when the process that started it is killed."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT)
