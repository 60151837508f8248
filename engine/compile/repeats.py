"""Copies of a Repeat's body: which differ, and one analysis put in the place of another copy."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping

import msgspec

from engine.compile.records import Inside, Record
from engine.graph.block_type import BlockType
from engine.graph.graph import Graph
from engine.graph.scope import COPY_INDEX
from engine.graph.values import Formula, Value

replace = msgspec.structs.replace


def uses_index(body: Graph, types: Mapping[str, BlockType]) -> bool:
    """Whether a formula of the body names the copy's index; inside another Repeat that is the inner index."""
    stack = [body]
    while stack:
        for block in stack.pop().blocks.values():
            if any(_names_index(value) for value in block.parameters.values()):
                return True
            type = types.get(block.type)
            if block.body is not None and (type is None or type.copies is None):
                stack.append(block.body)
    return False


def _names_index(value: Value) -> bool:
    if isinstance(value, tuple):
        return any(_names_index(item) for item in value)
    if not isinstance(value, Formula):
        return False
    try:
        names: Iterable[ast.AST] = ast.walk(ast.parse(value.text.strip(), mode="eval"))
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return True
    return any(isinstance(node, ast.Name) and node.id == COPY_INDEX for node in names)


def relocated(inside: Inside, old: str, new: str) -> Inside:
    """What a body came to, as if it stood at the path key `new` instead of `old`; it has no problems."""
    return replace(inside, records={id: _moved(record, len(old), new) for id, record in inside.records.items()})


def _moved(record: Record, length: int, new: str) -> Record:
    return replace(
        record,
        specs={new + key[length:]: spec for key, spec in record.specs.items()},
        costs={new + key[length:]: cost for key, cost in record.costs.items()},
        children={id: _moved(child, length, new) for id, child in record.children.items()},
        copies=tuple(
            replace(copy, records={id: _moved(child, length, new) for id, child in copy.records.items()})
            for copy in record.copies
        ),
    )
