"""Check what ruff, mypy and import-linter cannot say. Every rule is tried on a good and a bad line.

python tools/house_rules.py            check everything, 1 when something is wrong
python tools/house_rules.py --guide    also name what is longer than the guide (never fails)

Rules for templates, scripts and SQL stand in page_rules.py. Who may break a rule is named here,
with the reason.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import page_rules
from page_rules import Found, Rule

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("bihuan", "bench", "tools")
FILE_GUIDE, FILE_WALL = 300, 500  # lines
FUNCTION_GUIDE, FUNCTION_WALL = 40, 80  # lines

# file or folder -> why it may write rows although it is no action or job
WRITERS = {
    "bihuan/base/": "the platform's own tables: versions, calendar",
    "bihuan/matters/case.py": "the kernel's one place where a matter's rows are saved",
    "bihuan/matters/escalate.py": "the body of the escalation job",
    "bihuan/matters/reactions.py": "the body of the outbox job",
    "bihuan/matters/timed.py": "the clocks of a matter that case.py holds",
    "bihuan/matters/seal.py": "seals are written by the sealing job alone",
}
# file or folder -> why it may speak SQL although it is no queries.py
SPEAKERS = {
    "bihuan/base/": "speaks to the server itself: roles, versions, health",
    "bihuan/cli/": "migrates, grants, backs up, restores",
    "bihuan/matters/": "the kernel: hot path, seals and the verifier are SQL, each file says so",
    "bihuan/web/health.py": "asks the database whether it is there",
    "bench/": "measures the floor with plain SQL",
}
# file or folder -> why Chinese words may stand in it without gettext
UNTRANSLATED = {
    "bihuan/settings.py": "its table is Chinese and English side by side",
    "bihuan/cli/": "speaks both languages in each line, before Django is there",
    "bihuan/base/environment.py": "its table is Chinese and English side by side",
    "bihuan/base/statutory.py": "holidays as the State Council names them",
    "bihuan/places/addresses.py": "column names that come in with files",
    "bihuan/places/demo_areas.py": "invented places",
    "bihuan/places/geojson.py": "column names that come in with files",
    "bihuan/places/words.py": "endings that come in with addresses",
    "bihuan/web/health.py": "answers in both languages when nothing else works",
    "bihuan/demo/": "invented people, places and reports",
    "bench/": "invented reports",
    "tools/": "checks words, shows none",
}
BOTH_LANGUAGES = {
    "Trouble",
    "AlreadyRunning",
    "Problem",
    "say",
}  # take a Chinese and an English sentence
GETTEXT = {
    "_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy", "pgettext",
    "pgettext_lazy", "npgettext", "npgettext_lazy",
}  # fmt: skip
CREATES = {"create", "bulk_create", "get_or_create", "update_or_create"}
CHANGES = {"update", "bulk_update", "delete"}
ROWS = re.compile(r"\bobjects\b|\.(filter|exclude|all|select_for_update|order_by)\(")
KERNEL_ROWS = re.compile(r"\b(Matter|Task|Clock|ClockMark|Entry|Note|Notice)\.objects\b")
CHINESE = re.compile(r"[㐀-鿿＀-￯、-〗]")


class Module(NamedTuple):
    """One Python file: its path below the project, its text and its tree."""

    path: str
    text: str
    tree: ast.Module


def calls(module: Module) -> Iterator[tuple[ast.Call, ast.Attribute]]:
    """Give every `something.name(...)`."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node, node.func


def exempt(module: Module, table: dict[str, str]) -> bool:
    """Say whether the table names the file, or the folder it lies in."""
    return any(
        module.path == name or (name.endswith("/") and module.path.startswith(name))
        for name in table
    )


def is_action(module: Module) -> bool:
    path = Path(module.path)
    return path.name in ("actions.py", "jobs.py") or "actions" in path.parts


def saves_a_row(call: ast.Call, func: ast.Attribute) -> bool:
    """Tell a model's save() from a picture's or a workbook's: those name a target first."""
    return func.attr == "save" and not call.args


def writes_a_row(call: ast.Call, func: ast.Attribute) -> bool:
    receiver = ast.unparse(func.value)
    if saves_a_row(call, func):
        return True
    if func.attr in CREATES:  # Model.objects.create, matter.tasks.create; never module.create
        return isinstance(func.value, (ast.Attribute, ast.Call))
    if func.attr == "delete" and not call.args and not call.keywords:
        return True
    return func.attr in CHANGES and bool(ROWS.search(receiver))


def writes_stand_in_actions(module: Module) -> Iterator[Found]:
    if is_action(module) or exempt(module, WRITERS):
        return
    for call, func in calls(module):
        if writes_a_row(call, func):
            yield Found(call.lineno, f".{func.attr}() belongs in actions.py or jobs.py")


def save_names_its_fields(module: Module) -> Iterator[Found]:
    for call, func in calls(module):
        named = {k.arg for k in call.keywords}
        if saves_a_row(call, func) and not named & {"update_fields", "force_insert"}:
            yield Found(call.lineno, "save() must say update_fields=[...] (or force_insert=True)")


def sql_stands_in_queries(module: Module) -> Iterator[Found]:
    path = Path(module.path)
    if path.name == "queries.py" or "queries" in path.parts or exempt(module, SPEAKERS):
        return
    for call, func in calls(module):
        if func.attr in {"raw", "cursor", "execute", "executemany", "extra"}:
            yield Found(call.lineno, "SQL belongs in queries.py or sql/*.sql")


def only_the_kernel_moves_a_matter(module: Module) -> Iterator[Found]:
    path = Path(module.path)
    inside = module.path.startswith("bihuan/matters/")
    if inside and ("actions" in path.parts or path.name in ("case.py", "intake.py")):
        return
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.Assign):
            continue
        for target in node.targets:
            if isinstance(target, ast.Attribute) and target.attr == "state":
                owner = ast.unparse(target.value).rsplit(".", 1)[-1]
                if owner in ("matter", "Matter", "task", "m"):
                    yield Found(node.lineno, "a matter moves by take_step(), a task by its verbs")
    if not inside:
        for call, func in calls(module):
            written = func.attr in CREATES | CHANGES
            if written and KERNEL_ROWS.search(ast.unparse(func.value)):
                yield Found(call.lineno, "only the kernel writes its tables: call its verb")


def rows_are_never_deleted_along(module: Module) -> Iterator[Found]:
    lax = {"CASCADE", "SET_NULL", "SET_DEFAULT", "DO_NOTHING"}
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute) and node.attr in lax:
            yield Found(node.lineno, f"foreign keys PROTECT, not {node.attr}")


def moment_and_actor_are_named(module: Module) -> Iterator[Found]:
    if not is_action(module):
        return
    for node in module.tree.body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            loose = {a.arg for a in (*node.args.posonlyargs, *node.args.args)} & {"at", "by"}
            if len(loose) == 2:
                yield Found(node.lineno, f"{node.name}: `at` and `by` by keyword only")


def words_are_translated(module: Module) -> Iterator[Found]:
    """Find Chinese words outside gettext; data says so in a comment: `# data: why`."""
    if exempt(module, UNTRANSLATED) or "reference" in Path(module.path).parts:
        return
    lines = module.text.splitlines()
    fine: set[int] = set()
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            fine.add(id(node.value))  # a docstring
        if isinstance(node, ast.Call) and called(node) in GETTEXT | BOTH_LANGUAGES:
            fine.update(id(part) for part in ast.walk(node))
        if isinstance(node, ast.stmt) and not isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            span = lines[node.lineno - 1 : node.end_lineno]
            above = lines[node.lineno - 2].strip() if node.lineno > 1 else ""
            if above.startswith("# data:") or any("# data:" in line for line in span):
                fine.update(id(part) for part in ast.walk(node))
    for node in ast.walk(module.tree):
        if id(node) in fine or not isinstance(node, ast.Constant):
            continue
        if isinstance(node.value, str) and CHINESE.search(node.value):
            yield Found(node.lineno, f"wrap in gettext, or say '# data: why': {node.value:.20}")


def called(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")


def sizes_stay_below_the_wall(module: Module) -> Iterator[Found]:
    yield from longer_than(module, FILE_WALL, FUNCTION_WALL)


def longer_than(module: Module, file_lines: int, function_lines: int) -> Iterator[Found]:
    length = module.text.count("\n")
    if length > file_lines:
        yield Found(1, f"{length} lines, at most {file_lines}: split by verb or by audience")
    for node in ast.walk(module.tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > function_lines:
                yield Found(node.lineno, f"{node.name}: {length} lines, at most {function_lines}")


def nothing_is_left_to_do(module: Module) -> Iterator[Found]:
    yield from page_rules.nothing_is_left_to_do(module.path, module.text)


LONG = "def f() -> None:\n" + "    a = 1\n" * (FUNCTION_WALL + 5)
WORDS = "bihuan/reports/pages.py"
RULES: list[Rule[Module]] = [
    Rule(writes_stand_in_actions, WORDS, "file(words=w)", "Report.objects.create(words=w)"),
    Rule(writes_stand_in_actions, WORDS, "facts.update(a=1)",
         "Post.objects.filter(a=1).update(b=2)"),
    Rule(writes_stand_in_actions, WORDS, "picture.save(out)", "report.save(update_fields=['a'])"),
    Rule(writes_stand_in_actions, WORDS, "store.delete(name)", "report.delete()"),
    Rule(save_names_its_fields, "bihuan/x/actions.py", "m.save(update_fields=['a'])", "m.save()"),
    Rule(sql_stands_in_queries, WORDS, "overdue()", "connection.cursor()"),
    Rule(only_the_kernel_moves_a_matter, WORDS, "report.state = 'a'", "r.matter.state = 'a'"),
    Rule(only_the_kernel_moves_a_matter, "bihuan/reports/actions.py",
         "Report.objects.filter(a=1).update(b=2)", "Matter.objects.filter(a=1).update(b=2)"),
    Rule(rows_are_never_deleted_along, "bihuan/x/models.py", "models.PROTECT", "models.CASCADE"),
    Rule(moment_and_actor_are_named, "bihuan/x/actions.py",
         "def close(*, by, at): pass", "def close(by, at): pass"),
    Rule(words_are_translated, WORDS, "say(_('已办结'))", "show('已办结')"),
    Rule(words_are_translated, WORDS, "a = '村'  # data: ending", "a = f'{n} 件超期'"),
    Rule(sizes_stay_below_the_wall, WORDS, "a = 1", LONG),
    Rule(nothing_is_left_to_do, WORDS, "a = 1", "a = 1  # TO" + "DO later"),
]  # fmt: skip


def module_of(path: str, text: str) -> Module:
    return Module(path, text, ast.parse(text))


def python_files() -> Iterator[Path]:
    """Give every file the rules are for: not tests, not migrations."""
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if not {"tests", "migrations"} & set(path.parts):
                yield path


def main() -> int:
    """Try the rules, then check every file; 1 when something was found."""
    found = 0
    make: Callable[[str, str], Module] = module_of
    for rule in RULES:
        rule.try_out(make)
    for path in python_files():
        module = module_of(path.relative_to(ROOT).as_posix(), path.read_text("utf8"))
        for check in dict.fromkeys(rule.check for rule in RULES):
            for line, why in check(module):
                found += 1
                print(f"{module.path}:{line}: {why}")
        if "--guide" in sys.argv:
            for line, why in longer_than(module, FILE_GUIDE, FUNCTION_GUIDE):
                print(f"guide: {module.path}:{line}: {why}")
    found += page_rules.check_all(ROOT)
    if found:
        print(f"{found} against the house rules", file=sys.stderr)
    return int(found > 0)


if __name__ == "__main__":
    sys.exit(main())
