"""`python -m bihuan.cli` does what `bihuan` does, also from a clone that is not installed."""

from __future__ import annotations

import sys

from bihuan.cli import main

sys.exit(main())
