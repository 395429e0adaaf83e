"""bihuan locate: find the cell of a point."""

from __future__ import annotations

import argparse

from bihuan.base.trouble import Trouble
from bihuan.cli.house import opened

ZH = "查一个点属于哪个网格。"
EN = "Find the cell of a point."


def arguments(parser: argparse.ArgumentParser) -> None:
    """Take the point and its datum."""
    parser.add_argument("lon", type=float, metavar="LON", help="经度 longitude, degrees")
    parser.add_argument("lat", type=float, metavar="LAT", help="纬度 latitude, degrees")
    parser.add_argument(
        "--datum",
        choices=("wgs84", "gcj02", "bd09"),
        default="wgs84",
        help="坐标系 coordinate system (wgs84)",
    )


def run(args: argparse.Namespace) -> int:
    """Print cell, how it was found, and its unit; 1 when the point lies outside all cells."""
    with opened("app"):
        from bihuan.places.coordinates import BadCoordinates, to_wgs84
        from bihuan.places.locate import locate

        try:
            lon, lat = to_wgs84(args.lon, args.lat, args.datum)
        except BadCoordinates as why:
            raise Trouble(
                str(why), "No place in China: give longitude first (115.7), then latitude (36.8)."
            ) from why
        found = locate(lon, lat)
    print(f"WGS-84      {lon:.6f} {lat:.6f}")
    print(f"网格 cell    {found.code or '-'}")
    print(f"方式 how     {found.how}{' （推定 guessed）' if found.guessed else ''}")
    print(f"单位 unit    {found.unit_id or '-'}")
    print(f"街道 street  {found.street_unit_id or '-'}")
    return 0 if found.cell_id is not None else 1
