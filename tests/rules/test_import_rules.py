"""What importing a package brings along, seen in a process of its own; and no import circles."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import networkx
import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("app", "graph_editor", "engine")
QT = ("PySide6", "shiboken6", "pyqtgraph", "qtawesome")
LATE = ("networkx", "sklearn", "safetensors", "rich")
"""Libraries that are imported where they are used, for they cost time on the way to the first window."""


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {module_name(path): path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))}

TORCH_FREE_ENGINE = (
    *(name for name in MODULES if name.startswith(("engine.graph", "engine.blocks", "engine.project"))),
    "engine.worker.client",
    "engine.worker.protocol",
    "engine.data.fields",
    "engine.data.catalogue",
    "engine.data.split_counts",
    "engine.measurements.results",
    "engine.training.plan",
    "engine.training.check_plan",
    "engine.training.events",
    "engine.training.commands",
)


def loaded_after(*modules: str) -> set[str]:
    """The names in `sys.modules` of a fresh process that imported `modules`."""
    code = "import sys, importlib\nfor name in sys.argv[1:]: importlib.import_module(name)\nprint(*sys.modules)"
    run = subprocess.run(
        [sys.executable, "-P", "-c", code, *modules], capture_output=True, text=True, cwd=ROOT, timeout=120
    )
    assert run.returncode == 0, run.stderr
    return set(run.stdout.split())


def under(*prefixes: str) -> tuple[str, ...]:
    return tuple(
        name for name in MODULES if any(name == prefix or name.startswith(f"{prefix}.") for prefix in prefixes)
    )


@pytest.mark.parametrize(
    ("modules", "forbidden"),
    [
        (under("engine.graph"), ("torch", "numpy", *QT, *LATE, "engine.blocks", "engine.data")),
        (TORCH_FREE_ENGINE, ("torch", *QT, "engine.compile", "engine.modules")),
        (under("engine"), (*QT, "app", "graph_editor")),
        (under("graph_editor"), ("torch", "sklearn", "pyqtgraph", "app", "engine.blocks", "engine.compile")),
        (under("app.charts"), ("torch", "engine.compile", "app.panels", "app.views", "graph_editor.document")),
        (under("app.views"), ("torch", "engine.compile", "engine.blocks", "app.panels")),
        (
            tuple(name for name in under("app") if not name.startswith("app.cli")),
            ("torch", "engine.compile", "app.cli"),
        ),
        (under("app.cli"), ("torch",)),
    ],
    ids=["graph", "torch-free engine", "engine", "graph_editor", "charts", "views", "window", "commands"],
)
def test_importing_brings_nothing_forbidden(modules: tuple[str, ...], forbidden: tuple[str, ...]) -> None:
    assert modules
    loaded = loaded_after(*modules)
    assert set(modules) <= loaded
    assert not loaded & set(forbidden)


def test_the_way_to_the_first_window_leaves_slow_libraries_alone() -> None:
    loaded = loaded_after("app.launch", "app.main_window", "app.workspace")
    assert "PySide6.QtWidgets" in loaded
    assert not loaded & {"torch", "sklearn", "networkx", "rich", "typer"}


def test_packages_of_the_engine_have_empty_inits() -> None:
    inits = sorted((ROOT / "engine").rglob("__init__.py"))
    assert len(inits) >= 8
    assert not [str(path.relative_to(ROOT)) for path in inits if path.read_text(encoding="utf-8").strip()]


def _imports_at_the_top(path: Path) -> set[str]:
    """Modules of ours that are imported as the file is: not inside functions, not for type checks alone."""
    found: set[str] = set()
    stack: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
    while stack:
        node = stack.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            stack.extend(node.orelse)
            continue
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.update({node.module, *(f"{node.module}.{alias.name}" for alias in node.names)})
        stack.extend(ast.iter_child_nodes(node))
    return found & set(MODULES)


def test_no_import_circles() -> None:
    graph = networkx.DiGraph()
    for name, path in MODULES.items():
        graph.add_edges_from((name, other) for other in _imports_at_the_top(path) if other != name)
    assert graph.number_of_edges() > 200
    assert not [sorted(circle) for circle in networkx.strongly_connected_components(graph) if len(circle) > 1]
