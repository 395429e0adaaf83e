"""Draw the demo's photos: sixteen scenes and a plain one, before and after the work.

Everything is painted in code, so nobody's house or face is on a demo page. The same scene, state
and variant give the same picture; a few variants a scene are enough, and callers keep them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from bihuan.demo import scenes_place, scenes_road
from bihuan.demo.canvas import Canvas

VARIANTS = 4

SCENES: dict[str, Callable[[Canvas, bool], None]] = {
    "pothole": scenes_road.pothole,
    "cover_missing": scenes_road.cover_missing,
    "rubbish": scenes_place.rubbish,
    "stairwell": scenes_place.stairwell,
    "broken_lamp": scenes_place.broken_lamp,
    "leaking_pipe": scenes_place.leaking_pipe,
    "illegal_parking": scenes_place.illegal_parking,
    "dust_site": scenes_road.dust_site,
    "fallen_tree": scenes_road.fallen_tree,
    "snow_ice": scenes_road.snow_ice,
    "stall": scenes_place.stall,
    "stickers": scenes_place.stickers,
    "straw_smoke": scenes_road.straw_smoke,
    "ditch": scenes_road.ditch,
    "dark_corridor": scenes_place.dark_corridor,
    "loose_cable": scenes_place.loose_cable,
    "plain": scenes_place.plain,
}


@cache
def picture(scene: str, *, after: bool = False, variant: int = 0) -> bytes:
    """Draw a scene as a JPEG of 1280×960, under 200 KB. KeyError for an unknown scene.

    Before and after of one variant share their dice, so wall, light and ground stay the same.
    """
    paint = SCENES[scene]
    canvas = Canvas(f"{scene}-{variant % VARIANTS}")
    paint(canvas, after)
    return canvas.jpeg()
