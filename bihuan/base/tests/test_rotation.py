"""Everything under a new key: in batches, resumable, and what cannot be read is named."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings as now
from django.db import connection
from pytest_django.fixtures import Settings

from bihuan.base import jobs
from bihuan.base.crypto import WrongKey, lookup_hash
from bihuan.base.tests.conftest import Diary, stored

PHONE = "13812345678"


def add_key(settings: Settings) -> None:
    settings.FIELD_KEYS = {**now.FIELD_KEYS, "k2": b"2" * 32}
    settings.FIELD_KEY = "k2"


def phones(diary: Diary) -> list[str]:
    return list(diary.objects.order_by("pk").values_list("phone", flat=True))


def test_after_rotation_the_old_key_may_go(diary: Diary, settings: Settings) -> None:
    expected = [f"1380000000{n}" for n in range(7)]
    diary.objects.bulk_create([diary(phone=phone) for phone in [*expected, ""]])
    add_key(settings)
    assert [batch.done for batch in jobs.rotate(diary, "phone", batch=3)] == [3, 3, 1]
    settings.FIELD_KEYS = {"k2": b"2" * 32}
    assert phones(diary) == [*expected, ""]
    assert stored()[-1] is None


def test_a_change_of_cipher_is_a_rotation_too(diary: Diary, settings: Settings) -> None:
    diary.objects.create(phone=PHONE)
    settings.FIELD_CIPHER = "sm4-gcm"
    assert [batch.done for batch in jobs.rotate(diary, "phone")] == [1]
    assert stored()[0][0] == 2
    assert phones(diary) == [PHONE]


def test_a_stopped_rotation_goes_on_where_it_stopped(diary: Diary, settings: Settings) -> None:
    diary.objects.bulk_create([diary(phone=f"1380000000{n}") for n in range(5)])
    add_key(settings)
    next(jobs.rotate(diary, "phone", batch=2))
    after_stop = stored()
    assert [batch.done for batch in jobs.rotate(diary, "phone", batch=2)] == [2, 1]
    assert stored()[:2] == after_stop[:2]  # not written a second time
    assert list(jobs.rotate(diary, "phone")) == []


def test_what_cannot_be_read_is_named_and_left_as_it_was(diary: Diary, settings: Settings) -> None:
    rows = diary.objects.bulk_create([diary(phone=f"1380000000{n}") for n in range(3)])
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE diary_of_a_test SET phone = set_byte(phone, 20, 255 - get_byte(phone, 20)) "
            "WHERE id = %s",
            [rows[1].pk],
        )
    before = stored()[1]
    add_key(settings)
    (batch,) = jobs.rotate(diary, "phone")
    assert (batch.context, batch.done, batch.unreadable) == ("base.onediary.phone", 2, [rows[1].pk])
    assert stored()[1] == before
    with pytest.raises(WrongKey):
        phones(diary)


def test_only_encrypted_fields_are_rotated(diary: Diary) -> None:
    with pytest.raises(TypeError, match="not encrypted"):
        list(jobs.rotate(diary, "id"))


def test_the_whole_installation_is_rotated(zhang: Any, settings: Settings) -> None:
    zhang.phone, zhang.phone_key = PHONE, lookup_hash(PHONE, "phone")
    zhang.save(update_fields=["phone", "phone_key"])
    assert jobs.left_to_rotate() == {}
    add_key(settings)
    assert jobs.left_to_rotate() == {"accounts.person.phone": 1}
    assert [tuple(batch) for batch in jobs.rotate_all()] == [("accounts.person.phone", 1, [])]
    assert jobs.left_to_rotate() == {}
    zhang.refresh_from_db()
    assert zhang.phone == PHONE
