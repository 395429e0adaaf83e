"""Photos on their way in: read from a form, kept at once, carried through its errors.

What was uploaded once is never asked for again: a form that comes back with errors holds each
kept photo as a signed token, and so does nothing but what this server itself has kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core import signing
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from bihuan.matters.actions.photos import Kept, take_photo
from bihuan.matters.photos import MAX_BYTES, REASONS, PhotoRefused

PHOTOS_MOST = 6
SALT = "reports.kept_photo"
KEPT_SECONDS = 12 * 3600  # shorter than the age at which a photo nobody points to is swept away


@dataclass(frozen=True)
class Held:
    """A photo kept before its form was accepted, and the token that stands for it."""

    token: str
    photo: Kept


def hold(photo: Kept) -> Held:
    """Sign a kept photo, so that the form can bring it back."""
    values = (photo.name, photo.thumb, photo.sha256.hex(), photo.size, photo.width, photo.height)
    return Held(signing.dumps(values, salt=SALT), photo)


def open_token(token: str) -> Kept | None:
    """Return the photo a token stands for; None when it is not ours or too old."""
    try:
        name, thumb, digest, *sizes = signing.loads(token, salt=SALT, max_age=KEPT_SECONDS)
    except signing.BadSignature:
        return None
    return Kept(name, thumb, bytes.fromhex(digest), *sizes)


class ManyFiles(forms.ClearableFileInput):
    """One file input that takes several files."""

    allow_multiple_selected = True


class PhotosField(forms.FileField):
    """Up to `most` photos; gives the list of uploaded files, still as they came."""

    widget = ManyFiles

    def __init__(self, *, most: int = PHOTOS_MOST, **kwargs: Any) -> None:
        self.most = most
        super().__init__(**kwargs)

    def clean(self, data: Any, initial: Any = None) -> Any:
        files = [file for file in (data or []) if file]
        if self.required and not files:
            raise forms.ValidationError(self.error_messages["required"], code="required")
        return files


def take_all(files: Iterable[UploadedFile[bytes]]) -> tuple[list[Kept], list[str]]:
    """Keep every photo that is one; give what was kept, and in words why the others were not."""
    kept, wrong = [], []
    for number, file in enumerate(files, 1):
        try:
            if (file.size or 0) > MAX_BYTES:
                raise PhotoRefused("too_big", REASONS["too_big"])
            kept.append(take_photo(file.read()))
        except PhotoRefused as error:
            wrong.append(_("第 %(n)s 张：%(why)s") % {"n": number, "why": error.message})
    return kept, wrong


class PhotoForm(forms.Form):
    """A form with photos: `photos` are new files, `kept` the tokens of those that came before."""

    photos = PhotosField(required=False)
    photos_owed = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.held: list[Held] = []

    def clean_photos(self) -> tuple[Kept, ...]:
        """Keep the new photos beside the old ones; all good ones stay though one is refused."""
        field = self.fields["photos"]
        assert isinstance(field, PhotosField)
        tokens = dict.fromkeys(self.data.getlist(self.add_prefix("kept"))) if self.is_bound else {}
        old = [photo for token in list(tokens)[: field.most] if (photo := open_token(token))]
        room = field.most - len(old)
        files = self.cleaned_data["photos"]
        new, wrong = take_all(files[:room])
        photos = tuple({photo.name: photo for photo in (*old, *new)}.values())
        self.held = [hold(photo) for photo in photos]
        if len(files) > room:
            wrong.append(_("最多 %(n)s 张照片，多出的没有保存。") % {"n": field.most})
        if len(old) < min(len(tokens), field.most):
            wrong.append(_("有照片放得太久，已经失效，请重新拍。"))
        if not photos and not wrong and self.photos_owed:
            wrong.append(_("请至少拍一张照片。"))
        if wrong:
            raise forms.ValidationError(wrong)
        return photos
