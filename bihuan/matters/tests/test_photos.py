"""Photos come out clean, upright and small, or are refused with the reason."""

from __future__ import annotations

import io
import json
import random
import struct
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from hashlib import sha256
from pathlib import Path

import pytest
from django.utils.translation import override
from PIL import Image

from bihuan.matters import photos
from bihuan.matters.photos import Photo, PhotoRefused, exif_place, reencode
from bihuan.matters.tests import hostile

# as photos.py sets it for a county: rubbish EXIF only makes Pillow warn
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL.TiffImagePlugin")

SECONDS = 2.0  # bar 10: no file may hold a process longer
GROWTH_MB = 210  # a web process of 90 MB stays below 300 MB
# what a plain JPEG consists of: JFIF, tables, one baseline frame, one scan
PLAIN = {0xE0, 0xDB, 0xC0, 0xC4, 0xDA}

refused_files = cache(hostile.refused)
cleaned_files = cache(hostile.cleaned)
limit_files = cache(hostile.at_the_limit)


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data), formats=["JPEG"])
    image.load()
    return image


def segments(jpeg: bytes) -> Iterator[int]:
    """Name the segments of a JPEG up to its scan; the rest must be coded data and the end."""
    assert jpeg.startswith(b"\xff\xd8")
    at = 2
    while True:
        assert jpeg[at] == 0xFF
        yield jpeg[at + 1]
        size = int.from_bytes(jpeg[at + 2 : at + 4], "big")
        if jpeg[at + 1] == 0xE0:
            assert jpeg[at + 4 : at + 9] == b"JFIF\0"
            assert size == 16
        if jpeg[at + 1] == 0xDA:
            coded = jpeg[at + 2 + size :].replace(b"\xff\x00", b"")
            assert coded.find(b"\xff") == len(coded) - 2
            assert coded.endswith(b"\xff\xd9")
            return
        at += 2 + size


def near(seen: object, wanted: tuple[int, int, int], by: int = 20) -> bool:
    assert isinstance(seen, tuple)
    return all(abs(a - b) <= by for a, b in zip(seen, wanted, strict=True))


def corners_of(image: Image.Image) -> list[object]:
    right, low = image.width - image.width // 8, image.height - image.height // 8
    left, high = image.width // 8, image.height // 8
    return [image.getpixel(at) for at in ((left, high), (right, high), (left, low), (right, low))]


# ---- refused ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", refused_files())
def test_a_hostile_file_is_refused_with_the_reason_and_quickly(name: str) -> None:
    data, code = refused_files()[name]
    begun = time.process_time()
    with pytest.raises(PhotoRefused) as refusal:
        reencode(data)
    assert refusal.value.code == code
    assert str(refusal.value) == str(photos.REASONS[code])
    assert time.process_time() - begun < SECONDS


def test_every_reason_has_a_file_that_meets_it() -> None:
    assert {code for _data, code in refused_files().values()} == set(photos.REASONS)
    assert len(refused_files()) >= 60


def test_the_reason_says_in_chinese_what_to_do() -> None:
    with override("zh-hans"), pytest.raises(PhotoRefused) as refusal:
        reencode(b"\xff\xd8\xff" + bytes(photos.MAX_BYTES))
    assert str(refusal.value) == "照片超过 10 MB，请换一张小一点的。"


def test_exactly_ten_megabytes_are_taken() -> None:
    good = hostile.stored_jpeg(1)
    full = good + bytes(photos.MAX_BYTES - len(good))
    assert reencode(full) == reencode(good)
    with pytest.raises(PhotoRefused):
        reencode(full + b"\0")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF", "GIF"])
def test_any_bytes_make_a_clean_photo_or_a_refusal_and_nothing_else(kind: str) -> None:
    chance = random.Random(kind)
    good = hostile.heic() if kind == "HEIF" else hostile.saved(hostile.corners(), kind)
    outcomes = set()
    for _turn in range(150):
        data = bytearray(good)
        for _change in range(chance.randint(1, 12)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        del data[chance.randint(len(data) // 2, len(data) * 2) :]
        try:
            assert set(segments(reencode(bytes(data)).jpeg)) == PLAIN
            outcomes.add("taken")
        except PhotoRefused as refusal:
            outcomes.add(refusal.code)
    assert "broken" in outcomes


# ---- cleaned ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", cleaned_files())
def test_a_photo_keeps_its_pixels_upright_and_nothing_else(name: str) -> None:
    data = cleaned_files()[name]
    photo = reencode(data)
    for jpeg in (photo.jpeg, photo.thumb):
        assert set(segments(jpeg)) == PLAIN
        assert hostile.SECRET not in jpeg
        image = opened(jpeg)
        assert image.mode == "RGB"
        assert image.size == (320, 240)
        assert all(
            near(seen, wanted)
            for seen, wanted in zip(corners_of(image), hostile.CORNERS, strict=True)
        )
        assert not image.getexif()
    assert (photo.width, photo.height) == (320, 240)
    assert photo.sha256 == sha256(photo.jpeg).digest()


def test_the_hidden_word_was_there_before_cleaning() -> None:
    hiding = [name for name, data in cleaned_files().items() if hostile.SECRET in data]
    assert len(hiding) >= 20
    kept = io.BytesIO()  # a plain saving again keeps comment and EXIF: the canvas is needed
    opened(cleaned_files()["jpeg with a comment script"]).save(kept, "JPEG")
    assert hostile.SECRET in kept.getvalue()


def test_the_same_photo_gives_the_same_bytes_whatever_hangs_on_it() -> None:
    plain = hostile.saved(hostile.corners(), "JPEG", quality=92)
    marked = hostile.into_jpeg(hostile.segment(0xFE, hostile.SCRIPT)) + hostile.zipped()
    assert reencode(plain) == reencode(marked)


# ---- sizes --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "comes_out"),
    [
        ((1600, 1200), (1600, 1200)),
        ((2048, 1536), (2048, 1536)),
        ((2100, 1575), (2048, 1536)),
        ((4000, 3000), (2000, 1500)),  # a 12 megapixel phone: half by the decoder
        ((3024, 4032), (1512, 2016)),
        ((4624, 3472), (2048, 1538)),
        ((9, 5), (9, 5)),
        ((1, 1), (1, 1)),
    ],
)
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_the_long_side_is_at_most_2048_and_nothing_is_enlarged(
    kind: str, size: tuple[int, int], comes_out: tuple[int, int]
) -> None:
    photo = reencode(hostile.saved(hostile.corners(*size), kind))
    assert (photo.width, photo.height) == comes_out == opened(photo.jpeg).size
    assert max(opened(photo.thumb).size) == min(480, max(size))


@pytest.mark.parametrize("size", [(60_000, 1), (1, 60_000), (30_000, 7)])
def test_a_very_long_strip_keeps_at_least_one_pixel(size: tuple[int, int]) -> None:
    photo = reencode(hostile.saved(Image.new("RGB", size, "red"), "PNG"))
    assert max(photo.width, photo.height) <= 2048
    assert near(opened(photo.thumb).getpixel((0, 0)), (254, 0, 0))


def test_a_big_photo_turned_by_its_tag_is_upright_after_reduction() -> None:
    turned = hostile.corners(4000, 3000).transpose(Image.Transpose.ROTATE_90)
    photo = reencode(hostile.saved(turned, "JPEG", exif=hostile.exif(6)))
    assert (photo.width, photo.height) == (2000, 1500)
    assert near(corners_of(opened(photo.jpeg))[0], hostile.RED)


# ---- kinds of pixels ----------------------------------------------------------------------------


def sixteen_bits(colour: int, samples: tuple[int, ...]) -> bytes:
    row = b"\0" + struct.pack(f">{len(samples)}H", *samples) * 16
    return hostile.png(16, 16, depth=16, colour=colour, rows=zlib.compress(row * 16))


def see_through(mode: str) -> bytes:
    """Left half opaque green, right half transparent black."""
    image = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
    image.paste((30, 160, 30, 255), (0, 0, 32, 64))
    return hostile.saved(image.convert(mode), "PNG")


def test_sixteen_bit_png_keep_their_tones() -> None:
    grey = opened(reencode(sixteen_bits(0, (0x8000,))).jpeg).getpixel((8, 8))
    assert near(grey, (128, 128, 128), 2)
    colour = opened(reencode(sixteen_bits(2, (0xC800, 0x1E00, 0x1E00))).jpeg).getpixel((8, 8))
    assert near(colour, hostile.RED, 4)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparent_parts_become_white(mode: str) -> None:
    image = opened(reencode(see_through(mode)).jpeg)
    assert near(image.getpixel((56, 32)), (255, 255, 255), 4)
    opaque = image.getpixel((8, 32))
    assert near(opaque, (109, 109, 109) if mode == "LA" else hostile.GREEN, 6)


def test_a_transparent_colour_of_an_rgb_png_becomes_white() -> None:
    image = Image.new("RGB", (64, 64), (1, 2, 3))
    out = reencode(hostile.saved(image, "PNG", transparency=(1, 2, 3)))
    assert near(opened(out.jpeg).getpixel((9, 9)), (255, 255, 255), 2)


def test_a_black_and_white_png_is_taken() -> None:
    out = reencode(hostile.saved(Image.new("1", (50, 50), 1), "PNG"))
    assert near(opened(out.jpeg).getpixel((9, 9)), (255, 255, 255), 2)


# ---- place --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_the_place_is_read_before_the_canvas_when_asked(kind: str) -> None:
    place = exif_place(
        hostile.saved(hostile.corners(), kind, exif=hostile.exif(lon=115.7051, lat=36.8384))
    )
    assert place == pytest.approx((115.7051, 36.8384), abs=1e-6)


def test_south_and_west_are_negative() -> None:
    data = hostile.saved(hostile.corners(), "JPEG", exif=hostile.exif(lon=-70.5, lat=-33.25))
    assert exif_place(data) == pytest.approx((-70.5, -33.25))


def tampered(change: Callable[[dict[int, object]], None]) -> bytes:
    made = hostile.exif()
    change(made.get_ifd(0x8825))
    return hostile.saved(hostile.corners(), "JPEG", exif=made)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(hostile.saved(hostile.corners(), "JPEG"), id="none"),
        pytest.param(hostile.into_jpeg(hostile.segment(0xE1, hostile.looping_exif())), id="loop"),
        pytest.param(tampered(lambda gps: gps.update({18: "Tokyo"})), id="other datum"),
        pytest.param(tampered(lambda gps: gps.update({4: (190.0, 0.0, 0.0)})), id="190 degrees"),
        pytest.param(tampered(lambda gps: gps.update({2: (36.0, 50.0)})), id="two parts"),
        pytest.param(
            hostile.saved(hostile.corners(), "JPEG", exif=hostile.exif(lon=0, lat=0)), id="zero"
        ),
    ],
)
def test_no_place_or_nonsense_gives_none(data: bytes) -> None:
    assert exif_place(data) is None


def test_a_file_that_is_no_photo_has_no_place_either() -> None:
    with pytest.raises(PhotoRefused):
        exif_place(b"%PDF-1.7")


# ---- bounds -------------------------------------------------------------------------------------

MEASURE = """
import json, resource, sys, time
from pathlib import Path

resource.setrlimit(resource.RLIMIT_AS, (1_500_000_000, 1_500_000_000))
resource.setrlimit(resource.RLIMIT_CPU, (120, 120))
from bihuan.matters.photos import PhotoRefused, reencode


def peak():  # ru_maxrss would count the parent's size before exec
    words = Path("/proc/self/status").read_text().split()
    return int(words[words.index("VmHWM:") + 1]) // 1024


before, longest, taken = peak(), 0.0, 0
for path in sorted(Path(sys.argv[1]).iterdir()):
    begun = time.process_time()
    try:
        reencode(path.read_bytes())
        taken += 1
    except PhotoRefused:
        pass
    longest = max(longest, time.process_time() - begun)
print(json.dumps({"growth": peak() - before, "peak": peak(), "longest": longest, "taken": taken}))
"""


def measured(folder: Path, files: list[bytes]) -> dict[str, float]:
    """Re-encode the files in a process of its own, one after the other."""
    folder.mkdir()
    for number, data in enumerate(files):
        (folder / f"{number:03}").write_bytes(data)
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(folder)], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def test_no_hostile_file_makes_a_process_large_or_slow(tmp_path: Path) -> None:
    figures = measured(tmp_path / "in", [data for data, _code in refused_files().values()])
    assert figures["taken"] == 0
    assert figures["growth"] < 60
    assert figures["longest"] < SECONDS


@pytest.mark.parametrize("kind", ["png", "jpeg", "progressive", "gif", "webp", "heic"])
def test_the_largest_photo_of_each_format_stays_within_memory_and_time(
    kind: str, tmp_path: Path
) -> None:
    figures = measured(tmp_path / "in", [limit_files()[kind]])
    assert figures["taken"] == 1
    assert figures["growth"] < GROWTH_MB
    assert figures["peak"] < 300
    assert figures["longest"] < SECONDS * 2  # the time of all processors, on a busy machine


def test_a_heic_that_lies_about_its_size_is_refused_before_it_takes_memory(tmp_path: Path) -> None:
    figures = measured(tmp_path / "in", [hostile.heic_claiming(64, 64, limit_files()["heic"])])
    assert figures["taken"] == 0
    assert figures["growth"] < 60


def test_many_scans_within_the_limit_are_quick(tmp_path: Path) -> None:
    figures = measured(tmp_path / "in", [hostile.many_scans(140), hostile.many_scans(5_000, 240)])
    assert figures["taken"] == 2
    assert figures["longest"] < SECONDS


def test_eight_threads_give_the_same_photos_as_one() -> None:
    files = list(cleaned_files().values())
    alone = [reencode(data) for data in files]
    gate = threading.Barrier(8)

    def work(_number: int) -> list[Photo]:
        gate.wait(timeout=20)
        return [reencode(data) for data in files]

    with ThreadPoolExecutor(8) as pool:
        assert all(photos_made == alone for photos_made in pool.map(work, range(8)))
