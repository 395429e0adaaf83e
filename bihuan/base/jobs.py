"""Long work on the encrypted fields: everything under the current key, in batches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from django.apps import apps
from django.conf import settings
from django.db import models, transaction
from django.db.models import F, Func, QuerySet, Value
from django.db.models.functions import Cast

from bihuan.base.crypto import EncryptedField, WrongKey, decrypt, head


class Rotated(NamedTuple):
    """One batch: rows encrypted anew, and the keys of rows that cannot be read (left alone)."""

    context: str
    done: int
    unreadable: list[Any]


def rotate(model: type[models.Model], name: str, *, batch: int = 500) -> Iterator[Rotated]:
    """Encrypt the field `name` of every row anew that is not under the current key and cipher.

    Each batch is a transaction of its own. Stopped and started again, it goes on with what is
    left. While rows are unreadable, no key may be taken out of the key file.
    """
    last: Any = None
    while True:
        with transaction.atomic():
            rows = _old(model, name).order_by("pk").select_for_update(no_key=True, of=("self",))
            if last is not None:
                rows = rows.filter(pk__gt=last)
            found = list(rows.values_list("pk", "stored")[:batch])
            if not found:
                return
            last = found[-1][0]
            result = _write(model, name, found)
        yield result


def _write(model: type[models.Model], name: str, found: list[tuple[Any, bytes]]) -> Rotated:
    context = field(model, name).context
    again, unreadable = [], []
    for pk, stored in found:
        try:
            again.append(model(**{"pk": pk, name: decrypt(stored, context)}))
        except WrongKey:
            unreadable.append(pk)
    model._base_manager.bulk_update(again, [name])
    return Rotated(context, len(again), unreadable)


def rotate_all(*, batch: int = 500) -> Iterator[Rotated]:
    """Rotate every encrypted field of every model."""
    for model, name in encrypted_fields():
        yield from rotate(model, name, batch=batch)


def left_to_rotate() -> dict[str, int]:
    """Count the values not under the current key and cipher, by field. Empty: all done."""
    counts = {
        field(model, name).context: _old(model, name).count() for model, name in encrypted_fields()
    }
    return {context: n for context, n in counts.items() if n}


def encrypted_fields() -> list[tuple[type[models.Model], str]]:
    """Return every encrypted field of the installation."""
    return [
        (model, found.name)
        for model in apps.get_models()
        if model._meta.managed and not model._meta.proxy
        for found in model._meta.local_fields
        if isinstance(found, EncryptedField)
    ]


def field(model: type[models.Model], name: str) -> EncryptedField:
    """Return the encrypted field of that name; TypeError when it is another kind of field."""
    found = model._meta.get_field(name)
    if not isinstance(found, EncryptedField):
        raise TypeError(f"{model._meta.label}.{name} is not encrypted")
    return found


def _old(model: type[models.Model], name: str) -> QuerySet[Any]:
    """Return the rows whose value does not begin as one written today would."""
    field(model, name)
    begin = head(settings.FIELD_KEY, settings.FIELD_CIPHER)
    raw = Cast(F(name), models.BinaryField())
    start = Func(
        raw, Value(1), Value(len(begin)), function="substr", output_field=models.BinaryField()
    )
    rows = model._base_manager.filter(**{f"{name}__isnull": False})
    old: QuerySet[Any] = rows.annotate(stored=raw, start=start).exclude(start=begin)
    return old
