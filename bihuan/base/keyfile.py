"""The key file: made once, read at every start, never made again over data that exists.

secret_key = "…"       signs sessions and links (Django's SECRET_KEY)
lookup_key = "hex"     keyed hashes beside encrypted fields; never changes
token_key  = "hex"     secret links and numbers of records; never changes
current    = "k1"      which field key new values are encrypted with
[field_keys]
k1 = "hex"             old keys stay, to read what they wrote
"""

from __future__ import annotations

import os
import secrets
import stat
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path

from bihuan.base.trouble import Trouble

KEY_BYTES = 32


@dataclass(frozen=True)
class Keys:
    """What the key file holds."""

    secret_key: str
    lookup_key: bytes
    token_key: bytes
    current: str
    field_keys: dict[str, bytes]


def create(path: Path) -> Keys:
    """Make a new key file (0600); refuses to replace one."""
    keys = Keys(
        secret_key=secrets.token_urlsafe(48),
        lookup_key=secrets.token_bytes(KEY_BYTES),
        token_key=secrets.token_bytes(KEY_BYTES),
        current="k1",
        field_keys={"k1": secrets.token_bytes(KEY_BYTES)},
    )
    if path.exists():
        raise FileExistsError(path)
    write(path, keys)
    return keys


def add_field_key(path: Path) -> str:
    """Add a field key and make it current; gives its name. Whoever serves must start again."""
    keys = read(path)
    number = 1 + max(int(name[1:]) for name in keys.field_keys if name[1:].isdecimal())
    name = f"k{number}"
    more = keys.field_keys | {name: secrets.token_bytes(KEY_BYTES)}
    write(path, replace(keys, current=name, field_keys=more))
    return name


def write(path: Path, keys: Keys) -> None:
    """Write the file whole or not at all, for its owner's eyes only."""
    lines = [
        "# Keys of this Bihuan. Keep a copy apart from the backups: without it, encrypted",
        "# phones and names cannot be read again by anyone.",
        f'secret_key = "{keys.secret_key}"',
        f'lookup_key = "{keys.lookup_key.hex()}"',
        f'token_key = "{keys.token_key.hex()}"',
        f'current = "{keys.current}"',
        "[field_keys]",
        *(f'{name} = "{key.hex()}"' for name, key in keys.field_keys.items()),
    ]
    half = path.with_name(f"{path.name}.new")
    half.unlink(missing_ok=True)
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write("\n".join(lines) + "\n")
        out.flush()
        os.fsync(out.fileno())
    half.rename(path)


def read(path: Path) -> Keys:
    """Read the key file; says what is wrong with it and never guesses."""
    try:
        if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise Trouble(
                f"密钥文件 {path} 别人也能读。请执行：chmod 600 {path}",
                f"Others can read the key file {path}. Run: chmod 600 {path}",
            )
        found = tomllib.loads(path.read_text("utf8"))
        keys = Keys(
            secret_key=str(found["secret_key"]),
            lookup_key=bytes.fromhex(found["lookup_key"]),
            token_key=bytes.fromhex(found["token_key"]),
            current=str(found["current"]),
            field_keys={n: bytes.fromhex(k) for n, k in found["field_keys"].items()},
        )
        sizes = {len(k) for k in (keys.lookup_key, keys.token_key, *keys.field_keys.values())}
        if keys.current not in keys.field_keys or sizes != {KEY_BYTES} or not keys.secret_key:
            raise ValueError
    except (OSError, KeyError, ValueError, TypeError, AttributeError) as why:
        reason = why.strerror if isinstance(why, OSError) else type(why).__name__
        raise Trouble(
            f"密钥文件 {path} 读不出来（{reason}）。请从另存的副本中找回，不要新建。",
            f"The key file {path} cannot be read ({reason}). "
            "Bring it back from your copy; do not make a new one.",
        ) from why
    return keys
