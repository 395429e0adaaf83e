"""Words as people type them: folding, two-character search, phone numbers, masks.

`bigrams` has a twin in the database (migration 0003) under GIN indexes; the two must give the
same for every text, so folding here is plain tables and code points, no Unicode data that
changes between Python's and PostgreSQL's versions.
"""

from __future__ import annotations

import re

from django.utils.translation import gettext as _

FULL_WIDTH = "".join(map(chr, range(0xFF01, 0xFF5F))) + "\u3000"
HALF_WIDTH = "".join(map(chr, range(0x21, 0x7F))) + " "
_NARROW = str.maketrans(FULL_WIDTH, HALF_WIDTH)
_FOLD = str.maketrans(
    FULL_WIDTH + "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "".join(c.lower() for c in HALF_WIDTH) + "abcdefghijklmnopqrstuvwxyz",
)

# Separators: controls, ASCII and Latin-1 signs, general and CJK punctuation, half-width forms'
# punctuation. Everything else belongs to a word. Written as a class both engines understand.
SEPARATORS = (
    r"\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00bf\u00d7\u00f7"
    r"\u2000-\u206f\u3000-\u3004\u3008-\u3020\u3030\ufe10-\ufe6f\uff5f-\uff65\uffe0-\uffff"
)
_SPLIT = re.compile(f"[\0{SEPARATORS}]+")


def narrow(text: str) -> str:
    """Turn full-width forms (１２３ＡＢＣ，　) into plain ASCII."""
    return text.translate(_NARROW)


def fold(text: str) -> str:
    """Narrow, and make A-Z small. What a search compares."""
    return text.translate(_FOLD)


def words(text: str) -> list[str]:
    """Return the runs of letters, digits and Chinese characters, folded, in their order."""
    return [word for word in _SPLIT.split(fold(text)) if word]


def bigrams(text: str) -> list[str]:
    """Return every two characters that stand together in a word: each once, by code point.

    The same as the database's bigrams(text). Columns are searched with
    `bigrams(column) @> bigram_query(text)`, then compared with the folded text for the order.
    """
    return sorted({word[i : i + 2] for word in words(text) for i in range(len(word) - 1)})


class TooShort(ValueError):
    """The search text holds no two characters that stand together."""


def bigram_query(text: str) -> list[str]:
    """Return the bigrams a found row must hold. Raises TooShort when there are none."""
    found = bigrams(text)
    if not found:
        raise TooShort(_("请至少输入两个连续的字。"))
    return found


class BadPhone(ValueError):
    """Not a phone number of the mainland."""


_PHONE_SIGNS = re.compile(r"[\s\-‐‑–—−().]+")
_COUNTRY = re.compile(r"(?:\+|00)86|86(?=1[3-9]\d{9}$)")
_MOBILE = re.compile(r"1[3-9]\d{9}")
# 010 and 02x have eight digits behind them, 03xx-09xx seven or eight.
_LANDLINE = re.compile(r"0(?:10|2\d)[2-8]\d{7}|0[3-9]\d{2}[2-8]\d{6,7}")


def normalise_phone(text: str) -> str:
    """Return the digits of a mainland mobile (11) or of a landline with its area code.

    Takes full-width digits, spaces, hyphens, brackets and +86. Raises BadPhone, a ValueError.
    """
    digits = _PHONE_SIGNS.sub("", narrow(text))
    country = _COUNTRY.match(digits)
    if country:
        digits = digits[country.end() :]
        if not digits.startswith(("0", "1")) or digits.startswith("10"):
            digits = f"0{digits}"  # +86 635 …: the area code's 0 is left out abroad
    if not (digits.isascii() and (_MOBILE.fullmatch(digits) or _LANDLINE.fullmatch(digits))):
        raise BadPhone(_("电话号码不对，请填写11位手机号，或带区号的固定电话。"))
    return digits


def mask_phone(text: str) -> str:
    """Show the first three and last four digits: 138****1234; of a short one the last two."""
    if len(text) < 8:
        return "*" * max(len(text) - 2, 0) + text[-2:] if len(text) > 2 else "*" * len(text)
    return f"{text[:3]}{'*' * (len(text) - 7)}{text[-4:]}"


# a mobile's or an ID card's digits, not part of a longer number
_PERSONAL = re.compile(r"(?<!\d)(?:1[3-9]\d{9}|\d{17}[\dXx])(?![\dXx])", re.ASCII)


def hide_numbers(text: str) -> str:
    """Put stars in the place of every mobile number and ID number in a text."""
    return _PERSONAL.sub(lambda found: "*" * len(found[0]), text)


def mask_name(text: str) -> str:
    """Show the first character alone: 张*, 张**. Never more stars than two."""
    name = text.strip()
    return f"{name[:1]}{'*' * min(max(len(name) - 1, 1), 2)}" if name else ""


def mask_id_number(text: str) -> str:
    """Show the last four characters alone; of a short one nothing."""
    number = text.strip()
    if len(number) < 8:
        return "*" * len(number)
    return "*" * (len(number) - 4) + number[-4:]
