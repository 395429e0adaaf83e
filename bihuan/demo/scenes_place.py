"""Scenes of walls, stairs, streets and lamps: each painted before and after the work."""

from __future__ import annotations

import math

from PIL import Image, ImageDraw

from bihuan.demo.canvas import FLAT, HEIGHT, WIDTH, Canvas, Colour, Point, shade

SACKS: list[Colour] = [
    (34, 34, 38), (44, 44, 50), (30, 32, 36), (188, 188, 184), (150, 60, 54), (76, 96, 128),
    (40, 40, 46), (172, 160, 130),
]  # fmt: skip
PLASTER = ((168, 162, 150), (216, 210, 198))
BAGS: list[Colour] = [
    (38, 38, 42), (52, 54, 60), (196, 196, 190), (168, 52, 48), (62, 98, 148), (206, 186, 120),
    (92, 132, 84), (140, 106, 72),
]  # fmt: skip


def _bricks(canvas: Canvas, colour: Colour) -> Image.Image:
    flat = Image.new("RGB", (FLAT, FLAT), (150, 142, 132))
    pen = ImageDraw.Draw(flat)
    for row in range(FLAT // 30):
        for column in range(-1, FLAT // 90):
            x, y = column * 90 + (row % 2) * 45, row * 30
            brick = shade(colour, canvas.dice.uniform(0.78, 1.12))
            pen.rectangle((x + 2, y + 2, x + 87, y + 27), fill=brick)
    return Image.blend(
        flat, canvas.texture((50, 44, 40), (196, 186, 172), cell=140, speckle=0.4), 0.3
    )


def _yard(canvas: Canvas, foot: int) -> None:
    """Paint a wall down to `foot` and concrete before it."""
    wall = (
        _bricks(canvas, canvas.dice.choice([(142, 82, 62), (128, 92, 76)]))
        if canvas.dice.random() < 0.55
        else canvas.texture(*PLASTER, cell=200, speckle=0.15)
    )
    lean = canvas.dice.uniform(-50, 50)
    canvas.lay(
        wall,
        (
            (-60, -80 - lean),
            (WIDTH + 60, -80 + lean),
            (WIDTH + 60, foot + lean / 4),
            (-60, foot - lean / 4),
        ),
    )
    canvas.haze((60, 54, 48), low=foot - 60, high=foot + 10, strength=0.35)
    floor = canvas.texture((118, 114, 108), (176, 172, 162), cell=180, speckle=0.35)
    canvas.blot(floor, (500, 420), 200, (104, 100, 94), rough=0.6, soft=20, stretch=1.6)
    canvas.ground(floor, foot - 14)


def plain(canvas: Canvas, after: bool) -> None:
    """An empty yard by a wall: where no other scene fits. Damp before, dry after."""
    foot = canvas.dice.randint(420, 500)
    _yard(canvas, foot)
    if not after:
        canvas.shadow((canvas.dice.randint(400, 900), foot + 260), (280, 60), 0.4)


def _bin(canvas: Canvas, x: float, y: float, colour: Colour) -> None:
    canvas.shadow((x + 70, y), (110, 22), 0.6)
    canvas.polygon([(x, y - 210), (x + 140, y - 210), (x + 124, y), (x + 16, y)], colour)
    canvas.polygon(
        [(x - 10, y - 236), (x + 150, y - 236), (x + 144, y - 204), (x - 4, y - 204)],
        shade(colour, 1.15),
    )
    canvas.ball((x + 30, y - 6), (17, 17), (30, 30, 32), wrinkle=0.1)


def rubbish(canvas: Canvas, after: bool) -> None:
    """Bags piled by the bins; after: swept, bins shut."""
    foot = canvas.dice.randint(430, 480)
    _yard(canvas, foot)
    green = canvas.dice.choice([(48, 96, 66), (58, 84, 112), (70, 74, 78)])
    for step in range(2):
        _bin(canvas, 190 + step * 190, foot + 130, green)
    if after:
        return
    x = canvas.dice.randint(620, 760)
    canvas.heap((x, foot + 140), (340, 150), 52, SACKS, (46, 88))
    canvas.scraps((x, foot + 170), (380, 150), 70, BAGS, 30)
    canvas.heap((x + 40, foot + 210), (300, 60), 14, SACKS, (30, 60))
    canvas.scraps((x - 60, foot + 300), (460, 70), 60, [*BAGS, (214, 210, 200)], 22)


def stairwell(canvas: Canvas, after: bool) -> None:
    """Boxes and a bicycle wheel on the landing; after: nothing but stairs."""
    upper = canvas.texture((196, 190, 176), (228, 224, 212), cell=260, speckle=0.1)
    canvas.lay(upper, ((0, 0), (WIDTH, 0), (WIDTH, HEIGHT), (0, HEIGHT)))
    band = canvas.texture((86, 122, 104), (118, 150, 130), cell=200, speckle=0.1)
    canvas.lay(band, ((0, 430), (430, 400), (430, 640), (0, 900)))
    canvas.lay(band, ((430, 400), (WIDTH, 400), (WIDTH, 640), (430, 640)))
    floor = canvas.texture((112, 108, 102), (158, 154, 146), cell=160, speckle=0.3)
    canvas.lay(floor, ((420, 636), (WIDTH, 636), (WIDTH + 200, HEIGHT), (-60, HEIGHT)))
    for step in range(7):
        y, x = 640 - step * 62, 800 + step * 46
        riser = [(x, y - 62), (WIDTH, y - 62), (WIDTH, y), (x, y)]
        canvas.polygon([(float(a), float(b)) for a, b in riser], (126, 122, 116), to=(98, 94, 90))
        tread = [(x + 46, y - 78), (WIDTH, y - 78), (WIDTH, y - 60), (x, y - 60)]
        canvas.polygon([(float(a), float(b)) for a, b in tread], (184, 180, 170))
    canvas.polygon([(806, 400), (822, 400), (1160, -60), (1140, -60)], (112, 72, 44))
    for step in range(6):
        x = 812 + step * 54
        canvas.polygon(
            [
                (x, 404 - step * 74),
                (x + 8, 404 - step * 74),
                (x + 8, 600 - step * 58),
                (x, 600 - step * 58),
            ],
            (90, 92, 96),
        )
    if not after:
        _clutter(canvas)
    canvas.glow((240, 60), 420, (46, 42, 26), 0.8)
    canvas.dim(0.9, (255, 248, 232))


def _clutter(canvas: Canvas) -> None:
    dice = canvas.dice
    boxes: list[Colour] = [
        (176, 136, 92),
        (160, 122, 80),
        (188, 150, 104),
        (150, 150, 156),
        (120, 60, 52),
    ]
    for x, y in ((150, 800), (360, 770), (560, 740)):
        level = float(y)
        for _ in range(dice.randint(2, 3)):
            size = (dice.uniform(150, 200), dice.uniform(86, 130))
            canvas.box((x + dice.uniform(-14, 14), level), size, dice.choice(boxes))
            level -= size[1]
    canvas.heap((430, 850), (330, 40), 9, SACKS, (34, 62))
    canvas.scraps((430, 880), (330, 40), 24, BAGS, 22)

    def wheel(pen: ImageDraw.ImageDraw) -> None:
        pen.ellipse((1380, 1180, 1740, 1560), outline=(34, 34, 36), width=22)
        for spoke in range(12):
            turn = spoke * math.pi / 6
            pen.line(
                (1560, 1370, 1560 + 168 * math.cos(turn), 1370 + 178 * math.sin(turn)),
                fill=(150, 150, 152),
                width=3,
            )

    canvas.draw(wheel)


def _pole(canvas: Canvas, x: float, foot: float, top: float) -> None:
    canvas.polygon([(x - 8, top), (x + 8, top), (x + 13, foot), (x - 13, foot)], (96, 98, 102))
    canvas.polygon(
        [(x, top), (x + 150, top - 34), (x + 150, top - 24), (x, top + 16)], (88, 90, 94)
    )
    canvas.polygon(
        [(x + 136, top - 44), (x + 220, top - 48), (x + 226, top - 28), (x + 140, top - 22)],
        (70, 72, 76),
    )


def broken_lamp(canvas: Canvas, after: bool) -> None:
    """A street at night with its lamp out; after: lit."""
    horizon = canvas.dice.randint(470, 520)
    canvas.sky((40, 48, 70), (92, 92, 100), horizon + 10)
    for x in canvas.dice.sample(range(-40, 1240, 120), 7):
        top = canvas.dice.randint(210, 380)
        canvas.polygon(
            [(x, top), (x + 130, top), (x + 130, horizon + 8), (x, horizon + 8)], (52, 52, 58)
        )
        for _ in range(5):
            at = (x + canvas.dice.randint(8, 100), canvas.dice.randint(top + 8, horizon - 30))
            canvas.polygon(
                [at, (at[0] + 16, at[1]), (at[0] + 16, at[1] + 18), (at[0], at[1] + 18)],
                (222, 184, 110),
            )
    road = canvas.texture((40, 40, 44), (84, 82, 82), cell=160, speckle=0.4)
    canvas.ground(road, horizon)
    x = canvas.dice.randint(300, 460)
    _pole(canvas, x, 800, 130)
    canvas.dim(0.62 if after else 0.5, (208, 216, 255))
    if after:
        canvas.glow((x + 180, 104), 150, (255, 214, 150), 1.1)
        canvas.glow((x + 210, 760), 420, (150, 116, 70), 0.75)
    else:
        canvas.glow((1180, 420), 60, (220, 180, 120), 0.7)


def leaking_pipe(canvas: Canvas, after: bool) -> None:
    """A pipe at the wall's foot that sprays; after: a new sleeve, dry ground."""
    foot = canvas.dice.randint(560, 610)
    _yard(canvas, foot)
    x = canvas.dice.randint(560, 660)
    pipe = (132, 134, 136)
    canvas.shadow((x + 40, 300), (60, 320), 0.3)
    canvas.polygon(
        [(x - 26, -10), (x + 26, -10), (x + 26, foot + 40), (x - 26, foot + 40)],
        pipe,
        to=shade(pipe, 0.86),
    )
    canvas.polygon(
        [(x - 18, -10), (x - 8, -10), (x - 8, foot + 40), (x - 18, foot + 40)], shade(pipe, 1.3)
    )
    canvas.polygon(
        [(x - 38, 330), (x + 38, 330), (x + 38, 392), (x - 38, 392)],
        (58, 92, 150) if after else (112, 78, 54),
    )
    canvas.ball((x, foot + 44), (70, 18), (86, 82, 76))
    if after:
        return
    canvas.shadow((x + 120, 470), (240, 260), 0.34)
    dice = canvas.dice

    def spray(pen: ImageDraw.ImageDraw) -> None:
        for _ in range(520):
            push, age = dice.uniform(3, 15), dice.uniform(4, 30)
            px = x + 30 + push * age
            py = 362 + dice.gauss(-2.4, 1.6) * age + 0.42 * age * age
            pen.line(
                (px * 2, py * 2, px * 2 + push * 2.4, py * 2 + age * 1.6),
                fill=(232, 240, 246, 190),
                width=dice.choice([2, 3, 5]),
            )

    canvas.draw(spray, blur=1.4)
    pool = [
        (x - 240, foot + 120),
        (x + 80, foot + 50),
        (x + 560, foot + 90),
        (x + 600, foot + 250),
        (x + 60, foot + 300),
    ]

    def puddle(pen: ImageDraw.ImageDraw) -> None:
        pen.polygon([(a * 2, b * 2) for a, b in pool], fill=(176, 186, 194, 255))

    canvas.draw(puddle, blur=26, strength=0.62)
    canvas.draw(spray, blur=2.4, strength=0.5)


def _car(canvas: Canvas, x: float, y: float, scale: float, colour: Colour) -> None:
    """Stand a car, seen from the side; (x, y) is the ground below its rear bumper."""

    def at(*points: Point) -> list[Point]:
        return [(x + a * scale, y + b * scale) for a, b in points]

    canvas.shadow((x + 215 * scale, y - 4), (260 * scale, 34 * scale), 0.75)
    body = at(
        (0, -60),
        (6, -112),
        (70, -128),
        (120, -186),
        (262, -190),
        (330, -132),
        (412, -116),
        (432, -84),
        (428, -44),
        (4, -40),
    )
    canvas.polygon(body, shade(colour, 1.12), to=shade(colour, 0.55), rough=0.06)
    glass = at((88, -130), (130, -176), (188, -178), (188, -132))
    canvas.polygon(glass, (74, 88, 100), to=(38, 44, 50), rough=0.1)
    canvas.polygon(
        at((198, -132), (198, -178), (256, -180), (308, -132)),
        (82, 96, 108),
        to=(38, 44, 50),
        rough=0.1,
    )
    canvas.polygon(at((2, -60), (430, -60), (430, -44), (4, -40)), (34, 34, 36))
    canvas.polygon(at((396, -108), (430, -96), (430, -84), (394, -92)), (236, 234, 220))
    canvas.polygon(at((2, -106), (24, -110), (24, -88), (2, -86)), (172, 40, 36))
    for wheel in (86, 340):
        centre = (x + wheel * scale, y - 40 * scale)
        canvas.ball(centre, (50 * scale, 48 * scale), (26, 26, 28), wrinkle=0.05)
        canvas.ball(centre, (27 * scale, 26 * scale), (172, 174, 178), wrinkle=0.2)


def illegal_parking(canvas: Canvas, after: bool) -> None:
    """A car across the pavement; after: the way is free."""
    foot = canvas.dice.randint(400, 440)
    _yard(canvas, foot)
    slabs = canvas.texture((128, 112, 98), (176, 160, 142), cell=50, speckle=0.3)
    pen = ImageDraw.Draw(slabs)
    for step in range(0, FLAT, 50):
        pen.line((step, 0, step, FLAT), fill=(104, 94, 84), width=3)
        pen.line((0, step, FLAT, step), fill=(104, 94, 84), width=3)
    for step in range(0, FLAT, 50):
        pen.rectangle((step + 4, 500, step + 46, 546), fill=(196, 160, 62))
    canvas.ground(slabs, foot)
    if after:
        return
    paint = canvas.dice.choice(
        [(212, 214, 216), (44, 46, 52), (140, 30, 34), (70, 92, 128), (168, 170, 172)]
    )
    _car(canvas, canvas.dice.randint(90, 220), 800, canvas.dice.uniform(2.0, 2.2), paint)


def stall(canvas: Canvas, after: bool) -> None:
    """A stall with an umbrella on the pavement; after: gone."""
    foot = canvas.dice.randint(420, 460)
    _yard(canvas, foot)
    for x in (60, 480, 900):
        canvas.polygon(
            [(x, foot - 250), (x + 320, foot - 250), (x + 320, foot - 6), (x, foot - 6)],
            (74, 82, 90),
            to=(48, 52, 58),
        )
        sign = canvas.dice.choice([(164, 44, 40), (40, 84, 140), (186, 140, 48)])
        canvas.polygon(
            [
                (x - 10, foot - 320),
                (x + 330, foot - 320),
                (x + 330, foot - 256),
                (x - 10, foot - 256),
            ],
            sign,
        )
    if after:
        return
    x = canvas.dice.randint(330, 520)
    y = foot + 300
    canvas.shadow((x + 260, y + 10), (380, 60), 0.65)
    canvas.polygon(
        [(x + 250, 210), (x + 264, 210), (x + 264, y - 130), (x + 250, y - 130)], (150, 150, 154)
    )
    canvas.box((x, y), (480, 130), (112, 96, 76), depth=0.3)
    fruit: list[Colour] = [(206, 96, 36), (190, 40, 36), (92, 134, 52), (220, 186, 70)]
    for step, colour in enumerate(fruit):
        canvas.heap((x + 90 + step * 118, y - 158), (66, 30), 34, [colour], (11, 17))
    cloth = canvas.dice.choice([(186, 52, 44), (52, 96, 158), (44, 122, 84)])
    for part in range(6):
        a, b = x - 90 + part * 116, x - 90 + (part + 1) * 116
        edge = 330 - abs(part - 2.5) * 8
        panel = shade(cloth, 1.15) if part % 2 else shade((226, 220, 206), 0.95)
        canvas.polygon([(x + 257, 170), (a, edge), (b, edge + 4)], panel, to=shade(panel, 0.7))
    canvas.heap(
        (x + 620, y - 10),
        (110, 50),
        16,
        [(196, 198, 200), (206, 186, 120), (176, 136, 92)],
        (24, 44),
    )


def stickers(canvas: Canvas, after: bool) -> None:
    """Advertisements stuck over a stairwell wall; after: painted over."""
    wall = canvas.texture((190, 184, 170), (224, 220, 208), cell=240, speckle=0.12)
    pen = ImageDraw.Draw(wall)
    dice = canvas.dice
    for _ in range(34):
        x, y, wide, high = (
            dice.randint(-20, 840),
            dice.randint(20, 560),
            dice.randint(56, 120),
            dice.randint(40, 84),
        )
        if after:
            canvas.blot(wall, (x + 40, y + 30), wide * 0.55, (222, 219, 210), rough=0.25, soft=12)
            continue
        paper = dice.choice(
            [(238, 236, 228), (232, 196, 70), (206, 66, 54), (88, 140, 200), (244, 178, 196)]
        )
        paper = shade(paper, dice.uniform(0.82, 1.0))
        pen.rectangle((x + 3, y + 4, x + wide + 3, y + high + 4), fill=(132, 126, 116))
        pen.rectangle((x, y, x + wide, y + high), fill=paper)
        ink = (40, 38, 44) if sum(paper) > 420 else (240, 238, 226)
        for line in range(3):
            end = x + wide - 8 - dice.randint(0, wide // 3)
            pen.rectangle(
                (x + 7, y + 8 + line * high // 3, end, y + 8 + line * high // 3 + high // 7),
                fill=ink,
            )
        if dice.random() < 0.3:
            canvas.blot(wall, (x + wide, y + high), 30, (206, 202, 190), rough=0.6, soft=2)
    pen.rectangle((0, 640, FLAT, FLAT), fill=(92, 126, 108))
    worn = canvas.texture((80, 112, 96), (112, 146, 126), cell=160, speckle=0.15, height=260)
    wall.paste(worn, (0, 640))
    tilt = dice.uniform(20, 90)
    canvas.lay(
        wall,
        (
            (-40, -60),
            (WIDTH + 40, -60 - tilt),
            (WIDTH + 40, HEIGHT + 60 + tilt),
            (-40, HEIGHT + 20),
        ),
    )
    canvas.haze((30, 28, 26), low=820, high=1080, strength=0.5)


def dark_corridor(canvas: Canvas, after: bool) -> None:
    """A corridor without light; after: a lamp at the ceiling."""
    far = ((500, 330), (780, 330), (780, 610), (500, 610))
    light = canvas.texture((176, 170, 156), (206, 202, 190), cell=220, speckle=0.12)
    canvas.lay(light, ((0, -200), (500, 330), (500, 610), (0, 1160)))
    canvas.lay(light, ((780, 330), (WIDTH, -200), (WIDTH, 1160), (780, 610)))
    canvas.lay(light, ((0, -200), (WIDTH, -200), (780, 330), (500, 330)))
    tiles = canvas.texture((108, 102, 94), (150, 144, 134), cell=60, speckle=0.3)
    canvas.lay(tiles, ((500, 610), (780, 610), (WIDTH, 1160), (0, 1160)))
    canvas.lay(canvas.texture((92, 74, 58), (122, 100, 80), cell=200), far)
    for near, edge in ((90, 210), (300, 380)):
        top, low = -200 + near * 1.06 + 190, 1160 - near * 1.1 - 40
        door = [(near, top + 40), (edge, top + 140), (edge, low - 110), (near, low)]
        canvas.polygon([(float(a), float(b)) for a, b in door], (104, 72, 48))
        canvas.polygon([(WIDTH - a, float(b)) for a, b in door], (98, 68, 46))
    if after:
        canvas.dim(0.86, (255, 246, 226))
        canvas.ball((640, 270), (52, 18), (255, 252, 238), wrinkle=0)
        canvas.glow((640, 280), 260, (110, 98, 70), 1.0)
        return
    canvas.dim(0.13, (214, 220, 255))
    canvas.glow((640 + canvas.dice.randint(-160, 160), 760), 300, (58, 56, 48), 0.8)


def loose_cable(canvas: Canvas, after: bool) -> None:
    """Cables that hang over the pavement; after: bound and lifted."""
    horizon = canvas.dice.randint(640, 690)
    canvas.sky((136, 166, 202), (218, 222, 222), horizon + 10, clouds=0.4)
    for x in (-60, 330, 900):
        top = canvas.dice.randint(260, 400)
        tone = canvas.dice.choice([(176, 164, 146), (150, 144, 140), (188, 150, 122)])
        canvas.polygon(
            [(x, top), (x + 380, top + 10), (x + 380, horizon + 10), (x, horizon + 10)], tone
        )
        for row in range(top + 40, horizon - 60, 96):
            for column in range(x + 40, x + 340, 100):
                pane: list[Point] = [
                    (column, row),
                    (column + 52, row),
                    (column + 52, row + 56),
                    (column, row + 56),
                ]
                canvas.polygon(pane, (96, 108, 118), to=(64, 72, 80))
    canvas.ground(canvas.texture((122, 116, 108), (174, 168, 158), cell=120, speckle=0.35), horizon)
    for x in (180, 1080):
        canvas.polygon([(x - 13, 30), (x + 13, 30), (x + 20, 860), (x - 20, 860)], (136, 132, 126))
        canvas.polygon([(x - 90, 96), (x + 90, 96), (x + 90, 108), (x - 90, 108)], (92, 92, 94))
    dice = canvas.dice

    def wires(pen: ImageDraw.ImageDraw) -> None:
        for number in range(5 if after else 11):
            sag = dice.uniform(24, 46) if after else dice.uniform(60, 620)
            start, end = dice.uniform(96, 130), dice.uniform(96, 150)
            lean = dice.uniform(0.35, 0.65)
            line = [
                (
                    (180 + t * 9) * 2,
                    (
                        start
                        + (end - start) * t / 100
                        + sag * (1 - abs(t / 100 - lean) / max(lean, 1 - lean)) ** 0.8
                    )
                    * 2,
                )
                for t in range(101)
            ]
            smooth = [
                (
                    x,
                    sum(y for _, y in line[max(0, i - 12) : i + 13])
                    / len(line[max(0, i - 12) : i + 13]),
                )
                for i, (x, _) in enumerate(line)
            ]
            pen.line(smooth, fill=(22, 22, 24), width=5 + number % 3 * 2)

    canvas.draw(wires)
    if not after:
        canvas.draw(_coil)


def _coil(pen: ImageDraw.ImageDraw) -> None:
    """Hang a roll of spare cable on the right pole."""
    for radius in (34, 46, 58):
        oval = (2120 - radius * 2, 420 - radius, 2120 + radius * 2, 420 + radius * 3)
        pen.ellipse(oval, outline=(26, 26, 28), width=7)
