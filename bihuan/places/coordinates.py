"""Convert WGS-84, GCJ-02 and BD-09 degrees; everything inside the platform is WGS-84.

GCJ-02 (the datum of Chinese web maps) has a published forward formula and no published inverse:
the inverse is found by iteration. BD-09 is a second shift on top of GCJ-02.
CGCS2000, China's official datum, differs from WGS-84 by centimetres and is taken as WGS-84.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from django.utils.translation import gettext as _

WGS84, GCJ02, BD09 = "wgs84", "gcj02", "bd09"
DATUMS = (WGS84, GCJ02, BD09)

AXIS_M = 6378245.0  # semi-major axis of the Krasovsky 1940 ellipsoid, as the GCJ-02 formula has it
ECCENTRICITY_SQUARED = 0.00669342162296594323
BD_TURN = math.pi * 3000 / 180
ITERATIONS = 5  # leaves nanometres; measured on 2,000 points
# Mainland China with its islands and a margin; degrees, west, south, east, north.
CHINA = (72.0, 3.0, 136.0, 54.5)


class BadCoordinates(ValueError):
    """A pair of numbers that cannot be a place in China; the message is for people."""


def check(lon: float, lat: float) -> None:
    """Refuse a pair outside China with BadCoordinates: metres, swapped axes, other lands."""
    west, south, east, north = CHINA
    if west <= lon <= east and south <= lat <= north:
        return
    if not (math.isfinite(lon) and math.isfinite(lat)):
        raise BadCoordinates(_("坐标不是数字，请填写十进制度数的经度和纬度。"))
    if west <= lat <= east and south <= lon <= north:
        raise BadCoordinates(_("经度和纬度写反了，请先写经度（如 115.7），再写纬度（如 36.8）。"))
    if abs(lon) > 180 or abs(lat) > 90:
        raise BadCoordinates(
            _("坐标超出经纬度范围，可能是以米为单位的投影坐标，请先转换为经纬度度数。")
        )
    raise BadCoordinates(_("坐标不在中国境内，请核对经度和纬度。"))


def to_wgs84(lon: float, lat: float, datum: str) -> tuple[float, float]:
    """Convert degrees of the named datum ("wgs84", "gcj02", "bd09") to WGS-84.

    Raises BadCoordinates for an unknown datum and for a pair that is no place in China.
    """
    check(lon, lat)
    if datum == WGS84:
        return lon, lat
    if datum == GCJ02:
        return gcj02_to_wgs84(lon, lat)
    if datum == BD09:
        return bd09_to_wgs84(lon, lat)
    raise BadCoordinates(
        _("不认识的坐标系“%(datum)s”，可用：wgs84、gcj02、bd09。") % {"datum": datum}
    )


def wgs84_to_gcj02(lon: float, lat: float) -> tuple[float, float]:
    """Shift WGS-84 degrees to GCJ-02 degrees (about 500 m in Shandong)."""
    x, y = lon - 105.0, lat - 35.0
    root, xpi, ypi = math.sqrt(abs(x)), x * math.pi, y * math.pi
    ripple = 20.0 * math.sin(6 * xpi) + 20.0 * math.sin(2 * xpi)
    north = -100.0 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
    north += (ripple + 20.0 * math.sin(ypi) + 40.0 * math.sin(ypi / 3)) * 2 / 3
    north += (160.0 * math.sin(ypi / 12) + 320.0 * math.sin(ypi / 30)) * 2 / 3
    east = 300.0 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
    east += (ripple + 20.0 * math.sin(xpi) + 40.0 * math.sin(xpi / 3)) * 2 / 3
    east += (150.0 * math.sin(xpi / 12) + 300.0 * math.sin(xpi / 30)) * 2 / 3
    phi = math.radians(lat)
    w = 1 - ECCENTRICITY_SQUARED * math.sin(phi) ** 2
    per_lat = math.radians(AXIS_M * (1 - ECCENTRICITY_SQUARED) / (w * math.sqrt(w)))
    per_lon = math.radians(AXIS_M / math.sqrt(w) * math.cos(phi))
    return lon + east / per_lon, lat + north / per_lat


def gcj02_to_bd09(lon: float, lat: float) -> tuple[float, float]:
    """Shift GCJ-02 degrees to BD-09 degrees (Baidu's datum)."""
    far = math.hypot(lon, lat) + 0.00002 * math.sin(lat * BD_TURN)
    turn = math.atan2(lat, lon) + 0.000003 * math.cos(lon * BD_TURN)
    return far * math.cos(turn) + 0.0065, far * math.sin(turn) + 0.006


def _undo(
    forward: Callable[[float, float], tuple[float, float]], lon: float, lat: float
) -> tuple[float, float]:
    """Find the point that `forward` shifts to (lon, lat), by correcting a guess."""
    guess_lon, guess_lat = lon, lat
    for _step in range(ITERATIONS):
        there_lon, there_lat = forward(guess_lon, guess_lat)
        guess_lon += lon - there_lon
        guess_lat += lat - there_lat
    return guess_lon, guess_lat


def gcj02_to_wgs84(lon: float, lat: float) -> tuple[float, float]:
    """Undo the GCJ-02 shift; degrees in GCJ-02, degrees out WGS-84, error below a micrometre."""
    return _undo(wgs84_to_gcj02, lon, lat)


def bd09_to_gcj02(lon: float, lat: float) -> tuple[float, float]:
    """Undo the BD-09 shift; degrees in BD-09, degrees out GCJ-02, error below a micrometre."""
    return _undo(gcj02_to_bd09, lon, lat)


def wgs84_to_bd09(lon: float, lat: float) -> tuple[float, float]:
    """Shift WGS-84 degrees to BD-09 degrees."""
    return gcj02_to_bd09(*wgs84_to_gcj02(lon, lat))


def bd09_to_wgs84(lon: float, lat: float) -> tuple[float, float]:
    """Undo both shifts; degrees in BD-09, degrees out WGS-84."""
    return gcj02_to_wgs84(*bd09_to_gcj02(lon, lat))


def metres_per_degree(lat: float) -> tuple[float, float]:
    """Give the metres of one degree east and one degree north at a WGS-84 latitude.

    Series of the WGS-84 ellipsoid, good to millimetres per kilometre.
    """
    phi = math.radians(lat)
    east = 111412.84 * math.cos(phi) - 93.5 * math.cos(3 * phi) + 0.118 * math.cos(5 * phi)
    north = 111132.92 - 559.82 * math.cos(2 * phi) + 1.175 * math.cos(4 * phi)
    return east, north


def distance_m(lon_a: float, lat_a: float, lon_b: float, lat_b: float) -> float:
    """Give the metres between two near WGS-84 points (plane formula, for up to about 50 km)."""
    east, north = metres_per_degree((lat_a + lat_b) / 2)
    return math.hypot((lon_a - lon_b) * east, (lat_a - lat_b) * north)
