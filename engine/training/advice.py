"""What would run, but is seldom meant: said as warnings and advice that stop nothing. No torch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.graph.analysis import Analysis, path_key
from engine.graph.block_type import BlockType
from engine.graph.graph import Block, PortRef
from engine.graph.problem import Fact, Fix, Problem
from engine.training.flat_graph import FlatGraph, IdPath
from engine.training.unused import Unused

DEEPEST_PLAIN = 20
"""Layers with weights in a row: VGG-16 has 16 of them, and plain nets of 20 still train (He et al., 2015)."""

_DOUBLED = {"softmax": ("softmax-twice", frozenset({"softmax"})), "sigmoid": ("sigmoid-twice", frozenset({"sigmoid"}))}
_LINEAR = frozenset({"dense"})
_MAY_STAY_UNREAD = frozenset({"recurrent", "attention"})
"""Last states and attention maps are there for whoever wants them."""
_PLAIN_ON_THE_WAY = frozenset({"dropout", "flatten", "reshape"})


def advice(flat: FlatGraph, types: Mapping[str, BlockType], analysis: Analysis, unused: Unused) -> Iterator[Problem]:
    """Doubled softmax or sigmoid, dense upon dense, what nobody uses, very deep plain stacks."""
    losses = flat.of_role("loss")
    for path in losses:
        yield from _doubled(flat, types, path)
    for path, block in flat.blocks.items():
        if block.type in _LINEAR:
            yield from _linear_chain(flat, types, analysis, path, block)
    if losses:
        yield from _dead_branches(flat, types, unused)
        yield from _unread_outputs(flat, types, unused.reached)
    yield from _too_deep(flat, types, analysis)


def _doubled(flat: FlatGraph, types: Mapping[str, BlockType], path: IdPath) -> Iterator[Problem]:
    block = flat.blocks[path]
    prediction = types[block.type].prediction
    source = flat.source_of(path, prediction.port) if prediction is not None else None
    if prediction is None or source is None or prediction.transform not in _DOUBLED:
        return
    code, doubled = _DOUBLED[prediction.transform]
    before = flat.blocks[source[0]]
    if before.type in doubled and not before.bypassed:
        fix = Fix(edit="remove_and_heal", arguments=(before.id,), body=source[0][:-1], facts={"name": before.name})
        facts: dict[str, Fact] = {**_names(types, block), "source": before.name}
        yield Problem(code=code, severity="warning", path=path, port=prediction.port, facts=facts, fixes=(fix,))


def _linear_chain(
    flat: FlatGraph, types: Mapping[str, BlockType], analysis: Analysis, path: IdPath, block: Block
) -> Iterator[Problem]:
    source = flat.source_of(path, "input")
    while source is not None and flat.blocks[source[0]].type in _PLAIN_ON_THE_WAY:
        source = flat.source_of(source[0], "input")
    if source is None or flat.blocks[source[0]].type not in _LINEAR:
        return
    widths = [_features(analysis, key) for key in ((*source[0], "input"), (*source[0], "output"), (*path, "output"))]
    if widths[1] < min(widths[0], widths[2]):
        return  # a code: the narrow layer holds less than either side, so two layers are not one
    before = flat.blocks[source[0]]
    fixes: tuple[Fix, ...] = ()
    if source[0][:-1] == path[:-1]:
        arguments = ("relu", PortRef(source[0][-1], source[1]), PortRef(block.id, "input"))
        direct = flat.source_of(path, "input") == source
        fixes = (
            (Fix(edit="insert_between", arguments=arguments, new_blocks=1, body=path[:-1], facts={"type": "ReLU"}),)
            if direct
            else ()
        )
    facts: dict[str, Fact] = {**_names(types, block), "source": before.name}
    yield Problem(code="linear-chain", severity="advice", path=path, port="input", facts=facts, fixes=fixes)


def _dead_branches(flat: FlatGraph, types: Mapping[str, BlockType], unused: Unused) -> Iterator[Problem]:
    """Parts without weights that no loss depends on, each once; those with weights have a warning of their own."""
    results = {
        flat.source_of(path, prediction.port)
        for path in flat.of_role("loss")
        if (prediction := types[flat.blocks[path].type].prediction) is not None
    }
    for part in unused.parts:
        layers = [path for path in part.paths if types[flat.blocks[path].type].role in ("layer", "input")]
        if part.has_weights or not layers:
            continue
        if part.sources and part.sources <= results:
            continue  # a softmax beside the loss: what the network is for
        block = flat.blocks[layers[-1]]
        yield Problem(
            code="dead-branch", severity="advice", path=layers[-1], facts=_names(types, block), fixes=part.fixes
        )


def _unread_outputs(flat: FlatGraph, types: Mapping[str, BlockType], reached: frozenset[IdPath]) -> Iterator[Problem]:
    """Outputs that nobody reads of blocks whose others are read: pieces of a Split, places of a pool, Exits."""
    read = flat.read_ports()
    for path, block in flat.blocks.items():
        type = types.get(block.type)
        if type is None or type.role not in ("layer", "container") or type.family in _MAY_STAY_UNREAD:
            continue
        outputs = type.ports_of(block, flat.variables).outputs
        if len(outputs) < 2:
            continue
        ends = [((*path, port.id), "input") if block.body is not None else (path, port.id) for port in outputs]
        if not any(end in reached for end, _ in ends):
            continue
        for port, end in zip(outputs, ends, strict=True):
            if end in read:
                continue
            source = flat.source_of(*end) if block.body is not None else end
            if source is None or source[0] not in reached:
                continue  # what leads to this Exit is told by itself
            facts: dict[str, Fact] = {**_names(types, block), "port": port.label or port.id}
            fixes = _without_output(path, block, type, port.id)
            yield Problem(code="unread-output", severity="advice", path=path, port=port.id, facts=facts, fixes=fixes)


def _without_output(path: IdPath, block: Block, type: BlockType, port: str) -> tuple[Fix, ...]:
    """The repair that takes an output away: its Exit goes, or the places of a pool are switched off."""
    if block.body is not None:
        exit = block.body.blocks[port]
        return (Fix(edit="remove_blocks", arguments=((exit.id,),), body=path, facts={"name": exit.name}),)
    switch = type.parameter("return_indices") if port == "indices" else None
    if switch is None:
        return ()
    facts: dict[str, Fact] = {"label": switch.label, "value": False}
    return (Fix(edit="set_parameter", arguments=(block.id, switch.id, False), body=path[:-1], facts=facts),)


def _too_deep(flat: FlatGraph, types: Mapping[str, BlockType], analysis: Analysis) -> Iterator[Problem]:
    """The longest run of layers with weights, broken by normalisation and by what has several inputs."""
    runs: dict[IdPath, int] = {}
    for path in flat.ordered:
        block = flat.blocks[path]
        type = types.get(block.type)
        if type is None or type.role != "layer":
            continue
        ports = type.ports_of(block, flat.variables).inputs
        if type.family == "normalisation" or len(ports) > 1:
            runs[path] = 0
            continue
        source = flat.source_of(path, ports[0].id) if ports else None
        before = runs.get(source[0], 0) if source is not None else 0
        cost = analysis.costs.get(path_key(path))
        runs[path] = before + (cost is not None and cost.parameters > 0)
    longest = max(runs.values(), default=0)
    if longest > DEEPEST_PLAIN:
        yield Problem(code="too-deep-plain", severity="advice", facts={"layers": longest})


def _features(analysis: Analysis, key: tuple[str, ...]) -> int:
    spec = analysis.specs.get("/".join(key))
    length = spec.shape[-1] if spec is not None and spec.shape else 0
    return length if isinstance(length, int) else 0


def _names(types: Mapping[str, BlockType], block: Block) -> dict[str, Fact]:
    return {"title": types[block.type].title, "name": block.name}
