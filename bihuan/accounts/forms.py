"""The forms of signing in and of managing people and units."""

from __future__ import annotations

import unicodedata
from typing import Any

from django import forms
from django.contrib.auth.password_validation import password_validators_help_texts
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bihuan.accounts.actions import Refused
from bihuan.accounts.actor import Actor
from bihuan.accounts.may import may
from bihuan.accounts.models import Person, Unit
from bihuan.accounts.roles import APPOINTED, LABELS, Role
from bihuan.accounts.units import Spans, tree

OFFERED = ("city", "county", "department", "zone", "street")  # listed while typing; others by name
HOUR, MINUTE = 3600, 60  # seconds


def refuse(form: forms.Form, why: Refused) -> None:
    """Put a refusal beside the field it is about, else on top of the form."""
    form.add_error(why.field if why.field in form.fields else None, str(why))


class SignInForm(forms.Form):
    """User name and password."""

    username = forms.CharField(
        label=gettext_lazy("用户名"),
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none"}),
    )
    password = forms.CharField(
        label=gettext_lazy("密码"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class PasswordForm(forms.Form):
    """One's own new password."""

    old = forms.CharField(
        label=gettext_lazy("当前密码"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    new = forms.CharField(
        label=gettext_lazy("新密码"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label=gettext_lazy("再输一次新密码"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, person: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person
        self.fields["new"].help_text = " ".join(password_validators_help_texts())

    def clean_old(self) -> str:
        old: str = self.cleaned_data["old"]
        if not self.person.check_password(old):
            raise forms.ValidationError(_("当前密码不正确。"))
        return old

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if "new" in given and given.get("again", given["new"]) != given["new"]:
            self.add_error("again", _("两次输入的新密码不一致。"))
        if "new" in given and given.get("old") == given["new"]:
            self.add_error("new", _("新密码不能与当前密码相同。"))
        return given


class UnitField(forms.CharField):
    """A unit by its code, or by its name where only one unit within reach has it."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", gettext_lazy("单位"))
        kwargs.setdefault("help_text", gettext_lazy("填写单位全称或编码。"))
        kwargs.setdefault("max_length", 60)
        super().__init__(**kwargs)
        self.widget.attrs["list"] = "units"
        self.actor: Actor | None = None

    def clean(self, value: Any) -> Unit:
        text = str(super().clean(value)).strip()
        within = [node for node in tree() if node.is_active and text in (node.code, node.name)]
        if self.actor is not None:
            reach = self.actor
            within = [node for node in within if may(reach, "accounts.manage", node.id)]
        if not within:
            raise forms.ValidationError(_("您管理的范围内没有这个单位，请检查名称或编码。"))
        if len(within) > 1:
            raise forms.ValidationError(_("有多个单位叫这个名称，请填写编码。"))
        return Unit.objects.get(pk=within[0].id)


def offered(actor: Actor) -> list[tuple[str, str]]:
    """Give codes and names of the larger units within reach, to choose from while typing."""
    scope = tree().scope(actor)
    return [
        (node.code, node.name)
        for node in tree()
        if node.is_active and node.kind in OFFERED and (scope is None or node.id in scope)
    ]


ROLE_CHOICES = [("", gettext_lazy("请选择")), *((role.value, LABELS[role]) for role in APPOINTED)]


class _WithUnit(forms.Form):
    """A form that names a unit within the actor's reach."""

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field, UnitField):
                field.actor = actor


class PostForm(_WithUnit):
    """A role at a unit."""

    unit = UnitField()
    role = forms.TypedChoiceField(
        label=gettext_lazy("角色"), choices=ROLE_CHOICES, coerce=Role, empty_value=None
    )


class PersonForm(PostForm):
    """A new account with its first post; the password is drawn, not chosen here."""

    field_order = ("name", "username", "phone", "unit", "role")
    name = forms.CharField(label=gettext_lazy("姓名"), max_length=40)
    username = forms.CharField(
        label=gettext_lazy("用户名"),
        max_length=40,
        help_text=gettext_lazy("登录用，小写字母、数字、点、横线和下划线。"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none"}),
    )
    phone = forms.CharField(
        label=gettext_lazy("手机"),
        max_length=20,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
    )


class UnitForm(forms.Form):
    """A new unit below the one it is added to."""

    name = forms.CharField(label=gettext_lazy("名称"), max_length=60)
    code = forms.CharField(
        label=gettext_lazy("编码"),
        max_length=30,
        help_text=gettext_lazy("全系统唯一；有统计用区划代码的用区划代码。"),
    )
    kind = forms.ChoiceField(label=gettext_lazy("类别"), choices=Unit.Kind.choices)
    area_code = forms.RegexField(
        label=gettext_lazy("区划代码"),
        regex=r"^([0-9]{4}|[0-9]{6}|[0-9]{9}|[0-9]{12})$",
        required=False,
        error_messages={"invalid": gettext_lazy("区划代码为 4、6、9 或 12 位数字。")},
    )


class MoveForm(_WithUnit):
    """Where a unit is to hang."""

    parent = UnitField(label=gettext_lazy("上级单位"))


class HoursForm(forms.Form):
    """A unit's office hours as people write them: 08:30-12:00 14:00-18:00."""

    hours = forms.CharField(
        label=gettext_lazy("办公时间"),
        max_length=100,
        required=False,
        help_text=gettext_lazy("如 08:30-12:00 14:00-18:00；不填则与上级单位相同。"),
    )

    def clean_hours(self) -> Spans | None:
        text = unicodedata.normalize("NFKC", self.cleaned_data["hours"])  # full-width signs too
        try:
            spans = tuple(_span(word) for word in text.replace(",", " ").split())
        except ValueError:
            raise forms.ValidationError(_("请按 08:30-12:00 的样子填写。")) from None
        return spans or None


def _span(word: str) -> tuple[int, int]:
    start, end = word.split("-")
    return _seconds(start), _seconds(end)


def _seconds(text: str) -> int:
    hours, minutes = text.split(":")
    if not (hours.isdecimal() and minutes.isdecimal() and int(minutes) < 60):
        raise ValueError(text)
    return int(hours) * HOUR + int(minutes) * MINUTE


def hours_in_words(spans: Spans | None) -> str:
    """Write spans the way HoursForm reads them."""
    return " ".join(f"{_clock(start)}-{_clock(end)}" for start, end in spans or ())


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02d}:{seconds % 3600 // 60:02d}"
