"""Read what is to be reported: the invented reports, or a county's own lines."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from bihuan.base.trouble import Trouble

INVENTED = Path(__file__).parent / "reports.csv"
# names a county's own file may give to its columns
TEXT_COLUMNS = ("text", "subject", "诉求内容", "反映内容", "内容", "标题", "主题")
CATEGORY_COLUMNS = ("category", "类别", "诉求类别", "一级分类")
MOST = 20_000
# what becomes of a county's own lines, in turn: mostly solved, as in life
OUTCOMES = (
    "solved", "solved", "solved", "solved", "still_open_handling", "solved", "rework", "solved",
    "returned_then_solved", "solved", "overdue", "solved", "solved_bad_rating", "solved",
    "asked_question", "solved", "extended", "solved", "still_open_dispatched", "solved",
)  # fmt: skip


@dataclass(frozen=True)
class Line:
    """One report to send through the loop, and what is to become of it (reports.csv)."""

    id: str
    text: str
    days_ago: int
    time: str
    category: str = ""
    community_code: str = ""
    address: str = ""
    channel: str = "resident"
    scene: str = ""
    outcome: str = "solved"
    detail: str = ""
    reply: str = ""
    merged_with: str = ""
    answer: str = ""
    rating: str = ""
    solved: str = ""
    closing: str = ""


def invented() -> list[Line]:
    """Return the 400 invented reports."""
    with INVENTED.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    return [Line(days_ago=int(row.pop("days_ago")), **row) for row in rows]


def own(path: Path) -> list[Line]:
    """Read a county's own lines: a CSV with a column of words and, if it has one, of category."""
    rows = list(_rows(path))
    lines = []
    for n, (text, category) in enumerate(rows):
        outcome = OUTCOMES[n % len(OUTCOMES)]
        fresh = outcome.startswith("still_open")
        line = Line(
            id=f"own-{n + 1}",
            text=text,
            category=category,
            days_ago=n % 3 if fresh else 3 + (n * 7) % 40,
            time=f"{8 + (n * 5) % 12:02d}:{(n * 13) % 60:02d}",
            outcome=outcome,
        )
        if outcome == "solved" and n % 3 == 0:
            line = replace(line, rating=str(4 + n % 2), solved="yes")
        if outcome == "solved_bad_rating":
            line = replace(line, rating="2", solved="no")
        lines.append(line)
    return lines


def _rows(path: Path) -> Iterator[tuple[str, str]]:
    reader = csv.DictReader(io.StringIO(_decode(path)))
    columns = [name.strip() for name in reader.fieldnames or ()]
    text = next((name for name in TEXT_COLUMNS if name in columns), None)
    if text is None:
        raise Trouble(
            f"{path} 里没有诉求内容这一列（可以叫 {'、'.join(TEXT_COLUMNS)}）。",
            f"{path} has no column of words (it may be called {', '.join(TEXT_COLUMNS)}).",
        )
    category = next((name for name in CATEGORY_COLUMNS if name in columns), None)
    for n, row in enumerate(reader, 1):
        if n > MOST:
            raise Trouble(f"一次最多 {MOST} 条。", f"At most {MOST} lines at once.")
        words = " ".join((row.get(text) or "").split())
        if words:
            yield words[:2000], (row.get(category) or "").strip() if category else ""


def _decode(path: Path) -> str:
    data = path.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Trouble(
        f"{path} 的文字编码读不懂，请存成 UTF-8。", f"Cannot read {path}: save it as UTF-8."
    )
