"""LAYOUT's table: no module imports from its own layer's neighbours or from a layer above."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "src" / "tenuto"
GROUND = {"errors", "domain"}
MAY_IMPORT = {
    "__init__": set(),
    "__main__": {"cli"},
    "errors": set(),
    "settings": {"errors"},
    "children": {"errors"},
    "client": {"errors"},
    "logs": set(),
    "domain": {"errors"},
    "db": GROUND,
    "storage": GROUND,
    "outside": GROUND,
    "media": GROUND | {"children"},
    "engines": GROUND,
    "exports": GROUND,
    "queue": GROUND | {"db"},
    "pipelines": GROUND | {"media", "engines", "exports"},
    "services": GROUND
    | {"children", "logs", "outside", "db", "storage", "media", "engines", "exports", "queue", "pipelines"},
    "bootstrap": GROUND
    | {
        "children",
        "settings",
        "outside",
        "db",
        "storage",
        "media",
        "engines",
        "exports",
        "queue",
        "pipelines",
        "services",
    },
    "verify": GROUND | {"settings", "db", "engines", "outside", "bootstrap"},
    "api": GROUND | {"services", "bootstrap", "settings", "logs", "verify"},
    "worker": GROUND | {"services", "bootstrap", "settings", "logs"},
    "cli": GROUND | {"services", "bootstrap", "settings", "logs", "api", "worker", "client", "verify"},
}
MODULES = sorted(ROOT.rglob("*.py"))


def imported(tree):
    """The parts of tenuto that a module imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            assert not node.level, "relative import"
            if node.module == "tenuto":
                yield from (alias.name for alias in node.names if not alias.name.startswith("__"))
            elif node.module and node.module.startswith("tenuto."):
                yield node.module.split(".")[1]
        elif isinstance(node, ast.Import):
            yield from (alias.name.split(".")[1] for alias in node.names if alias.name.startswith("tenuto."))


def part_of(path):
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_down(path):
    part = part_of(path)
    wrong = {target for target in imported(ast.parse(path.read_text())) if target not in MAY_IMPORT[part] | {part}}
    assert not wrong


def test_the_table_has_no_circle():
    order = []
    while len(order) < len(MAY_IMPORT):
        free = [part for part in MAY_IMPORT if part not in order and MAY_IMPORT[part] <= set(order)]
        assert free, f"circle among {set(MAY_IMPORT) - set(order)}"
        order += free


def test_only_the_queue_knows_the_durable_engine():
    knowing = {part_of(path) for path in MODULES if "dbos" in imports_of(path)}
    assert knowing <= {"queue"}


def test_queries_live_in_the_database_part():
    knowing = {part_of(path) for path in MODULES if "sqlalchemy" in imports_of(path)}
    assert knowing <= {"db", "queue"}


def imports_of(path):
    tree = ast.parse(path.read_text())
    plain = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    froms = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    return {name.split(".")[0] for name in plain | froms}
