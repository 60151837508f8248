"""What subclasses must give is abstract, so that Python and mypy see it; no method says so only when it is called."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted(path for folder in ("app", "graph_editor", "engine") for path in (ROOT / folder).rglob("*.py"))


def raised(tree: ast.AST) -> list[int]:
    """The lines that raise NotImplementedError; to catch what a library raises is no fault."""
    raises = (node for node in ast.walk(tree) if isinstance(node, ast.Raise) and node.exc is not None)
    made = ((node, node.exc.func if isinstance(node.exc, ast.Call) else node.exc) for node in raises)
    return [node.lineno for node, what in made if ast.unparse(what).endswith("NotImplementedError")]


def has_abstract_methods(owner: ast.ClassDef) -> bool:
    methods = (node for node in owner.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return any(ast.unparse(mark).endswith("abstractmethod") for node in methods for mark in node.decorator_list)


def unguarded(trees: list[ast.Module]) -> list[str]:
    """Classes with abstract methods that can be made all the same: no ABC, and no metaclass of the kind."""
    classes = {node.name: node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}

    def is_guarded(name: str) -> bool:
        if name == "ABC":
            return True
        owner = classes.get(name)
        if owner is None:
            return False
        marks = {ast.unparse(word.value) for word in owner.keywords if word.arg == "metaclass"}
        bases = (ast.unparse(base).rpartition(".")[2] for base in owner.bases)
        return bool(marks & {"ABCMeta", "AbstractWidget"}) or any(is_guarded(base) for base in bases)

    return [name for name, owner in classes.items() if has_abstract_methods(owner) and not is_guarded(name)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_method_waits_for_a_call_to_say_that_it_is_missing(path: Path) -> None:
    assert not raised(ast.parse(path.read_text(encoding="utf-8")))


def test_what_is_abstract_cannot_be_made() -> None:
    assert not unguarded([ast.parse(path.read_text(encoding="utf-8")) for path in FILES])


@pytest.mark.parametrize(
    "line", ["raise NotImplementedError", "raise NotImplementedError('later')", "raise builtins.NotImplementedError()"]
)
def test_the_rule_finds_what_it_forbids(line: str) -> None:
    assert raised(ast.parse(line))


@pytest.mark.parametrize("line", ["raise ValueError", "try:\n    read()\nexcept NotImplementedError:\n    raise"])
def test_the_rule_leaves_the_rest_alone(line: str) -> None:
    assert not raised(ast.parse(line))


def test_the_rule_finds_abstract_methods_that_nothing_guards() -> None:
    lines = """
class Bare:
    @abstractmethod
    def give(self): ...
class Guarded(ABC):
    @abstractmethod
    def give(self): ...
class Below(Guarded):
    @abc.abstractmethod
    def more(self): ...
class Shown(QWidget, metaclass=AbstractWidget):
    @abstractmethod
    def give(self): ...
"""
    assert unguarded([ast.parse(lines)]) == ["Bare"]
