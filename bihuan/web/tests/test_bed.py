"""The test bed itself: what conftest.py promises to every test."""

from __future__ import annotations

import socket

import psycopg.errors
import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.utils import ProgrammingError


def test_nothing_leaves_this_machine() -> None:
    with socket.socket() as sock, pytest.raises(PermissionError, match=r"192\.0\.2\.1"):
        sock.connect(("192.0.2.1", 80))


@pytest.mark.django_db
def test_tests_run_with_the_rights_of_the_serving_application() -> None:
    with connection.cursor() as cursor, pytest.raises(ProgrammingError) as refusal:
        cursor.execute("CREATE TABLE not_allowed (id int)")
    assert isinstance(refusal.value.__cause__, psycopg.errors.InsufficientPrivilege)


@pytest.mark.django_db(transaction=True)
def test_a_test_with_real_transactions_leaves_its_row_to_be_removed() -> None:
    ContentType.objects.create(app_label="bed", model="left_over")
    assert ContentType.objects.filter(app_label="bed").count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_row_of_the_test_before_is_gone() -> None:
    assert not ContentType.objects.filter(app_label="bed").exists()
