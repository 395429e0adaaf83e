"""What is kept is whole, durable, kept once, and swept only when nobody knows it."""

from __future__ import annotations

import errno
import os
import random
import resource
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, storages
from django.test import override_settings

from bihuan.matters import blobs
from bihuan.matters.blobs import PART, BadBlobName, LocalDurableStorage

LOCAL = {"default": {"BACKEND": "bihuan.matters.blobs.LocalDurableStorage"}}
PLAIN = {"default": {"BACKEND": "django.core.files.storage.FileSystemStorage"}}
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
LIMIT = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Path]:
    """Give an empty store on the local disk."""
    root = tmp_path / "files"
    with override_settings(MEDIA_ROOT=str(root), STORAGES=LOCAL):
        yield root


def kept_in(root: Path) -> list[str]:
    """List what lies under final names."""
    found = (path.relative_to(root) for path in root.rglob("*") if path.is_file())
    return sorted(str(path) for path in found if path.parts[0] != PART)


def age(root: Path, name: str, moment: datetime = LONG_AGO) -> None:
    os.utime(root / name, (moment.timestamp(), moment.timestamp()))


def test_a_name_is_the_hash_of_the_content_in_two_folders(store: Path) -> None:
    name = blobs.keep(b"abc", "jpg")
    # SHA-256 of "abc": FIPS 180-4's own example
    digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert name == f"ba/78/{digest}.jpg"
    assert (store / name).read_bytes() == b"abc" == blobs.read(name)
    assert blobs.exists(name)
    assert blobs.check(name)
    assert kept_in(store) == [name]


def test_the_same_content_is_kept_once_and_not_written_again(store: Path) -> None:
    name = blobs.keep(b"photo", "jpg")
    first = (store / name).stat()
    assert blobs.keep(b"photo", "jpg") == name
    assert (store / name).stat().st_ino == first.st_ino
    assert len(kept_in(store)) == 1


def test_a_damaged_file_is_found_and_mended_by_keeping_it_again(store: Path) -> None:
    name = blobs.keep(b"photo", "jpg")
    (store / name).write_bytes(b"phot0")
    assert not blobs.check(name)
    assert blobs.keep(b"photo", "jpg") == name
    assert blobs.check(name)


def test_a_missing_file_is_told_from_a_kept_one(store: Path) -> None:
    name = blobs.keep(b"photo", "jpg")
    (store / name).unlink()
    assert not blobs.exists(name)
    assert not blobs.check(name)
    with pytest.raises(FileNotFoundError):
        blobs.read(name)


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "/etc/passwd",
        "ab/cd/x.jpg",
        f"ab/cd/{'0' * 64}.jpg",  # not the folders of its hash
        f"00/00/{'0' * 64}.jpg\n",
        f"00/00/{'0' * 64}",
        f"00/00/{'A' * 64}.jpg",
        "",
    ],
)
def test_no_other_name_is_read(store: Path, name: str) -> None:
    for verb in (blobs.read, blobs.exists, blobs.check):
        with pytest.raises(BadBlobName):
            verb(name)


@pytest.mark.parametrize("suffix", ["", ".jpg", "../x", "j/g", "JPG", "toolong"])
def test_a_wrong_suffix_is_refused_and_nothing_is_written(store: Path, suffix: str) -> None:
    with pytest.raises(BadBlobName):
        blobs.keep(b"photo", suffix)
    assert not store.exists()


def test_files_are_not_readable_for_everybody(store: Path) -> None:
    name = blobs.keep(b"photo", "jpg")
    assert stat.S_IMODE((store / name).stat().st_mode) & 0o007 == 0
    assert stat.S_IMODE((store / name).parent.stat().st_mode) & 0o007 == 0


def test_eight_threads_keeping_the_same_content_keep_it_once(store: Path) -> None:
    gate = threading.Barrier(8)

    def work(_number: int) -> list[str]:
        gate.wait(timeout=20)
        return [blobs.keep(bytes((n,)) * 5000, "jpg") for n in range(30)]

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(work, range(8)))
    assert all(outcome == outcomes[0] for outcome in outcomes)
    assert kept_in(store) == sorted(outcomes[0])
    assert all(blobs.check(name) for name in outcomes[0])
    assert list((store / PART).iterdir()) == []


# ---- durability ---------------------------------------------------------------------------------


def test_file_folder_and_every_new_folder_are_synced_before_keep_returns(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[tuple[str, str]] = []
    real_sync, real_replace = os.fsync, os.replace

    def sync(number: int) -> None:
        steps.append(("sync", os.readlink(f"/proc/self/fd/{number}")))
        real_sync(number)

    def replace(source: Any, target: Any) -> None:
        steps.append(("rename", str(target)))
        real_replace(source, target)

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(os, "replace", replace)
    name = blobs.keep(b"photo", "jpg")
    path = store / name
    renamed = steps.index(("rename", str(path)))
    assert [what for what, _where in steps[:renamed]] == ["sync"]
    assert Path(steps[0][1]).parent == store / PART
    assert {where for _what, where in steps[renamed + 1 :]} == {
        str(folder) for folder in (path.parent, *path.parent.parents[:2], store.parent)
    }
    steps.clear()  # kept by another process a moment ago, perhaps not yet synced: sync its name
    blobs.keep(b"photo", "jpg")
    assert steps == [("sync", str(path.parent))]


WRITER = """
import os, sys
from django.conf import settings

settings.configure(
    MEDIA_ROOT=sys.argv[1],
    STORAGES={"default": {"BACKEND": "bihuan.matters.blobs.LocalDurableStorage"}},
)
from bihuan.matters import blobs

while True:
    sys.stdout.write(blobs.keep(os.urandom(400_000), "jpg") + "\\n")
    sys.stdout.flush()
"""


def test_a_kill_in_the_middle_loses_nothing_promised_and_leaves_no_half_file(store: Path) -> None:
    chance = random.Random(7)
    promised: list[str] = []
    for _round in range(6):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(store)], stdout=subprocess.PIPE, text=True
        ) as writer:
            assert writer.stdout is not None
            promised += [writer.stdout.readline().strip() for _line in range(chance.randint(3, 30))]
            writer.send_signal(signal.SIGKILL)
            promised += writer.stdout.read().split("\n")[:-1]
    assert len(promised) > 18
    assert set(promised) <= set(kept_in(store))
    assert all(blobs.check(name) for name in kept_in(store))


DIES_WRITING = WRITER.replace(
    "while True:", "os.fsync = lambda number: os.kill(os.getpid(), 9)\nwhile True:"
)


def test_a_writer_killed_before_its_bytes_are_safe_leaves_no_final_name(store: Path) -> None:
    done = subprocess.run([sys.executable, "-c", DIES_WRITING, str(store)], capture_output=True)
    assert (done.returncode, done.stdout) == (-signal.SIGKILL, b"")
    assert kept_in(store) == []
    (part,) = (store / PART).iterdir()
    age(store, f"{PART}/{part.name}")
    blobs.sweep([], older_than=LIMIT)
    assert list((store / PART).iterdir()) == []


def test_a_full_disk_is_an_error_and_leaves_nothing(store: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    blobs.keep(b"small", "jpg")
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
        with pytest.raises(OSError) as failure:
            blobs.keep(b"x" * 300_000, "jpg")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert failure.value.errno == errno.EFBIG
    assert len(kept_in(store)) == 1
    assert list((store / PART).iterdir()) == []


def test_a_failing_rename_leaves_nothing(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_source: Any, _target: Any) -> None:
        raise OSError(errno.EIO, "broken disk")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="broken disk"):
        blobs.keep(b"photo", "jpg")
    assert kept_in(store) == []
    assert list((store / PART).iterdir()) == []


# ---- sweep --------------------------------------------------------------------------------------


def test_a_sweep_takes_only_what_is_old_and_unknown(store: Path) -> None:
    known, orphan, young = (blobs.keep(word, "jpg") for word in (b"known", b"orphan", b"young"))
    for name in (known, orphan):
        age(store, name)
    assert blobs.sweep([known], older_than=LIMIT) == [orphan]
    assert kept_in(store) == sorted([known, young])
    assert blobs.sweep([known], older_than=LIMIT) == []


def test_keeping_an_old_orphan_again_saves_it_from_the_sweep(store: Path) -> None:
    name = blobs.keep(b"photo", "jpg")
    age(store, name)
    blobs.keep(b"photo", "jpg")
    assert blobs.sweep([], older_than=LIMIT) == []
    assert blobs.check(name)


def test_a_file_kept_again_while_the_sweep_takes_it_stays(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = blobs.keep(b"photo", "jpg")
    age(store, name)
    real_rename = os.rename

    def rename(source: Any, target: Any) -> None:
        blobs.keep(b"photo", "jpg")  # between the sweep's look and its grip
        real_rename(source, target)

    monkeypatch.setattr(os, "rename", rename)
    assert blobs.sweep([], older_than=LIMIT) == []
    assert blobs.check(name)


def test_a_sweep_clears_old_parts_and_leaves_young_ones_and_strangers(store: Path) -> None:
    name = blobs.keep(b"photo", "jpg")
    for part in ("old", "young"):
        (store / PART / part).write_bytes(b"half")
    age(store, f"{PART}/old")
    stranger = f"{name}.note"
    (store / stranger).write_bytes(b"not ours")
    age(store, stranger)
    assert blobs.sweep([name], older_than=LIMIT) == []
    assert [path.name for path in (store / PART).iterdir()] == ["young"]
    assert kept_in(store) == sorted([name, stranger])


def test_an_empty_store_has_nothing_to_sweep(store: Path) -> None:
    assert blobs.sweep([], older_than=LIMIT) == []


# ---- other storages -----------------------------------------------------------------------------


def test_another_storage_behind_the_setting_keeps_the_same_names(tmp_path: Path) -> None:
    with override_settings(MEDIA_ROOT=str(tmp_path), STORAGES=PLAIN):
        assert type(storages["default"]) is FileSystemStorage
        name = blobs.keep(b"photo", "jpg")
        assert blobs.keep(b"photo", "jpg") == name
        assert kept_in(tmp_path) == [name]
        assert blobs.check(name)
        age(tmp_path, name)
        assert blobs.sweep([name], older_than=LIMIT) == []
        assert blobs.sweep([], older_than=LIMIT + timedelta(days=1)) == [name]


def test_the_storage_stands_alone_for_other_files(tmp_path: Path) -> None:
    storage = LocalDurableStorage(location=tmp_path / "x")
    assert storage.save("a/b.txt", ContentFile(b"one")) == "a/b.txt"
    assert storage.save("a/b.txt", ContentFile(b"two")) == "a/b.txt"
    assert (tmp_path / "x/a/b.txt").read_bytes() == b"two"
