"""Paint photo-like pictures: textures in perspective, shaded bodies, shadows, grain.

Knows nothing of the scenes; `pictures.py` puts them together. One seed paints one picture.
"""

from __future__ import annotations

import hashlib
import io
import random
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

WIDTH, HEIGHT = 1280, 960
FLAT = 900  # side of a flat texture, px
SMALLEST, LARGEST = 100_000, 200_000  # bytes of a finished JPEG

Colour = tuple[int, int, int]
Point = tuple[float, float]
Quad = tuple[Point, Point, Point, Point]  # top left, top right, bottom right, bottom left
Field = NDArray[np.float32]
Paint = Callable[[ImageDraw.ImageDraw], None]


def shade(colour: Colour, factor: float) -> Colour:
    """Lighten (> 1) or darken (< 1) a colour."""
    red, green, blue = (max(0, min(255, round(part * factor))) for part in colour)
    return red, green, blue


class Canvas:
    """One picture in the making, with its own dice."""

    def __init__(self, seed: str) -> None:
        self.dice = random.Random(seed)
        self._lens = random.Random(seed + " lens")
        digest = hashlib.sha256(seed.encode()).digest()
        self.grain = np.random.default_rng(int.from_bytes(digest[:8], "big"))
        self.image = Image.new("RGB", (WIDTH, HEIGHT), (128, 128, 128))

    # -- textures ---------------------------------------------------------------------------------

    def noise(self, width: int, height: int, cell: float, octaves: int = 4) -> Field:
        """Give a cloudy field from 0 to 1; `cell` is the size of its largest spots in px."""
        total = np.zeros((height, width), np.float32)
        weight = 1.0
        for _ in range(octaves):
            grid = self.grain.random(
                (max(2, int(height / cell) + 2), max(2, int(width / cell) + 2)), np.float32
            )
            spread = Image.fromarray(grid).resize((width, height), Image.Resampling.BICUBIC)
            total += np.asarray(spread) * weight
            weight /= 2
            cell = max(1.0, cell / 2.6)
        low, high = float(total.min()), float(total.max())
        return (total - low) / (high - low)

    def texture(
        self, dark: Colour, light: Colour, *, cell: float = 90, speckle: float = 0.25,
        width: int = FLAT, height: int = FLAT,
    ) -> Image.Image:  # fmt: skip
        """Paint a rough surface between two colours; speckle 0 to 1 is its fine grain."""
        field = self.noise(width, height, cell, 4) * (1 - speckle)
        field += self.grain.random((height, width), np.float32) * speckle
        return self.tinted(field, dark, light)

    @staticmethod
    def tinted(field: Field, dark: Colour, light: Colour) -> Image.Image:
        """Turn a field from 0 to 1 into an image between two colours."""
        low, high = np.array(dark, np.float32), np.array(light, np.float32)
        return Image.fromarray((low + field[..., None] * (high - low)).clip(0, 255).astype("uint8"))

    def blot(
        self, flat: Image.Image, centre: Point, radius: float, colour: Colour | Image.Image, *,
        rough: float = 0.5, soft: float = 3, stretch: float = 1.0,
    ) -> None:  # fmt: skip
        """Stain a texture with an irregular spot of a colour or of another texture."""
        width, height = flat.size
        ys, xs = np.mgrid[0:height, 0:width].astype(np.float32)
        away = np.hypot((xs - centre[0]) / stretch, ys - centre[1]) / radius
        edge = away + (self.noise(width, height, radius * 0.9, 4) - 0.5) * 2 * rough
        mask = Image.fromarray(((1 - edge) * 255 * radius / soft / 4).clip(0, 255).astype("uint8"))
        paint = Image.new("RGB", flat.size, colour) if isinstance(colour, tuple) else colour
        flat.paste(paint.resize(flat.size), (0, 0), mask)

    # -- planes -----------------------------------------------------------------------------------

    def sky(self, top: Colour, bottom: Colour, horizon: int, *, clouds: float = 0.12) -> None:
        """Fill from the top to the horizon with a cloudy gradient."""
        down = np.linspace(0, 1, horizon, dtype=np.float32)[:, None]
        field = down + (self.noise(WIDTH, horizon, 320, 4) - 0.5) * clouds
        self.image.paste(self.tinted(field, top, bottom), (0, 0))

    def lay(self, flat: Image.Image, quad: Quad) -> None:
        """Stretch a flat texture over four corners of the picture, in perspective."""
        width, height = flat.size
        rows, values = [], []
        corners = ((0, 0), (width, 0), (width, height), (0, height))
        for (x, y), (u, v) in zip(quad, corners, strict=True):
            rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y])
            rows.append([0, 0, 0, x, y, 1, -v * x, -v * y])
            values += [u, v]
        solved = np.linalg.solve(np.array(rows, float), np.array(values, float))
        size, way = (WIDTH, HEIGHT), Image.Transform.PERSPECTIVE
        data = [float(part) for part in solved]
        warped = flat.transform(size, way, data, Image.Resampling.BICUBIC)
        mask = Image.new("L", size, 0)
        ImageDraw.Draw(mask).polygon([*quad], fill=255)
        self.image.paste(warped, (0, 0), mask)

    def ground(self, flat: Image.Image, horizon: int, *, spread: float = 900) -> None:
        """Lay a texture as the ground from the horizon to the lower edge."""
        lean = self.dice.uniform(-60, 60)
        self.lay(
            flat,
            (
                (-120 + lean, horizon), (WIDTH + 120 + lean, horizon),
                (WIDTH + spread, HEIGHT + 40), (-spread, HEIGHT + 40),
            ),
        )  # fmt: skip

    # -- bodies -----------------------------------------------------------------------------------

    def draw(self, paint: Paint, *, blur: float = 0, strength: float = 1.0) -> None:
        """Draw shapes with smooth edges, in picture coordinates times two."""
        layer = Image.new("RGBA", (WIDTH * 2, HEIGHT * 2), (0, 0, 0, 0))
        paint(ImageDraw.Draw(layer))
        layer = layer.resize((WIDTH, HEIGHT), Image.Resampling.BOX)
        if blur:
            layer = layer.filter(ImageFilter.GaussianBlur(blur))
        mask = layer.getchannel("A").point(lambda value: int(value * strength))
        self.image.paste(layer.convert("RGB"), (0, 0), mask)

    def polygon(
        self,
        points: Sequence[Point],
        colour: Colour,
        *,
        to: Colour | None = None,
        rough: float = 0.18,
    ) -> None:
        """Fill a polygon with a surface that runs from one colour at the top to another."""
        xs, ys = [x for x, _ in points], [y for _, y in points]
        left, top = int(min(xs)), int(min(ys))
        width, height = int(max(xs)) - left + 2, int(max(ys)) - top + 2
        down = np.linspace(0, 1, height, dtype=np.float32)[:, None]
        field = down + (self.noise(width, height, 70, 4) - 0.5) * rough * 2
        face = self.tinted(field.clip(0, 1), colour, to or shade(colour, 0.72))
        mask = Image.new("L", (width * 2, height * 2), 0)
        ImageDraw.Draw(mask).polygon([((x - left) * 2, (y - top) * 2) for x, y in points], fill=255)
        mask = mask.resize((width, height), Image.Resampling.BOX)
        self.image.paste(face, (left, top), mask)

    def shadow(self, centre: Point, radii: Point, strength: float = 0.5) -> None:
        """Darken an oval softly."""
        (x, y), (rx, ry) = centre, radii
        left, top, width, height = (
            int(x - rx * 1.6),
            int(y - ry * 1.8),
            int(rx * 3.2),
            int(ry * 3.6),
        )
        ys, xs = np.mgrid[0:height, 0:width].astype(np.float32)
        away = np.hypot((xs - width / 2) / rx, (ys - height / 2) / ry)
        mask = ((1.5 - away).clip(0, 1) ** 1.4 * 255 * strength).astype("uint8")
        dark = Image.new("RGB", (width, height), (12, 12, 16))
        self.image.paste(dark, (left, top), Image.fromarray(mask))

    def ball(self, centre: Point, radii: Point, colour: Colour, *, wrinkle: float = 0.35) -> None:
        """Put a rounded body (a bag, a leaf clump, a fruit) lit from the upper left."""
        (x, y), (rx, ry) = centre, radii
        width, height = max(4, int(rx * 2)), max(4, int(ry * 2))
        ys, xs = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32)
        bumps = self.noise(width, height, max(3.0, rx * 0.6), 3) - 0.5
        away = np.hypot(xs, ys) + bumps * 0.22
        light = (0.86 - 0.42 * (xs * 0.5 + ys * 0.85) + bumps * wrinkle * 2).clip(0.12, 1.6)
        face = np.array(colour, np.float32) * light[..., None]
        mask = ((1 - away) * rx * 0.7 * 255).clip(0, 255).astype("uint8")
        body = Image.fromarray(face.clip(0, 255).astype("uint8"))
        self.image.paste(body, (int(x - rx), int(y - ry)), Image.fromarray(mask))

    def box(self, at: Point, size: Point, colour: Colour, *, depth: float = 0.35) -> None:
        """Stand a box on the ground: `at` is the front's lower left corner."""
        (x, y), (width, height) = at, size
        dx, dy = width * depth * 0.6, -width * depth * 0.38
        self.shadow((x + width * 0.6, y + 2), (width * 0.75, max(12, width * 0.12)), 0.55)
        top, right = y - height, x + width
        side = [(right, top), (right + dx, top + dy), (right + dx, y + dy), (right, y)]
        self.polygon(side, shade(colour, 0.62), to=shade(colour, 0.42))
        lid = [(x, top), (right, top), (right + dx, top + dy), (x + dx, top + dy)]
        self.polygon(lid, shade(colour, 1.2), to=shade(colour, 1.05))
        front = [(x, top), (right, top), (right, y), (x, y)]
        self.polygon(front, colour, to=shade(colour, 0.74))

    def heap(
        self, centre: Point, spread: Point, count: int, colours: Sequence[Colour], size: Point
    ) -> None:
        """Pile bodies of several colours, the nearer in front; size: least and largest radius."""
        self.shadow(
            (centre[0], centre[1] + spread[1] * 0.7), (spread[0] * 1.1, spread[1] * 0.6), 0.6
        )
        spots = []
        for _ in range(count):
            x = self.dice.gauss(0, 0.42)
            y = self.dice.uniform(-1, 1) * (1 - min(1.0, abs(x)) * 0.75)
            spots.append((y, x))
        for y, x in sorted(spots):
            radius = self.dice.uniform(*size)
            colour = shade(self.dice.choice(colours), self.dice.uniform(0.75, 1.1))
            at = (centre[0] + x * spread[0], centre[1] + y * spread[1])
            self.ball(at, (radius, radius * self.dice.uniform(0.6, 0.9)), colour)

    def scraps(
        self, centre: Point, spread: Point, count: int, colours: Sequence[Colour], size: float
    ) -> None:
        """Strew flat bits of paper and plastic over the ground."""
        dice, (x, y) = self.dice, centre
        spots = [
            (x + dice.gauss(0, 0.5) * spread[0], y + dice.uniform(-1, 1) * spread[1])
            for _ in range(count)
        ]
        for x, y in sorted(spots, key=lambda spot: spot[1]):
            wide, high = size * self.dice.uniform(0.4, 1.4), size * self.dice.uniform(0.2, 0.6)
            corners: list[Point] = [
                (x + wide * turn + self.dice.uniform(-wide, wide) * 0.4, y + high * lift)
                for turn, lift in ((-1, -0.4), (-0.2, -1), (1, -0.3), (0.7, 0.8), (-0.6, 0.9))
            ]
            tone = shade(self.dice.choice(colours), self.dice.uniform(0.8, 1.1))
            self.polygon(corners, tone, rough=0.4)

    # -- light ------------------------------------------------------------------------------------

    def haze(self, colour: Colour, *, low: int, high: int, strength: float) -> None:
        """Veil the picture with cloudy haze, thickest between two heights."""
        ys = np.arange(HEIGHT, dtype=np.float32)[:, None]
        middle, half = (low + high) / 2, max(1, abs(high - low) / 2)
        band = np.exp(-(((ys - middle) / half) ** 2))
        mask = band * (0.45 + 0.75 * self.noise(WIDTH, HEIGHT, 260, 4)) * strength * 255
        veil = Image.new("RGB", (WIDTH, HEIGHT), colour)
        self.image.paste(veil, (0, 0), Image.fromarray(mask.clip(0, 255).astype("uint8")))

    def glow(self, centre: Point, radius: float, colour: Colour, strength: float = 1.0) -> None:
        """Add light that fades from a point."""
        ys, xs = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
        fall = 1 / (1 + (np.hypot(xs - centre[0], ys - centre[1]) / radius) ** 2 * 4)
        lit = np.asarray(self.image, np.float32)
        lit = lit + fall[..., None] * np.array(colour, np.float32) * strength
        self.image = Image.fromarray(lit.clip(0, 255).astype("uint8"))

    def dim(self, factor: float, cast: Colour = (255, 255, 255)) -> None:
        """Darken all, towards a cast."""
        lit = np.asarray(self.image, np.float32) * factor
        lit *= np.array(cast, np.float32) / 255
        self.image = Image.fromarray(lit.clip(0, 255).astype("uint8"))

    def _held(self, degrees: float, zoom: float) -> Image.Image:
        """Turn and crop, as a picture held in the hand."""
        turned = self.image.rotate(degrees, Image.Resampling.BICUBIC)
        side, rise = WIDTH * (1 - 1 / zoom) / 2, HEIGHT * (1 - 1 / zoom) / 2
        frame = (int(side), int(rise), int(WIDTH - side), int(HEIGHT - rise))
        return turned.crop(frame).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)

    def jpeg(self) -> bytes:
        """Finish as a phone's camera would: soft lens, vignette, cast, grain. 100 to 200 KB."""
        held = self._held(self._lens.uniform(-2.4, 2.4), self._lens.uniform(1.06, 1.16))
        pixels = np.asarray(held.filter(ImageFilter.GaussianBlur(0.8)), np.float32)
        slope = self._lens.uniform(-0.09, 0.09)
        ys, xs = np.mgrid[-1 : 1 : HEIGHT * 1j, -1 : 1 : WIDTH * 1j].astype(np.float32)
        pixels *= (1.04 - 0.15 * (xs**2 + ys**2) ** 1.2 + slope * xs)[..., None]
        cast = [self._lens.uniform(0.97, 1.03) for _ in range(3)]
        pixels *= np.array(cast, np.float32) * self._lens.uniform(0.94, 1.08)
        grey = pixels.mean(axis=2, keepdims=True)
        pixels = grey + (pixels - grey) * 0.84  # paint is more colourful than streets are
        grain = self.grain.normal(0, 4.2, (HEIGHT, WIDTH, 1)).astype(np.float32)
        image = Image.fromarray((pixels + grain).clip(0, 255).astype("uint8"))
        data = b""
        for quality in (78, 68, 58, 48, 38):
            sink = io.BytesIO()
            image.save(sink, "JPEG", quality=quality)
            data = sink.getvalue()
            if len(data) <= LARGEST:
                break
        return data
