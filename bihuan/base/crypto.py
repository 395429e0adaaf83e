"""Personal data encrypted field by field, keyed hashes to find them, and secret links.

A stored value: one byte for the cipher (1 AES-256-GCM, NIST SP 800-38D; 2 SM4-GCM, GB/T
32907-2016), one byte length of the key id, the key id, a nonce of 12 random bytes, the
ciphertext and its tag of 16 bytes. The field's name is authenticated with it, so a value moved
into another column is refused. Random nonces allow 2^32 values under one key: rotate before.

Settings: FIELD_KEYS (key id: 32 bytes), FIELD_KEY and FIELD_CIPHER (for new values),
LOOKUP_KEY, TOKEN_KEY (bytes); they come from the key file (keyfile.py).
"""

from __future__ import annotations

import base64
import hmac
import os
from typing import TYPE_CHECKING, Any, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.lookups import IsNull

from bihuan.base import keyfile
from bihuan.base.trouble import Trouble

AES, SM4 = "aes-256-gcm", "sm4-gcm"
MARKS = {AES: 1, SM4: 2}  # the first byte of a stored value
NONCE, TAG = 12, 16
SM4_KEY = 16


class WrongKey(Exception):
    """A stored value cannot be read: its key is missing or wrong, or it was altered or moved."""


class _Box(Protocol):
    """A cipher with its key, ready to use."""

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes, /) -> bytes: ...
    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes, /) -> bytes: ...


class _Sm4Gcm:
    def __init__(self, key: bytes) -> None:
        self._cipher = algorithms.SM4(key)

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes, /) -> bytes:
        step = Cipher(self._cipher, modes.GCM(nonce)).encryptor()
        step.authenticate_additional_data(associated_data)
        return step.update(data) + step.finalize() + step.tag

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes, /) -> bytes:
        step = Cipher(self._cipher, modes.GCM(nonce, data[-TAG:])).decryptor()
        step.authenticate_additional_data(associated_data)
        return step.update(data[:-TAG]) + step.finalize()


class _Ring:
    """The field keys of the settings as ready ciphers, by the head of the values they read."""

    def __init__(self, keys: dict[str, bytes], current: str, cipher: str) -> None:
        self.boxes: dict[bytes, _Box] = {}
        for name, key in keys.items():
            self.boxes[head(name, AES)] = AESGCM(key)
            # A key of its own for the other cipher, so that no key serves two.
            sm4_key = hmac.digest(key, SM4.encode(), "sha256")[:SM4_KEY]
            self.boxes[head(name, SM4)] = _Sm4Gcm(sm4_key)
        self.head = head(current, cipher)
        if self.head not in self.boxes:
            raise ImproperlyConfigured("FIELD_KEY is not among FIELD_KEYS: is the key file there?")
        self.box = self.boxes[self.head]


_Source = tuple[dict[str, bytes], str, str]
_kept: tuple[_Source, _Ring] | None = None


def _source() -> _Source:
    return settings.FIELD_KEYS, settings.FIELD_KEY, settings.FIELD_CIPHER


def _ring() -> _Ring:
    """Return the ciphers, made anew when the settings hold other keys (in tests)."""
    global _kept
    kept, source = _kept, _source()
    if kept is None or kept[0][0] is not source[0] or kept[0][1:] != source[1:]:
        kept = _kept = (source, _Ring(*source))
    return kept[1]


def _read_again() -> _Ring:
    """Take up a key that was added to the key file while this process was running."""
    global _kept
    try:
        keys = keyfile.read(settings.KEYS_FILE)
    except Trouble:
        return _ring()
    ring = _Ring({**keys.field_keys, **settings.FIELD_KEYS}, keys.current, settings.FIELD_CIPHER)
    _kept = (_source(), ring)
    return ring


def head(key_id: str, cipher: str) -> bytes:
    """Return the bytes with which every value under this key and cipher begins."""
    name = key_id.encode()
    return bytes((MARKS[cipher], len(name))) + name


def encrypt(value: str, context: str) -> bytes:
    """Encrypt `value` with the current key for the place named `context`.

    For fields the context is EncryptedField.context; raw SQL passes the same.
    """
    ring = _ring()
    nonce = os.urandom(NONCE)
    return ring.head + nonce + ring.box.encrypt(nonce, value.encode(), context.encode())


def decrypt(stored: bytes | memoryview, context: str) -> str:
    """Return the value; raise WrongKey, never give back what cannot be read."""
    data = bytes(stored)
    body = 2 + data[1] if len(data) > 1 else 2
    if len(data) < body + NONCE + TAG or data[0] not in MARKS.values():
        raise WrongKey(f"{context}: not an encrypted value")
    begin = data[:body]
    box = _ring().boxes.get(begin) or _read_again().boxes.get(begin)
    if box is None:
        name = data[2:body].decode("ascii", "replace")
        raise WrongKey(f"{context}: the key {name!r} is missing")
    try:
        plain = box.decrypt(data[body : body + NONCE], data[body + NONCE :], context.encode())
    except InvalidTag:
        raise WrongKey(f"{context}: wrong key, or the value was altered or moved") from None
    return plain.decode()


if TYPE_CHECKING:
    _TextField = models.Field[str | None, str]
else:
    _TextField = models.Field


class EncryptedField(_TextField):
    """A text that is encrypted in the database. In Python a str; an empty one is stored as null.

    context: the name authenticated with every value, "app.model.field" unless given; give it
    when a field is renamed. It can only be asked whether it is null: look up by a hash beside.
    """

    description = "encrypted text"

    def __init__(self, *args: Any, context: str = "", **kwargs: Any) -> None:
        kwargs.update(null=True, blank=True, default="", editable=False)
        self._context = context
        super().__init__(*args, **kwargs)

    @property
    def context(self) -> str:
        return self._context or f"{self.model._meta.label_lower}.{self.name}"

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        for word in ("null", "blank", "default", "editable"):
            kwargs.pop(word, None)
        if self._context:
            kwargs["context"] = self._context
        return name, path, args, kwargs

    def get_internal_type(self) -> str:
        return "BinaryField"

    def get_db_prep_value(
        self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False
    ) -> bytes | None:
        return encrypt(value, self.context) if value else None

    def from_db_value(
        self, value: bytes | memoryview | None, expression: object, connection: object
    ) -> str:
        return "" if value is None else decrypt(value, self.context)

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name == "isnull":
            return IsNull
        raise FieldError(f"{self.context} is encrypted: look it up by its hash")

    def value_to_string(self, obj: models.Model) -> str:
        raise TypeError(f"{self.context} is encrypted and not written out in plain text")


def lookup_hash(value: str, purpose: str) -> bytes:
    """Return 32 bytes by which equal values are found without reading them (HMAC-SHA256).

    `purpose` keeps hashes of different columns from being compared. Normalise the value first.
    """
    return _keyed(settings.LOOKUP_KEY, value, purpose)


def secret_token(purpose: str, ident: str) -> str:
    """Return the secret word for `ident`: 26 characters a-z2-7, 130 bits, always the same."""
    digest = _keyed(settings.TOKEN_KEY, ident, purpose)
    return base64.b32encode(digest)[:26].decode().lower()


def check_token(token: str, purpose: str, ident: str) -> bool:
    """Say whether `token` is the secret word for `ident`, in a time that betrays nothing."""
    given = token.encode(errors="replace")
    return hmac.compare_digest(given, secret_token(purpose, ident).encode())


def _keyed(key: bytes, value: str, purpose: str) -> bytes:
    if not key:  # an empty key would give words that anybody can compute
        raise ImproperlyConfigured("LOOKUP_KEY or TOKEN_KEY is empty: is the key file there?")
    return hmac.digest(key, f"{purpose}\0{value}".encode(), "sha256")
