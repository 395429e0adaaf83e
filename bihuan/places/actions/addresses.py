"""Import the address book: all of a file or nothing, and the same file twice changes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction

from bihuan.base.cached import bump
from bihuan.places.actions.settle import settle_addresses
from bihuan.places.addresses import AddressRow, Names, path_of, read_addresses
from bihuan.places.imports import EVERYWHERE, ImportResult, Reach, Who, in_order
from bihuan.places.models import Address, Division, ImportRun
from bihuan.places.tables import Line
from bihuan.places.words import search_words


@transaction.atomic
def import_addresses(
    *,
    lines: Sequence[Line],
    datum: str,
    dry_run: bool,
    by: Who,
    at: datetime,
    reach: Reach = EVERYWHERE,
) -> ImportResult:
    """Check every line of a table (tables.read_table), and write all when none is wrong.

    Addresses above a line's own are made when missing. Nothing is deleted. Raises BadFile when
    the headings are wrong. reach: the areas the importer runs; communities elsewhere are
    unknown to them. The caller has asked for the permission `places.import`.
    """
    if not dry_run:
        bump("addresses")  # first: its row lock makes two imports wait for each other
    pairs = Division.objects.filter(level="community").values_list("code", "name")
    communities = {code: name for code, name in pairs if reach.holds(code)}
    rows, errors = read_addresses(lines, datum, communities)
    added, changed = _plan(rows, at, is_demo=False)
    written = not errors and not dry_run
    if written:
        write_addresses(added, changed, at)
        ImportRun.objects.create(
            kind=ImportRun.Kind.ADDRESSES,
            by_id=by.person_id,
            at=at,
            rows=len(lines),
            added=len(added),
            changed=len(changed),
        )
    return ImportResult(
        rows=len(lines),
        added=len(added),
        changed=len(changed),
        retired=0,
        errors=in_order(errors),
        written=written,
    )


def _plan(
    rows: Sequence[AddressRow], at: datetime, *, is_demo: bool
) -> tuple[list[Address], list[Address]]:
    """List addresses to add, upper ones first, and those whose point or name changed."""
    wanted: dict[str, AddressRow] = {}
    for row in rows:
        for depth in range(1, len(row.names)):
            upper = AddressRow(row.number, row.community, row.names[:depth], None, None)
            wanted.setdefault(upper.path, upper)
    for row in rows:
        wanted[row.path] = row
    codes = {row.community for row in rows}
    known = {each.path: each for each in Address.objects.filter(community_id__in=codes)}
    prefixes = _prefixes(codes)
    added = [
        _address(row, prefixes, at, is_demo=is_demo)
        for path, row in wanted.items()
        if path not in known
    ]
    changed = []
    for path, row in wanted.items():
        old = known.get(path)
        if old and row.lon is not None and (old.lon, old.lat) != (row.lon, row.lat):
            old.lon, old.lat, old.changed_at = row.lon, row.lat, at
            changed.append(old)
    return sorted(added, key=lambda each: each.path.count("/")), changed


def _prefixes(codes: set[str]) -> dict[str, str]:
    """Give street and community as they stand before each address: 青年路街道温泉社区."""
    found = Division.objects.filter(code__in=codes).select_related("parent")
    return {
        each.code: f"{each.parent.name if each.parent else ''}{each.short_name}" for each in found
    }


def _address(
    row: AddressRow, prefixes: Mapping[str, str], at: datetime, *, is_demo: bool
) -> Address:
    text = prefixes[row.community] + "".join(name for _level, name in row.names)
    return Address(
        community_id=row.community,
        level=row.level,
        name=row.names[-1][1],
        path=row.path,
        text=text[:300],
        search=search_words(text, row.names)[:400],
        lon=row.lon,
        lat=row.lat,
        is_demo=is_demo,
        changed_at=at,
    )


def write_addresses(added: Sequence[Address], changed: Sequence[Address], at: datetime) -> None:
    """Save addresses level by level, so that each finds the one above it, and settle cells."""
    uppers = {each.path.rpartition("/")[0] for each in added}
    ids = dict(Address.objects.filter(path__in=uppers).values_list("path", "id"))
    for depth in range(1, 5):
        level = [each for each in added if each.path.count("/") == depth]
        for each in level:
            each.parent_id = ids.get(each.path.rpartition("/")[0])
        Address.objects.bulk_create(level, batch_size=1000)
        ids |= {each.path: each.pk for each in level}
    Address.objects.bulk_update(changed, ["lon", "lat", "changed_at"], batch_size=1000)
    settle_addresses(communities={each.community_id for each in [*added, *changed]}, at=at)


def add_demo_addresses(*, rows: Sequence[AddressRow], at: datetime) -> int:
    """Write invented addresses, marked so; gives how many are new."""
    added, changed = _plan(rows, at, is_demo=True)
    write_addresses(added, changed, at)
    return len(added)


__all__ = ["Names", "add_demo_addresses", "import_addresses", "path_of", "write_addresses"]
