"""The forms of reporting, following and answering a report."""

from __future__ import annotations

import uuid
from hashlib import sha256
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bihuan.base.text import BadPhone, normalise_phone
from bihuan.matters.actions.opening import Once
from bihuan.matters.actions.photos import Kept
from bihuan.matters.errors import Refused
from bihuan.places.coordinates import DATUMS, WGS84, BadCoordinates, to_wgs84
from bihuan.reports.actions import TEXT_MOST, Sent, key_of
from bihuan.reports.catalogue import choices, doors
from bihuan.reports.rules import rulebook
from bihuan.reports.uploads import PhotoForm, PhotosField

YES, NO = "yes", "no"


def refuse(form: forms.Form, why: Refused) -> None:
    """Put a refusal of a verb on top of the form."""
    form.add_error(None, str(why.message))


def words_field(label: Any, *, required: bool = True, help_text: Any = "") -> forms.CharField:
    """Make a box for a few sentences."""
    return forms.CharField(
        label=label,
        required=required,
        max_length=TEXT_MOST,
        help_text=help_text,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={
            "required": gettext_lazy("请写几句话。"),
            "max_length": gettext_lazy("最多写 %(limit_value)d 个字，请精简一些。"),
        },
    )


class ReportForm(PhotoForm):
    """What somebody saw: photos, what it is, where, words, how to reach them."""

    once = forms.UUIDField(widget=forms.HiddenInput)
    category = forms.ChoiceField(label=gettext_lazy("问题类型"), required=False)
    lon = forms.FloatField(required=False, widget=forms.HiddenInput)
    lat = forms.FloatField(required=False, widget=forms.HiddenInput)
    accuracy = forms.FloatField(required=False, widget=forms.HiddenInput)
    datum = forms.CharField(required=False, widget=forms.HiddenInput)
    address = forms.CharField(
        label=gettext_lazy("地址"),
        required=False,
        max_length=200,
        help_text=gettext_lazy("写路名、小区、楼号或附近的门店，能找到就行"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "list": "addresses"}),
    )
    text = words_field(gettext_lazy("说明"), required=False)
    phone = forms.CharField(
        label=gettext_lazy("手机号"),
        required=False,
        max_length=30,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )
    name = forms.CharField(
        label=gettext_lazy("称呼"),
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    channel = "resident"
    public = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.doors = doors()
        field = self.fields["category"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices(self.doors, public=self.public)
        self.fields["once"].initial = uuid.uuid4

    def clean_phone(self) -> str:
        text: str = self.cleaned_data["phone"].strip()
        try:
            return normalise_phone(text) if text else ""
        except BadPhone as error:
            raise forms.ValidationError(str(error)) from error

    def clean_datum(self) -> str:
        datum: str = self.cleaned_data["datum"]
        return datum if datum in DATUMS else WGS84

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        self._place(given)
        photos = self.held["photos"] or "photos" in self.errors
        if not given.get("text", "").strip() and not photos:
            self.add_error("text", _("请写几句话，或拍一张照片。"))
        return given

    def _place(self, given: dict[str, Any]) -> None:
        """Turn the point to WGS-84; without one, an address is owed."""
        lon, lat = given.get("lon"), given.get("lat")
        if lon is not None and lat is not None:
            try:
                given["lon"], given["lat"] = to_wgs84(lon, lat, given.get("datum", WGS84))
            except BadCoordinates:
                # the phone's own word, not the person's: the address serves
                lon = given["lon"] = given["lat"] = None
        else:
            lon = given["lon"] = given["lat"] = None
        for hidden in ("lon", "lat", "accuracy"):
            self.errors.pop(hidden, None)
        if lon is None and not given.get("address", "").strip() and "address" not in self.errors:
            self.add_error("address", _("请写明地点，或者允许定位、在图上点一下。"))

    def sent(self) -> Sent:
        """Return what is sent in, for a valid form."""
        given = self.cleaned_data
        return Sent(
            text=given["text"].strip(),
            category=given["category"],
            guess=self._guess(),
            lon=given["lon"],
            lat=given["lat"],
            address=given["address"].strip(),
            phone=given["phone"],
            name=given["name"].strip(),
            channel=self.channel,
            photos=given["photos"],
        )

    def _guess(self) -> str:
        """Return the first category behind the door through which the form was opened."""
        tile = str(self.data.get("tile", ""))
        behind = next((door.categories for door in self.doors if door.key == tile), ())
        return behind[0].key if behind else ""

    def once_for(self, caller: str) -> Once:
        """Return the key of this very form and the digest of what it holds."""
        sent = self.sent()
        words = (
            sent.text, sent.category, sent.lon, sent.lat, sent.address, sent.phone, sent.name,
            [photo.sha256.hex() for photo in sent.photos],
        )  # fmt: skip
        digest = sha256(repr(words).encode()).digest()
        return Once(key_of(caller, str(self.cleaned_data["once"])), digest)

    def begin_anew(self) -> None:
        """Take a fresh key, for content that differs from what the old key stands for."""
        assert isinstance(self.data, QueryDict)
        changed = self.data.copy()
        changed[self.add_prefix("once")] = str(uuid.uuid4())
        self.data = changed

    def hint(self) -> str:
        """Return what to photograph, by the category chosen."""
        row = rulebook().category(str(self["category"].value() or ""))
        return row.photo_hint if row else ""


class WorkerReportForm(ReportForm):
    """What a worker saw on the way; put right at once, it is closed with it."""

    channel = "worker"
    public = False
    solved = forms.BooleanField(
        label=gettext_lazy("已在现场处理好，直接办结"),
        required=False,
        help_text=gettext_lazy("要写明怎么处理的，并附处理后的照片"),
    )
    done = words_field(gettext_lazy("怎么处理的"), required=False)
    after = PhotosField(required=False, label=gettext_lazy("处理后的照片"))

    def clean_after(self) -> tuple[Kept, ...]:
        return self.take("after")

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("solved"):
            if not given.get("done", "").strip() and "done" not in self.errors:
                self.add_error("done", _("请写明怎么处理的，居民会看到这段话。"))
            if not self.held["after"] and "after" not in self.errors:
                self.add_error("after", _("请附一张处理后的照片。"))
        return given


class CallForm(ReportForm):
    """What somebody tells the clerk: by phone, at the counter."""

    public = False
    by_phone = forms.ChoiceField(
        label=gettext_lazy("怎么反映的"),
        widget=forms.RadioSelect,
        choices=[("phone", gettext_lazy("来电")), ("clerk", gettext_lazy("当面、来信"))],
        initial="phone",
        error_messages={"required": gettext_lazy("请选择是来电还是当面。")},
    )

    def sent(self) -> Sent:
        self.channel = self.cleaned_data["by_phone"]
        return super().sent()


class TrackForm(forms.Form):
    """A number and the phone left with it."""

    number = forms.CharField(
        label=gettext_lazy("编号"),
        max_length=40,
        help_text=gettext_lazy("如 SP-20261123-000142"),
        widget=forms.TextInput(attrs={"autocapitalize": "characters", "autocomplete": "off"}),
        error_messages={"required": gettext_lazy("请填写编号。")},
    )
    phone = forms.CharField(
        label=gettext_lazy("上报时留的手机号"),
        max_length=30,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
        error_messages={"required": gettext_lazy("请填写手机号。")},
    )

    def clean_phone(self) -> str:
        try:
            return normalise_phone(self.cleaned_data["phone"])
        except BadPhone as error:
            raise forms.ValidationError(str(error)) from error


class WordsForm(PhotoForm):
    """More words or photos from the reporter."""

    words = words_field(gettext_lazy("补充说明"), required=False)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if not given.get("words", "").strip() and not self.held["photos"] and not self.errors:
            self.add_error("words", _("请写几句话或附上照片。"))
        return given


class AnswerForm(forms.Form):
    """The answer to a question put to the reporter."""

    answer = words_field(gettext_lazy("您的答复"))


class RateForm(forms.Form):
    """Solved or not, and apart from it: how content."""

    solved = forms.ChoiceField(
        label=gettext_lazy("问题解决了吗？"),
        widget=forms.RadioSelect,
        choices=[(YES, gettext_lazy("解决了")), (NO, gettext_lazy("没解决"))],
        error_messages={"required": gettext_lazy("请选择是否解决。")},
    )
    level = forms.TypedChoiceField(
        label=gettext_lazy("对办理过程满意吗？"),
        widget=forms.RadioSelect,
        required=False,
        coerce=int,
        empty_value=None,
        choices=[
            ("5", gettext_lazy("非常满意")),
            ("4", gettext_lazy("满意")),
            ("3", gettext_lazy("基本满意")),
            ("2", gettext_lazy("不满意")),
            ("1", gettext_lazy("非常不满意")),
        ],
    )
    say = words_field(gettext_lazy("还想说的"), required=False)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("solved") == NO and not given.get("say", "").strip():
            self.add_error("say", _("请写明哪里没有解决，方便重新办理。"))
        return given
