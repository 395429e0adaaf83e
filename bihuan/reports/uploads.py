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
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

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

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return files.getlist(name) if hasattr(files, "getlist") else files.get(name)


class PhotosField(forms.FileField):
    """Several photos; gives the list of uploaded files, still as they came."""

    widget = ManyFiles

    def clean(self, data: Any, initial: Any = None) -> Any:
        return [file for file in (data or []) if file]


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
    """A form with photos: `photos` are new files, `kept-photos` the tokens of those before.

    A further field of photos adds its own `clean_<name>`. held: by field, what is kept so far.
    """

    photos = PhotosField(required=False, label=gettext_lazy("照片"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.held: dict[str, list[Held]] = {
            name: [] for name, field in self.fields.items() if isinstance(field, PhotosField)
        }

    @property
    def room(self) -> dict[str, int]:
        """Say how many more photos each field takes."""
        return {name: PHOTOS_MOST - len(held) for name, held in self.held.items()}

    def clean_photos(self) -> tuple[Kept, ...]:
        return self.take("photos")

    def take(self, name: str) -> tuple[Kept, ...]:
        """Keep the new photos beside the old ones; all good ones stay though one is refused."""
        data = self.data
        sent = data.getlist(f"kept-{name}") if isinstance(data, QueryDict) else []
        tokens = list(dict.fromkeys(sent))[:PHOTOS_MOST]
        old = [photo for token in tokens if (photo := open_token(token))]
        room = PHOTOS_MOST - len(old)
        files = self.cleaned_data[name]
        new, wrong = take_all(files[:room])
        photos = tuple({photo.name: photo for photo in (*old, *new)}.values())
        self.held[name] = [hold(photo) for photo in photos]
        if len(files) > room:
            wrong.append(_("最多 %(n)s 张照片，多出的没有保存。") % {"n": PHOTOS_MOST})
        if len(old) < len(tokens):
            wrong.append(_("有照片放得太久，已经失效，请重新拍。"))
        if wrong:
            raise forms.ValidationError(wrong)
        return photos
