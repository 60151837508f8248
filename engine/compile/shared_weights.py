"""Blocks that use the weights of another block: whether its module can be called again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.compile.records import Record
from engine.graph.block_type import BlockType
from engine.graph.graph import Path
from engine.graph.problem import Fact, Fix, Problem
from engine.graph.sharing import kinds_fault
from engine.graph.values import format_value

Bodies = tuple[Mapping[str, Record], ...]
"""The records of a body and of those around it, the innermost last."""


def weights_problems(records: Mapping[str, Record], types: Mapping[str, BlockType]) -> list[Problem]:
    """A problem for each block of any depth that cannot call the module of the owner it names.

    Of the copies of a block the first that cannot is told.
    """
    found: list[Problem] = []
    told: set[Path] = set()
    for path, record, bodies in _sharing(records):
        ids = tuple(step for step in path if isinstance(step, str))
        type = types.get(record.block.type)
        reason = _fault(record, bodies, type) if type is not None and ids not in told else ""
        if type is not None and reason:
            told.add(ids)
            assert record.block.weights is not None
            owner = next((body[record.block.weights.of] for body in bodies if record.block.weights.of in body), None)
            name = owner.block.name if owner is not None else record.block.weights.of
            facts: dict[str, Fact] = {"title": type.title, "name": record.block.name, "owner": name, "reason": reason}
            fixes = _fixes(path, record, owner, type)
            found.append(Problem(code="weights-owner", path=path, facts=facts, fixes=fixes))
    return found


def _fixes(path: Path, record: Record, owner: Record | None, type: BlockType) -> tuple[Fix, ...]:
    """To turn the weights round where they fit so, to have as many units as they need, or to give the sharing up."""
    block, body = record.block, tuple(step for step in path[:-1] if isinstance(step, str))
    assert block.weights is not None
    found: list[Fix] = []
    if owner is not None and owner.weight and record.weight and owner.block.type in dict(type.transposes):
        turned = _turned(owner)
        units = type.parameter("out_features")
        if not block.weights.transposed and record.weight == turned:
            ids = (block.id, owner.block.id)
            found.append(Fix(edit="use_weights_transposed", arguments=ids, body=body, key="T"))
        elif block.weights.transposed and units is not None and record.weight[1:] == turned[1:]:
            facts: dict[str, Fact] = {"label": units.label, "value": turned[0]}
            arguments = (block.id, units.id, turned[0])
            found.append(Fix(edit="set_parameter", arguments=arguments, body=body, facts=facts, key="P"))
    found.append(Fix(edit="use_own_weights", arguments=(block.id,), body=body, key="O"))
    return tuple(found)


def _turned(owner: Record) -> tuple[int, ...]:
    """The shape of the weight the other way round."""
    # A transposed convolution keeps its weight as the convolution that it undoes does.
    return owner.weight[::-1] if len(owner.weight) == 2 else owner.weight


def _sharing(records: Mapping[str, Record]) -> Iterator[tuple[Path, Record, Bodies]]:
    stack: list[tuple[Path, Bodies]] = [((), (records,))]
    while stack:
        path, bodies = stack.pop()
        sharing = [(id, one) for id, one in bodies[-1].items() if one.block.weights is not None or one.children]
        for id, record in sharing:
            if record.block.weights is not None and not record.block.bypassed:
                yield (*path, id), record, bodies
            for index in reversed(range(1, len(record.copies))):
                # What enters a copy may be of another shape than what enters the first.
                stack.append(((*path, id, index), (*bodies, record.copies[index].records)))
            if record.children:
                stack.append(((*path, id), (*bodies, record.children)))


def _fault(record: Record, bodies: Bodies, type: BlockType) -> str:
    weights = record.block.weights
    assert weights is not None
    owner = next((body[weights.of] for body in reversed(bodies) if weights.of in body), None)
    unfit = kinds_fault(record.block, owner.block if owner is not None else None, type, weights.transposed)
    if unfit or owner is None:
        return unfit
    if owner.block.bypassed:
        return "It is bypassed."
    if not owner.outputs or not record.outputs:
        return ""
    if weights.transposed:
        return "" if record.weight == _turned(owner) else _shapes(record.weight, _turned(owner))
    mine, theirs = (dict(type.arguments(used.parameters, used.inputs)) for used in (record, owner))
    if mine == theirs:
        return ""
    if record.weight and owner.weight and record.weight != owner.weight:
        return _shapes(record.weight, owner.weight)
    return "They are made with other parameters; give both the same."


def _shapes(needed: tuple[int, ...], given: tuple[int, ...]) -> str:
    return f"It needs {format_value(needed)} weights, and they are {format_value(given)}."
