"""Read what a file's first bytes claim: which format, how many pixels. Pure; decodes nothing.

Some decoders set aside memory for the whole picture while opening it, so the claim is read here
before any decoder sees the file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

HEIC_BRANDS = frozenset(
    (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1")
)
OTHER_PICTURES = (  # pictures indeed, but not taken; formats with scripts, pages or rare decoders
    (b"BM", "BMP"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
    (b"\0\0\1\0", "ICO"),
    (b"8BPS", "PSD"),
    (b"\0\0\0\x0cjP  ", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
    (b"\xff\x0a", "JPEG XL"),
    (b"\0\0\0\x0cJXL ", "JPEG XL"),
)
SVG_STARTS = (b"<svg", b"<?xml", b"<!--", b"<!DOCTYPE svg")
FRAMES = frozenset(
    (0xC0, 0xC1, 0xC2)
)  # baseline, extended, progressive (ISO/IEC 10918-1 table B.1)
ANY_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
NEXT_SCAN = re.compile(rb"\xff[\xda\xd9]")


class BadHeader(ValueError):
    """The header is cut short or contradicts itself."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Pixels the header claims (0: ask the decoder); scans, if a JPEG needs more than one."""

    pixels: int
    scans: int = 0


def kind_of(data: bytes) -> str | None:
    """Name the format by its first bytes; None when it is no picture known here."""
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if data[:6] in (b"GIF87a", b"GIF89a"):
        return "GIF"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data[4:8] == b"ftyp":
        return _brand(data)
    head = data[:2048].removeprefix(b"\xef\xbb\xbf").lstrip()
    if head.startswith(SVG_STARTS) and b"<svg" in head:
        return "SVG"
    return next((name for magic, name in OTHER_PICTURES if data.startswith(magic)), None)


def _brand(data: bytes) -> str | None:
    """Tell HEIC from AVIF and from films, which share the same container (ISO/IEC 14496-12)."""
    size = min(int.from_bytes(data[:4], "big"), 256)
    brands = {data[8:12], *(data[at : at + 4] for at in range(16, size - 3, 4))}
    if brands & {b"avif", b"avis"}:
        return "AVIF"
    return "HEIF" if brands & HEIC_BRANDS else None


def claim_of(data: bytes, kind: str) -> Claim:
    """Read the pixels the header of a file of that kind claims. Raises BadHeader."""
    if kind == "JPEG":
        return _jpeg(data)
    if kind == "PNG":
        if data[12:16] != b"IHDR" or len(data) < 33:
            raise BadHeader(kind)
        return Claim(int.from_bytes(data[16:20], "big") * int.from_bytes(data[20:24], "big"))
    if kind == "GIF":
        if len(data) < 13:
            raise BadHeader(kind)
        return Claim(int.from_bytes(data[6:8], "little") * int.from_bytes(data[8:10], "little"))
    if kind == "WEBP":
        return Claim(_webp(data))
    return Claim(0)  # HEIC: libheif reads the size without decoding


def _webp(data: bytes) -> int:
    """Multiply the sides of a WebP (RFC 9649, sections 2.5 to 2.7)."""
    chunk, body = data[12:16], data[20:30]
    if len(body) < 10:
        raise BadHeader("WEBP")
    if chunk == b"VP8X":
        wide = int.from_bytes(body[4:7], "little") + 1
        return wide * (int.from_bytes(body[7:10], "little") + 1)
    if chunk == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        return ((bits & 0x3FFF) + 1) * ((bits >> 14 & 0x3FFF) + 1)
    if chunk == b"VP8 ":
        wide = int.from_bytes(body[6:8], "little") & 0x3FFF
        return wide * (int.from_bytes(body[8:10], "little") & 0x3FFF)
    raise BadHeader("WEBP")


def _jpeg(data: bytes) -> Claim:
    """Walk a JPEG's segments to its first scan (ISO/IEC 10918-1, annex B)."""
    at, pixels, parts, progressive = 2, 0, 0, False
    while True:
        at = data.find(b"\xff", at)
        while at >= 0 and data[at : at + 1] == b"\xff":
            at += 1
        if at < 0 or at + 3 > len(data):
            raise BadHeader("JPEG")
        code, size = data[at], int.from_bytes(data[at + 1 : at + 3], "big")
        if code in FRAMES and not pixels and at + 9 <= len(data):
            high = int.from_bytes(data[at + 4 : at + 6], "big")
            pixels = high * int.from_bytes(data[at + 6 : at + 8], "big")
            parts, progressive = data[at + 8], code == 0xC2
        elif code in ANY_FRAME:
            raise BadHeader("JPEG")  # lossless, arithmetic, a second frame: no camera writes them
        elif code == 0xDA:
            break
        if code == 0xD9 or size < 2:
            raise BadHeader("JPEG")
        at += 1 + size
    if not pixels or at + 4 > len(data):
        raise BadHeader("JPEG")
    several = progressive or data[at + 3] < parts
    return Claim(pixels, _scans(data, at) if several else 0)


def _scans(data: bytes, at: int) -> int:
    """Count the scans up to the end of the image. In coded data FF is always followed by 00."""
    scans = 1
    for found in NEXT_SCAN.finditer(data, at):
        if data[found.start() + 1] == 0xD9:
            break
        scans += 1
    return scans
