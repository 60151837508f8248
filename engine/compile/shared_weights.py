"""Blocks that use the weights of another block: whether its module can be called again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.compile.records import Record
from engine.graph.block_type import BlockType
from engine.graph.graph import Path
from engine.graph.problem import Fact, Problem
from engine.graph.values import format_value

Bodies = tuple[Mapping[str, Record], ...]
"""The records of a body and of those around it, the innermost last."""


def weights_problems(records: Mapping[str, Record], types: Mapping[str, BlockType]) -> list[Problem]:
    """A problem for each block of any depth that cannot call the module of the owner it names."""
    found: list[Problem] = []
    for path, record, bodies in _sharing(records):
        type = types.get(record.block.type)
        reason = _fault(record, bodies, type) if type is not None else ""
        if type is not None and reason:
            assert record.block.weights is not None
            owner = next((body[record.block.weights.of] for body in bodies if record.block.weights.of in body), None)
            name = owner.block.name if owner is not None else record.block.weights.of
            facts: dict[str, Fact] = {"title": type.title, "name": record.block.name, "owner": name, "reason": reason}
            found.append(Problem(code="weights-owner", path=path, facts=facts))
    return found


def _sharing(records: Mapping[str, Record]) -> Iterator[tuple[Path, Record, Bodies]]:
    stack: list[tuple[Path, Bodies]] = [((), (records,))]
    while stack:
        path, bodies = stack.pop()
        for id, record in bodies[-1].items():
            if record.block.weights is not None and not record.block.bypassed:
                yield (*path, id), record, bodies
            if record.children:
                stack.append(((*path, id), (*bodies, record.children)))


def _fault(record: Record, bodies: Bodies, type: BlockType) -> str:
    weights = record.block.weights
    assert weights is not None
    owner = next((body[weights.of] for body in reversed(bodies) if weights.of in body), None)
    if owner is None:
        return "It is not in this drawing."
    if type.role == "container":
        return "A container keeps weights of its own."
    if weights.transposed and owner.block.type not in dict(type.transposes):
        return f"It cannot use those of the type {owner.block.type} transposed."
    if not weights.transposed and owner.block.type != record.block.type:
        return f"It is of another type, {owner.block.type}."
    if owner.block.weights is not None:
        return "It uses another block’s weights itself."
    if owner.block.bypassed:
        return "It is bypassed."
    if not owner.outputs or not record.outputs:
        return ""
    if weights.transposed:
        # A transposed convolution keeps its weight as the convolution that it undoes does.
        turned = owner.weight[::-1] if len(owner.weight) == 2 else owner.weight
        fits = record.weight == turned
        return "" if fits else f"It needs {format_value(record.weight)} weights, and they are {format_value(turned)}."
    mine, theirs = (dict(type.arguments(used.parameters, used.inputs)) for used in (record, owner))
    return "" if mine == theirs else "Its weights have another shape; give both the same parameters and input."
