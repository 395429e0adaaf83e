"""Keep the one English catalogue in step with the Chinese words in the code.

python tools/messages.py            collect the words, write django.po and django.mo anew
python tools/messages.py --check    write nothing; 1 when words, translations or the .mo differ
python tools/messages.py --missing  print what is not translated yet

The catalogue is bihuan/web/locale/en/LC_MESSAGES/django.po; GNU gettext collects and compiles.
Without it the .mo that is in the repository serves, and --check compares what it can.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from gettext import GNUTranslations
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
PO = ROOT / "bihuan" / "web" / "locale" / "en" / "LC_MESSAGES" / "django.po"
MO = PO.with_suffix(".mo")
LEFT_OUT = {"tests", "migrations", "vendor", "cli", "demo"}
HEADER = """# English for Bihuan. The Chinese words in the code are the source.
# Collected and compiled by tools/messages.py; translate the empty lines.
msgid ""
msgstr ""
"Language: en\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=UTF-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"
"""


class Toolless(Exception):
    """GNU gettext is not installed."""


class Message(NamedTuple):
    """One line of the catalogue; words has one form, or one a plural form."""

    context: str
    source: str
    plural: str
    words: tuple[str, ...]
    flags: tuple[str, ...]
    places: tuple[str, ...]

    @property
    def key(self) -> tuple[str, str]:
        return self.context, self.source

    @property
    def done(self) -> bool:
        """Say whether every form is translated and nobody marked it as a guess."""
        return all(self.words) and "fuzzy" not in self.flags


def run(*words: str, folder: Path = ROOT) -> str:
    """Run one program of GNU gettext."""
    if shutil.which(words[0]) is None:
        raise Toolless(f"{words[0]} is missing: install GNU gettext (apt-get install gettext)")
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr.strip())
    return done.stdout


def collect() -> dict[tuple[str, str], Message]:
    """Collect every word in gettext calls and templates below bihuan/."""
    from django.utils.translation.template import templatize

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = []
        for path in sorted((ROOT / "bihuan").rglob("*")):
            if path.suffix not in (".py", ".html", ".txt") or LEFT_OUT & set(path.parts):
                continue
            text = path.read_text("utf8")
            if path.suffix != ".py":
                text = templatize(text, origin=str(path))
            copy = folder / path.relative_to(ROOT).with_name(path.name + ".py")
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_text(text, "utf8")
            files.append(copy.relative_to(folder).as_posix())
        (folder / "files").write_text("\n".join(files), "utf8")
        run(
            *("xgettext", "--from-code=UTF-8", "--language=Python", "--files-from=files"),
            *("--keyword=gettext_noop", "--keyword=gettext_lazy", "--keyword=_"),
            *("--keyword=ngettext_lazy:1,2", "--keyword=pgettext:1c,2"),
            *("--keyword=npgettext:1c,2,3", "--keyword=pgettext_lazy:1c,2"),
            *("--keyword=npgettext_lazy:1c,2,3", "--output=all.po", "--no-wrap"),
            folder=folder,
        )
        found = folder / "all.po"
        return parse(found.read_text("utf8").replace(".py:", ":")) if found.exists() else {}


def unquote(text: str) -> str:
    for code, sign in (("\\n", "\n"), ("\\t", "\t"), ('\\"', '"')):
        text = text.replace(code, sign)
    return text.replace("\\\\", "\\")


def quote(text: str) -> str:
    text = text.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t")
    if "\n" not in text:
        return f'"{text}"'
    lines = [f'"{line}\\n"' for line in text.split("\n")]
    lines[-1] = lines[-1].removesuffix('\\n"') + '"'
    return "\n".join(['""', *(line for line in lines if line != '""')])


def parse(text: str) -> dict[tuple[str, str], Message]:
    """Read a .po file; lines struck out (#~) are dropped."""
    found: dict[tuple[str, str], Message] = {}
    for block in text.split("\n\n"):
        parts: dict[str, str] = {}
        flags: list[str] = []
        places: list[str] = []
        field = ""
        for line in block.splitlines():
            if line.startswith("#,"):
                flags += [flag.strip() for flag in line[2:].split(",")]
            elif line.startswith("#: "):
                places += [place.partition(":")[0] for place in line[3:].split()]
            elif line.startswith('"'):
                parts[field] += unquote(line.strip()[1:-1])
            elif line and not line.startswith("#"):
                field, _, value = line.partition(" ")
                parts[field] = unquote(value.strip()[1:-1])
        source = parts.get("msgid", "")
        if source:
            forms = sorted(name for name in parts if name.startswith("msgstr"))
            message = Message(
                parts.get("msgctxt", ""),
                source,
                parts.get("msgid_plural", ""),
                tuple(parts[name] for name in forms),
                tuple(flags),
                tuple(dict.fromkeys(places)),
            )
            found[message.key] = message
    return found


def known() -> dict[tuple[str, str], Message]:
    return parse(PO.read_text("utf8")) if PO.exists() else {}


def merged() -> list[Message]:
    """Give the collected words with the translations that are known."""
    old = known()
    rows = []
    for key, message in collect().items():
        words = old[key].words if key in old else ()
        forms = 2 if message.plural else 1
        flags = tuple(f for f in message.flags if f != "fuzzy")
        if len(words) != forms:
            words = ("",) * forms
        rows.append(message._replace(words=words, flags=flags))
    return sorted(rows, key=lambda row: (row.places[:1], row.source, row.context))


def text_of(rows: list[Message]) -> str:
    """Write the catalogue; places without line numbers, so that it changes only with the words."""
    blocks = [HEADER]
    for row in rows:
        lines = [f"#: {place}" for place in row.places]
        if row.flags:
            lines.append("#, " + ", ".join(row.flags))
        if row.context:
            lines.append(f"msgctxt {quote(row.context)}")
        lines.append(f"msgid {quote(row.source)}")
        if row.plural:
            lines.append(f"msgid_plural {quote(row.plural)}")
            lines += [f"msgstr[{n}] {quote(words)}" for n, words in enumerate(row.words)]
        else:
            lines.append(f"msgstr {quote(row.words[0])}")
        blocks.append("\n".join(lines) + "\n")
    return "\n".join(blocks)


def compile_catalogue() -> None:
    """Write the .mo: --check stops on a translation that lost a named place."""
    run("msgfmt", "--check-format", "--output-file", str(MO), str(PO))


def stale() -> list[str]:
    """Say where the .mo differs from the .po; needs no tools."""
    if not MO.exists():
        return ["django.mo is missing"]
    with MO.open("rb") as stream:
        compiled = GNUTranslations(stream)
    wrong = []
    for row in known().values():
        if not row.done:
            continue
        if row.plural:
            words = tuple(
                compiled.npgettext(row.context, row.source, row.plural, n)
                if row.context
                else compiled.ngettext(row.source, row.plural, n)
                for n in (1, 2)
            )
        elif row.context:
            words = (compiled.pgettext(row.context, row.source),)
        else:
            words = (compiled.gettext(row.source),)
        if words != row.words:
            wrong.append(f"django.mo is older than django.po: {row.source:.40}")
    return wrong


def faults() -> list[str]:
    """Say what is missing, left over or untranslated, with its place."""
    old, new = known(), collect()
    wrong = [f"{new[key].places[0]}: not in django.po: {key[1]}" for key in new.keys() - old.keys()]
    wrong += [f"django.po: no longer in the code: {key[1]}" for key in old.keys() - new.keys()]
    wrong += [f"{row.places[0]}: no English: {row.source}" for row in old.values() if not row.done]
    return sorted(wrong) + stale()


def main() -> int:
    """Collect, check, or list."""
    try:
        if "--missing" in sys.argv:
            print("\n".join(row.source for row in merged() if not row.done))
            return 0
        if "--check" in sys.argv:
            wrong = faults()
            print("\n".join(wrong) or "every word has its English", file=sys.stderr)
            return int(bool(wrong))
        rows = merged()
        PO.parent.mkdir(parents=True, exist_ok=True)
        PO.write_text(text_of(rows), "utf8")
        compile_catalogue()
    except Toolless as why:
        print(why, file=sys.stderr)
        return 1
    print(f"{len(rows)} words, {sum(not row.done for row in rows)} without English")
    return 0


if __name__ == "__main__":
    sys.exit(main())
