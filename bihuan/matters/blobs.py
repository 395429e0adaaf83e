"""Keep the bytes of attachments by their content's hash, behind Django's storage setting.

A name is `ab/cd/<sha256>.jpg`, so one content is kept once and every file proves itself. With
LocalDurableStorage, `keep` returns only when the bytes and the names leading to them are on the
disk: a report acknowledged after it survives a kill or a power cut. A request that fails after
`keep` leaves an orphan; `sweep` deletes those.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

from django.core.files.base import ContentFile, File
from django.core.files.storage import FileSystemStorage, Storage, default_storage
from django.utils.deconstruct import deconstructible

NAME = re.compile(r"([0-9a-f]{2})/([0-9a-f]{2})/(\1\2[0-9a-f]{60})\.[a-z0-9]{1,5}", re.ASCII)
PART = ".part"  # folder of files still being written; same file system, so that renaming is atomic


class BadBlobName(ValueError):
    """The name is not one `keep` gives; nothing outside the store is ever touched."""


def keep(data: bytes, suffix: str) -> str:
    """Keep the bytes durably and return their name; suffix without a dot: "jpg".

    The same content is kept once. Raises OSError (disk full, folder gone) with nothing half
    written under the name.
    """
    digest = hashlib.sha256(data).hexdigest()
    name = checked(f"{digest[:2]}/{digest[2:4]}/{digest}.{suffix}")
    saved = default_storage.save(name, ContentFile(data))
    if saved != name:  # a storage that never overwrites had it already
        default_storage.delete(saved)
    return name


def read(name: str) -> bytes:
    """Return the bytes kept under the name. Raises FileNotFoundError, BadBlobName."""
    with default_storage.open(checked(name)) as file:
        data: bytes = file.read()
    return data


def exists(name: str) -> bool:
    """Tell whether something is kept under the name."""
    return default_storage.exists(checked(name))


def check(name: str) -> bool:
    """Hash the bytes again: False when they are gone or not those of the name."""
    try:
        with default_storage.open(checked(name)) as file:
            return _digest(file) == _hash_in(name)
    except FileNotFoundError:
        return False


def sweep(known: Iterable[str], *, older_than: datetime) -> list[str]:
    """Delete what is kept, unknown and older than that moment; return the names deleted.

    known: names of attachments and thumbnails, read before the call (about 150 bytes of memory
    each). Give `older_than` a day of room: it must be longer than any request may take.
    Files that `keep` would not have named so are left alone.
    """
    keepers = frozenset(known)
    gone = []
    for name in _names(default_storage):
        if name not in keepers and _delete_if_old(name, older_than):
            gone.append(name)
    if isinstance(default_storage, LocalDurableStorage):
        default_storage.drop_parts(older_than)
    return gone


def checked(name: str) -> str:
    """Return the name if `keep` could have given it. Raises BadBlobName."""
    if not NAME.fullmatch(name):
        raise BadBlobName(name)
    return name


def _hash_in(name: str) -> str:
    return name.rsplit("/", 1)[1].split(".", 1)[0]


def _digest(file: File[bytes]) -> str:
    hashed = hashlib.sha256()
    for chunk in file.chunks():
        hashed.update(chunk)
    return hashed.hexdigest()


def _names(storage: Storage) -> Iterator[str]:
    """Walk the two levels of folders of any storage."""
    for first in _folders(storage, ""):
        for second in _folders(storage, first):
            for file in storage.listdir(second)[1]:
                name = f"{second}/{file}"
                if NAME.fullmatch(name):
                    yield name


def _folders(storage: Storage, path: str) -> list[str]:
    try:
        found, _files = storage.listdir(path)
    except FileNotFoundError:  # nothing kept yet
        return []
    return sorted(f"{path}/{name}" if path else name for name in found if len(name) == 2)


def _delete_if_old(name: str, older_than: datetime) -> bool:
    if isinstance(default_storage, LocalDurableStorage):
        return default_storage.delete_if_old(name, older_than)
    if default_storage.get_modified_time(name) >= older_than:
        return False
    default_storage.delete(name)
    return True


@deconstructible(path="bihuan.matters.blobs.LocalDurableStorage")
class LocalDurableStorage(FileSystemStorage):
    """Files on a local disk that are whole and durable when `save` returns.

    For content-addressed names: saving a name again keeps the file when it is the same, replaces
    it when it was damaged, and makes its age new, so that a sweep does not take it.
    """

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        return name

    def _save(self, name: str, content: File[bytes]) -> str:
        """Write beside, fsync, rename, fsync the folder."""
        data = content.read()
        path = Path(self.path(name))
        if not _is_same(path, data):
            self._make_folders(path.parent)
            part = self._new_part()
            try:
                _write(part, data)
                os.replace(part, path)
            except BaseException:
                part.unlink(missing_ok=True)
                raise
        self._settle(path.parent)
        return name

    def delete_if_old(self, name: str, older_than: datetime) -> bool:
        """Delete a file last kept before that moment; tell whether it was deleted.

        Taken aside first and looked at again: a `keep` of the same content in between has made it
        young (then it goes back) or has not found it (then it was written anew).
        """
        path, limit = Path(self.path(name)), older_than.timestamp()
        try:
            if path.stat().st_mtime >= limit:
                return False
            aside = self._new_part()
            os.rename(path, aside)
        except FileNotFoundError:  # another sweep was here
            return False
        if aside.stat().st_mtime >= limit:
            os.replace(aside, path)
            return False
        aside.unlink()
        return True

    def drop_parts(self, older_than: datetime) -> None:
        """Delete what killed writers left half written before that moment."""
        limit = older_than.timestamp()
        for part in Path(self.location, PART).glob("*"):
            with contextlib.suppress(FileNotFoundError):
                if part.stat().st_mtime < limit:
                    part.unlink()

    def _new_part(self) -> Path:
        folder = Path(self.location, PART)
        folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        return folder / secrets.token_hex(16)

    def _make_folders(self, folder: Path) -> None:
        """Make the missing folders, readable for the group at most; forget what was settled."""
        for path in reversed(self._up_from(folder)):
            if not path.is_dir():
                path.mkdir(mode=0o750, parents=True, exist_ok=True)
                _settled.discard(str(path))

    def _settle(self, folder: Path) -> None:
        """Make the names in the folder durable, and once in a process those leading to it."""
        _fsync_folder(folder)
        for path in self._up_from(folder):
            if str(path) not in _settled:
                _fsync_folder(path.parent)
                _settled.add(str(path))

    def _up_from(self, folder: Path) -> list[Path]:
        """List the folder and those above it, up to the root of the store."""
        root = Path(self.location)
        return [folder, *(path for path in folder.parents if path.is_relative_to(root))]


_settled: set[str] = set()  # folders whose own name is known to be on the disk; adding is atomic


def _is_same(path: Path, data: bytes) -> bool:
    """Tell whether the file holds those bytes, and make its age new if so."""
    try:
        if path.stat().st_size != len(data) or path.read_bytes() != data:
            return False
        os.utime(path)
    except FileNotFoundError:
        return False
    return True


def _write(path: Path, data: bytes) -> None:
    """Write a new file and wait until its bytes are on the disk."""
    number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o640)
    with open(number, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(number)


def _fsync_folder(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(number)
    finally:
        os.close(number)
