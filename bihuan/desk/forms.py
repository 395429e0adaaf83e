"""The forms of the desk. A verb names its fields; each field is made here, once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bihuan.accounts.may import may
from bihuan.accounts.queries import named, nearest_people
from bihuan.accounts.roles import Role
from bihuan.accounts.units import Node, tree
from bihuan.desk import words
from bihuan.desk.queries import nearby
from bihuan.desk.scene import Scene
from bihuan.matters.photos import MAX_BYTES
from bihuan.matters.queries import visible_to

PHOTOS_MOST = 6
NOTE_MOST = 1000  # characters
HANDS = (Role.WORKER, Role.CELL_HEAD, Role.HANDLER, Role.UNIT_HEAD)
DAYS = (0, 1, 7, 30, 90, 365)


class Files(forms.ClearableFileInput):
    """A file input that takes several."""

    allow_multiple_selected = True


class PhotosField(forms.FileField):
    """Several photos; only their number and size are looked at here, the kernel re-encodes them."""

    widget = Files

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        files = [f for f in (data if isinstance(data, list | tuple) else [data]) if f]
        if len(files) > PHOTOS_MOST:
            raise forms.ValidationError(_("最多 %(n)s 张照片。") % {"n": PHOTOS_MOST})
        if any(f.size > MAX_BYTES for f in files):
            raise forms.ValidationError(_("照片超过 10 MB，请换一张小一点的。"))
        return files


def _note(label: str, must: str = "", **more: Any) -> forms.Field:
    return forms.CharField(
        label=label,
        required=bool(must),
        max_length=NOTE_MOST,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={
            "required": must or "",
            "max_length": _("最多写 %(n)s 个字，请精简一些。") % {"n": NOTE_MOST},
        },
        **more,
    )


def _reason(scene: Scene, sort: str, keys: tuple[str, ...] | None = None) -> forms.Field:
    """Give the listed reasons of a sort; of keys alone where the kind names those it takes."""
    listed = scene.kind.reasons(sort) if scene.kind.reasons else []
    names = {key: name for key, name, _text in listed}
    if keys is not None:
        choices = [(key, names.get(key, key)) for key in keys]
    else:
        choices = [*names.items()] or [("other", _("其他"))]
    return forms.ChoiceField(
        label=_("原因"),
        choices=[("", _("请选择")), *choices],
        error_messages={"required": _("请选择原因。"), "invalid_choice": _("请从列表中选择原因。")},
    )


def _county(scene: Scene) -> int | None:
    found = tree().of_kind(scene.matter.owner_id, Unit.COUNTY, Unit.CITY)
    return found.id if found else None


class Unit:
    """Kinds of units, in the order in which a picker lists them."""

    COUNTY, CITY = "county", "city"
    ORDER = ("department", "zone", "street", "centre", "community", "team", "county", "city")


GROUPS = {
    "department": gettext_lazy("部门"),
    "zone": gettext_lazy("功能区"),
    "street": gettext_lazy("乡镇（街道）"),
    "centre": gettext_lazy("综治中心"),
    "community": gettext_lazy("村（社区）"),
    "team": gettext_lazy("网格队伍"),
    "county": gettext_lazy("县（市、区）"),
    "city": gettext_lazy("市"),
}


def _inside(scene: Scene) -> frozenset[int]:
    """Return the units of the matter's county; all where it has none."""
    top = _county(scene)
    return tree().subtree(top) if top is not None else frozenset(u.id for u in tree())


def units_to_pick(scene: Scene) -> list[Node]:
    """Return the active units of the matter's county that it may be given to by this viewer.

    Never one that the matter is about; a unit's own head gives work within the unit alone.
    """
    inside = _inside(scene)
    centre = bool(scene.by.units_as(Role.CLERK, Role.SUPERVISOR))
    return [
        u
        for u in tree()
        if u.is_active
        and u.id in inside
        and not scene.case.concerns(u.id)
        and (centre or may(scene.by, "matters.assign", u.id))
    ]


def _unit_choices(scene: Scene, *, first: int | None = None, why: str = "") -> list[Any]:
    """Give units in groups by kind; the suggested one, with its reason, before them all."""
    choices: list[Any] = [("", _("请选择单位"))]
    if first is not None and first in tree() and not scene.case.concerns(first):
        name = _("%(unit)s（推荐：%(why)s）") % {"unit": words.unit_label(first), "why": why or "–"}
        choices.append((first, name))
    return choices + _grouped(units_to_pick(scene))


def _grouped(units: list[Node]) -> list[Any]:
    found: dict[str, list[tuple[int, str]]] = {}
    for unit in units:
        found.setdefault(unit.kind, []).append((unit.id, words.unit_label(unit.id)))
    return [(str(GROUPS[k]), found[k]) for k in Unit.ORDER if k in found]


def _about_unit(scene: Scene) -> forms.Field:
    """Ask which unit of the county a matter is about; begins with what is registered."""
    inside = _inside(scene)
    return forms.TypedChoiceField(
        label=_("反映的单位（不选为不涉及单位）"),
        required=False,
        coerce=int,
        empty_value=None,
        initial=scene.matter.about_unit_id,
        choices=[
            ("", _("请选择单位")),
            *_grouped([u for u in tree() if u.is_active and u.id in inside]),
        ],
        error_messages={"invalid_choice": _("请从列表中选择单位。")},
    )


def _about_person(scene: Scene) -> forms.Field:
    about = scene.matter.about_person
    return forms.CharField(
        label=_("反映的工作人员（姓名或登录名，不填为不涉及个人）"),
        required=False,
        max_length=60,
        initial=about.username if about is not None else "",
    )


def _unit(scene: Scene, label: str, *, required: bool = True, suggest: bool = False) -> forms.Field:
    asked = scene.kind.suggest if suggest else None
    found = asked(scene.matter.pk, scene.at) if asked else None
    first, why = found if found else (None, "")
    return forms.TypedChoiceField(
        label=label,
        required=required,
        coerce=int,
        empty_value=None,
        initial=first,
        choices=_unit_choices(scene, first=first, why=why),
        error_messages={"required": _("请选择单位。"), "invalid_choice": _("请从列表中选择单位。")},
    )


def _helpers(scene: Scene) -> forms.Field:
    return forms.TypedMultipleChoiceField(
        label=_("协办单位"),
        required=False,
        coerce=int,
        choices=_unit_choices(scene)[1:],
        help_text=_("可选几个，按住 Ctrl 键点选。"),
        widget=forms.SelectMultiple(attrs={"size": 6}),
        error_messages={"invalid_choice": _("请从列表中选择单位。")},
    )


def _person(scene: Scene, unit_id: int) -> forms.Field:
    people = nearest_people(unit_id, *HANDS, on=timezone.localdate(scene.at))
    return forms.TypedChoiceField(
        label=_("办理人"),
        coerce=int,
        empty_value=None,
        choices=[("", _("请选择人员")), *((p.pk, p.name) for p in people)],
        error_messages={"required": _("请选择人员。"), "invalid_choice": _("请从列表中选择人员。")},
    )


class Day(forms.DateInput):
    input_type = "date"


class Moment(forms.DateTimeInput):
    input_type = "datetime-local"


def _yes_no(label: str, yes: str, no: str) -> forms.Field:
    return forms.TypedChoiceField(
        label=label,
        choices=[("yes", yes), ("no", no)],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
        error_messages={"required": _("请选择一项。"), "invalid_choice": _("请选择一项。")},
    )


def _category(scene: Scene) -> forms.Field:
    known = scene.kind.categories() if scene.kind.categories else []
    choices = known or [(scene.matter.category, scene.matter.category or "–")]
    return forms.ChoiceField(
        label=_("类别"),
        choices=choices,
        initial=scene.matter.category,
        required=bool(known),
        error_messages={"invalid_choice": _("没有这个类别，请重新选择。")},
    )


def _near(scene: Scene) -> forms.Field:
    found = nearby(scene.matter, scene.by)
    return forms.ChoiceField(
        label=_("附近同类的事项"),
        required=False,
        choices=[(m.number, f"{m.number} {m.title}") for m in found],
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": _("请从列表中选择，或填写编号。")},
    )


MUST = gettext_lazy("请写明情况或原因。")
MAKERS: dict[str, Callable[[Scene, str], forms.Field]] = {
    "note": lambda scene, _key: _note(_("说明")),
    "note!": lambda scene, _key: _note(_("说明"), str(MUST)),
    "opinion!": lambda scene, _key: _note(
        _("办理结果"), _("请写明办理结果，居民会看到这段话。"), help_text=_("居民会看到这段话。")
    ),
    "words!": lambda scene, _key: _note(
        _("答复"), _("请写明答复。"), help_text=_("居民会看到这段话。")
    ),
    "photos": lambda scene, _key: PhotosField(label=_("照片"), required=False),
    "before_photos": lambda scene, _key: PhotosField(label=_("处置前照片"), required=False),
    "reason:refuse": lambda scene, _key: _reason(scene, "refuse"),
    "reason:return": lambda scene, _key: _reason(scene, "return"),
    "reason:void": lambda scene, _key: _reason(scene, "void"),
    "cause:pause": lambda scene, _key: _reason(scene, "pause", scene.kind.pause_causes),
    "cause:wait": lambda scene, _key: _reason(scene, "wait", scene.kind.wait_causes),
    "until": lambda scene, _key: forms.DateField(
        label=_("到期日"),
        widget=Day,
        error_messages={"required": _("请选择到期日。"), "invalid": _("日期不对，请重新选择。")},
    ),
    "by_when": lambda scene, _key: forms.DateTimeField(
        label=_("督办期限"),
        widget=Moment,
        error_messages={"required": _("请选择期限。"), "invalid": _("时间不对，请重新选择。")},
    ),
    "unit": lambda scene, _key: _unit(scene, _("主办单位"), suggest=True),
    "new_unit": lambda scene, _key: _unit(scene, _("改派给")),
    "helper": lambda scene, _key: _unit(scene, _("协办单位")),
    "helpers": lambda scene, _key: _helpers(scene),
    "about_unit": lambda scene, _key: _about_unit(scene),
    "about_person": lambda scene, _key: _about_person(scene),
    "look_unit": lambda scene, _key: _unit(
        scene, _("由哪个单位到场（不选为网格队伍）"), required=False
    ),
    "person": lambda scene, key: _person(
        scene, scene.tasks[key].unit_id if key in scene.tasks else scene.matter.owner_id
    ),
    "found": lambda scene, _key: _yes_no(_("现场情况"), _("属实"), _("与上报不符")),
    "agree": lambda scene, _key: _yes_no(_("审核意见"), _("同意"), _("不同意")),
    "title": lambda scene, _key: forms.CharField(
        label=_("拆分出来的事情"),
        max_length=120,
        error_messages={"required": _("请写明拆分出来的事情。")},
    ),
    "category": lambda scene, _key: _category(scene),
    "near": lambda scene, _key: _near(scene),
    "into": lambda scene, _key: forms.CharField(
        label=_("或填写编号"), required=False, max_length=30
    ),
    "evidence": lambda scene, _key: forms.CharField(
        label=_("依据（文件名称、文号）"), required=False, max_length=200
    ),
    "record": lambda scene, _key: forms.IntegerField(
        min_value=1,
        max_value=2**62,
        widget=forms.HiddenInput,
        error_messages={"required": _("请从上报内容旁边点“查看”。")},
    ),
    "field": lambda scene, _key: forms.ChoiceField(
        choices=list(words.FIELDS.items()), widget=forms.HiddenInput
    ),
    "look_reason!": lambda scene, _key: _note(
        _("查看理由"),
        _("请写明查看的理由，查看会留下记录。"),
        help_text=_("审计员能看到谁、何时、为何查看。"),
    ),
}  # fmt: skip


class VerbForm(forms.Form):
    """The form of one verb on one matter; `seq` says which line of history the page had seen."""

    use_required_attribute = False
    seq = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(
        self, *args: Any, scene: Scene, names: tuple[str, ...], key: str = "", **more: Any
    ) -> None:
        super().__init__(*args, **more)
        self.scene = scene
        self.fields["seq"].initial = scene.matter.last_seq
        for name in names:
            plain = name.split(":", 1)[0].rstrip("!")
            self.fields[plain] = MAKERS[name](scene, key)
        if "before_photos" in self.fields:
            self.fields["photos"].label = _("处置后照片")

    def clean_until(self) -> datetime:
        day: date = self.cleaned_data["until"]
        return timezone.make_aware(datetime.combine(day, time(18, 0)))

    def clean_about_person(self) -> int | None:
        """Find who is meant: one who works in the county, and no namesake."""
        said: str = self.cleaned_data["about_person"].strip()
        about = self.scene.matter.about_person
        if not said or (about is not None and said == about.username):
            return about.pk if said and about is not None else None
        found = named(said, _inside(self.scene), on=timezone.localdate(self.scene.at))
        if not found:
            raise forms.ValidationError(_("没有找到这个人，请核对姓名或登录名。"))
        if len(found) > 1:
            raise forms.ValidationError(_("有几位同名，请填写登录名。"))
        return found[0].pk

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "into" in self.fields:
            cleaned["into_id"] = self._other(cleaned)
        return cleaned

    def _other(self, cleaned: dict[str, Any]) -> int | None:
        """Find the matter to merge into, by number or from the list nearby."""
        number = (cleaned.get("into") or cleaned.get("near") or "").strip().upper()
        if not number:
            self.add_error("into", _("请选择或填写要并入的事项编号。"))
            return None
        found = visible_to(self.scene.by).filter(number=number).values_list("pk", flat=True).first()
        if found is None:
            self.add_error("into", _("没有找到这个编号的事项，请核对。"))
        return found


class SieveForm(forms.Form):
    """The filters of the board, all of them in the address; what is wrong is left out and said."""

    category = forms.CharField(required=False, max_length=40)
    area = forms.IntegerField(required=False, min_value=1)
    owner = forms.IntegerField(required=False, min_value=1)
    channel = forms.CharField(required=False, max_length=20)
    state = forms.CharField(required=False, max_length=30)
    days = forms.IntegerField(required=False, min_value=0, max_value=3660)

    def clean_area(self) -> int | None:
        return self._known(self.cleaned_data["area"])

    def clean_owner(self) -> int | None:
        return self._known(self.cleaned_data["owner"])

    def _known(self, unit_id: int | None) -> int | None:
        if unit_id is not None and unit_id not in tree():
            raise forms.ValidationError(_("没有这个单位，已按全部显示。"))
        return unit_id
