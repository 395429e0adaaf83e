"""Turn what people send as a photo into a clean JPEG, or refuse it and say why.

Nothing of the file that came in survives but its pixels: they are painted onto a new canvas,
so EXIF, GPS, comments, colour profiles and anything hung on the end stay behind. The name and
the media type a sender states are never asked; the first bytes decide, and then the decoder.
"""

from __future__ import annotations

import hashlib
import io
import logging
import math
import threading
import warnings
from contextlib import nullcontext
from dataclasses import dataclass

import pillow_heif
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from PIL import ExifTags, Image

from bihuan.matters import photo_headers
from bihuan.matters.errors import Refused

MAX_BYTES = 10 * 1024 * 1024
MAX_PIXELS = {  # by what each decoder holds at once: measured, at most 200 MB
    "JPEG": 50_000_000,  # decoded at 1/2 … 1/8 size
    "PNG": 40_000_000,
    "GIF": 50_000_000,
    "WEBP": 12_500_000,  # the decoder keeps four whole pictures
    "HEIF": 25_000_000,  # the decoder keeps three whole pictures
}
MAX_PROGRESSIVE_PIXELS = 25_000_000  # a progressive JPEG keeps all coefficients in memory
MAX_SCAN_PIXELS = (
    400_000_000  # pixels × scans of a progressive JPEG; a camera's file has ≤ 12 scans
)
HEAVY_SHARE = 4  # above a quarter of what is allowed, a process decodes one photo at a time
LONG_SIDE = 2048  # pixels
LONG_SIDE_ENOUGH = 1843  # 90 %: a quick whole-number reduction that ends here is taken as it is
THUMB_SIDE = 480  # pixels
QUALITY = 85  # JPEG, with 4:2:0 chroma: reads number plates, a third of the bytes of 95
THUMB_QUALITY = 78
BAND_PIXELS = 500_000  # rows handled at once when a big raster is flattened

REASONS: dict[str, str | Promise] = {
    "too_big": _("照片超过 10 MB，请换一张小一点的。"),
    "too_many_pixels": _("照片的像素太多，请把照片缩小后再上传。"),
    "not_a_photo": _("这个文件不是照片，请选一张照片。"),
    "broken": _("照片不完整或已损坏，请重新拍一张或换一张。"),
    "unsupported": _("不支持这种图片格式，请换成 JPEG、PNG、WebP、HEIC 或 GIF 格式的照片。"),
}
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

log = logging.getLogger(__name__)
_heavy = threading.Lock()

pillow_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)
# A second belt for every other use of Pillow in this process; this module measures for itself.
Image.MAX_IMAGE_PIXELS = max(MAX_PIXELS.values())
warnings.simplefilter("error", Image.DecompressionBombWarning)
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.TiffImagePlugin")  # bad EXIF


class PhotoRefused(Refused):
    """The file is not taken as a photo. `code`: one of REASONS."""

    def __init__(self, code: str, message: str | Promise) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Photo:
    """A clean photo: `jpeg` and its small picture `thumb`; pixels of `jpeg`; its SHA-256."""

    jpeg: bytes
    thumb: bytes
    width: int
    height: int
    sha256: bytes


def reencode(data: bytes) -> Photo:
    """Paint the photo in `data` onto a new canvas and return it as JPEG with a thumbnail.

    Takes JPEG, PNG, WebP, HEIC and GIF (the first frame of moving ones), up to 10 MB and the
    pixels in MAX_PIXELS; the long side becomes at most 2048 pixels. Raises PhotoRefused.
    Safe in threads. 1600 × 1200: about 15 ms.
    """
    kind, is_heavy = _admitted(data)
    with _heavy if is_heavy else nullcontext():
        canvas = _painted(data, kind)
    jpeg = _jpeg(canvas, QUALITY)
    return Photo(
        jpeg=jpeg,
        thumb=_jpeg(_fitted(canvas, THUMB_SIDE), THUMB_QUALITY),
        width=canvas.width,
        height=canvas.height,
        sha256=hashlib.sha256(jpeg).digest(),
    )


def exif_place(data: bytes) -> tuple[float, float] | None:
    """Read where the photo says it was taken: (longitude, latitude), degrees in WGS-84.

    None when it says nothing, nonsense, or another datum. Only for a sender who asked to have
    the place filled in from the photo; `reencode` never keeps it. Raises PhotoRefused.
    """
    kind, _is_heavy = _admitted(data)
    try:
        with Image.open(io.BytesIO(data), formats=[kind]) as image:
            gps = dict(image.getexif().get_ifd(ExifTags.IFD.GPSInfo))
        return _lon_lat(gps)
    except Exception as error:  # hostile EXIF fails in many ways; each means "no place"
        log.info("photo place unreadable: %s", type(error).__name__)
        return None


def _refused(code: str) -> PhotoRefused:
    return PhotoRefused(code, REASONS[code])


def _admitted(data: bytes) -> tuple[str, bool]:
    """Name the decoder, and whether it will need much memory; refuse before anything is decoded."""
    if len(data) > MAX_BYTES:
        raise _refused("too_big")
    if not data:
        raise _refused("broken")
    kind = photo_headers.kind_of(data)
    if kind not in MAX_PIXELS:
        raise _refused("unsupported" if kind else "not_a_photo")
    try:
        claim = photo_headers.claim_of(data, kind)
    except photo_headers.BadHeader as error:
        raise _refused("broken") from error
    limit = MAX_PROGRESSIVE_PIXELS if claim.scans else MAX_PIXELS[kind]
    if claim.pixels > limit or claim.pixels * claim.scans > MAX_SCAN_PIXELS:
        raise _refused("too_many_pixels")
    is_reduced_by_decoder = kind == "JPEG" and not claim.scans
    is_heavy = claim.pixels > limit // HEAVY_SHARE or not claim.pixels
    return kind, is_heavy and not is_reduced_by_decoder


def _painted(data: bytes, kind: str) -> Image.Image:
    """Decode, reduce, put on white and turn upright."""
    try:
        canvas, turn = _decoded(data, kind)  # the decoded image itself is freed here
        canvas = _fitted(canvas, LONG_SIDE)
        return canvas.transpose(turn) if turn is not None else canvas
    except (PhotoRefused, MemoryError):
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _refused("too_many_pixels") from error
    except Exception as error:  # a decoder given hostile bytes fails in many ways
        log.info("photo refused: %s", type(error).__name__)
        raise _refused("broken") from error


def _decoded(data: bytes, kind: str) -> tuple[Image.Image, Image.Transpose | None]:
    """Decode onto a canvas with a long side of 1843 … 3685 pixels, or fewer as it came."""
    with Image.open(io.BytesIO(data), formats=[kind]) as image:
        if image.width * image.height > MAX_PIXELS[kind]:
            raise _refused("too_many_pixels")
        factor = max(1, max(image.size) // LONG_SIDE_ENOUGH)
        if kind == "JPEG":
            factor = _draft(image, factor)
        image.load()
        return _flat(image, factor), UPRIGHT.get(_orientation(image))


def _orientation(image: Image.Image) -> int:
    """Read the orientation tag of a loaded image; libheif has turned HEIC upright already."""
    try:
        return int(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # hostile EXIF; the photo itself may be good
        return 1


def _draft(image: Image.Image, factor: int) -> int:
    """Let the JPEG decoder itself reduce by 8, 4 or 2; return what is left to reduce."""
    times = next(number for number in (8, 4, 2, 1) if number <= factor)
    if times > 1:
        image.draft("RGB", (image.width // times, image.height // times))
    return max(1, max(image.size) // LONG_SIDE_ENOUGH)


def _flat(image: Image.Image, factor: int) -> Image.Image:
    """Paint the image on a new white RGB canvas, `factor` times smaller, a band of rows at a time.

    By bands, because a whole converted copy of 50 megapixels would take 200 MB more.
    """
    width, height = image.size
    canvas = Image.new("RGB", (math.ceil(width / factor), math.ceil(height / factor)), "white")
    rows = max(1, BAND_PIXELS // width // factor) * factor
    if factor == 1 and image.mode == "RGB" and "transparency" not in image.info:
        canvas.paste(image)
        return canvas
    for top in range(0, height, rows):
        band = _rgb(image.crop((0, top, width, min(top + rows, height))))
        canvas.paste(band.reduce(factor) if factor > 1 else band, (0, top // factor))
    return canvas


def _rgb(image: Image.Image) -> Image.Image:
    """Convert to RGB: transparent parts white, 16-bit grey to its upper 8 bits."""
    if image.mode.startswith("I"):
        image = image.convert("I").point(_upper_byte).convert("L")
    if "transparency" in image.info or image.mode in ("RGBA", "LA", "La", "RGBa", "PA"):
        image = image.convert("RGBA")
        white = Image.new("RGB", image.size, "white")
        white.paste(image, mask=image.getchannel("A"))
        return white
    return image.convert("RGB")


def _upper_byte(value: float) -> float:
    return value * (1 / 256)


def _fitted(image: Image.Image, side: int) -> Image.Image:
    """Shrink to at most `side` on the long side: whole-number reduction first, 3 times faster."""
    longest = max(image.size)
    if longest <= side:
        return image
    width, height = (max(1, round(pixels * side / longest)) for pixels in image.size)
    if longest >= 2 * side:
        image = image.reduce(longest // side)
    return image.resize((width, height), Image.Resampling.BICUBIC)


def _jpeg(image: Image.Image, quality: int) -> bytes:
    """Encode; no Huffman optimising and no progressive scans: 10 to 27 ms for 5 to 10 % bytes."""
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality, subsampling="4:2:0")
    return out.getvalue()


def _lon_lat(gps: dict[int, object]) -> tuple[float, float] | None:
    datum = str(gps.get(ExifTags.GPS.GPSMapDatum) or "WGS-84").strip("\0 ").upper()
    if not datum.startswith("WGS"):
        return None
    lat = _degrees(gps.get(ExifTags.GPS.GPSLatitude))
    lon = _degrees(gps.get(ExifTags.GPS.GPSLongitude))
    if lat is None or lon is None or not (lat or lon):
        return None
    lat = -lat if gps.get(ExifTags.GPS.GPSLatitudeRef) == "S" else lat
    lon = -lon if gps.get(ExifTags.GPS.GPSLongitudeRef) == "W" else lon
    return (lon, lat) if abs(lon) <= 180 and abs(lat) <= 90 else None


def _degrees(parts: object) -> float | None:
    """Add up degrees, minutes and seconds (EXIF 2.32, 4.6.6); None when they are no numbers."""
    if not isinstance(parts, tuple) or len(parts) != 3:
        return None
    degrees, minutes, seconds = (float(part) for part in parts)
    whole = degrees + minutes / 60 + seconds / 3600
    return whole if math.isfinite(whole) and whole >= 0 else None
