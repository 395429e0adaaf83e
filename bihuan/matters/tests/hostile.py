"""Make the files a hostile or careless sender would send as a photo. All made here, in code.

`refused()` gives (bytes, code expected), `cleaned()` bytes that must come out as a clean photo.
Everything hidden in a file carries SECRET, so that a test can look for it in what comes out.
"""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
import zlib
from functools import cache
from typing import Any

import pillow_heif
from PIL import ExifTags, Image, PngImagePlugin

SECRET = b"HIDDEN-MARK"
SCRIPT = b"<script>alert('" + SECRET + b"')</script>"
RED, GREEN, BLUE, GREY = (200, 30, 30), (30, 160, 30), (30, 30, 200), (120, 120, 120)
CORNERS = (RED, GREEN, BLUE, GREY)  # top left, top right, bottom left, bottom right
STORED = {  # how an upright picture is stored so that the orientation tag turns it upright again
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def corners(width: int = 320, height: int = 240) -> Image.Image:
    """Paint four corners in four colours, so that any wrong turn shows."""
    image = Image.new("RGB", (width, height))
    half = (width // 2, height // 2)
    for colour, place in zip(CORNERS, ((0, 0), (half[0], 0), (0, half[1]), half), strict=True):
        image.paste(colour, (*place, place[0] + half[0], place[1] + half[1]))
    return image


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    """Encode an image with Pillow."""
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def exif(orientation: int = 1, *, lon: float = 115.7051, lat: float = 36.8384) -> Image.Exif:
    """Make EXIF with a place (near 临清市, WGS-84), a camera and a hidden word."""
    made = Image.Exif()
    made[ExifTags.Base.Orientation] = orientation
    made[ExifTags.Base.Make] = SECRET.decode()
    gps = made.get_ifd(ExifTags.IFD.GPSInfo)
    gps[ExifTags.GPS.GPSLatitudeRef] = "N" if lat >= 0 else "S"
    gps[ExifTags.GPS.GPSLatitude] = _parts(abs(lat))
    gps[ExifTags.GPS.GPSLongitudeRef] = "E" if lon >= 0 else "W"
    gps[ExifTags.GPS.GPSLongitude] = _parts(abs(lon))
    return made


def _parts(degrees: float) -> tuple[float, float, float]:
    minutes = degrees % 1 * 60
    return (float(int(degrees)), float(int(minutes)), round(minutes % 1 * 60, 4))


def stored_jpeg(orientation: int) -> bytes:
    """Save the upright picture turned, with the tag that turns it back."""
    turn = STORED[orientation]
    image = corners() if turn is None else corners().transpose(turn)
    return saved(image, "JPEG", quality=92, exif=exif(orientation))


def png(width: int, height: int, *, depth: int = 1, colour: int = 0, rows: bytes = b"") -> bytes:
    """Build a PNG by hand; rows: the zlib stream, or all zeros when empty."""
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
        + chunk(b"IDAT", rows or zlib.compress(b"\0" * 64))
        + chunk(b"IEND", b"")
    )


def chunk(name: bytes, body: bytes) -> bytes:
    """Build one PNG chunk with its check sum."""
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def segment(code: int, body: bytes) -> bytes:
    """Build one JPEG segment."""
    return bytes((0xFF, code)) + struct.pack(">H", len(body) + 2) + body


def into_jpeg(*segments: bytes) -> bytes:
    """Put segments straight after the start of a good JPEG."""
    whole = saved(corners(), "JPEG", quality=92)
    return whole[:2] + b"".join(segments) + whole[2:]


def into_png(*chunks: bytes) -> bytes:
    """Put chunks straight after the header of a good PNG."""
    whole = saved(corners(), "PNG")
    return whole[:33] + b"".join(chunks) + whole[33:]


def zipped(name: str = "evil.html", body: bytes = SCRIPT) -> bytes:
    """Make a zip with one stored member."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(name, body)
    return out.getvalue()


def zip_bomb(name: str = "xl/worksheets/sheet1.xml") -> bytes:
    """Make a workbook of 20 kB that unpacks to 20 MB."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr(name, b"\0" * 20_000_000)
    return out.getvalue()


@cache
def png_bomb() -> bytes:
    """Make a PNG of 13,000 × 13,000 pixels in about 20 kB: 169 megapixels of zeros, all there."""
    return png(13_000, 13_000, rows=zlib.compress(b"\0" * (13_000 * (13_000 // 8 + 1)), 9))


def jpeg_claiming(width: int, height: int, *, frame: int = 0xC0) -> bytes:
    """Rewrite the frame header of a good JPEG: other size, other kind of frame."""
    whole = bytearray(saved(corners(), "JPEG", progressive=frame == 0xC2))
    at = whole.index(b"\xff\xc2" if frame == 0xC2 else b"\xff\xc0")
    whole[at + 1] = frame
    whole[at + 5 : at + 9] = struct.pack(">HH", height, width)
    return bytes(whole)


def many_scans(times: int, side: int = 1600) -> bytes:
    """Repeat the last scan of a progressive JPEG: little to send, much to decode."""
    whole = saved(corners(side, side), "JPEG", progressive=True)
    last = whole.rindex(b"\xff\xda")
    return whole[:-2] + whole[last:-2] * times + b"\xff\xd9"


def gif_claiming(screen: tuple[int, int], frame: tuple[int, int]) -> bytes:
    """Build a GIF whose screen and first frame claim any size."""
    return (
        b"GIF89a"
        + struct.pack("<HHBBB", *screen, 0x80, 0, 0)
        + bytes(6)
        + b","
        + struct.pack("<HHHHB", 0, 0, *frame, 0)
        + b"\x02\x02\x4c\x01\x00;"
    )


def webp_claiming(name: bytes, body: bytes) -> bytes:
    """Build a WebP of one chunk."""
    chunked = name + struct.pack("<I", len(body)) + body + bytes(64)
    return b"RIFF" + struct.pack("<I", len(chunked) + 4) + b"WEBP" + chunked


@cache
def heic(orientation: int = 1, side: int = 320) -> bytes:
    """Save the picture as a phone would; the turn is written into the container."""
    pillow_heif.register_heif_opener()
    turn = STORED[orientation]
    image = corners(side, side * 3 // 4)
    image = image if turn is None else image.transpose(turn)
    return saved(image, "HEIF", quality=80, exif=exif(orientation).tobytes())


def heic_claiming(width: int, height: int, whole_heic: bytes = b"") -> bytes:
    """Rewrite the size a HEIC claims; the coded picture stays as it was."""
    whole = bytearray(whole_heic or heic())
    at = 0
    while (at := whole.find(b"ispe", at)) >= 0:
        whole[at + 8 : at + 16] = struct.pack(">II", width, height)
        at += 16
    return bytes(whole)


def heic_of_rubbish() -> bytes:
    """Overwrite the coded picture of a HEIC."""
    whole = heic()
    at = whole.index(b"mdat") + 4
    return whole[:at] + (SECRET * 999)[: len(whole) - at]


def box_file(brand: bytes) -> bytes:
    """Build the start of a film or picture in an ISO container."""
    return struct.pack(">I", 24) + b"ftyp" + brand + bytes(4) + brand + b"isom" + bytes(400)


def refused() -> dict[str, tuple[bytes, str]]:
    """List the files to be refused, each with the code of the reason."""
    return _strangers() | _other_pictures() | _too_many() | _broken()


def _strangers() -> dict[str, tuple[bytes, str]]:
    jpeg = stored_jpeg(1)
    files = {
        "one byte": b"\xff",
        "words named .jpg": "门口的路灯坏了".encode(),
        "html named .jpg": b"<!DOCTYPE html><html>" + SCRIPT,
        "html before a png": b"<html>" + SCRIPT + png(1, 1),
        "php": b"<?php system($_GET['c']); ?>",
        "pdf": b"%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>",
        "pdf before a jpeg": b"%PDF-1.4\n" + jpeg,
        "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        "zip": zipped(),
        "zip before a jpeg": zipped() + jpeg,
        "zip-bomb xlsx": zip_bomb(),
        "docm with a macro": zipped("word/vbaProject.bin", SECRET),
        "gzip bomb": gzip.compress(b"\0" * 5_000_000),
        "windows program": b"MZ\x90\0" + bytes(200),
        "linux program": b"\x7fELF\x02\x01\x01" + bytes(200),
        "mp4 film": box_file(b"mp42"),
        "blank before a jpeg": b"\n" + jpeg,
    }
    return {name: (data, "not_a_photo") for name, data in files.items()}


def _other_pictures() -> dict[str, tuple[bytes, str]]:
    entity = b'<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    files = {
        "svg with script": b'<svg xmlns="http://www.w3.org/2000/svg">' + SCRIPT + b"</svg>",
        "svg with entity": b'<?xml version="1.0"?>\n' + b"<!-- x -->" + b"\n<svg>&x;</svg>",
        "svg with doctype": b"\xef\xbb\xbf" + entity + b"<svg>&x;</svg>",
        "bmp": saved(corners(), "BMP"),
        "tiff": saved(corners(), "TIFF"),
        "ico": saved(corners(64, 64), "ICO"),
        "jpeg 2000": saved(corners(), "JPEG2000"),
        "jpeg xl": b"\xff\x0a" + bytes(99),
        "psd": b"8BPS\0\1" + bytes(99),
        "avif": box_file(b"avif"),
    }
    return {name: (data, "unsupported") for name, data in files.items()}


def _too_many() -> dict[str, tuple[bytes, str]]:
    lossless = b"\x2f" + struct.pack("<I", 16383 | 16383 << 14) + bytes(20)
    files = {
        "png bomb": png_bomb(),
        "png claiming 2**62": png(2**31 - 1, 2**31 - 1),
        "png of 41 megapixels": png(6_400, 6_410),
        "jpeg claiming 65500 squared": jpeg_claiming(65500, 65500),
        "jpeg of 51 megapixels": jpeg_claiming(8_500, 6_000),
        "progressive of 26 megapixels": jpeg_claiming(5_200, 5_000, frame=0xC2),
        "jpeg of 300 scans": many_scans(300),
        "gif claiming 65535 squared": gif_claiming((65535, 65535), (1, 1)),
        "gif frame outside its screen": gif_claiming((8, 8), (65535, 65535)),
        "webp canvas": webp_claiming(b"VP8X", b"\x10\0\0\0" + b"\xff\x3f\0" * 2),
        "webp lossless": webp_claiming(b"VP8L", lossless),
        "webp lossy": webp_claiming(b"VP8 ", b"\x10\0\0\x9d\x01\x2a\xff\x3f\xff\x3f" + bytes(9)),
        "heic claiming 30000 squared": heic_claiming(30_000, 30_000),
    }
    return {name: (data, "too_many_pixels") for name, data in files.items()} | {
        "good jpeg with 10 MB behind": (stored_jpeg(1) + bytes(10 * 1024 * 1024), "too_big")
    }


def _broken() -> dict[str, tuple[bytes, str]]:
    whole = {
        "jpeg": saved(Image.effect_noise((400, 300), 90), "JPEG"),
        "png": saved(Image.effect_noise((400, 300), 90), "PNG"),
        "gif": saved(Image.effect_noise((400, 300), 90), "GIF"),
        "webp": saved(Image.effect_noise((400, 300), 90), "WEBP"),
        "heic": heic(),
    }
    files = {f"{name} cut in half": data[: len(data) // 2] for name, data in whole.items()}
    files |= {f"{name} cut after 24 bytes": data[:24] for name, data in whole.items()}
    garbled = bytearray(whole["png"])
    garbled[30] ^= 0xFF
    text_bomb = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"\0" * 50_000_000))
    files |= {
        "nothing": b"",
        "png with a wrong check sum": bytes(garbled),
        "png without rows": png(300, 300),
        "png of zlib rubbish": png(300, 300, rows=SECRET * 9),
        "png text bomb": into_png(text_bomb),
        "jpeg without a frame": b"\xff\xd8" + segment(0xDA, bytes(10)) + b"\xff\xd9",
        "jpeg of no width": jpeg_claiming(0, 240),
        "jpeg arithmetic": jpeg_claiming(320, 240, frame=0xC9),
        "jpeg lossless": jpeg_claiming(320, 240, frame=0xC3),
        "jpeg of two frames": into_jpeg(segment(0xC0, bytes((8, 0, 9, 0, 9, 1, 1, 17, 0)))),
        "heic with rubbish inside": heic_of_rubbish(),
    }
    return {name: (data, "broken") for name, data in files.items()}


def cleaned() -> dict[str, bytes]:
    """List the files that are photos after all, with something on them that must not stay."""
    jpeg, flat = stored_jpeg(1), corners()
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", SCRIPT.decode(), zip=True)
    frames = [corners(), Image.new("RGB", (320, 240), "black")]
    moving: dict[str, Any] = {"save_all": True, "append_images": frames[1:], "duration": 80}
    files = {f"jpeg stored as {n}": stored_jpeg(n) for n in STORED}
    files |= {f"heic stored as {n}": heic(n) for n in (1, 3, 6, 8)}
    return files | {
        "jpeg with a zip behind": jpeg + zipped(),
        "jpeg with html behind": jpeg + b"<html>" + SCRIPT,
        "jpeg with a film behind": jpeg + box_file(b"mp42") + SECRET,
        "jpeg with a comment script": into_jpeg(segment(0xFE, SCRIPT)),
        "jpeg with xmp": into_jpeg(segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + SCRIPT)),
        "jpeg with iptc": into_jpeg(segment(0xED, b"Photoshop 3.0\x008BIM" + SECRET)),
        "jpeg with a colour profile": into_jpeg(segment(0xE2, b"ICC_PROFILE\0\1\1" + SECRET)),
        "jpeg with rubbish exif": into_jpeg(segment(0xE1, b"Exif\0\0II*\0\xff\xff\xff\xff")),
        "jpeg with looping exif": into_jpeg(segment(0xE1, looping_exif())),
        "jpeg of two pictures": saved(flat, "MPO", save_all=True, append_images=frames[1:]),
        "jpeg progressive": saved(flat, "JPEG", progressive=True, comment=SECRET),
        "jpeg cmyk": saved(flat.convert("CMYK"), "JPEG", quality=95),
        "png with a text script": saved(flat, "PNG", pnginfo=text),
        "png with exif": saved(flat, "PNG", exif=exif()),
        "png with a zip behind": saved(flat, "PNG") + zipped(),
        "png with an unknown chunk": into_png(chunk(b"prVt", SCRIPT)),
        "png palette": saved(flat.quantize(8), "PNG"),
        "png moving": saved(frames[0], "PNG", **moving),
        "gif with a comment script": saved(flat, "GIF", comment=SCRIPT),
        "gif moving": saved(frames[0], "GIF", **moving),
        "webp with exif and xmp": saved(flat, "WEBP", exif=exif(), xmp=SCRIPT, quality=90),
        "webp moving": saved(frames[0], "WEBP", **moving),
        "webp lossless": saved(flat, "WEBP", lossless=True, icc_profile=SECRET),
    }


def looping_exif() -> bytes:
    """Build EXIF whose directory points at itself as GPS and as next."""
    pointer = struct.pack("<HHII", ExifTags.IFD.GPSInfo, 4, 1, 8)
    return b"Exif\0\0II*\0" + struct.pack("<IH", 8, 1) + pointer + struct.pack("<I", 8) + SECRET


def at_the_limit() -> dict[str, bytes]:
    """List the largest pictures that are taken, each the hardest of its format."""
    slope = Image.linear_gradient("L")

    def bands(mode: str, width: int, height: int) -> Image.Image:
        first = slope.resize((width, height))
        flat = Image.new("L", (width, height), 90)
        return Image.merge(mode, [first, flat, flat, flat][: len(mode)])

    rough: dict[str, Any] = {"quality": 60, "subsampling": 0}
    fast = {"preset": "ultrafast"}
    return {
        "png": saved(bands("RGBA", 6_400, 6_200), "PNG", compress_level=1),
        "jpeg": saved(bands("RGB", 8_160, 6_120), "JPEG", **rough),
        "progressive": saved(bands("RGB", 5_000, 5_000), "JPEG", progressive=True, **rough),
        "gif": saved(slope.resize((7_000, 7_100)), "GIF"),
        "webp": saved(bands("RGBA", 3_500, 3_560), "WEBP", quality=30, method=0),
        "heic": saved(bands("RGB", 5_000, 5_000), "HEIF", quality=30, enc_params=fast),
    }
