"""Bring the database's tables up to this program, quickly when nothing changed."""

from __future__ import annotations

from pathlib import Path

from bihuan.base.trouble import Trouble
from bihuan.cli import queries
from bihuan.cli.house import House, say


def on_disk() -> set[tuple[str, str]]:
    """List the migrations this program brings, by file name alone."""
    from django.apps import apps

    return {
        (app.label, path.stem)
        for app in apps.get_app_configs()
        for path in (Path(app.path) / "migrations").glob("[0-9]*.py")
    }


def missing(house: House) -> set[tuple[str, str]]:
    """List migrations not applied yet; raises Trouble when the database is newer than we are."""
    with house.owner() as link:
        done = queries.applied(link)
    have = on_disk()
    apps = {app for app, _name in have}
    newer = sorted(f"{app}.{name}" for app, name in done - have if app in apps)
    if newer:
        raise Trouble(
            f"数据库比程序新（有 {newer[-1]}），请安装新版本程序。",
            f"The database is newer than this program (it has {newer[-1]}): install the newer one.",
        )
    return have - done


def bring_up(house: House, *, verbosity: int = 0) -> bool:
    """Apply what is missing, then grant; says whether anything changed. Needs the owner's role."""
    if not missing(house):
        return False
    from django.core.management import call_command

    say("正在建立或升级数据表…… Bringing the tables up to date …")
    call_command("migrate", verbosity=verbosity, interactive=False)
    grant(house)
    return True


def grant(house: House) -> None:
    """Give the application's role its rights again; needed after every migrate and restore."""
    if house.app_role:
        with house.owner() as link:
            queries.grant(link, house.app_role)
