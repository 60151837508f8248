"""Whole numbers that point too far: labels past an Embedding’s rows or an RBM’s units, places past a map. No torch."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping

from engine.graph.analysis import Analysis, port_key
from engine.graph.block_type import BlockType, lenient_parameters
from engine.graph.graph import PortRef
from engine.graph.problem import Fact, Fix, Problem
from engine.graph.tensor_spec import TensorSpec
from engine.training.flat_graph import FlatGraph, IdPath

_COUNTED = (("num_embeddings", "input", "too-few-rows"), ("labels", "label", "too-few-labels"))
"""Parameters that say for how many classes there is room, the port where the classes come in, and what is told."""

ClassesOf = Callable[[tuple[IdPath, str]], int | None]


def pointer_problems(
    flat: FlatGraph,
    types: Mapping[str, BlockType],
    analysis: Analysis,
    reached: Iterable[IdPath],
    classes_of: ClassesOf,
) -> Iterator[Problem]:
    """Of the blocks that are `reached` in training; `classes_of` tells how many classes an Input's label has."""
    for path in sorted(set(reached) & flat.blocks.keys()):
        type = types.get(flat.blocks[path].type)
        if type is None or flat.blocks[path].bypassed:
            continue
        yield from _room(flat, type, path, classes_of)
        if type.id.startswith("max_unpool"):
            yield from _places(flat, type, analysis, path)


def _room(flat: FlatGraph, type: BlockType, path: IdPath, classes_of: ClassesOf) -> Iterator[Problem]:
    """Fewer rows or units than the classes that come in."""
    block = flat.blocks[path]
    for id, port, code in _COUNTED:
        parameter = type.parameter(id)
        source = flat.source_of(path, port) if parameter is not None else None
        classes = classes_of(source) if source is not None else None
        if parameter is None or classes is None:
            continue
        room = lenient_parameters(type, block, flat.variables)[id]
        if not isinstance(room, (int, float)) or room >= classes:
            continue
        facts: dict[str, Fact] = {"title": type.title, "name": block.name, "rows": int(room), "classes": classes}
        words: dict[str, Fact] = {"label": parameter.label, "value": classes}
        fix = Fix(edit="set_parameter", arguments=(block.id, id, classes), body=path[:-1], facts=words)
        yield Problem(code=code, path=path, port=port, facts=facts, fixes=(fix,))


def _places(flat: FlatGraph, type: BlockType, analysis: Analysis, path: IdPath) -> Iterator[Problem]:
    """The map that an unpool fills is that which its pool looked at: places count through its rows."""
    block, giver = flat.blocks[path], flat.source_of(path, "indices")
    pooled = flat.source_of(giver[0], "input") if giver is not None else None
    if giver is None or pooled is None or not flat.blocks[giver[0]].type.startswith("max_pool"):
        return
    before, made = _grid(analysis.specs.get(port_key(*pooled))), _grid(analysis.specs.get(port_key(path, "output")))
    if before is None or made is None or before == made:
        return
    facts: dict[str, Fact] = {
        "title": type.title,
        "name": block.name,
        "made": "×".join(map(str, made)),
        "before": "×".join(map(str, before)),
        "pool": flat.blocks[giver[0]].name,
    }
    fixes: tuple[Fix, ...] = ()
    if flat.source_of(path, "like") is None and pooled[0][:-1] == path[:-1]:
        source, target = PortRef(pooled[0][-1], pooled[1]), PortRef(block.id, "like")
        words: dict[str, Fact] = {"source": flat.blocks[pooled[0]].name, "target": "size of"}
        fixes = (Fix(edit="connect", arguments=(source, target), body=path[:-1], facts=words),)
    fails = math.prod(made) < math.prod(before)
    yield Problem(
        code="places-elsewhere", severity="error" if fails else "warning", path=path, facts=facts, fixes=fixes
    )


def _grid(spec: TensorSpec | None) -> tuple[int, ...] | None:
    """The lengths behind N and channels, where they are fixed."""
    lengths = spec.shape[2:] if spec is not None else ()
    fixed = tuple(length for length in lengths if isinstance(length, int))
    return fixed if fixed and len(fixed) == len(lengths) else None
