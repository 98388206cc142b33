"""STYLE's checkable rules."""

import ast
import functools
import io
import re
import tokenize
from dataclasses import dataclass
from pathlib import Path

import pytest

pytestmark = pytest.mark.xdist_group("style")  # each file is read once for all of them
ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
EVERYTHING = SOURCES + sorted((ROOT / "tests").rglob("*.py"))
BROAD = {"Exception", "BaseException"}
# Where a broad except is right: the edge of a process or of a job, where whatever it was must be told and survived.
BROAD_ALLOWED = {"children.py", "running.py", "liveness.py", "errors.py", "sending.py"}


@dataclass(frozen=True)
class Looks:
    """What the rules ask of a file; the tree it was read from would be kept for long."""

    functions: list[tuple[str, int, int]]  # name, lines, arguments by position
    opens_with_a_sentence: bool
    swallows: bool
    prints: bool


@functools.cache
def look_at(path):
    tree = ast.parse(path.read_text())
    nodes = list(ast.walk(tree))
    functions = [node for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    handlers = [node for node in nodes if isinstance(node, ast.ExceptHandler)]
    broad = [h for h in handlers if h.type is None or (isinstance(h.type, ast.Name) and h.type.id in BROAD)]
    called = [node.func.id for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
    return Looks(
        functions=[(f.name, f.end_lineno - f.lineno, len(positional(f))) for f in functions],
        opens_with_a_sentence=not tree.body or bool(ast.get_docstring(tree)),
        swallows=any(not (isinstance(h.body[-1], ast.Raise) and h.body[-1].exc is None) for h in broad),
        prints="print" in called,
    )


def positional(function):
    return [arg for arg in function.args.args if arg.arg not in ("self", "cls")]


def name_of(path):
    return str(path.relative_to(ROOT))


def test_there_are_files_to_look_at():
    assert len(SOURCES) > 400
    assert len(EVERYTHING) > 700


def test_files_and_functions_stay_short():
    assert not [name_of(path) for path in EVERYTHING if path.read_text().count("\n") > 500]
    long = [(name_of(path), name) for path in EVERYTHING for name, lines, _ in look_at(path).functions if lines >= 60]
    assert not long


def test_functions_take_few_arguments_by_position():
    assert not [(name_of(path), name) for path in SOURCES for name, _, many in look_at(path).functions if many > 5]


def test_modules_open_with_a_sentence():
    assert not [name_of(path) for path in SOURCES if not look_at(path).opens_with_a_sentence]


def test_broad_excepts_stand_only_at_the_edges():
    assert not [name_of(path) for path in SOURCES if look_at(path).swallows and path.name not in BROAD_ALLOWED]


def test_print_stays_in_the_command_line():
    assert not [name_of(path) for path in SOURCES if look_at(path).prints and "cli" not in path.parts]


def test_a_todo_carries_its_issue_number():
    for path in EVERYTHING:
        source = path.read_text()
        if not re.search(r"\b(TODO|FIXME)\b", source):  # to find comments takes much longer
            continue
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.COMMENT and re.search(r"\b(TODO|FIXME)\b", token.string):
                assert re.search(r"#\d+", token.string[1:]), (name_of(path), token.string)


def test_no_grab_bag_modules():
    assert not [p for p in SOURCES if re.fullmatch(r"(utils?|helpers?|common|misc)(\.py)?", p.name)]


def test_repositories_never_commit():
    for path in (ROOT / "src/tenuto/db").glob("*.py"):
        if path.name != "work.py":
            assert ".commit(" not in path.read_text(), path.name


def test_no_registry_host_stands_in_a_lock_file():
    for path in (ROOT / "requirements").glob("*.txt"):
        assert "://" not in path.read_text()
