"""Scenes of roads, covers, trees, snow and water: each painted before and after the work."""

from __future__ import annotations

from PIL import Image, ImageDraw

from bihuan.demo.canvas import FLAT, HEIGHT, WIDTH, Canvas, Colour, Paint, shade

ASPHALT = ((58, 58, 62), (128, 126, 124))
CONCRETE = ((134, 130, 122), (186, 182, 172))
SOIL = ((104, 84, 62), (168, 142, 108))
GRASS = ((58, 74, 36), (128, 138, 74))
LEAVES: list[Colour] = [(66, 92, 40), (88, 112, 52), (52, 74, 34), (110, 122, 60)]


def _road(canvas: Canvas) -> Image.Image:
    """Paint asphalt with a worn white line and tyre tracks."""
    flat = canvas.texture(*ASPHALT, cell=160, speckle=0.42)
    worn = canvas.noise(FLAT, FLAT, 26, 4)
    line = Image.new("L", flat.size, 0)
    left = canvas.dice.randint(150, 210)
    ImageDraw.Draw(line).rectangle((left, 0, left + 20, FLAT), fill=210)
    mask = Image.fromarray((worn > 0.42).astype("uint8") * 255)
    flat.paste((212, 210, 200), (0, 0), Image.composite(line, Image.new("L", flat.size, 0), mask))
    return flat


def _paving(canvas: Canvas, colour: Colour = (158, 146, 132)) -> Image.Image:
    """Paint square paving slabs, each a shade of its own, with dark joints."""
    flat = Image.new("RGB", (FLAT, FLAT), shade(colour, 0.5))
    pen = ImageDraw.Draw(flat)
    step = 60
    for row in range(FLAT // step):
        for column in range(-1, FLAT // step):
            x = column * step + (row % 2) * step // 2
            slab = shade(colour, canvas.dice.uniform(0.85, 1.08))
            pen.rectangle((x + 2, row * step + 2, x + step - 2, row * step + step - 2), fill=slab)
    dirt = canvas.texture((60, 55, 48), (200, 194, 184), cell=120, speckle=0.5)
    return Image.blend(flat, dirt, 0.3)


def _kerbside(canvas: Canvas, horizon: int) -> None:
    """Paint the far side of a street: sky, a wall and the green before it."""
    canvas.sky((150, 172, 196), (214, 218, 218), horizon + 20)
    low = horizon - canvas.dice.randint(90, 170)
    wall = canvas.dice.choice([(186, 172, 150), (160, 150, 144), (178, 136, 112)])
    canvas.polygon([(0, low), (WIDTH, low + 30), (WIDTH, horizon + 20), (0, horizon + 20)], wall)
    for x in range(-40, WIDTH + 60, 46):
        radius = canvas.dice.uniform(34, 62)
        canvas.ball((x, horizon - 4), (radius, radius * 0.7), canvas.dice.choice(LEAVES))


def pothole(canvas: Canvas, after: bool) -> None:
    """A hole in the asphalt; after: a cut and rolled patch."""
    horizon = canvas.dice.randint(230, 290)
    _kerbside(canvas, horizon)
    flat = _road(canvas)
    x, y = canvas.dice.randint(420, 500), canvas.dice.randint(610, 650)
    if after:
        patch = canvas.texture((34, 34, 38), (64, 62, 64), cell=40, speckle=0.6)
        flat.paste((28, 28, 30), (x - 132, y - 92, x + 132, y + 92))
        flat.paste(patch.crop((0, 0, 252, 172)), (x - 126, y - 86))
    else:
        gravel = canvas.texture((52, 44, 36), (150, 132, 108), cell=14, speckle=0.6)
        canvas.blot(flat, (x, y), 150, (84, 80, 76), rough=0.5, soft=8, stretch=1.3)
        canvas.blot(flat, (x, y), 112, (24, 22, 21), rough=0.45, soft=2, stretch=1.3)
        canvas.blot(flat, (x + 6, y + 16), 98, gravel, rough=0.45, soft=7, stretch=1.3)
        if canvas.dice.random() < 0.6:
            canvas.blot(flat, (x + 14, y + 22), 58, (118, 124, 128), rough=0.3, soft=2, stretch=1.6)
        for _ in range(26):
            spot = (x + canvas.dice.gauss(0, 170), y + canvas.dice.gauss(0, 110))
            canvas.blot(flat, spot, canvas.dice.uniform(3, 8), (96, 88, 78), rough=0.2, soft=1)
    canvas.ground(flat, horizon)


def cover_missing(canvas: Canvas, after: bool) -> None:
    """An open manhole in the pavement; after: a new iron cover."""
    horizon = canvas.dice.randint(120, 170)
    _kerbside(canvas, horizon)
    flat = _paving(canvas)
    x, y, radius = canvas.dice.randint(430, 480), 600, 92
    pen = ImageDraw.Draw(flat)
    canvas.blot(flat, (x, y), radius * 1.6, (128, 122, 112), rough=0.25, soft=4)
    pen.ellipse((x - radius - 16, y - radius - 16, x + radius + 16, y + radius + 16), (88, 84, 80))
    pen.ellipse((x - radius, y - radius, x + radius, y + radius), (10, 10, 11))
    if after:
        iron = canvas.texture((54, 52, 52), (92, 88, 84), cell=24, speckle=0.5)
        disc = Image.new("L", flat.size, 0)
        ring = radius - 5
        ImageDraw.Draw(disc).ellipse((x - ring, y - ring, x + ring, y + ring), fill=255)
        flat.paste(iron, (0, 0), disc)
        for step in range(-72, 73, 24):
            for cross in range(-72, 73, 24):
                if step**2 + cross**2 < 5600:
                    at = (x + step - 7, y + cross - 7, x + step + 7, y + cross + 7)
                    pen.rectangle(at, fill=(104, 100, 96))
    else:
        wall = canvas.texture((46, 40, 36), (96, 86, 76), cell=18, speckle=0.4)
        pit = Image.new("L", flat.size, 0)
        edge = ImageDraw.Draw(pit)
        edge.ellipse((x - radius, y - radius, x + radius, y + radius), fill=235)
        edge.ellipse((x - radius, y - radius + 34, x + radius, y + radius + 60), fill=0)
        flat.paste(wall, (0, 0), pit)
    canvas.ground(flat, horizon, spread=700)
    if not after and canvas.dice.random() < 0.5:
        canvas.polygon([(900, 700), (930, 470), (948, 470), (984, 706)], (206, 88, 40))


def fallen_tree(canvas: Canvas, after: bool) -> None:
    """A tree across the road; after: sawn, swept, a stump."""
    horizon = canvas.dice.randint(280, 330)
    _kerbside(canvas, horizon)
    canvas.ground(_road(canvas), horizon)
    trunk = (104, 84, 64)
    if after:
        canvas.shadow((250, 640), (90, 26), 0.6)
        canvas.polygon([(190, 560), (300, 560), (316, 645), (176, 645)], trunk)
        canvas.ball((245, 560), (56, 20), (196, 166, 122), wrinkle=0.1)
        for _ in range(60):
            spot = (canvas.dice.gauss(340, 180), canvas.dice.gauss(700, 60))
            canvas.ball(spot, (7, 4), canvas.dice.choice([(190, 160, 110), (120, 128, 60)]))
        return
    lean = canvas.dice.uniform(-40, 40)
    canvas.shadow((640, 720), (560, 90), 0.6)
    canvas.heap((860, 560 + lean / 2), (330, 210), 200, LEAVES, (26, 62))
    canvas.polygon(
        [(60, 600 + lean), (620, 586), (900, 560), (900, 596), (620, 648), (60, 700 + lean)], trunk
    )
    for _ in range(7):
        x = canvas.dice.randint(480, 900)
        y = canvas.dice.randint(420, 760)
        limb = [(x, 600.0), (x + 22, 604.0), (x + 130, y + 5), (x + 128, y)]
        canvas.polygon(limb, shade(trunk, 0.8))
    canvas.heap((930, 610), (300, 150), 110, LEAVES, (20, 48))


def snow_ice(canvas: Canvas, after: bool) -> None:
    """A street under snow; after: the middle is cleared and salted."""
    horizon = canvas.dice.randint(270, 320)
    canvas.sky((168, 178, 190), (214, 218, 224), horizon + 20, clouds=0.3)
    for x in range(-20, WIDTH, 180):
        top, foot = horizon - 210, horizon + 30
        canvas.polygon([(x, top), (x + 14, top), (x + 22, foot), (x - 6, foot)], (84, 76, 70))
        canvas.heap(
            (x + 8, horizon - 200), (90, 70), 16, [(214, 218, 224), (150, 148, 144)], (14, 32)
        )
    low = canvas.texture((196, 204, 216), (248, 250, 252), cell=220, speckle=0.14)
    if after:
        wet = canvas.texture((52, 54, 58), (92, 94, 98), cell=120, speckle=0.4)
        canvas.blot(low, (450, 450), 640, wet, rough=0.12, soft=6, stretch=0.34)
    else:
        for track in (350, 520):
            for y in range(-40, FLAT + 40, 42):
                spot = (track + canvas.dice.uniform(-9, 9), y)
                canvas.blot(low, spot, 44, (146, 152, 162), rough=0.5, soft=9, stretch=0.6)
        canvas.blot(low, (450, 720), 130, (172, 192, 206), rough=0.4, soft=4, stretch=1.7)
    canvas.ground(low, horizon)
    canvas.haze((226, 230, 236), low=horizon - 90, high=horizon + 90, strength=0.6)


def ditch(canvas: Canvas, after: bool) -> None:
    """A ditch with black water and rubbish; after: cleared."""
    horizon = canvas.dice.randint(230, 290)
    canvas.sky((156, 178, 202), (222, 224, 220), horizon + 20)
    for x in range(-40, WIDTH + 60, 38):
        radius = canvas.dice.uniform(30, 70)
        canvas.ball((x, horizon - 10), (radius, radius * 0.8), canvas.dice.choice(LEAVES))
    bank = canvas.texture((88, 82, 46), (160, 150, 92), cell=70, speckle=0.45)
    water = ((70, 84, 78), (140, 156, 150)) if after else ((14, 15, 14), (58, 60, 52))
    pool = canvas.texture(*water, cell=200, speckle=0.05)
    canvas.blot(bank, (450, 450), 700, (66, 56, 42), rough=0.07, soft=10, stretch=0.36)
    canvas.blot(bank, (450, 450), 690, pool, rough=0.08, soft=2, stretch=0.32)
    if not after:
        for _ in range(46):
            spot = (canvas.dice.gauss(430, 90), canvas.dice.uniform(180, 880))
            litter = canvas.dice.choice(
                [(214, 214, 208), (90, 128, 168), (168, 70, 58), (190, 178, 120), (70, 92, 52)]
            )
            canvas.blot(
                bank, spot, canvas.dice.uniform(5, 17), litter, rough=0.5, soft=1, stretch=1.5
            )
        canvas.blot(bank, (510, 560), 90, (98, 104, 62), rough=0.6, soft=12)
    canvas.ground(bank, horizon, spread=700)
    canvas.haze((226, 228, 222), low=horizon - 60, high=horizon + 40, strength=0.35)


def _flame(x: float, y: float, wide: float, high: float, colour: Colour) -> Paint:
    """Draw one tongue of fire, its foot at (x, y)."""
    outline = ((0, 0), (-1, -0.25), (-0.6, -0.6), (0.2, -1), (0.3, -0.55), (0.9, -0.3))
    return lambda pen: pen.polygon(
        [((x + a * wide) * 2, (y + b * high) * 2) for a, b in outline], fill=colour
    )


def _puff(x: float, y: float, size: float, grey: int) -> Paint:
    """Draw one puff of smoke."""
    oval = (x * 2 - size * 2, y * 2 - size * 1.5, x * 2 + size * 2, y * 2 + size * 1.5)
    return lambda pen: pen.ellipse(oval, fill=(grey, grey - 4, grey - 10, 210))


def straw_smoke(canvas: Canvas, after: bool) -> None:
    """Straw burning in a field; after: black ground, no smoke."""
    horizon = canvas.dice.randint(330, 390)
    canvas.sky((140, 162, 186), (220, 214, 200), horizon + 20)
    for x in range(-20, WIDTH + 40, 26):
        radius = canvas.dice.uniform(10, 30)
        canvas.ball(
            (x, horizon + 2), (radius, radius), shade((92, 104, 74), canvas.dice.uniform(0.8, 1.1))
        )
    field = canvas.texture((142, 116, 68), (206, 182, 120), cell=36, speckle=0.5)
    canvas.blot(field, (450, 330), 170, (38, 34, 30), rough=0.5, soft=6, stretch=2.2)
    canvas.ground(field, horizon, spread=800)
    if after:
        return
    base = canvas.dice.randint(480, 760)
    for _ in range(26):
        left, low = base + canvas.dice.gauss(0, 170), 590 + canvas.dice.uniform(-26, 30)
        high, wide = canvas.dice.uniform(20, 74), canvas.dice.uniform(8, 20)
        canvas.draw(_flame(left, low, wide, high, (236, 96, 24)), blur=5, strength=0.85)
        canvas.draw(_flame(left, low, wide * 0.5, high * 0.55, (255, 222, 120)), blur=3)
    canvas.glow((base, 570), 140, (150, 66, 14), 0.9)
    drift = canvas.dice.choice([-1, 1])
    for step in range(0, 46, 3):
        size = 46 + step * 5.4
        left = base + drift * step * 8 + canvas.dice.gauss(0, 20 + step * 2)
        puff = _puff(left, 540 - step * 11.5, size, canvas.dice.randint(150, 205))
        canvas.draw(puff, blur=24 + step / 2, strength=0.5)
    canvas.haze((206, 200, 190), low=120, high=horizon + 60, strength=0.5)


def dust_site(canvas: Canvas, after: bool) -> None:
    """Bare soil at a building site in the wind; after: netted and wet."""
    horizon = canvas.dice.randint(380, 430)
    canvas.sky((170, 182, 196), (220, 214, 202), horizon + 20)
    for x in canvas.dice.sample(range(60, 1160, 150), 4):
        top = canvas.dice.randint(70, 200)
        grey = canvas.dice.randint(132, 176)
        canvas.polygon(
            [(x, top), (x + 120, top), (x + 120, horizon + 10), (x, horizon + 10)],
            (grey, grey, grey - 6),
        )
        for y in range(top + 20, horizon, 34):
            canvas.polygon(
                [(x + 12, y), (x + 108, y), (x + 108, y + 14), (x + 12, y + 14)], (86, 90, 96)
            )
    soil = canvas.texture(*SOIL, cell=120, speckle=0.35)
    canvas.ground(soil, horizon)
    cover = (
        [(58, 104, 66), (66, 116, 74)]
        if after
        else [(150, 124, 92), (134, 108, 78), (166, 140, 106)]
    )
    for x, y, wide in ((260, 560, 230), (820, 520, 260), (1080, 640, 240), (520, 700, 250)):
        canvas.shadow((x, y + 50), (wide, 40), 0.5)
        for _ in range(7):
            spot = (x + canvas.dice.gauss(0, wide * 0.36), y + canvas.dice.uniform(-24, 46))
            size = wide * canvas.dice.uniform(0.4, 0.66)
            canvas.ball(spot, (size, size * 0.52), canvas.dice.choice(cover), wrinkle=0.16)
    fence = [(0, horizon - 30), (WIDTH, horizon - 50), (WIDTH, horizon + 24), (0, horizon + 30)]
    canvas.polygon([(x, float(y)) for x, y in fence], (70, 116, 160), to=(54, 92, 130))
    if not after:
        canvas.haze((200, 178, 146), low=280, high=HEIGHT - 160, strength=0.85)
