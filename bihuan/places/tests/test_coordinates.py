"""Conversions against an independent package (prcoords), and refusals."""

from __future__ import annotations

import random

import prcoords
import pytest

from bihuan.places.coordinates import (
    BadCoordinates,
    bd09_to_gcj02,
    bd09_to_wgs84,
    distance_m,
    gcj02_to_bd09,
    gcj02_to_wgs84,
    to_wgs84,
    wgs84_to_bd09,
    wgs84_to_gcj02,
)

DICE = random.Random(20261123)
LIAOCHENG = [(DICE.uniform(115.26, 116.55), DICE.uniform(35.78, 37.04)) for _ in range(2000)]


def test_the_forward_shift_agrees_with_prcoords_at_2000_points_of_liaocheng() -> None:
    for lon, lat in LIAOCHENG:
        oracle = prcoords.wgs_gcj((lat, lon))
        assert distance_m(*wgs84_to_gcj02(lon, lat), oracle.lon, oracle.lat) < 1e-6


def test_the_baidu_shift_agrees_with_prcoords_at_2000_points_of_liaocheng() -> None:
    for lon, lat in LIAOCHENG:
        oracle = prcoords.wgs_bd((lat, lon))
        assert distance_m(*wgs84_to_bd09(lon, lat), oracle.lon, oracle.lat) < 1e-6


def test_the_inverse_agrees_with_prcoords_to_two_centimetres() -> None:
    """prcoords' own refined inverse is good to 1.7 mm (GCJ-02) and 18 mm (BD-09)."""
    for lon, lat in LIAOCHENG:
        oracle = prcoords.gcj_wgs_bored((lat, lon))
        assert distance_m(*gcj02_to_wgs84(lon, lat), oracle.lon, oracle.lat) < 0.005
        oracle = prcoords.bd_wgs_bored((lat, lon))
        assert distance_m(*bd09_to_wgs84(lon, lat), oracle.lon, oracle.lat) < 0.02


def test_the_round_trip_comes_back_within_a_centimetre() -> None:
    for lon, lat in LIAOCHENG:
        assert distance_m(*gcj02_to_wgs84(*wgs84_to_gcj02(lon, lat)), lon, lat) < 0.001
        assert distance_m(*bd09_to_wgs84(*wgs84_to_bd09(lon, lat)), lon, lat) < 0.001
        assert distance_m(*bd09_to_gcj02(*gcj02_to_bd09(lon, lat)), lon, lat) < 0.001


def test_the_shift_is_about_half_a_kilometre_here() -> None:
    """The measured range over Liaocheng is 482 to 556 m."""
    for lon, lat in LIAOCHENG:
        assert 470 < distance_m(*wgs84_to_gcj02(lon, lat), lon, lat) < 570


def test_to_wgs84_takes_each_datum() -> None:
    lon, lat = 115.71, 36.84
    assert to_wgs84(lon, lat, "wgs84") == (lon, lat)
    assert to_wgs84(*wgs84_to_gcj02(lon, lat), "gcj02") == pytest.approx((lon, lat), abs=1e-9)
    assert to_wgs84(*wgs84_to_bd09(lon, lat), "bd09") == pytest.approx((lon, lat), abs=1e-9)


@pytest.mark.parametrize(
    ("lon", "lat", "words"),
    [
        (36.84, 115.71, "写反"),
        (39384512.0, 4078123.0, "以米为单位"),
        (12881000.0, 4417000.0, "以米为单位"),
        (2.35, 48.86, "不在中国境内"),
        (0.0, 0.0, "不在中国境内"),
        (float("nan"), 36.84, "不是数字"),
        (115.71, float("inf"), "不是数字"),
    ],
)
def test_a_pair_that_is_no_place_is_refused_with_the_reason(
    lon: float, lat: float, words: str
) -> None:
    with pytest.raises(BadCoordinates, match=words):
        to_wgs84(lon, lat, "wgs84")


def test_an_unknown_datum_is_refused() -> None:
    with pytest.raises(BadCoordinates, match="beijing54"):
        to_wgs84(115.71, 36.84, "beijing54")


def test_a_kilometre_is_a_kilometre() -> None:
    """One minute of latitude at 36.84° N is 1 849.3 m on WGS-84 (meridian arc)."""
    assert distance_m(115.7, 36.84, 115.7, 36.84 + 1 / 60) == pytest.approx(1849.5, abs=0.5)
    # Vincenty on WGS-84: 0.01° of longitude at 36.84° N.
    assert distance_m(115.70, 36.84, 115.71, 36.84) == pytest.approx(891.9, abs=0.3)
