"""Photos of a matter: rows beside the blobs that are already kept on disk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from bihuan.accounts.actor import Actor
from bihuan.matters import blobs
from bihuan.matters.case import Case
from bihuan.matters.errors import EvidenceMissing
from bihuan.matters.models import Attachment
from bihuan.matters.photos import Photo, reencode


@dataclass(frozen=True)
class Kept:
    """A photo whose cleaned bytes are on disk: blob names, digest, size in bytes, pixels."""

    name: str
    thumb: str
    sha256: bytes
    size: int
    width: int
    height: int


def take_photo(data: bytes) -> Kept:
    """Re-encode an upload and keep it durably; raise PhotoRefused with the reason."""
    return keep(reencode(data))


def keep(photo: Photo) -> Kept:
    """Keep a cleaned photo and its thumbnail on disk; nothing points to them yet."""
    return Kept(
        name=blobs.keep(photo.jpeg, "jpg"),
        thumb=blobs.keep(photo.thumb, "jpg"),
        sha256=photo.sha256,
        size=len(photo.jpeg),
        width=photo.width,
        height=photo.height,
    )


def keep_photos(
    case: Case,
    photos: Sequence[Kept],
    *,
    use: str,
    by: Actor,
    at: datetime,
    record_id: int | None = None,
) -> None:
    """Add photos to a held matter; the line written next binds their digests.

    use: report, before, after, note.
    """
    case.new_photos += [p.sha256.hex() for p in photos]
    Attachment.objects.bulk_create(
        Attachment(
            matter=case.matter,
            record_id=record_id,
            use=use,
            name=p.name,
            thumb=p.thumb,
            sha256=p.sha256,
            size=p.size,
            width=p.width,
            height=p.height,
            by_id=by.person_id,
            at=at,
        )
        for p in photos
    )


def photo_owed(case: Case, photos: Sequence[Kept]) -> None:
    """Raise EvidenceMissing when the kind asks a photo for this category and none is there."""
    if not photos and case.kind.photo_owed(case.matter.category):
        raise EvidenceMissing(_("请至少附一张处置后的照片。"))
