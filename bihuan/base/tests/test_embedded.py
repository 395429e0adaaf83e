from __future__ import annotations

import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from bihuan.base import unprivileged
from bihuan.base.embedded import AlreadyRunning, Embedded, Urls
from bihuan.base.trouble import Trouble

AS_ROOT = os.geteuid() == 0


def _folder() -> Path:
    path = Path(tempfile.mkdtemp(prefix="bihuan-house-", dir="/tmp"))
    path.chmod(0o711 if AS_ROOT else 0o700)
    return path


def _alive(pid: int) -> bool:
    try:
        text = Path(f"/proc/{pid}/stat").read_text("utf8")
    except OSError:
        return False
    return text.rsplit(")", 1)[1].split()[0] != "Z"


def _server_pid(folder: Path) -> int:
    return int((folder / "data" / "postmaster.pid").read_text("utf8").splitlines()[0])


@pytest.fixture(scope="module")
def house() -> Iterator[tuple[Path, Embedded, Urls]]:
    folder = _folder() / "pg"
    server = Embedded(folder)
    yield folder, server, server.start()
    server.stop()
    shutil.rmtree(folder.parent)


def test_writes_are_durable(house: tuple[Path, Embedded, Urls]) -> None:
    with psycopg.connect(house[2].app) as link:
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            assert link.execute(f"SHOW {name}").fetchone() == ("on",)


def test_chinese_letters_count_as_letters(house: tuple[Path, Embedded, Urls]) -> None:
    with psycopg.connect(house[2].app) as link:
        assert link.execute("SELECT '路灯' ~ '^[[:alpha:]]+$'").fetchone() == (True,)


def test_the_application_cannot_make_or_drop_tables(house: tuple[Path, Embedded, Urls]) -> None:
    with psycopg.connect(house[2].owner) as link:
        link.execute("CREATE TABLE kept (a int)")
    with (
        psycopg.connect(house[2].app) as link,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        link.execute("CREATE TABLE mine (a int)")
    with (
        psycopg.connect(house[2].app) as link,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        link.execute("DROP TABLE kept")
    with psycopg.connect(house[2].owner) as link:
        assert link.execute("SELECT to_regclass('kept')::text").fetchone() == ("kept",)
        link.execute("DROP TABLE kept")


def test_a_wrong_password_is_refused(house: tuple[Path, Embedded, Urls]) -> None:
    wrong = house[2].app.split(":")
    wrong[2] = "guess@" + wrong[2].split("@", 1)[1]
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(":".join(wrong))


def test_no_tcp_port_is_opened(house: tuple[Path, Embedded, Urls]) -> None:
    with psycopg.connect(house[2].app) as link:
        assert link.execute("SHOW listen_addresses").fetchone() == ("",)
    pid_file = (house[0] / "data" / "postmaster.pid").read_text("utf8").splitlines()
    assert pid_file[5].strip() == ""


def test_data_socket_and_passwords_are_for_their_owner_alone(
    house: tuple[Path, Embedded, Urls],
) -> None:
    for name in ("data", "run", "passwords.toml", "postgres.log"):
        mode = stat.S_IMODE((house[0] / name).stat().st_mode)
        assert mode & 0o077 == 0, name


def test_a_second_server_on_the_folder_is_refused_with_the_process_that_has_it(
    house: tuple[Path, Embedded, Urls],
) -> None:
    with pytest.raises(AlreadyRunning) as why:
        Embedded(house[0]).start()
    assert str(os.getpid()) in why.value.zh
    assert house[1].alive()


def test_another_command_joins_the_running_server_and_leaves_it_running(
    house: tuple[Path, Embedded, Urls],
) -> None:
    other = Embedded(house[0], attach=True)
    assert other.start() == house[2]
    other.stop()
    with psycopg.connect(house[2].app) as link:
        assert link.execute("SELECT 1").fetchone() == (1,)


@pytest.mark.slow
def test_after_a_kill_the_same_data_comes_up_again_and_no_process_is_left() -> None:
    folder = _folder() / "pg"
    program = """
        import sys, time
        from pathlib import Path
        import psycopg
        from bihuan.base.embedded import Embedded
        urls = Embedded(Path(sys.argv[1])).start()
        with psycopg.connect(urls.owner) as link:
            link.execute("CREATE TABLE told (n int)")
            link.execute("INSERT INTO told VALUES (42)")
        print("committed", flush=True)
        time.sleep(60)
    """
    starter = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program), str(folder)], stdout=subprocess.PIPE
    )
    assert starter.stdout is not None
    assert starter.stdout.readline() == b"committed\n"
    starter.stdout.close()
    pid = _server_pid(folder)
    os.kill(pid, signal.SIGKILL)  # the server first, without a word, then whoever started it
    starter.kill()
    starter.wait()
    with Embedded(folder) as urls, psycopg.connect(urls.owner) as link:
        assert link.execute("SELECT n FROM told").fetchone() == (42,)
        again = _server_pid(folder)
    assert not _alive(pid) and not _alive(again)
    shutil.rmtree(folder.parent)


@pytest.mark.slow
def test_a_server_ends_when_its_starter_is_killed() -> None:
    folder = _folder() / "pg"
    program = (
        "import sys,time; from pathlib import Path; from bihuan.base.embedded import Embedded;"
        "Embedded(Path(sys.argv[1])).start(); print('up', flush=True); time.sleep(60)"
    )
    starter = subprocess.Popen([sys.executable, "-c", program, str(folder)], stdout=subprocess.PIPE)
    assert starter.stdout is not None
    assert starter.stdout.readline() == b"up\n"
    starter.stdout.close()
    pid = _server_pid(folder)
    starter.kill()
    starter.wait()
    until = time.monotonic() + 10
    while _alive(pid) and time.monotonic() < until:
        time.sleep(0.05)
    assert not _alive(pid)
    shutil.rmtree(folder.parent)


def test_a_pid_file_that_names_another_process_is_dropped_and_that_process_left_alone(
    tmp_path: Path,
) -> None:
    folder = tmp_path
    (folder / "data").mkdir()
    stranger = subprocess.Popen(["sleep", "30"])
    try:
        (folder / "data" / "postmaster.pid").write_text(f"{stranger.pid}\n", "ascii")
        server = Embedded(folder)
        server._home = folder
        server._clear_away()
        assert not (folder / "data" / "postmaster.pid").exists()
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_lost_passwords_are_told_and_nothing_is_made_anew(tmp_path: Path) -> None:
    server = Embedded(tmp_path)
    server._home = tmp_path
    with pytest.raises(Trouble, match=r"passwords\.toml"):
        server._urls()
    assert not (tmp_path / "passwords.toml").exists()


def test_a_long_path_gets_a_short_private_socket_folder(tmp_path: Path) -> None:
    home = tmp_path / ("长" * 40)
    home.mkdir()
    server = Embedded(home)
    server._home = home
    server._choose_socket()
    try:
        path = str(server._socket / ".s.PGSQL.5432")
        assert len(os.fsencode(path)) <= 107
        assert stat.S_IMODE(server._socket.stat().st_mode) == 0o700
        with socket.socket(socket.AF_UNIX) as probe:
            probe.bind(path)
    finally:
        shutil.rmtree(server._socket)


@pytest.mark.skipif(not AS_ROOT, reason="only root has an account to change to")
def test_as_root_a_closed_folder_above_stays_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shared = _folder()
    closed = Path(tempfile.mkdtemp(prefix="bihuan-closed-", dir="/tmp"))
    monkeypatch.setattr(unprivileged, "SHARED", shared)
    try:
        account = unprivileged.account_for(closed / "pg" / "data")
        assert account is not None and account.uid != 0
        folder = closed / "pg"
        folder.mkdir()
        target = unprivileged.home_for(folder, account)
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700
        assert folder.is_symlink() and folder.resolve() == target
        assert target.parent == shared and unprivileged.can_pass(target, account)
        assert unprivileged.home_for(folder, account) == target
    finally:
        shutil.rmtree(closed)
        shutil.rmtree(shared)


@pytest.mark.skipif(not AS_ROOT, reason="only root has an account to change to")
def test_as_root_unreadable_programs_are_copied_not_opened(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shared = _folder()
    closed = Path(tempfile.mkdtemp(prefix="bihuan-closed-", dir="/tmp"))
    real = unprivileged.wheel()
    (closed / real.name / "pginstall").mkdir(parents=True)
    for part in ("bin", "lib", "share"):
        (closed / real.name / "pginstall" / part).symlink_to(real / "pginstall" / part)
    (closed / f"{real.name}.libs").symlink_to(real.with_name(f"{real.name}.libs"))
    monkeypatch.setattr(unprivileged, "SHARED", shared)
    monkeypatch.setattr(unprivileged, "wheel", lambda: closed / real.name)
    try:
        account = unprivileged.account_for(closed / "pg")
        assert account is not None
        programs = unprivileged.programs_for(account)
        assert programs.is_relative_to(shared)
        done = subprocess.run(
            [programs / "initdb", "--version"],
            user=account.uid,
            group=account.gid,
            extra_groups=[],
            capture_output=True,
            text=True,
            cwd="/",
            check=False,
        )
        assert done.stdout.startswith("initdb (PostgreSQL) 18")
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    finally:
        shutil.rmtree(closed)
        shutil.rmtree(shared)
