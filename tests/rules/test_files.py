"""A file holds one idea: it says which, and stays short."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted(
    path for folder in ("app", "graph_editor", "engine", "resources") for path in (ROOT / folder).rglob("*.py")
)
LONGEST = 400
TOP_LEVEL = {
    "app",
    "graph_editor",
    "engine",
    "resources",
    "tests",
    "pyproject.toml",
    "README.md",
    "LICENSE",
    "CHANGELOG.md",
}


def test_there_are_files() -> None:
    assert len(FILES) > 100


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_is_short(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= LONGEST


@pytest.mark.parametrize(
    "path", [path for path in FILES if path.name != "__init__.py"], ids=lambda path: str(path.relative_to(ROOT))
)
def test_a_file_says_what_it_is_for(path: Path) -> None:
    words = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert words
    assert words.splitlines()[0].endswith((".", ":"))


@pytest.mark.parametrize(
    "path",
    [path for path in FILES if path.parts[-2] in ("graph", "blocks", "compile", "modules") and "engine" in path.parts],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_what_is_public_says_what_it_is_for(path: Path) -> None:
    """Classes, functions and methods; one that overrides a method of the same file may leave its words there."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    owners = [tree, *(node for node in ast.walk(tree) if isinstance(node, ast.ClassDef))]
    defined = [node for owner in owners for node in owner.body if isinstance(node, (ast.ClassDef, ast.FunctionDef))]
    told = {node.name for node in defined if ast.get_docstring(node)}
    assert not {node.name for node in defined if not node.name.startswith("_")} - told


def test_the_top_level_holds_what_it_should() -> None:
    found = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")}
    assert found >= TOP_LEVEL
    assert not {
        name for name in found - TOP_LEVEL if not name.endswith((".egg-info", ".loom", ".png")) and name != "build"
    }
