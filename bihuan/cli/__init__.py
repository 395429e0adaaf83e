"""The `bihuan` command: one small module a subcommand, each with NAME, ZH, EN, arguments, run.

Exit codes: 0 good, 1 something was found or failed (one sentence says what), 2 used wrongly.
"""

from __future__ import annotations

import argparse
import errno
import importlib
import sys
from collections.abc import Sequence
from types import ModuleType

from bihuan.base.trouble import Trouble

COMMANDS = (
    "run",
    "setup",
    "migrate",
    "demo",
    "load_reference",
    "verify",
    "locate",
    "backup",
    "restore",
    "upgrade",
    "settings",
    "rotate_keys",
    "token",
    "import_cells",
    "import_addresses",
    "import_calendar",
    "rules",
)
GOOD, FAILED, MISUSED = 0, 1, 2
INTERRUPTED = 130


class Chinese(argparse.RawDescriptionHelpFormatter):
    """Help with Chinese headings; every text has Chinese first, English after."""

    def add_usage(self, usage, actions, groups, prefix=None):  # type: ignore[no-untyped-def]
        """Head the usage line in both languages."""
        super().add_usage(usage, actions, groups, "用法 usage: " if prefix is None else prefix)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one subcommand and give its exit code; troubles are one sentence, not a traceback."""
    modules = {name: importlib.import_module(f"bihuan.cli.{name}") for name in COMMANDS}
    args = _parser(modules).parse_args(argv)
    try:
        code: int = modules[args.command].run(args)
    except Trouble as why:
        return _tell(why)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        return FAILED
    except OSError as why:
        return _tell(_of_system(why))
    except Exception as why:
        known = _of_database(why)
        if known is None:
            raise
        return _tell(known)
    return code


def _parser(modules: dict[str, ModuleType]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bihuan",
        description="闭环：县级政务事项平台，事事有记录、件件有着落。\n"
        "Bihuan: every matter of a county recorded, dated, done and answered.",
        epilog="每个命令都可以加 --help。 Every command takes --help.",
        formatter_class=Chinese,
    )
    subs = parser.add_subparsers(
        dest="command", required=True, metavar="命令 COMMAND", title="命令 commands"
    )
    for name, module in modules.items():
        sub = subs.add_parser(
            name.replace("_", "-"),
            help=f"{module.ZH} {module.EN}",
            description=f"{module.ZH}\n{module.EN}",
            formatter_class=Chinese,
        )
        module.arguments(sub)
        sub.set_defaults(command=name)
    return parser


def _tell(why: Trouble) -> int:
    print(f"{why.zh}\n{why.en}", file=sys.stderr)
    return FAILED


def _of_system(why: OSError) -> Trouble:
    where = f" {why.filename}" if why.filename else ""
    if why.errno == errno.ENOSPC:
        return Trouble(
            "磁盘已满，请腾出空间后再试。", "The disk is full: free some space and try again."
        )
    return Trouble(
        f"系统拒绝了操作：{why.strerror or why}{where}",
        f"The system refused: {why.strerror or why}{where}",
    )


def _of_database(why: BaseException | None) -> Trouble | None:
    """Recognise a lost or full database, also when Django wrapped the driver's error."""
    import psycopg

    while why is not None:
        if isinstance(why, psycopg.errors.DiskFull):
            return _of_system(OSError(errno.ENOSPC, ""))
        if isinstance(why, psycopg.errors.InsufficientPrivilege):
            first = str(why).splitlines()[0]
            return Trouble(
                f"数据库角色的权限不够：{first}。请检查 BIHUAN_OWNER_URL。",
                f"The database role may not do this: {first}. Check BIHUAN_OWNER_URL.",
            )
        if isinstance(why, psycopg.OperationalError):
            first = (str(why).strip() or type(why).__name__).splitlines()[0]
            return Trouble(
                f"数据库连不上或中途断开：{first}。请确认它在运行，再试一次。",
                f"The database is gone: {first}. Make sure it runs and try again.",
            )
        why = why.__cause__
    return None
