"""Read lines of an address book and say, line by line, what is wrong; knows no database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from bihuan.places.coordinates import BadCoordinates, to_wgs84
from bihuan.places.imports import BadFile, RowError
from bihuan.places.tables import Line
from bihuan.places.words import fold

TOWN = (("compound", "小区"), ("building", "楼栋"), ("unit", "单元"), ("door", "户室"))
COUNTRY = (("village", "自然村"), ("group", "村民小组"), ("courtyard", "院落"))
# Without which a level hangs in the air; a unit or a group may be left out.
NEEDS = {"building": "compound", "unit": "building", "door": "building"}
NEEDS |= {"group": "village", "courtyard": "village"}
COMMUNITY_COLUMN, LON_COLUMN, LAT_COLUMN = "社区编码", "经度", "纬度"
COLUMNS = (
    COMMUNITY_COLUMN,
    *(word for _level, word in TOWN + COUNTRY),
    LON_COLUMN,
    LAT_COLUMN,
)

Names = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class AddressRow:
    """One address: community code, (level, name) from the top down, WGS-84 point or None."""

    number: int
    community: str
    names: Names
    lon: float | None
    lat: float | None

    @property
    def level(self) -> str:
        """Give the level of the address itself, its last one."""
        return self.names[-1][0]

    @property
    def path(self) -> str:
        """Name the address once for all; blanks and width of letters make no difference."""
        return path_of(self.community, self.names)


def path_of(community: str, names: Names) -> str:
    """Join a community's code and folded names to the path that is kept unique."""
    return "/".join((community, *(fold(name).replace("/", "-") for _level, name in names)))


def read_addresses(
    lines: Sequence[Line], datum: str, communities: Mapping[str, str]
) -> tuple[list[AddressRow], list[RowError]]:
    """Turn lines into rows and errors.

    communities: known community codes with their names. Raises BadFile when a heading is missing.
    """
    head = lines[0][1].keys()
    if COMMUNITY_COLUMN not in head or not {TOWN[0][1], COUNTRY[0][1]} & set(head):
        raise BadFile(
            _("缺少表头，应有：%(columns)s。") % {"columns": "、".join(COLUMNS)},
        )
    rows: list[AddressRow] = []
    errors: list[RowError] = []
    seen: dict[str, int] = {}
    for number, words in lines:
        row, faults = _row(number, words, datum, communities)
        if row is not None:
            first = seen.setdefault(row.path, number)
            if first != number:
                said = _("与第 %(first)s 行重复。") % {"first": first}
                faults.append(("duplicate", said))
            else:
                rows.append(row)
        key = "".join(words.get(word, "") for _level, word in TOWN + COUNTRY)
        errors += [RowError(number, key, code, said) for code, said in faults]
    return rows, errors


Fault = tuple[str, str]


def _row(
    number: int, words: Mapping[str, str], datum: str, communities: Mapping[str, str]
) -> tuple[AddressRow | None, list[Fault]]:
    """Read one line; a row comes back only without faults."""
    community = words.get(COMMUNITY_COLUMN, "")
    faults: list[Fault] = []
    if community not in communities:
        said = _("没有编码为 %(code)s 的村（社区）。") % {"code": community or "—"}
        faults.append(("unknown_community", said))
    names = _names(words, faults)
    lon, lat = _point(words, datum, faults)
    if faults:
        return None, faults
    return AddressRow(number, community, names, lon, lat), faults


def _names(words: Mapping[str, str], faults: list[Fault]) -> Names:
    """Take the filled levels in order; adds a fault for gaps, mixtures and overlong names."""
    town = tuple((level, words[word]) for level, word in TOWN if words.get(word))
    country = tuple((level, words[word]) for level, word in COUNTRY if words.get(word))
    names = town or country
    labels = dict(TOWN + COUNTRY)
    if town and country:
        faults.append(("mixed_levels", _("小区与自然村只能填一种。")))
    elif not names:
        faults.append(("no_name", _("小区和自然村都没有填。")))
    levels = {level for level, _name in names}
    for level, name in names:
        need = NEEDS.get(level)
        if need and need not in levels:
            said = _("填了%(level)s，却没有填%(need)s。") % {
                "level": labels[level],
                "need": labels[need],
            }
            faults.append(("missing_level", said))
        if len(name) > 60:
            said = _("%(level)s超过 60 个字。") % {"level": labels[level]}
            faults.append(("name_too_long", said))
    return names


def _point(
    words: Mapping[str, str], datum: str, faults: list[Fault]
) -> tuple[float | None, float | None]:
    """Read the point and bring it to WGS-84; both numbers or none."""
    lon_word, lat_word = words.get(LON_COLUMN, ""), words.get(LAT_COLUMN, "")
    if not lon_word and not lat_word:
        return None, None
    try:
        return to_wgs84(float(lon_word), float(lat_word), datum)
    except BadCoordinates as error:
        faults.append(("bad_coordinates", str(error)))
    except ValueError:
        faults.append(("bad_coordinates", _("经度、纬度应同时填写，且为十进制度数。")))
    return None, None
