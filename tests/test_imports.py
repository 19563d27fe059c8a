import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# Top to bottom: a module imports from its own row and from rows below it, never from above.
# A part such as t2s.ir_read stands in the row of t2s.ir.
ROWS = (
    ("streamlit_app", "t2s.__main__", "t2s.ui", "t2s.cli", "train"),
    ("t2s.pipeline", "t2s.feedback", "t2s.preview", "t2s.profile", "t2s.search", "t2s.suggest"),
    ("t2s.backends", "t2s.grammar", "t2s.encoding", "t2s.linking", "t2s.schema"),
    (
        # Parts of linking, schema and backends.
        "t2s.aliases",
        "t2s.categories",
        "t2s.cells",
        "t2s.doubts",
        "t2s.expressions",
        "t2s.keys",
        "t2s.kinds",
        "t2s.nearest",
        "t2s.periods",
        "t2s.reading",
        "t2s.rerank",
        "t2s.value_index",
    ),
    (
        "t2s.ir",
        "t2s.prompt",
        "t2s.guard",
        "t2s.present",
        "t2s.explain",
        "t2s.erd",
        "t2s.database",
        "t2s.spreadsheets",
        "t2s.sandbox",
    ),
    ("t2s.calibration", "t2s.probe", "t2s.question"),
    ("t2s.words", "t2s.sql_names"),
    ("t2s.errors", "t2s.values", "sample_dbs"),
    ("t2s",),
)
RANKS = {module: len(ROWS) - row for row, modules in enumerate(ROWS) for module in modules}
HEAVY = ("torch", "transformers", "peft", "bitsandbytes")


def name_of(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FOLDERS = ("t2s", "train", "sample_dbs")
FILES = [
    *ROOT.glob("*.py"),
    *(path for folder in FOLDERS for path in ROOT.glob(f"{folder}/**/*.py")),
]
MODULES = {name_of(path): path for path in FILES}


def owner(module):
    """The name of the table that a module belongs to, "" when there is none."""
    package, _, last = module.rpartition(".")
    whole = f"{package}.{last.split('_')[0]}"
    if module in RANKS:
        return module
    if whole in RANKS and package == "t2s":
        return whole
    return owner(package) if package and package != "t2s" else ""


def list_library(*but):
    """The modules of t2s, without those that begin with one of the given names."""
    return sorted(m for m in MODULES if m.split(".")[0] == "t2s" and not m.startswith(but))


def list_imports(path):
    """(module, at module level) for each of our own modules that a file imports."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    inner = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
    }
    found = []
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            whole = [f"{node.module}.{alias.name}" for alias in node.names]
            names = [name if name in MODULES else node.module for name in whole]
        found += [(name, id(node) not in inner) for name in names]
    return found


@pytest.mark.parametrize("module", sorted(m for m in MODULES if m.startswith("t2s.")))
def test_every_module_has_a_row(module):
    assert owner(module), f"give {module} its place in ROWS"


@pytest.mark.parametrize("module", sorted(filter(owner, MODULES)))
def test_imports_point_downward(module):
    upward = [
        name
        for name, _ in list_imports(MODULES[module])
        if owner(name) and RANKS[owner(name)] > RANKS[owner(module)]
    ]
    assert upward == []


@pytest.mark.parametrize("module", list_library())
def test_the_library_never_imports_what_uses_it(module):
    used = {name.split(".")[0] for name, _ in list_imports(MODULES[module])}
    samples = set() if module.startswith("t2s.ui") else {"sample_dbs"}
    assert used & {"train", "tests", "streamlit_app", *samples} == set()


@pytest.mark.parametrize("module", list_library("t2s.backends."))
def test_heavy_libraries_stay_inside_backends(module):
    loaded = [name for name, at_top in list_imports(MODULES[module]) if at_top]
    assert [name for name in loaded if name.split(".")[0] in HEAVY] == []


@pytest.mark.parametrize("module", list_library("t2s.ui"))
def test_streamlit_stays_in_the_pages(module):
    assert [
        name for name, _ in list_imports(MODULES[module]) if name.split(".")[0] == "streamlit"
    ] == []


@pytest.mark.parametrize(
    "module", sorted(m for m in MODULES if m.startswith(("t2s.ui", "streamlit_app")))
)
def test_pages_only_draw(module):
    banned = {"sqlite3", "torch", "transformers", "train", "sqlite_utils"}
    assert banned & {name.split(".")[0] for name, _ in list_imports(MODULES[module])} == set()


def test_no_module_imports_itself_through_others():
    graph = {
        m: {n for n, _ in list_imports(p) if n in MODULES and n != m} for m, p in MODULES.items()
    }
    done, cycles = set(), []

    def visit(module, path):
        if module in path:
            cycles.append([*path[path.index(module) :], module])
        elif module not in done:
            for name in sorted(graph[module]):
                visit(name, [*path, module])
            done.add(module)

    for module in sorted(graph):
        visit(module, [])
    assert cycles == []


def test_the_page_is_painted_before_slow_libraries_load():
    slow = ("pandas", "sqlglot", "rapidfuzz", "sqlite_utils", "openpyxl", *HEAVY)
    code = f"import sys, t2s.ui.ask; print(sorted({{*{slow!r}}} & {{*sys.modules}}))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


LIGHT = ["t2s.pipeline", "t2s.cli", "t2s.backends"]


@pytest.mark.parametrize("module", LIGHT)
def test_import_loads_no_heavy_library(module):
    code = f"import sys, {module}; print(sorted({{*{(*HEAVY, 'streamlit')!r}}} & {{*sys.modules}}))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
