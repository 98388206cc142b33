"""STYLE's checkable rules."""

import ast
import io
import re
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
EVERYTHING = SOURCES + sorted((ROOT / "tests").rglob("*.py"))
BROAD = {"Exception", "BaseException"}
# Where a broad except is right: the edge of a process or of a job, where whatever it was must be told and survived.
BROAD_ALLOWED = {"children.py", "running.py", "liveness.py", "errors.py", "sending.py"}


def functions(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def name_of(path):
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", EVERYTHING, ids=name_of)
def test_files_and_functions_stay_short(path):
    assert path.read_text().count("\n") <= 500
    assert not [f.name for f in functions(path) if f.end_lineno - f.lineno >= 60]


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_functions_take_few_arguments_by_position(path):
    for function in functions(path):
        positional = [arg.arg for arg in function.args.args if arg.arg not in ("self", "cls")]
        assert len(positional) <= 5, function.name


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_modules_open_with_a_sentence(path):
    source = path.read_text()
    assert not source.strip() or ast.get_docstring(ast.parse(source))


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_broad_excepts_stand_only_at_the_edges(path):
    handlers = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ExceptHandler)]
    broad = [h for h in handlers if h.type is None or (isinstance(h.type, ast.Name) and h.type.id in BROAD)]
    swallowing = [h for h in broad if not (isinstance(h.body[-1], ast.Raise) and h.body[-1].exc is None)]
    assert not swallowing or path.name in BROAD_ALLOWED


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_print_stays_in_the_command_line(path):
    calls = [n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.Call)]
    assert "cli" in path.parts or not [c for c in calls if isinstance(c.func, ast.Name) and c.func.id == "print"]


@pytest.mark.parametrize("path", EVERYTHING, ids=name_of)
def test_a_todo_carries_its_issue_number(path):
    for token in tokenize.generate_tokens(io.StringIO(path.read_text()).readline):
        if token.type == tokenize.COMMENT and re.search(r"\b(TODO|FIXME)\b", token.string):
            assert re.search(r"#\d+", token.string[1:]), token.string


def test_no_grab_bag_modules():
    assert not [p for p in SOURCES if re.fullmatch(r"(utils?|helpers?|common|misc)(\.py)?", p.name)]


def test_repositories_never_commit():
    for path in (ROOT / "src/tenuto/db").glob("*.py"):
        if path.name != "work.py":
            assert ".commit(" not in path.read_text(), path.name


def test_no_registry_host_stands_in_a_lock_file():
    for path in (ROOT / "requirements").glob("*.txt"):
        assert "://" not in path.read_text()
