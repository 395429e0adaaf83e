"""Search: by number, by what only records know (a phone), by words of two characters up.

A common word is found by walking from the newest matter backwards, a rare one by the index of
character pairs (`matter_words`); which it is shows after a bounded walk.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db.models import Func, Max, Q, QuerySet, TextField, Value
from django.db.models.functions import Concat

from bihuan.accounts.actor import Actor
from bihuan.base.text import bigram_query, fold, narrow, words
from bihuan.desk.queries import MOST, PAGE, Asked, Key, Page, load, past
from bihuan.matters import kinds
from bihuan.matters.models import Matter
from bihuan.matters.queries import Among, collected_for, sees_much, visible_to

WINDOW = 20_000  # newest matters that a walk reads; with Latin letters, compared slower, a quarter
CANDIDATES = 5_000  # rows the index may give; a word with more of them is common
CHUNK = 2_000  # matters read at first where a viewer's own are read through
LONGEST = 60  # characters of a question
NUMBER = re.compile(r"[A-Z]{2}-?(\d{1,8}(-\d{0,12})?)?")
PHONE = re.compile(r"[\d+()\-\s]{7,20}")
LATIN = re.compile(r"[0-9a-z]")


@dataclass
class Found:
    """Ids of what was found, the newest first; at_least: there are more than counted."""

    pks: list[int]
    total: int | None
    at_least: bool = False


def exact(by: Actor, text: str) -> Matter | None:
    """Return the matter with this very number, if `by` may see it."""
    number = narrow(text).strip().upper()
    if not NUMBER.fullmatch(number):
        return None
    return visible_to(by).filter(number=number).only("number").first()


def search(by: Actor, text: str, asked: Asked, at: datetime) -> Page:
    """Return one page of what is found, open or over. Raises base.text.TooShort."""
    within = asked.within(at)
    if asked.after is not None:
        within &= Q(pk__lt=asked.after.pk)
    found = _found(by, text, within, asked.after.pk if asked.after else None)
    pks = found.pks[:PAGE]
    page = Page(load(pks), total=found.total, at_least=found.at_least)
    page.older = Key(None, pks[-1]).text() if len(found.pks) > PAGE else ""
    if asked.after is not None:
        page.total = None
    return page


def found_by(by: Actor, text: str, asked: Asked, at: datetime, most: int) -> list[int]:
    """Return the ids of all that is found, newest first, at most so many: page after page."""
    within = asked.within(at)
    pks: list[int] = []
    while len(pks) < most:
        edge = pks[-1] if pks else None
        found = _found(by, text, within & Q(pk__lt=edge) if edge else within, edge)
        pks += found.pks
        if len(found.pks) <= PAGE:
            break
    return pks[:most]


def _found(by: Actor, text: str, within: Q, before: int | None) -> Found:
    """Find below the id `before`, which is in `within` already."""
    text = narrow(text).strip()[:LONGEST]
    if NUMBER.fullmatch(text.upper()) and len(text) > 2:
        return _by_number(by, text.upper(), within)
    if PHONE.fullmatch(text) and sum(c.isdigit() for c in text) >= 7:
        return _by_record(by, text, within)
    return _by_words(by, text, within, before)


def _counted(rows: QuerySet[Matter]) -> Found:
    pks = list(rows.order_by("-pk").values_list("pk", flat=True)[: MOST + 1])
    return Found(pks, min(len(pks), MOST), len(pks) > MOST)


def _by_number(by: Actor, text: str, within: Q) -> Found:
    """Find by the beginning of a number, as an index range that holds in every collation."""
    if text[2:3] != "-":
        text = f"{text[:2]}-{text[2:]}"
    digits = text[3:]
    # whatever follows is at most this: digits, and a hyphen that sorts before or beside them
    rest = "9" * 20 if "-" in digits else "9" * (8 - len(digits)) + "-" + "9" * 12
    last = text + rest
    wanted = within & Q(number__gte=text, number__lte=last, number__startswith=text)
    if sees_much(by):
        return _counted(visible_to(by).filter(wanted))
    return _counted(collected_for(by, wanted))


def _by_record(by: Actor, text: str, within: Q) -> Found:
    """Find by what capabilities look up in their own records, like a reporter's phone."""
    pks = [pk for kind in kinds.every() if kind.find is not None for pk in kind.find(text, by)]
    return _counted(visible_to(by).filter(within, Among("pk", pks[:MOST])))


def _by_words(by: Actor, text: str, within: Q, before: int | None) -> Found:
    pairs = bigram_query(text)
    wanted = within & _said(text)
    much = sees_much(by)
    if much:
        window = WINDOW if not LATIN.search(fold(text)) else WINDOW // 4
        newest = Matter.objects.filter(within).aggregate(n=Max("pk"))["n"] or 0
        near = visible_to(by).filter(wanted, pk__gt=newest - window)
        found = _counted(near)
        if len(found.pks) > PAGE:
            return Found(found.pks, found.total, at_least=True)
    else:
        found = _by_reading(by, wanted, before, rounds=1)
        if len(found.pks) > PAGE:
            return found
    candidates = list(_with_pairs(pairs).values_list("pk", flat=True)[: CANDIDATES + 1])
    if len(candidates) <= CANDIDATES:
        return _counted(visible_to(by).filter(wanted, Among("pk", candidates)))
    if much:
        pks = list(
            visible_to(by).filter(wanted).order_by("-pk").values_list("pk", flat=True)[: PAGE + 1]
        )
        return Found(pks, len(pks), at_least=len(pks) > PAGE)
    return _by_reading(by, wanted, before)


def _by_reading(by: Actor, wanted: Q, before: int | None, rounds: int = 0) -> Found:
    """Find a common word for somebody who sees little: read what they see, the newest first.

    rounds: read no more chunks of the past than this; 0 = all.
    """
    over = past(by, wanted, before=before, most=PAGE + 1, chunk=CHUNK, rounds=rounds)
    if rounds and len(over) <= PAGE:
        return Found([], 0)
    open_ones = collected_for(by, wanted & Q(closed_at=None))
    pks = sorted((*over, *open_ones.values_list("pk", flat=True)), reverse=True)
    return Found(pks[: PAGE + 1], min(len(pks), PAGE), at_least=len(pks) > PAGE)


def _said(text: str) -> Q:
    """Return the condition that every word stands in the title or the address as written."""
    latin = LATIN.search(fold(text)) is not None
    said = Q()
    for word in words(text):
        how = "icontains" if latin else "contains"
        said &= Q(**{f"title__{how}": word}) | Q(**{f"address__{how}": word})
    return said


def _with_pairs(pairs: list[str]) -> QuerySet[Matter]:
    """Return the matters whose title and address hold these pairs, by the index matter_words."""
    held = Func(
        Concat("title", Value(" "), "address"),
        function="bigrams",
        output_field=ArrayField(TextField()),
    )
    return Matter.objects.alias(held=held).filter(Q(held__contains=pairs)).order_by()
