from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bihuan.accounts import actions
from bihuan.accounts.actor import SYSTEM, actor_of
from bihuan.accounts.models import AdminEntry, Person, Post, Unit
from bihuan.accounts.roles import Role
from bihuan.accounts.urls import urlpatterns
from bihuan.base.clock import now
from conftest import Units

pytestmark = [pytest.mark.urls("bihuan.accounts.tests.urls"), pytest.mark.django_db]

GIVEN = {
    "name": "何静",
    "username": "hejing",
    "phone": "13800138000",
    "unit": "综合行政执法局",
    "role": "handler",
}


def signed_in(person: Person) -> Client:
    client = Client()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def wu(staff: dict[str, Person]) -> Client:
    """Give the browser of the administrator of 临清市."""
    return signed_in(staff["county_admin"])


def words(answer: object) -> str:
    return answer.content.decode()  # type: ignore[attr-defined, no-any-return]


# ---- the doors ---------------------------------------------------------------------------------

# name, what stands in the address, who gets in (by GET, or by POST where only POST is taken)
OPEN = {"login", "logout", "password", "language"}
AUDIT = {"admin_log"}


def addresses(units: Units, person: Person) -> list[tuple[str, str]]:
    post = person.posts.get()
    found = []
    for pattern in urlpatterns:
        name = str(pattern.name)
        route = str(pattern.pattern)
        for word, number in (
            ("<int:person_id>", person.pk),
            ("<int:unit_id>", units.street.pk),
            ("<int:post_id>", post.pk),
        ):
            route = route.replace(word, str(number))
        found.append((name, f"/{route}"))
    return found


def test_every_door_opens_to_its_roles_and_to_nobody_else(
    staff: dict[str, Person], zhao: Person, zhang: Person, units: Units
) -> None:
    target = staff["worker"]
    people = {**staff, "zhao": zhao, "zhang": zhang}
    for name, path in addresses(units, target):
        if name in OPEN:
            continue
        anonymous = Client()
        for method in (anonymous.get, anonymous.post):
            assert method(path).status_code in (302, 405), path
        may = {"auditor", "supervisor", "zhao"} if name in AUDIT else {"county_admin"}
        for role, person in people.items():
            if role in may:
                continue
            client = signed_in(person)
            for method in (client.get, client.post):
                assert method(path).status_code in (403, 405), f"{role} {path}"
    assert Person.objects.get(pk=target.pk).is_active
    assert not AdminEntry.objects.exists()


def test_an_administrator_of_another_county_is_refused_at_each_door_of_this_one(
    staff: dict[str, Person], units: Units
) -> None:
    other = actions.create_person(
        username="qian",
        name="钱进",
        password="kuaizhang-2026-lu",
        unit=units.other_county,
        role=Role.COUNTY_ADMIN,
        must_change_password=False,
        by=SYSTEM,
        at=now(),
    )
    client = signed_in(other)
    before = AdminEntry.objects.count()
    for name, path in addresses(units, staff["worker"]):
        if "/" not in path[1:] or name == "person_add":
            continue  # lists and the empty form: their own county's
        assert client.get(path).status_code in (403, 405), path
        assert client.post(path).status_code in (403, 405), path
    assert client.post("/people/add", {**GIVEN, "unit": units.urban.code}).status_code == 422
    assert AdminEntry.objects.count() == before
    assert not Person.objects.filter(username="hejing").exists()


def test_unknown_people_units_and_posts_are_not_found(wu: Client) -> None:
    for path in ("/people/999999", "/units/999999"):
        assert wu.get(path).status_code == 404
    assert wu.post("/people/posts/999999/end").status_code == 404


# ---- people ------------------------------------------------------------------------------------


def test_the_list_shows_the_county_s_people_with_their_posts(wu: Client, zhao: Person) -> None:
    shown = words(wu.get("/people"))
    for text in ("李建国", "网格员", "温泉社区第一网格", "从未登录", "共 8 人"):
        assert text in shown
    assert "赵磊" not in shown
    assert "王敏" in words(wu.get("/people", {"q": "王"}))
    assert "没有找到人员" in words(wu.get("/people", {"q": "无此人"}))
    assert "没有找到人员" in words(wu.get("/people", {"closed": "1"}))
    assert wu.get("/people", {"page": "ninety"}).status_code == 200


def test_the_list_costs_the_same_queries_for_ten_and_for_200_people(
    wu: Client, units: Units
) -> None:
    def cost() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert wu.get("/people").status_code == 200
        return len(queries)

    wu.get("/people")
    costs = []
    for rows in (10, 200):
        for n in range(Person.objects.count(), rows):
            person = Person.objects.create(username=f"p{n:02d}", name=f"人{n}")
            Post.objects.create(
                person=person, unit=units.urban, role="handler", from_on="2026-01-01"
            )
        costs.append(cost())
    assert costs[0] == costs[1]


def test_a_person_is_added_and_the_password_is_shown_once_and_works(wu: Client) -> None:
    answer = wu.post("/people/add", GIVEN)
    assert answer.status_code == 200
    found = re.search(r'<code id="one-time">([a-z2-9]{12})</code>', words(answer))
    assert found is not None
    person = Person.objects.get(username="hejing")
    assert person.check_password(found[1])
    assert person.must_change_password
    assert "no-store" in answer["Cache-Control"]
    page = words(wu.get(f"/people/{person.pk}"))
    assert found[1] not in page
    assert "13800138000" not in page
    assert "综合行政执法局" in page


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": ""}, "这个字段是必填项"),
        ({"name": "何" * 41}, "40"),
        ({"username": "李"}, "小写字母"),
        ({"username": "li"}, "已被使用"),
        ({"phone": "12"}, "手机号码有误"),
        ({"unit": "无此单位"}, "您管理的范围内没有这个单位"),
        ({"unit": "冠县"}, "您管理的范围内没有这个单位"),
        ({"unit": ""}, "这个字段是必填项"),
        ({"role": "system"}, "system"),
        ({"role": ""}, "这个字段是必填项"),
        ({"name": "何\x00静"}, "不允许"),
    ],
)
def test_a_wrong_person_form_says_what_is_wrong_and_writes_nothing(
    changes: dict[str, str], said: str, wu: Client
) -> None:
    before = (Person.objects.count(), AdminEntry.objects.count())
    answer = wu.post("/people/add", {**GIVEN, **changes})
    assert answer.status_code == 422
    assert said in words(answer)
    assert (Person.objects.count(), AdminEntry.objects.count()) == before


def test_two_units_of_one_name_are_told_apart_by_code(wu: Client, units: Units) -> None:
    for n, parent in enumerate((units.street, units.county)):
        Unit.objects.create(code=f"twin-{n}", name="综治中心", kind="department", parent=parent)
    assert "请填写编码" in words(wu.post("/people/add", {**GIVEN, "unit": "综治中心"}))
    assert wu.post("/people/add", {**GIVEN, "unit": "twin-1"}).status_code == 200


def test_a_post_is_given_and_ended_on_the_person_s_page(
    wu: Client, staff: dict[str, Person]
) -> None:
    handler = staff["handler"]
    path = f"/people/{handler.pk}"
    given = {"unit": "交通运输局", "role": "handler"}
    assert wu.post(f"{path}/posts", given).status_code == 302
    again = wu.post(f"{path}/posts", given)
    assert again.status_code == 422
    assert "已担任" in words(again)
    assert wu.post(f"{path}/posts", {"unit": "", "role": "king"}).status_code == 422
    apart = wu.post(f"{path}/posts", {"unit": "临清市", "role": "auditor"})
    assert "不得与其他角色" in words(apart)
    assert len(actor_of(handler).posts) == 2
    post = handler.posts.get(unit__name="交通运输局")
    assert wu.post(f"/people/posts/{post.pk}/end").status_code == 302
    assert len(actor_of(handler).posts) == 1
    assert "任职已经结束" in words(wu.post(f"/people/posts/{post.pk}/end", follow=True))


def test_a_reset_asks_first_and_then_shows_the_password_once(
    wu: Client, staff: dict[str, Person]
) -> None:
    path = f"/people/{staff['clerk'].pk}/password"
    before = staff["clerk"].password
    assert "只显示一次" in words(wu.get(path))
    assert Person.objects.get(pk=staff["clerk"].pk).password == before
    found = re.search(r'<code id="one-time">([a-z2-9]{12})</code>', words(wu.post(path)))
    assert found is not None
    assert Person.objects.get(pk=staff["clerk"].pk).check_password(found[1])


def test_an_account_is_closed_and_opened_again(wu: Client, staff: dict[str, Person]) -> None:
    path = f"/people/{staff['clerk'].pk}"
    wu.get(f"{path}/close")
    assert Person.objects.get(pk=staff["clerk"].pk).is_active
    assert "已停用" in words(wu.post(f"{path}/close", follow=True))
    assert not Person.objects.get(pk=staff["clerk"].pk).is_active
    assert "王敏" in words(wu.get("/people", {"closed": "1"}))
    assert "账号已启用" in words(wu.post(f"{path}/reopen", follow=True))
    assert Person.objects.get(pk=staff["clerk"].pk).is_active


def test_one_s_own_account_is_left_to_another_administrator(
    wu: Client, staff: dict[str, Person]
) -> None:
    oneself = staff["county_admin"]
    page = words(wu.get(f"/people/{oneself.pk}"))
    assert "另一位系统管理员" in page
    assert f"/people/{oneself.pk}/close" not in page
    for path in ("password", "close", "reopen"):
        assert "不能给自己" in words(wu.post(f"/people/{oneself.pk}/{path}", follow=True))
    assert Person.objects.get(pk=oneself.pk).password == oneself.password


# ---- units -------------------------------------------------------------------------------------


def test_the_tree_is_walked_within_reach(wu: Client, units: Units) -> None:
    assert wu.get("/units")["Location"] == f"/units/{units.county.pk}"
    page = words(wu.get(f"/units/{units.street.pk}"))
    assert "温泉社区" in page
    assert "临清市" in page
    assert f"/units/{units.city.pk}" not in page


def test_a_unit_is_added_moved_given_hours_and_closed(wu: Client, units: Units) -> None:
    given = {"name": "新兴社区", "code": "371581001002", "kind": "community", "area_code": ""}
    assert wu.post(f"/units/{units.street.pk}/add", given).status_code == 302
    made = Unit.objects.get(code="371581001002")
    assert made.parent_id == units.street.pk
    assert wu.post(f"/units/{made.pk}/move", {"parent": "综合行政执法局"}).status_code == 302
    hours = {"hours": "08:30－12:00，14：00-18:00"}
    assert wu.post(f"/units/{made.pk}/hours", hours).status_code == 302
    assert wu.post(f"/units/{made.pk}/close").status_code == 302
    made.refresh_from_db()
    assert made.parent_id == units.urban.pk
    assert made.office_hours == [[30_600, 43_200], [50_400, 64_800]]
    assert not made.is_active
    assert "08:30-12:00 14:00-18:00" in words(wu.get(f"/units/{made.pk}"))


@pytest.mark.parametrize(
    ("step", "given", "said"),
    [
        ("add", {}, "这个字段是必填项"),
        ("add", {"name": "甲", "code": "371581001", "kind": "team"}, "已被其他单位使用"),
        ("add", {"name": "甲", "code": "x", "kind": "castle"}, "castle"),
        ("add", {"name": "甲", "code": "x", "kind": "team", "area_code": "12"}, "区划代码为"),
        ("move", {"parent": "温泉社区"}, "不能是本单位或其下级"),
        ("move", {"parent": "清泉街道"}, "您管理的范围内没有这个单位"),
        ("move", {}, "这个字段是必填项"),
        ("hours", {"hours": "morning"}, "08:30-12:00"),
        ("hours", {"hours": "12:00-08:30"}, "先后排列"),
        ("hours", {"hours": "08:61-09:00"}, "08:30-12:00"),
        ("hours", {"hours": "08:30-25:00"}, "先后排列"),
    ],
)
def test_a_wrong_unit_form_says_what_is_wrong_and_writes_nothing(
    step: str, given: dict[str, str], said: str, wu: Client, units: Units
) -> None:
    before = list(Unit.objects.values())
    answer = wu.post(f"/units/{units.street.pk}/{step}", given)
    assert answer.status_code == 422
    assert said in words(answer)
    assert list(Unit.objects.values()) == before
    assert not AdminEntry.objects.exists()


# ---- the log -----------------------------------------------------------------------------------


def test_the_auditor_reads_who_administered_what(wu: Client, staff: dict[str, Person]) -> None:
    auditor = signed_in(staff["auditor"])
    assert "没有记录" in words(auditor.get("/administration"))
    wu.post("/people/add", GIVEN)
    page = words(auditor.get("/administration"))
    for text in ("吴涛", "增加人员", "何静", "综合行政执法局"):
        assert text in page
