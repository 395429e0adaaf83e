"""Django's own command line, for developers; joins or starts the data folder's database."""

from __future__ import annotations

import os
import sys

from bihuan.base.environment import data_folder, value
from bihuan.base.trouble import Trouble


def main() -> None:
    """Run one of Django's commands, as the owner of the tables when there are any."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bihuan.settings")
    from django.core.management import execute_from_command_line

    from bihuan.cli.house import opened

    founded = (data_folder() / "pg" / "data").exists()
    if value("DATABASE_URL") or not founded:
        execute_from_command_line(sys.argv)
        return
    with opened("owner", django=False):
        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    try:
        main()
    except Trouble as why:
        sys.exit(str(why))
