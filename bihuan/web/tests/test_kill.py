"""Processes are killed under load: every acknowledged report is there once, its history whole.

Longer: python -m bench.kill --minutes 10
"""

from __future__ import annotations

import pytest

from bench import kill

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("house")]


def test_what_was_acknowledged_outlives_killed_workers_and_databases() -> None:
    with kill.site() as made:
        load, kills = kill.trial(made, seconds=10, seed=20261125)
        assert kill.wrongs(made, load) == []
    assert kills["database"] >= 1
    assert sum(kills.values()) >= 5
    assert len(load.sent) >= 50
    assert sum(load.sent.values()) >= 5  # photos
