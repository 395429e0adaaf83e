"""Encrypted fields: readable with the right key in the right place, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.db import connection
from django.test import override_settings
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from bihuan.base import crypto, keyfile
from bihuan.base.crypto import EncryptedField, WrongKey, decrypt, encrypt
from bihuan.base.tests.conftest import Diary, stored

PHONE = "13812345678"
PLACE = "reports.report.phone"
CIPHERS = ("aes-256-gcm", "sm4-gcm")


@pytest.mark.parametrize("cipher", CIPHERS)
@effort(max_examples=50)
@given(value=st.text(st.characters(exclude_categories=["Cs"])), place=st.sampled_from(["a", "b"]))
def test_what_is_encrypted_comes_back(cipher: str, value: str, place: str) -> None:
    with override_settings(FIELD_CIPHER=cipher):
        assert decrypt(encrypt(value, place), place) == value


@pytest.mark.parametrize("cipher", CIPHERS)
def test_a_value_never_looks_the_same_twice(settings: Settings, cipher: str) -> None:
    settings.FIELD_CIPHER = cipher
    seen = {encrypt(PHONE, PLACE) for _ in range(100)}
    assert len(seen) == 100
    assert not any(PHONE.encode() in value for value in seen)


def test_sm4_is_the_cipher_of_the_standard() -> None:
    # GB/T 32907-2016, annex A, example 1
    key = bytes.fromhex("0123456789abcdeffedcba9876543210")
    step = Cipher(algorithms.SM4(key), modes.ECB()).encryptor()
    assert step.update(key).hex() == "681edf34d206965e86b3e94f536e4246"


@pytest.mark.parametrize("cipher", CIPHERS)
def test_every_altered_byte_is_found(settings: Settings, cipher: str) -> None:
    settings.FIELD_CIPHER = cipher
    value = encrypt(PHONE, PLACE)
    for n in range(len(value)):
        altered = bytearray(value)
        altered[n] ^= 1
        with pytest.raises(WrongKey):
            decrypt(bytes(altered), PLACE)
    for n in range(len(value)):
        with pytest.raises(WrongKey):
            decrypt(value[:n], PLACE)
    with pytest.raises(WrongKey):
        decrypt(value + b"\0", PLACE)


def test_a_value_in_another_place_is_refused() -> None:
    with pytest.raises(WrongKey, match=r"reports\.report\.name"):
        decrypt(encrypt(PHONE, PLACE), "reports.report.name")


@pytest.mark.parametrize("cipher", CIPHERS)
def test_another_key_under_the_same_name_is_refused(settings: Settings, cipher: str) -> None:
    settings.FIELD_CIPHER = cipher
    value = encrypt(PHONE, PLACE)
    settings.FIELD_KEYS = {settings.FIELD_KEY: b"x" * 32}
    with pytest.raises(WrongKey) as caught:
        decrypt(value, PLACE)
    assert PHONE not in str(caught.value)


def test_a_missing_key_is_named(settings: Settings) -> None:
    settings.FIELD_KEYS, settings.FIELD_KEY = {"k7": b"x" * 32}, "k7"
    value = encrypt(PHONE, PLACE)
    settings.FIELD_KEYS, settings.FIELD_KEY = {"k8": b"y" * 32}, "k8"
    with pytest.raises(WrongKey, match="k7"):
        decrypt(value, PLACE)


def test_a_key_added_to_the_file_is_taken_up_while_running(
    settings: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "keys.toml"
    keys = keyfile.create(path)
    both = {**keys.field_keys, "k2": b"2" * 32}
    settings.FIELD_KEYS, settings.FIELD_KEY = both, "k2"
    value = encrypt(PHONE, PLACE)  # by a process that started after the change
    settings.FIELD_KEYS, settings.FIELD_KEY, settings.KEYS_FILE = keys.field_keys, "k1", path
    with pytest.raises(WrongKey):
        decrypt(value, PLACE)
    keyfile.write(path, keyfile.Keys("s" * 60, b"l" * 32, b"t" * 32, "k2", both))
    assert decrypt(value, PLACE) == PHONE
    assert encrypt(PHONE, PLACE).startswith(crypto.head("k2", "aes-256-gcm"))


def test_without_keys_nothing_is_encrypted_hashed_or_linked(settings: Settings) -> None:
    settings.FIELD_KEYS, settings.FIELD_KEY = {}, ""
    settings.LOOKUP_KEY = settings.TOKEN_KEY = b""
    with pytest.raises(ImproperlyConfigured):
        encrypt(PHONE, PLACE)
    with pytest.raises(ImproperlyConfigured):
        crypto.lookup_hash(PHONE, "phone")
    with pytest.raises(ImproperlyConfigured):
        crypto.secret_token("report", "1")


def test_a_field_is_a_str_here_and_ciphertext_there(diary: Diary) -> None:
    row = diary.objects.create(phone=PHONE, name="张桂芳")
    (value,) = stored()
    assert PHONE.encode() not in value
    assert decrypt(value, "base.onediary.phone") == PHONE
    assert diary.objects.get(pk=row.pk).phone == PHONE
    assert list(diary.objects.values_list("name", flat=True)) == ["张桂芳"]


def test_an_empty_field_is_null_in_the_database(diary: Diary) -> None:
    diary.objects.create(phone="")
    diary.objects.create(phone=None)
    assert stored() == [None, None]
    assert {row.phone for row in diary.objects.all()} == {""}
    assert diary.objects.filter(phone__isnull=True).count() == 2


def test_every_way_of_writing_encrypts(diary: Diary) -> None:
    diary.objects.bulk_create([diary(phone=PHONE) for _ in range(2)])
    rows = list(diary.objects.all())
    rows[0].phone = "13900000000"
    diary.objects.bulk_update(rows[:1], ["phone"])
    diary.objects.filter(pk=rows[1].pk).update(phone="13900000001")
    values = [decrypt(value, "base.onediary.phone") for value in stored()]
    assert sorted(values) == ["13900000000", "13900000001"]


def test_a_value_moved_to_another_column_is_an_error_not_a_text(diary: Diary) -> None:
    diary.objects.create(phone=PHONE, name="张桂芳")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE diary_of_a_test SET name = phone")
    with pytest.raises(WrongKey):
        diary.objects.get()
    assert diary.objects.defer("name").get().phone == PHONE


def test_a_wrong_key_is_an_error_never_ciphertext(diary: Diary, settings: Settings) -> None:
    diary.objects.create(phone=PHONE)
    settings.FIELD_KEYS = {settings.FIELD_KEY: b"x" * 32}
    with pytest.raises(WrongKey):
        diary.objects.get()


def test_plain_bytes_in_the_column_are_an_error(diary: Diary) -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO diary_of_a_test (phone) VALUES ('13812345678')")
    with pytest.raises(WrongKey):
        diary.objects.get()


@pytest.mark.parametrize("lookup", ["phone", "phone__in", "phone__contains", "phone__startswith"])
def test_searching_in_ciphertext_is_refused(diary: Diary, lookup: str) -> None:
    with pytest.raises(FieldError, match="encrypted"):
        diary.objects.filter(**{lookup: [PHONE]})


def test_an_encrypted_field_is_not_written_out_in_plain(diary: Diary) -> None:
    with pytest.raises(TypeError, match="encrypted"):
        diary._meta.get_field("phone").value_to_string(diary(phone=PHONE))


def test_a_renamed_field_keeps_the_name_it_was_encrypted_for() -> None:
    field = EncryptedField("手机", context="reports.report.mobile")
    _, path, args, kwargs = field.deconstruct()
    again = EncryptedField(*args, **kwargs)
    assert (path, again.context) == ("bihuan.base.crypto.EncryptedField", "reports.report.mobile")
    assert again.null
    assert kwargs == {"verbose_name": "手机", "context": "reports.report.mobile"}


def test_a_hash_depends_on_value_purpose_and_key(settings: Settings) -> None:
    first = crypto.lookup_hash(PHONE, "phone")
    assert len(first) == 32
    assert crypto.lookup_hash(PHONE, "phone") == first
    others = {crypto.lookup_hash(PHONE, "id"), crypto.lookup_hash("13812345679", "phone")}
    settings.LOOKUP_KEY = b"x" * 32
    assert len(others | {crypto.lookup_hash(PHONE, "phone"), first}) == 4


def test_a_secret_link_opens_its_own_record_only(settings: Settings) -> None:
    token = crypto.secret_token("report", "SP-20261123-000142")
    assert len(token) == 26
    assert set(token) <= set("abcdefghijklmnopqrstuvwxyz234567")
    assert crypto.check_token(token, "report", "SP-20261123-000142")
    assert not crypto.check_token(token, "report", "SP-20261123-000143")
    assert not crypto.check_token(token, "photo", "SP-20261123-000142")
    assert not crypto.check_token("", "report", "SP-20261123-000142")
    assert not crypto.check_token("秘密", "report", "SP-20261123-000142")
    settings.TOKEN_KEY = b"x" * 32
    assert not crypto.check_token(token, "report", "SP-20261123-000142")
