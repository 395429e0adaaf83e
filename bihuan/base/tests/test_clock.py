"""The clock itself."""

from __future__ import annotations

import time

from bihuan.base.clock import now


def test_the_moment_is_the_present_one_and_says_its_zone() -> None:
    before = time.time()
    moment = now()
    assert before <= moment.timestamp() <= time.time()
    assert moment.utcoffset() is not None
