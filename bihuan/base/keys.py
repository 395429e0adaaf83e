"""The installation's secret keys: one file, read by the settings, never in the database.

    secret_key = "…"                 # Django's own signing
    hash_key = "base64"              # keyed hashes by which encrypted values are found
    token_key = "base64"             # secret links
    current = "k1"                   # new values are encrypted with this field key
    [field_keys.k1]
    cipher = "aes-256-gcm"           # or "sm4-gcm" (GB/T 32907)
    key = "base64"

Keep a copy apart from the backup of the database: without it the personal data are gone.
"""

from __future__ import annotations

import base64
import binascii
import os
import secrets
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bihuan.base.trouble import Trouble

AES, SM4 = "aes-256-gcm", "sm4-gcm"
KEY_BYTES = {AES: 32, SM4: 16}


@dataclass(frozen=True, repr=False)
class Keys:
    """What the settings take over: FIELD_KEYS, FIELD_KEY_CURRENT, HASH_KEY, TOKEN_KEY, SECRET_KEY.

    `field_keys`: key id → {"cipher": …, "key": base64}; `hash_key`, `token_key`: 32 bytes.
    """

    secret_key: str
    hash_key: bytes
    token_key: bytes
    current: str
    field_keys: dict[str, dict[str, str]]


def load(path: Path) -> Keys:
    """Read the key file. Raises Trouble when it is missing, open to others or wrong."""
    try:
        if path.stat().st_mode & 0o077:
            raise Trouble(
                f"密钥文件 {path} 的权限过宽，请执行 chmod 600 {path}。",
                f"The key file {path} is open to others: run chmod 600 {path}.",
            )
        found = tomllib.loads(path.read_text("utf-8"))
        return _read(found)
    except FileNotFoundError:
        raise Trouble(
            f"找不到密钥文件 {path}。首次安装请运行 bihuan setup；恢复备份时请先放回密钥文件。",
            f"The key file {path} is missing. A new installation: bihuan setup; "
            "a restored one: put the key file back first.",
        ) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Trouble(
            f"密钥文件 {path} 无法读取或内容有误：{error}。",
            f"The key file {path} cannot be read or is wrong: {error}.",
        ) from None


def generate(path: Path, *, cipher: str = AES) -> Keys:
    """Write new random keys to `path`, readable by the owner alone. Never overwrites."""
    keys = Keys(
        secret_key=secrets.token_urlsafe(48),
        hash_key=secrets.token_bytes(32),
        token_key=secrets.token_bytes(32),
        current="k1",
        field_keys={"k1": _new_field_key(cipher)},
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        _write(path, keys)
    except FileExistsError:
        raise Trouble(
            f"密钥文件 {path} 已经存在，不会覆盖。",
            f"The key file {path} exists already; it is not overwritten.",
        ) from None
    return keys


def add_field_key(path: Path, *, cipher: str = AES) -> Keys:
    """Add a field key and make it the current one; older keys stay, to read older values.

    Afterwards restart the processes and re-encrypt (jobs.rotate_all); only then may an
    older key be taken out of the file by hand.
    """
    keys = load(path)
    n = 1 + max((int(k[1:]) for k in keys.field_keys if k[1:].isdecimal()), default=0)
    name = f"k{n}"
    field_keys = {**keys.field_keys, name: _new_field_key(cipher)}
    keys = replace(keys, current=name, field_keys=field_keys)
    beside = path.with_name(path.name + ".new")
    beside.unlink(missing_ok=True)
    _write(beside, keys)
    beside.replace(path)
    return keys


def _new_field_key(cipher: str) -> dict[str, str]:
    key = secrets.token_bytes(KEY_BYTES[cipher])
    return {"cipher": cipher, "key": base64.b64encode(key).decode()}


def _read(found: dict[str, Any]) -> Keys:
    field_keys = {
        str(name): {"cipher": str(row["cipher"]), "key": str(row["key"])}
        for name, row in found["field_keys"].items()
    }
    for name, row in field_keys.items():
        check_field_key(name, row)
    current = str(found["current"])
    if current not in field_keys:
        raise ValueError(f"current = {current!r} is not among the field keys")
    if len(str(found["secret_key"])) < 50:
        raise ValueError("secret_key is shorter than 50 characters")
    return Keys(
        secret_key=str(found["secret_key"]),
        hash_key=_bytes("hash_key", str(found["hash_key"]), 32),
        token_key=_bytes("token_key", str(found["token_key"]), 32),
        current=current,
        field_keys=field_keys,
    )


def check_field_key(name: str, row: dict[str, str]) -> bytes:
    """Return the raw key of one entry of FIELD_KEYS. Raises ValueError naming what is wrong."""
    if not (name.isascii() and name.isalnum() and len(name) <= 16):
        raise ValueError(f"the field key's name {name!r} is not 1-16 letters and digits")
    if row["cipher"] not in KEY_BYTES:
        raise ValueError(f"field key {name}: unknown cipher {row['cipher']!r}")
    return _bytes(f"field key {name}", row["key"], KEY_BYTES[row["cipher"]])


def _bytes(name: str, text: str, length: int) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError(f"{name} is not base64") from None
    if len(raw) != length:
        raise ValueError(f"{name} has {len(raw)} bytes instead of {length}")
    return raw


def _write(path: Path, keys: Keys) -> None:
    """Write a new file with mode 0600 and have it on the disk before going on."""
    lines = [
        "# Keep this file secret, and a copy apart from the backups of the database.",
        f'secret_key = "{keys.secret_key}"',
        f'hash_key = "{base64.b64encode(keys.hash_key).decode()}"',
        f'token_key = "{base64.b64encode(keys.token_key).decode()}"',
        f'current = "{keys.current}"',
    ]
    for name, row in keys.field_keys.items():
        lines += ["", f"[field_keys.{name}]"]
        lines += [f'cipher = "{row["cipher"]}"', f'key = "{row["key"]}"']
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        os.fchmod(handle, 0o600)
        file.write("\n".join(lines) + "\n")
        file.flush()
        os.fsync(handle)
