"""Folding, two-character search, phones and masks; the database's bigrams beside Python's."""

from __future__ import annotations

import pytest
from django.db import connection
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bihuan.base import text as words_of


def in_database(text: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT bigrams(%s)", [text])
        found: list[str] = cursor.fetchone()[0]
    return found


NEAR_THE_EDGES = (
    "路灯坏了 ，。、（）ＡＺａｚ０９！～　AZaz09`'\"-_·×÷àÉ‐…〇々〆〈〜ヽー｡ﾟ𠮷😀\ufffd\uffff"
)
some_text = st.text(
    st.one_of(
        st.sampled_from(NEAR_THE_EDGES),
        st.characters(exclude_categories=["Cs"], exclude_characters="\0"),
    ),
    max_size=40,
)


@pytest.mark.django_db
@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(some_text)
@example("İstanbul ẞ ΑΣ ſ K")  # letters whose small form differs between programs
@example("ＩＴ'ｓ　路灯")
def test_python_and_the_database_find_the_same_bigrams(text: str) -> None:
    assert in_database(text) == words_of.bigrams(text)


@pytest.mark.django_db
def test_the_edges_of_every_range_are_the_same_on_both_sides() -> None:
    marks = words_of.SEPARATORS.replace("-", "").split(r"\u")[1:]
    points = {int(mark, 16) + step for mark in marks for step in (-1, 0, 1)}
    text = "".join(f" x{chr(n)}y" for n in sorted(points) if 0 < n < 0x10000)
    assert in_database(text) == words_of.bigrams(text)


def test_bigrams_stay_inside_words() -> None:
    assert words_of.bigrams("路灯，坏了") == ["坏了", "路灯"]
    assert words_of.bigrams("Ａ栋 3单元") == ["3单", "a栋", "单元"]
    assert words_of.bigrams("灯") == []


def test_a_query_finds_the_text_it_stands_in() -> None:
    stored = set(words_of.bigrams("临清市青年路街道温泉社区，路灯不亮"))
    assert stored >= set(words_of.bigram_query("青年路"))
    assert stored >= set(words_of.bigram_query("路灯 温泉"))
    assert not stored >= set(words_of.bigram_query("泉社灯"))


@pytest.mark.parametrize("text", ["", "灯", "路 灯", "，，", " a "])
def test_a_query_of_one_character_is_refused(text: str) -> None:
    with pytest.raises(words_of.TooShort, match="两个"):
        words_of.bigram_query(text)


def test_folding_makes_full_width_plain_and_capitals_small() -> None:
    assert words_of.narrow("ＡＢｃ　１２３（路灯）") == "ABc 123(路灯)"
    assert words_of.fold("ＡＢｃ　１２３（路灯）") == "abc 123(路灯)"
    assert words_of.words("Ａ１，路灯!坏 了") == ["a1", "路灯", "坏", "了"]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("13812345678", "13812345678"),
        (" 138-1234 5678", "13812345678"),
        ("+86 138 1234 5678", "13812345678"),
        ("008613812345678", "13812345678"),
        ("8613812345678", "13812345678"),
        ("１３８１２３４５６７８", "13812345678"),
        ("0635-8288888", "06358288888"),
        ("（0635）8288888", "06358288888"),
        ("+86 635 8288888", "06358288888"),
        ("+86 10 6234 5678", "01062345678"),
        ("021-62345678", "02162345678"),
        ("0755-82345678", "075582345678"),
    ],
)
def test_a_phone_is_kept_in_one_form(typed: str, kept: str) -> None:
    assert words_of.normalise_phone(typed) == kept
    assert words_of.normalise_phone(kept) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "", "12345", "8288888", "12812345678", "1381234567", "138123456789", "0635828888",
        "+1 202 555 0100", "1381234567a", "٠١٣٨١٢٣٤٥٦٧", "13812345678,13912345678", "010-1234567",
    ],
)  # fmt: skip
def test_what_is_no_phone_is_refused(typed: str) -> None:
    with pytest.raises(words_of.BadPhone, match="11位"):
        words_of.normalise_phone(typed)


def test_masks_show_no_more_than_they_should() -> None:
    assert words_of.mask_phone("13812345678") == "138****5678"
    assert words_of.mask_phone("06358288888") == "063****8888"
    assert words_of.mask_phone("12345") == "***45"
    assert words_of.mask_phone("12") == "**"
    assert words_of.mask_phone("") == ""
    assert words_of.mask_name("张伟") == "张*"
    assert words_of.mask_name("张桂芳") == "张**"
    assert words_of.mask_name("阿依古丽·买买提") == "阿**"
    assert words_of.mask_name("张") == "张*"
    assert words_of.mask_name(" ") == ""
    assert words_of.mask_id_number("37158119800101123X") == "**************123X"
    assert words_of.mask_id_number("1234567") == "*******"


@given(st.text(max_size=20))
def test_a_masked_name_or_number_never_holds_its_middle(text: str) -> None:
    assert set(words_of.mask_name(text)[1:]) <= {"*"}
    assert set(words_of.mask_id_number(text)[:-4]) <= {"*"}
    assert set(words_of.mask_phone(text)[3:-4]) <= {"*"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("打13800138000找我", "打***********找我"),
        ("证号37152519900101123X，急", "证号******************，急"),
        ("工单2026112300014213、6平米、0635-2421234", "工单2026112300014213、6平米、0635-2421234"),
        ("1380013800", "1380013800"),
        ("138001380001", "138001380001"),
        ("13800138000 13900139000", "*********** ***********"),
    ],
)
def test_only_numbers_of_people_are_hidden_in_words(text: str, shown: str) -> None:
    assert words_of.hide_numbers(text) == shown
