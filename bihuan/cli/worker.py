"""The job worker: the kernel's own loop (seals, outbox, clocks) in a thread, and procrastinate.

Started by `bihuan run`, or alone: python -m bihuan.cli.worker. Ends on SIGTERM and SIGINT within
seconds. When either half fails the process ends, and whoever keeps it starts it again.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import sys
import threading
from typing import TYPE_CHECKING, cast

from bihuan.cli.house import load_django

if TYPE_CHECKING:
    from procrastinate.contrib.django.django_connector import DjangoConnector

log = logging.getLogger(__name__)

CONCURRENCY = 4
GRACE_SECONDS = 4
AGAIN_SECONDS = 5


def main() -> int:
    """Work until asked to stop; 0 when stopped, 1 when the queue failed."""
    load_django()
    stop = threading.Event()
    thread = threading.Thread(target=_kernel, args=(stop,), name="kernel", daemon=True)
    thread.start()
    try:
        asyncio.run(_queue(stop))
    except Exception as why:
        log.error("the job queue failed: %s: %s", type(why).__name__, str(why).splitlines()[:1])
        return 1
    finally:
        stop.set()
        thread.join(GRACE_SECONDS)
    return 0


def _kernel(stop: threading.Event) -> None:
    """Run the kernel's loop; whatever it raises is logged, and it begins again."""
    from django.db import connections

    from bihuan.matters.jobs import loop

    while not stop.is_set():
        try:
            loop(stop)
        except Exception:
            log.exception("the kernel's loop failed, beginning again in %s s", AGAIN_SECONDS)
        finally:
            connections.close_all()
        stop.wait(AGAIN_SECONDS)


async def _queue(stop: threading.Event) -> None:
    """Run procrastinate until SIGTERM or SIGINT; it lets running jobs end first."""
    from procrastinate.contrib.django import app

    running = asyncio.get_running_loop()
    django = cast("DjangoConnector", app.connector)
    with app.replace_connector(django.get_worker_connector()) as queue:
        async with queue.open_async():
            work = asyncio.create_task(
                queue.run_worker_async(
                    concurrency=CONCURRENCY,
                    install_signal_handlers=False,
                    shutdown_graceful_timeout=GRACE_SECONDS,
                )
            )

            def end() -> None:
                stop.set()
                work.cancel()

            for number in (signal.SIGTERM, signal.SIGINT):
                running.add_signal_handler(number, end)
            with contextlib.suppress(asyncio.CancelledError):
                await work


if __name__ == "__main__":
    sys.exit(main())
