"""The forms of a worker's or handler's task: one verb each."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bihuan.accounts.actor import Actor, today
from bihuan.accounts.may import HANDS
from bihuan.accounts.models import Person, current
from bihuan.matters.actions.photos import Kept
from bihuan.matters.models import Task
from bihuan.reports.catalogue import reason_name
from bihuan.reports.forms import NO, YES, words_field
from bihuan.reports.reasons import reasons
from bihuan.reports.uploads import PhotoForm, PhotosField

SOLVED = "solved"


class TaskForm(PhotoForm):
    """A form of one verb on a task. by: who fills it in."""

    def __init__(self, *args: Any, task: Task, by: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.task, self.by = task, by
        self.prepare()

    def prepare(self) -> None:
        """Fill in what hangs on the task or the person."""


class VerifyForm(TaskForm):
    """What was seen on the spot."""

    found = forms.ChoiceField(
        label=gettext_lazy("现场情况"),
        widget=forms.RadioSelect,
        choices=[
            (YES, gettext_lazy("情况属实")),
            (NO, gettext_lazy("没有找到")),
            (SOLVED, gettext_lazy("已当场处理好")),
        ],
        error_messages={"required": gettext_lazy("请选择现场情况。")},
    )
    note = words_field(gettext_lazy("现场说明"))
    field_order = ("found", "photos", "note")


class FinishForm(TaskForm):
    """What was done, for the reporter to read, with photos from before and after."""

    opinion = words_field(
        gettext_lazy("办理结果"), help_text=gettext_lazy("居民会看到这段话，请写清做了什么")
    )
    before = PhotosField(required=False, label=gettext_lazy("处置前的照片"))

    def prepare(self) -> None:
        self.fields["photos"].label = _("处置后的照片")

    def clean_before(self) -> tuple[Kept, ...]:
        return self.take("before")


class NoPhotoForm(forms.Form):
    """A form of one verb without photos."""

    held: dict[str, Any] = {}

    def __init__(self, *args: Any, task: Task, by: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.task, self.by = task, by
        self.prepare()

    def prepare(self) -> None:
        """Fill in what hangs on the task or the person."""


class ReturnForm(NoPhotoForm):
    """Why the unit gives it back."""

    reason = forms.ChoiceField(
        label=gettext_lazy("退回原因"),
        error_messages={"required": gettext_lazy("请选择退回原因。")},
    )
    note = words_field(gettext_lazy("说明"))

    def prepare(self) -> None:
        field = self.fields["reason"]
        assert isinstance(field, forms.ChoiceField)
        rows = reasons("return")
        field.choices = [("", _("请选择")), *((row.key, reason_name(row)) for row in rows)]
        asked = "；".join(row.asks_zh for row in rows[:2] if row.asks_zh)  # data: joins phrases
        self.fields["note"].help_text = asked


class AskForm(NoPhotoForm):
    """A question to the reporter; the clock waits for the answer."""

    question = words_field(
        gettext_lazy("要问的话"), help_text=gettext_lazy("居民会看到这段话；答复之前停止计时")
    )


class HandOverForm(NoPhotoForm):
    """Which colleague of the same unit takes it."""

    person = forms.TypedChoiceField(
        label=gettext_lazy("转给谁"),
        coerce=int,
        error_messages={"required": gettext_lazy("请选择同事。")},
    )
    note = words_field(gettext_lazy("说明"), required=False)

    def prepare(self) -> None:
        field = self.fields["person"]
        assert isinstance(field, forms.ChoiceField)
        people = (
            Person.objects.filter(
                is_active=True,
                pk__in=self.task.unit.posts.filter(current(today()), role__in=HANDS).values(
                    "person_id"
                ),
            )
            .exclude(pk=self.by.person_id or 0)
            .exclude(pk=self.task.person_id or 0)
            .order_by("name", "pk")
        )
        field.choices = [("", _("请选择")), *((str(one.pk), one.name) for one in people)]


class SayForm(TaskForm):
    """Words to the centre: help is needed, something changed."""

    words = words_field(
        gettext_lazy("要说的话"), help_text=gettext_lazy("只有办理这件事项的单位看得到")
    )


class CheckForm(TaskForm):
    """Whether it is done as it should be, seen by somebody else."""

    passed = forms.ChoiceField(
        label=gettext_lazy("核查结果"),
        widget=forms.RadioSelect,
        choices=[(YES, gettext_lazy("已经办好")), (NO, gettext_lazy("没有办好"))],
        error_messages={"required": gettext_lazy("请选择核查结果。")},
    )
    note = words_field(gettext_lazy("现场说明"))
    field_order = ("passed", "photos", "note")
