"""Every write of places."""

from bihuan.places.actions.addresses import import_addresses
from bihuan.places.actions.cells import import_cells
from bihuan.places.actions.demo import create_demo_addresses, create_demo_cells
from bihuan.places.actions.divisions import load_divisions

__all__ = [
    "create_demo_addresses",
    "create_demo_cells",
    "import_addresses",
    "import_cells",
    "load_divisions",
]
