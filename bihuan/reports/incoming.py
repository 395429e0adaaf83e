"""Read what a program or page sends as a report, and say plainly what is wrong with it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Any, Literal

import msgspec
from django.core.exceptions import SuspiciousOperation
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParserError
from django.utils.translation import override

from bihuan.base.problem import Problem, unclean
from bihuan.base.text import normalise_phone
from bihuan.matters.photos import MAX_BYTES, Photo, PhotoRefused, reencode
from bihuan.matters.problems import problem_of
from bihuan.places.coordinates import BadCoordinates, to_wgs84
from bihuan.reports.rules import rulebook

JSON_MOST = 64 * 1024  # bytes
PHOTOS_MOST = 6
MULTIPART_MOST = PHOTOS_MOST * MAX_BYTES + 256 * 1024
KEY_MOST = 200
PHOTO_FIELDS = ("photos", "photos[]")
JSON, FORM = "application/json", "multipart/form-data"
# controls other than tab and line ends, halves of surrogates, what stands for undecodable bytes
_UNCLEAN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_UNDECODED = "\ufffd"
_AT = re.compile(r" - at `\$\.?([^`]*)`")


class Incoming(msgspec.Struct, forbid_unknown_fields=True):
    """The fields of a report as they come in; see the OpenAPI document."""

    text: Annotated[str, msgspec.Meta(max_length=2000)] | None = None
    category: Annotated[str, msgspec.Meta(max_length=40)] | None = None
    lon: float | None = None
    lat: float | None = None
    datum: Literal["wgs84", "gcj02", "bd09"] = "wgs84"
    address: Annotated[str, msgspec.Meta(max_length=200)] | None = None
    phone: Annotated[str, msgspec.Meta(max_length=30)] | None = None
    name: Annotated[str, msgspec.Meta(max_length=40)] | None = None
    matter: (
        Annotated[
            str,
            msgspec.Meta(
                max_length=40,
                description="the number of an open matter that this is another report of; "
                "category and place are then its own",
            ),
        ]
        | None
    ) = None


_decode = msgspec.json.Decoder(Incoming).decode


@dataclass(frozen=True)
class Checked:
    """A good report. lon, lat: WGS-84; phone: digits; uploads: the photos' bytes as sent.

    matter: the number of the open matter that it joins, "" for one of its own.
    """

    text: str
    category: str
    lon: float | None
    lat: float | None
    address: str
    phone: str
    name: str
    matter: str
    uploads: tuple[bytes, ...]

    def digest(self) -> bytes:
        """Return the digest of the parsed fields and the photos' hashes."""
        words = (
            self.text, self.category, self.lon, self.lat, self.address, self.phone, self.name,
            self.matter, [sha256(data).hexdigest() for data in self.uploads],
        )  # fmt: skip
        return sha256(msgspec.json.encode(words)).digest()


def read(request: HttpRequest) -> Checked:
    """Read and check a request's body. Raises Problem; nothing has been written then."""
    kind = request.content_type
    if kind not in (JSON, FORM):
        raise Problem(
            415, "content_type",
            "请用 application/json 或 multipart/form-data 提交。",
            "Send application/json or multipart/form-data.",
        )  # fmt: skip
    _check_length(request, JSON_MOST if kind == JSON else MULTIPART_MOST)
    if kind == JSON:
        return check(_from_json(request), ())
    fields, uploads = _from_form(request)
    return check(fields, uploads)


def _check_length(request: HttpRequest, most: int) -> None:
    said = request.META.get("CONTENT_LENGTH") or ""
    if not said:
        raise Problem(
            411, "length_missing",
            "请求没有 Content-Length。", "The request has no Content-Length.",
        )  # fmt: skip
    if not said.isdecimal() or int(said) > most:
        raise Problem(
            413, "too_large",
            f"内容超过 {most // 1024} KB。", f"The content is larger than {most // 1024} KB.",
        )  # fmt: skip


def _from_json(request: HttpRequest) -> Incoming:
    if (request.content_params or {}).get("charset", "utf-8").lower() not in ("utf-8", "utf8"):
        raise Problem(415, "charset", "JSON 只用 UTF-8 编码。", "JSON is UTF-8 only.")
    try:
        return _decode(request.body)
    except msgspec.ValidationError as error:
        raise _bad_field(error) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Problem(
            400, "bad_json",
            "内容不是有效的 JSON（UTF-8）。", f"The content is not valid JSON in UTF-8: {error}",
        ) from None  # fmt: skip


def _bad_field(error: msgspec.ValidationError) -> Problem:
    words = str(error)
    place = _AT.search(words)
    field = place[1] if place else ""
    if "unknown field" in words:
        field = words.split("`")[-2] if "`" in words else ""
        return Problem(
            422, "unknown_field",
            f"没有“{field}”这个字段。", f"There is no field “{field}”.", field=field,
        )  # fmt: skip
    return Problem(
        422, "bad_field",
        f"字段“{field or '$'}”的内容不对，请对照接口说明。",
        f"Field “{field or '$'}” is not valid: {_AT.sub('', words)}.",
        field=field,
    )  # fmt: skip


def _from_form(request: HttpRequest) -> tuple[Incoming, tuple[bytes, ...]]:
    try:
        posted, files = request.POST, request.FILES
    except (MultiPartParserError, SuspiciousOperation, UnicodeDecodeError) as error:
        raise Problem(
            400, "bad_form",
            "表单内容不完整或格式不对。", f"The form is incomplete or malformed: {error}",
        ) from None  # fmt: skip
    words: dict[str, Any] = {}
    for name, values in posted.lists():
        if len(values) > 1:
            raise Problem(
                422, "repeated_field",
                f"字段“{name}”出现了多次。", f"Field “{name}” is given more than once.", field=name,
            )  # fmt: skip
        if name in PHOTO_FIELDS:
            raise _no_file(name)
        if _UNDECODED in values[0]:
            raise unclean(name)
        if values[0] != "":
            words[name] = values[0]
    for name in files:
        if name not in PHOTO_FIELDS:
            raise Problem(
                422, "unknown_field",
                f"没有“{name}”这个文件字段。", f"There is no file field “{name}”.", field=name,
            )  # fmt: skip
    uploads = [file for name in PHOTO_FIELDS for file in files.getlist(name)]
    try:
        fields = msgspec.convert(words, Incoming, strict=False)
    except msgspec.ValidationError as error:
        raise _bad_field(error) from None
    return fields, _bytes_of(uploads)


def _bytes_of(files: list[UploadedFile[bytes]]) -> tuple[bytes, ...]:
    if len(files) > PHOTOS_MOST:
        raise Problem(
            422, "too_many_photos",
            f"最多 {PHOTOS_MOST} 张照片。", f"At most {PHOTOS_MOST} photos.", field="photos",
        )  # fmt: skip
    if any((file.size or 0) > MAX_BYTES for file in files):
        raise Problem(
            413, "too_big",
            "照片超过 10 MB，请换一张小一点的。", "The photo is larger than 10 MB.", field="photos",
        )  # fmt: skip
    return tuple(file.read() for file in files)


def check(given: Incoming, uploads: tuple[bytes, ...]) -> Checked:
    """Check the fields against each other and against the county's tables. Raises Problem."""
    for name in ("text", "category", "address", "phone", "name", "matter"):
        value = getattr(given, name)
        if value and _UNCLEAN.search(value):
            raise unclean(name)
    text = (given.text or "").strip()
    if not text and not uploads:
        raise Problem(
            422, "empty",
            "请写几句话，或拍一张照片。", "Write a few words or attach a photo.", field="text",
        )  # fmt: skip
    lon, lat = _place(given)
    return Checked(
        text,
        _category(given.category or ""),
        lon,
        lat,
        (given.address or "").strip(),
        _phone(given.phone or ""),
        (given.name or "").strip(),
        (given.matter or "").strip().upper(),
        uploads,
    )


def _place(given: Incoming) -> tuple[float | None, float | None]:
    lon, lat = given.lon, given.lat
    if lon is None and lat is None:
        return None, None
    if lon is None or lat is None:
        missing = "lon" if lon is None else "lat"
        raise Problem(
            422, "half_a_place",
            "经度和纬度要一起给。", "Longitude and latitude go together.", field=missing,
        )  # fmt: skip
    try:
        return to_wgs84(lon, lat, given.datum)
    except BadCoordinates as error:
        raise Problem(
            422, "bad_place", str(error),
            "This is no place in China: decimal degrees, longitude (as 115.7) before latitude "
            "(as 36.8); is the order swapped?",
            field="lon",
        ) from None  # fmt: skip


def _category(key: str) -> str:
    if key and rulebook().category(key) is None:
        raise Problem(
            422, "unknown_category",
            "没有这个类别。", "There is no such category.", field="category",
        )  # fmt: skip
    return key


def _phone(text: str) -> str:
    if not text.strip():
        return ""
    try:
        return normalise_phone(text)
    except ValueError as error:
        raise Problem(
            422, "bad_phone", str(error),
            "This is no mainland phone number: 11 digits of a mobile, or a landline with its "
            "area code.",
            field="phone",
        ) from None  # fmt: skip


def _no_file(name: str) -> Problem:
    return Problem(
        422, "not_a_file",
        "照片要作为文件上传。", "Photos are uploaded as files, with a file name.", field=name,
    )  # fmt: skip


def key_in(request: HttpRequest) -> str:
    """Return the Idempotency-Key, "" when none was sent. Raises Problem."""
    key: str = request.META.get("HTTP_IDEMPOTENCY_KEY", "")
    if "HTTP_IDEMPOTENCY_KEY" not in request.META:
        return ""
    if not (0 < len(key) <= KEY_MOST and key.isascii() and key.isprintable()):
        raise Problem(
            400, "bad_key",
            f"Idempotency-Key 要是 1 到 {KEY_MOST} 个可见字符。",
            f"Idempotency-Key is 1 to {KEY_MOST} printable characters.",
        )  # fmt: skip
    return key


def photos_of(uploads: tuple[bytes, ...]) -> tuple[Photo, ...]:
    """Re-encode every photo, all or none; nothing is kept yet. Raises Problem."""
    try:
        return tuple(reencode(data) for data in uploads)
    except PhotoRefused as error:
        with override("zh-hans"):
            found = problem_of(error)
        raise found or error from None
