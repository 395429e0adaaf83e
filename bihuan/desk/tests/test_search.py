"""Search: numbers, phones, words of two characters up."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from bihuan.accounts.actor import actor_of
from bihuan.accounts.models import Person
from bihuan.base.clock import now
from bihuan.desk import search as search_module
from bihuan.desk.queries import Asked
from bihuan.desk.search import found_by, search
from bihuan.desk.tests.bed import Reported
from conftest import Units

pytestmark = pytest.mark.django_db
Enter = Callable[[Person], Client]


def titles(person: Person, words: str) -> list[str]:
    page = search(actor_of(person), words, Asked(), now())
    return [m.title for m in page.rows]


def test_a_number_leads_to_its_matter_and_its_beginning_to_a_list(
    reported: Reported, wang: Person, enter: Enter
) -> None:
    it, other = reported("甲"), reported("乙")
    client = enter(wang)
    for words in (it.number, it.number.lower(), f" {it.number} "):
        answer = client.get("/desk/", {"q": words})
        assert (answer.status_code, answer["Location"]) == (302, f"/desk/{it.number}")
    page = client.get("/desk/", {"q": it.number[:11]}).content.decode()
    assert it.number in page and other.number in page
    assert it.number not in client.get("/desk/", {"q": "SP-19990101"}).content.decode()


def test_a_phone_finds_for_those_who_may_see_it(
    reported: Reported, wang: Person, staff: dict[str, Person], zhao: Person, units: Units
) -> None:
    reported("留了电话的", phone="13800001234")
    for words in ("13800001234", "138 0000 1234", "+86 138-0000-1234", "１３８００００１２３４"):
        assert titles(wang, words) == ["留了电话的"]
    assert titles(wang, "13800001235") == []
    assert titles(staff["worker"], "13800001234") == []
    assert titles(zhao, "13800001234") == []


def test_words_of_two_characters_up_are_found_and_one_is_refused_in_words(
    reported: Reported, wang: Person, enter: Enter
) -> None:
    reported("东昌路口路灯不亮")
    reported("灯塔路井盖")
    assert titles(wang, "路灯") == ["东昌路口路灯不亮"]
    assert titles(wang, "灯不亮") == ["东昌路口路灯不亮"]
    assert titles(wang, "温泉 井盖") == ["灯塔路井盖"]
    assert titles(wang, "口灯") == []  # both characters are there, not side by side
    page = enter(wang).get("/desk/", {"q": "灯"}).content.decode()
    assert "请至少输入两个连续的字" in page


def test_a_phone_does_not_find_what_is_about_the_searchers_own_unit(
    reported: Reported, units: Units, wang: Person
) -> None:
    reported("路灯不亮", phone="13800001234")
    for about in (units.county, units.city):  # wang is the county's clerk
        reported("窗口不开门", phone="13800001234", about_unit_id=about.pk)
    reported("井盖坏了", phone="13800001234", about_unit_id=units.roads.pk)
    assert sorted(titles(wang, "13800001234")) == ["井盖坏了", "路灯不亮"]


@pytest.mark.parametrize(
    "words",
    ["%%", "__", "' OR 1=1 --", "100%_\\", "'; DROP TABLE matters_matter; --", "<script>", "$$",
     '"', "\\\\", "{}", "路" * 500, "\u202e路灯", "🏮🏮", "SP-1-2-3", "()()()()", "-------1"],
)  # fmt: skip
def test_strange_words_find_nothing_and_harm_nothing(
    words: str, reported: Reported, wang: Person, enter: Enter
) -> None:
    it = reported("普通的事")
    answer = enter(wang).get("/desk/", {"q": words})
    assert answer.status_code == 200
    page = answer.content.decode()
    assert it.number not in page and "<script>" not in page


def test_signs_are_signs_and_letters_are_alike(reported: Reported, wang: Person) -> None:
    reported("3号楼KTV噪声")
    reported("３号楼ＫＴＶ噪声")
    assert titles(wang, "ktv") == ["3号楼KTV噪声"]
    reported("打折100%促销占道")
    assert titles(wang, "100%促销") == ["打折100%促销占道"]


def test_the_walk_and_the_index_find_the_same(
    reported: Reported, wang: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(130):
        reported(f"{n}号井盖" if n % 2 else f"{n}号路灯")
    walked = found_by(actor_of(wang), "井盖", Asked(), now(), 1000)
    assert len(walked) == 65
    assert walked == sorted(walked, reverse=True)
    for window, most in ((0, 5000), (0, 10), (20_000, 10)):
        monkeypatch.setattr(search_module, "WINDOW", window)
        monkeypatch.setattr(search_module, "CANDIDATES", most)
        for much in (True, False):
            monkeypatch.setattr(search_module, "sees_much", lambda by, much=much: much)
            assert found_by(actor_of(wang), "井盖", Asked(), now(), 1000) == walked


def test_found_rows_turn_page_after_page(reported: Reported, wang: Person, enter: Enter) -> None:
    numbers = [reported(f"{n}号井盖").number for n in range(60)]
    client = enter(wang)
    first = client.get("/desk/", {"q": "井盖"}).content.decode()
    assert numbers[-1] in first and numbers[0] not in first
    actor = actor_of(wang)
    page = search(actor, "井盖", Asked(), now())
    second = client.get(f"/desk/?q=井盖&after={page.older}").content.decode()
    assert all(n in second for n in numbers[:10]) and numbers[-1] not in second
