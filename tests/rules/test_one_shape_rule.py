"""A block's shape rule is its module run on fake tensors, and nothing else: `engine/blocks` states no output shape.

Three things that a second rule would need are absent there:
- nothing makes a `TensorSpec` or a `Dim`, not even by replacing a part of one;
- no function says that it returns one, and a `BlockType` has no field that would hold such a function;
- nothing divides a length by a stride, as the output length of a window does: where a function reads `.shape`, it does
  not divide. What an expectation may do (`fits_window`) is compare: the window with the padded length.
"""

from __future__ import annotations

import ast
from pathlib import Path

import msgspec
import pytest

from engine.graph.block_type import BlockType

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "engine" / "blocks").glob("*.py"))
MADE_ELSEWHERE = {"TensorSpec", "Dim"}
DIVISIONS = (ast.Div, ast.FloorDiv)
DIVIDES = {
    ("containers.py", "_projection"): "reads the stride off the shapes that analysis found on both sides",
    ("convolution.py", "border_fits"): "halves the window: a reflected border must be shorter than the picture",
    ("normalisation_sample.py", "_expect_groups"): "asks whether more than one number shares a mean",
    ("picture_shape.py", "_expect_pad"): "takes the half of the borders on one side",
}
"""Functions that read a shape and divide, and what for: none of them makes a shape of it."""


def functions(tree: ast.Module) -> list[ast.FunctionDef | ast.Lambda]:
    return [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.Lambda))]


def makes_specs(tree: ast.AST) -> list[int]:
    """The lines that construct a spec, or copy one with another shape."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if name in MADE_ELSEWHERE or any(word.arg == "shape" and name == "replace" for word in node.keywords):
                found.append(node.lineno)
    return found


def returns_specs(tree: ast.Module) -> list[str]:
    """The functions whose return annotation speaks of a spec, or is the mapping of them."""
    found = []
    for node in functions(tree):
        if isinstance(node, ast.FunctionDef) and node.returns is not None:
            names = {part.id for part in ast.walk(node.returns) if isinstance(part, ast.Name)}
            if names & MADE_ELSEWHERE or ast.unparse(node.returns) == "Inputs":
                found.append(node.name)
    return found


def divides_lengths(tree: ast.Module) -> list[str]:
    """The functions that read a shape and divide, or take a remainder to leave it off."""
    found = []
    for node in functions(tree):
        parts = list(ast.walk(node))
        reads = any(isinstance(part, ast.Attribute) and part.attr == "shape" for part in parts)
        divides = any(isinstance(part, (ast.BinOp, ast.AugAssign)) and isinstance(part.op, DIVISIONS) for part in parts)
        if reads and divides:
            found.append(getattr(node, "name", "lambda"))
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_block_states_its_output_shape(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert makes_specs(tree) == []
    assert returns_specs(tree) == [], "specs come from analysis"
    assert [name for name in divides_lengths(tree) if (path.name, name) not in DIVIDES] == []


def test_the_scan_sees_a_second_rule() -> None:
    rule = """
def shape_of(parameters, inputs) -> TensorSpec:
    height = (inputs["input"].shape[2] + 2 * parameters["padding"] - parameters["kernel"]) // parameters["stride"] + 1
    return TensorSpec((Dim("N"), parameters["out_channels"], height), "float32")
"""
    tree = ast.parse(rule)
    assert makes_specs(tree) == [4, 4]
    assert returns_specs(tree) == divides_lengths(tree) == ["shape_of"]
    assert makes_specs(ast.parse("replace(spec, shape=(1, 2))")) == [1]


def test_the_exceptions_are_still_there() -> None:
    for name, function in DIVIDES:
        tree = ast.parse((ROOT / "engine" / "blocks" / name).read_text(encoding="utf-8"))
        assert function in divides_lengths(tree)


def test_a_type_has_no_place_for_a_shape_rule() -> None:
    """What is called with specs gives ports, a Mismatch, arguments or a drawing; of shapes only `expand` is told."""
    fields = msgspec.structs.fields(BlockType)
    given = {field.name for field in fields if callable(field.default) or "Callable" in str(field.type)}
    assert given == {"ports", "expect", "arguments", "expand", "weights", "body", "copies"}
