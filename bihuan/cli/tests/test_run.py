"""The two commands with real processes: what a county's administrator would see."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from bihuan.base import keyfile
from bihuan.base.embedded import Embedded
from bihuan.cli.tests.house import (
    PASSWORD,
    Running,
    bihuan,
    folder,
    free_port,
    processes,
    set_up,
)

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("house")]  # one house, one process


@pytest.fixture(scope="module")
def data() -> Iterator[Path]:
    """A county of its own, founded by `bihuan setup`."""
    home = folder() / "data"
    weak = set_up(home, password="12345678")
    assert weak.returncode == 1, weak.stderr
    (home.parent / "weak.txt").write_text(weak.stderr, "utf8")
    counts = rows(
        home,
        "SELECT count(*) FROM base_installation UNION ALL"
        " SELECT count(*) FROM accounts_person UNION ALL SELECT count(*) FROM accounts_unit",
    )
    assert counts == [(0,), (0,), (0,)]
    done = set_up(home)
    assert done.returncode == 0, done.stderr
    yield home
    shutil.rmtree(home.parent)


def rows(data: Path, question: str) -> list[tuple[object, ...]]:
    """Ask the database of a folder as its owner, between two runs or during one."""
    with Embedded(data / "pg", attach=True) as urls, psycopg.connect(urls.owner) as link:
        return link.execute(question.encode()).fetchall()


def test_setup_makes_one_county_with_one_administrator_and_no_demo(data: Path) -> None:
    assert rows(data, "SELECT kind FROM base_installation") == [("county",)]
    assert rows(data, "SELECT name, kind, area_code FROM accounts_unit") == [
        ("临清市", "county", "371581")
    ]
    people = rows(data, "SELECT username, password FROM accounts_person")
    assert [name for name, _hash in people] == ["wang"]
    assert PASSWORD not in str(people[0][1])
    assert rows(data, "SELECT count(*) FROM places_division")[0][0] == 8 + 136 + 2408
    assert stat.S_IMODE((data / "keys.toml").stat().st_mode) == 0o600


def test_setup_and_demo_are_refused_where_a_county_is(data: Path) -> None:
    for done in (set_up(data), bihuan("demo", data=data)):
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
    assert rows(data, "SELECT username FROM accounts_person") == [("wang",)]


def test_a_weak_password_was_refused_and_nothing_founded_before(data: Path) -> None:
    said = (data.parent / "weak.txt").read_text("utf8")
    assert "没有建立" in said and "Traceback" not in said


def test_the_application_role_cannot_touch_history_nor_found_a_demo(data: Path) -> None:
    refused = [
        "UPDATE matters_entry SET step = 'x'",
        "DELETE FROM matters_entry",
        "TRUNCATE matters_entry CASCADE",
        "DELETE FROM matters_seal",
        "DELETE FROM matters_matter",
        "UPDATE base_installation SET kind = 'demo'",
        "DELETE FROM django_migrations",
        "ALTER TABLE matters_entry DISABLE TRIGGER ALL",
    ]
    with Embedded(data / "pg", attach=True) as urls, psycopg.connect(urls.app) as link:
        assert link.execute("SELECT count(*) FROM matters_entry").fetchone() == (0,)
        for statement in refused:
            with pytest.raises(psycopg.errors.InsufficientPrivilege), link.transaction():
                link.execute(statement.encode())


def test_a_run_serves_heals_and_leaves_nothing_behind(data: Path) -> None:
    with Running(data) as house:
        assert house.seconds < 8
        house.wait_healthy(seconds=20)

        same_port = bihuan("run", data=data, PORT=str(house.port))
        assert same_port.returncode == 1
        assert str(house.port) in same_port.stderr and "端口" in same_port.stderr

        same_data = bihuan("run", data=data, PORT=str(free_port()))
        assert same_data.returncode == 1
        assert str(house.process.pid) in same_data.stderr and "正被另一个" in same_data.stderr

        verify = bihuan("verify", data=data)
        assert (verify.returncode, verify.stdout) == (0, "")

        pid = int((data / "pg/data/postmaster.pid").read_text("ascii").splitlines()[0])
        os.kill(pid, signal.SIGKILL)
        house.wait_for("the database ended by itself", seconds=10)
        assert house.wait_healthy(seconds=30) < 30

        begun = time.monotonic()
        house.process.send_signal(signal.SIGINT)
        assert house.process.wait(20) == 0
        assert time.monotonic() - begun < 10
    assert "Traceback" not in house.log.read_text("utf8")
    assert processes(data) == []


def test_without_its_keys_nothing_starts_and_no_new_ones_are_made(data: Path) -> None:
    kept = data / "keys.toml"
    away = kept.rename(data / "away.toml")
    try:
        for words in (["run"], ["migrate"], ["verify"]):
            done = bihuan(*words, data=data, PORT=str(free_port()))
            assert done.returncode == 1
            assert str(kept) in done.stderr and "Traceback" not in done.stderr
            assert not kept.exists()
    finally:
        away.rename(kept)


def test_what_is_backed_up_comes_back_elsewhere_and_verifies(data: Path) -> None:
    (data / "files" / "ab").mkdir(parents=True, exist_ok=True)
    (data / "files" / "ab" / "photo").write_bytes(b"a pothole")
    path = data.parent / "backup.tar"
    assert bihuan("backup", str(path), data=data).returncode == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with tarfile.open(path) as tar:
        assert "keys.toml" not in str(tar.getnames())
    secret = (data / "keys.toml").read_text("ascii").split('"')[1].encode()
    assert secret not in path.read_bytes()

    home = data.parent / "other"
    home.mkdir()
    home.chmod(0o711)
    try:
        refused = bihuan("restore", str(path), data=home)
        assert refused.returncode == 1 and "keys.toml" in refused.stderr
        shutil.copy2(data / "keys.toml", home / "keys.toml")
        done = bihuan("restore", str(path), data=home)
        assert done.returncode == 0, done.stderr
        assert (home / "files" / "ab" / "photo").read_bytes() == b"a pothole"
        question = " UNION ALL ".join(
            f"SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {table} t"
            for table in ("accounts_person", "places_division", "base_calendarday")
        )
        assert rows(home, question) == rows(data, question)
        with Embedded(home / "pg") as urls, psycopg.connect(urls.app) as link:
            assert link.execute("SELECT count(*) FROM accounts_person").fetchone() == (1,)

        again = bihuan("restore", str(path), data=home)
        assert again.returncode == 1 and "--force" in again.stderr
        forced = bihuan("restore", str(path), "--force", "--yes", data=home)
        assert forced.returncode == 0, forced.stderr
    finally:
        shutil.rmtree(home)


def test_an_altered_backup_is_refused_and_the_database_is_left_alone(data: Path) -> None:
    path = data.parent / "altered.tar"
    assert bihuan("backup", str(path), data=data).returncode == 0
    whole = bytearray(path.read_bytes())
    whole[2000] ^= 1
    path.write_bytes(whole)
    done = bihuan("restore", str(path), "--force", "--yes", data=data)
    assert done.returncode == 1
    assert "database.dump" in done.stderr and "Traceback" not in done.stderr
    assert rows(data, "SELECT username FROM accounts_person") == [("wang",)]


def test_an_upgrade_that_fails_leaves_everything_as_it_was(data: Path) -> None:
    last = "SELECT app, name FROM django_migrations ORDER BY id"
    forgotten = "DELETE FROM django_migrations WHERE app = 'places' AND name = '0001_places'"
    before = rows(data, last)
    with Embedded(data / "pg") as urls, psycopg.connect(urls.owner) as link:
        kept = link.execute("SELECT * FROM django_migrations WHERE app = 'places'").fetchall()
        link.execute(forgotten)  # its tables are there: applying it again must fail
    done = bihuan("upgrade", data=data)
    assert done.returncode == 1
    assert "升级失败" in done.stderr and "Traceback" not in done.stderr
    assert len(rows(data, last)) == len(before) - 1
    assert rows(data, "SELECT username FROM accounts_person") == [("wang",)]
    assert rows(data, "SELECT count(*) FROM places_division") == [(8 + 136 + 2408,)]
    backups = list((data / "backups").glob("before-upgrade-*.tar"))
    assert len(backups) == 1 and stat.S_IMODE(backups[0].stat().st_mode) == 0o600
    with Embedded(data / "pg") as urls, psycopg.connect(urls.owner) as link:
        row = next(row for row in kept if row[2] == "0001_places")
        link.execute("INSERT INTO django_migrations VALUES (%s, %s, %s, %s)", row)
    done = bihuan("upgrade", data=data)
    assert (done.returncode, sorted(rows(data, last))) == (0, sorted(before))


def test_keys_are_rotated_and_the_old_one_stays(data: Path) -> None:
    assert bihuan("rotate-keys", data=data).returncode == 0
    keys = keyfile.read(data / "keys.toml")
    assert (keys.current, sorted(keys.field_keys)) == ("k2", ["k1", "k2"])


def test_imports_and_look_ups_answer_wrong_input_in_words(data: Path, tmp_path: Path) -> None:
    words = tmp_path / "words.csv"
    words.write_text("x,y\n1,2\n", encoding="utf-8")
    swapped = bihuan("locate", "36.845", "115.735", data=data)
    assert (swapped.returncode, "写反了" in swapped.stderr) == (1, True)
    assert bihuan("locate", "115.735", "36.845", data=data).returncode == 1  # no cells yet
    for command in (
        ("import-cells", str(words), "--datum", "wgs84"),
        ("import-addresses", str(words), "--datum", "wgs84"),
        ("import-calendar", "2027", str(words)),
    ):
        answer = bihuan(*command, data=data)
        assert answer.returncode == 1, answer.stderr
        assert "Traceback" not in answer.stderr
        assert answer.stdout + answer.stderr


def test_a_year_of_holidays_comes_in_whole_or_not_at_all(data: Path, tmp_path: Path) -> None:
    # the days of the law alone (国务院令第795号); 1 October 2027 is a Friday
    days = {
        "2027-01-01": "元旦", "2027-02-05": "除夕", "2027-02-06": "春节", "2027-02-07": "春节",
        "2027-02-08": "春节", "2027-04-05": "清明节", "2027-05-01": "劳动节",
        "2027-05-02": "劳动节", "2027-06-09": "端午节", "2027-09-15": "中秋节",
        "2027-10-01": "国庆节", "2027-10-02": "国庆节", "2027-10-03": "国庆节",
    }  # fmt: skip
    rows = [f"{day},否,{name}" for day, name in days.items()]
    notice = tmp_path / "2027.csv"
    notice.write_text(
        "日期,上班,名称\n" + "\n".join(r for r in rows if "10-01" not in r) + "\n", encoding="utf-8"
    )
    refused = bihuan("import-calendar", "2027", str(notice), data=data)
    assert (refused.returncode, "2027-10-01" in refused.stdout) == (1, True)
    notice.write_text("日期,上班,名称\n" + "\n".join(rows) + "\n", encoding="utf-8")
    taken = bihuan("import-calendar", "2027", str(notice), data=data)
    assert taken.returncode == 0, taken.stdout + taken.stderr


def test_a_database_that_is_gone_is_one_sentence(data: Path) -> None:
    nowhere = f"postgresql://bihuan@127.0.0.1:{free_port()}/bihuan"
    for words in (["run"], ["migrate"], ["verify"]):
        done = bihuan(*words, data=data, DATABASE_URL=nowhere, PORT=str(free_port()))
        assert done.returncode == 1
        assert "数据库" in done.stderr and "Traceback" not in done.stderr


def test_wrong_use_and_wrong_settings_have_their_exit_codes(data: Path) -> None:
    assert bihuan("dance", data=data).returncode == 2
    wrong = bihuan("run", data=data, PORT="eighty")
    assert wrong.returncode == 1
    assert wrong.stderr.startswith("设置 PORT=eighty")
    assert bihuan("run", "--help", data=data).returncode == 0
