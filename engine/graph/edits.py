"""The edits of a drawing: each takes one body and its Scope and returns the changed body, or raises Refused.

Ids of new blocks are arguments: the document draws them.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from engine.graph.block_type import BlockType, source_of
from engine.graph.connection_rules import refusal
from engine.graph.graph import Block, Frame, Graph, Learning, Look, Note, PortRef, Weights, Wire, sorted_wires
from engine.graph.handing_on import without_owners
from engine.graph.names import Names
from engine.graph.parameter_rules import parameter_problem
from engine.graph.paths import DEEPEST, depth
from engine.graph.problem import Problem, Refused, refused
from engine.graph.scope import Scope
from engine.graph.sharing import weights_fault
from engine.graph.traversal import DELAY
from engine.graph.values import Formula, FormulaError, Item, evaluate, frozen_value

replace = msgspec.structs.replace


def add_block(graph: Graph, scope: Scope, block: Block) -> Graph:
    """With `block` added under a name no other block of this body has."""
    _refuse_addition(graph.blocks, scope, block)
    named = replace(block, name=free_name(graph, block.name))
    return replace(graph, blocks={**graph.blocks, block.id: named})


def _refuse_addition(blocks: Mapping[str, Block], scope: Scope, block: Block) -> None:
    """Raise Refused where `block` may not join `blocks`, those of this body."""
    if block.id in blocks or any(block.id in body.blocks for body in scope.ancestors):
        raise refused("id-taken", id=block.id)
    type = scope.types.get(block.type)
    if type is not None and type.role == "input" and scope.ancestors:
        raise refused("input-in-body")
    if type is not None and type.role == "boundary" and not scope.ancestors:
        code = "delay-outside" if type.id == DELAY else "boundary-at-root"
        raise refused(code, title=type.title, name=block.name)
    if block.body is not None and len(scope.ancestors) + 1 + depth(block.body) > DEEPEST:
        title = type.title if type is not None else block.type
        raise refused("nested", title=title, name=block.name, limit=DEEPEST)


def free_name(graph: Graph, wanted: str) -> str:
    """`wanted`, or the next free number after it where a block of this body is called so already."""
    return Names(block.name for block in graph.blocks.values()).take(wanted)


def remove_blocks(graph: Graph, scope: Scope, ids: tuple[str, ...]) -> Graph:
    """Without the blocks `ids` and the wires that touch them; weights that others share are handed on to the first."""
    gone = frozenset(ids)
    if not gone & graph.blocks.keys():
        return graph
    left, _ = without_owners(graph, gone)
    wires = tuple(wire for wire in graph.wires if wire.source.block not in gone and wire.target.block not in gone)
    return replace(left, wires=wires)


def remove_and_heal(graph: Graph, scope: Scope, id: str) -> Graph:
    """Without block `id`; what fed its first input feeds what its first output fed."""
    block = _block(graph, id)
    ports = _type(scope, block.type).ports_of(block, scope.variables)
    source = source_of(graph, PortRef(id, ports.inputs[0].id)) if ports.inputs else None
    fed = [wire.target for wire in graph.wires if wire.source.block == id]
    graph = remove_blocks(graph, scope, (id,))
    for target in fed if source is not None else ():
        graph = connect(graph, scope, source, target)  # type: ignore[arg-type]
    return graph


def remove_lost_wires(graph: Graph, scope: Scope, id: str) -> Graph:
    """Without the wires to ports that block `id` no longer has: a lost Entry or Exit, fewer inputs."""
    block = graph.blocks[id]
    type = scope.types.get(block.type)
    if type is None:
        return graph
    ports = type.ports_of(block, scope.variables)
    inputs, outputs = {port.id for port in ports.inputs}, {port.id for port in ports.outputs}
    wires = tuple(
        wire
        for wire in graph.wires
        if not (wire.target.block == id and wire.target.port not in inputs)
        and not (wire.source.block == id and wire.source.port not in outputs)
    )
    return graph if len(wires) == len(graph.wires) else replace(graph, wires=wires)


def connect(graph: Graph, scope: Scope, source: PortRef, target: PortRef) -> Graph:
    """With a wire from `source` to `target`. Refused by structure alone; shapes are for analysis."""
    problem = refusal(graph, scope, source, target)
    if problem is not None:
        raise Refused(problem)
    return replace(graph, wires=sorted_wires([*graph.wires, Wire(source=source, target=target)]))


def disconnect(graph: Graph, scope: Scope, targets: tuple[PortRef, ...]) -> Graph:
    """Without the wires into `targets`."""
    gone = frozenset(targets)
    wires = tuple(wire for wire in graph.wires if wire.target not in gone)
    return graph if len(wires) == len(graph.wires) else replace(graph, wires=wires)


def move_wire(graph: Graph, scope: Scope, old_target: PortRef, source: PortRef, target: PortRef) -> Graph:
    """With the wire into `old_target` replaced by one from `source` to `target`."""
    return connect(disconnect(graph, scope, (old_target,)), scope, source, target)


def replace_wire(
    graph: Graph, scope: Scope, source: PortRef, target: PortRef, old_target: PortRef | None = None
) -> Graph:
    """With a wire from `source` in place of the one into `target`, and of the one into `old_target` if any."""
    gone = (target,) if old_target is None else (target, old_target)
    return connect(disconnect(graph, scope, gone), scope, source, target)


def bend_wire(graph: Graph, scope: Scope, target: PortRef, bends: tuple[tuple[int, int], ...]) -> Graph:
    """With the wire into `target` led through `bends`."""
    wires = tuple(replace(wire, bends=bends) if wire.target == target else wire for wire in graph.wires)
    return replace(graph, wires=wires)


def insert_between(
    graph: Graph,
    scope: Scope,
    new_ids: tuple[str, ...],
    type_id: str,
    source: PortRef,
    target: PortRef,
    parameters: tuple[tuple[str, Item], ...] = (),
) -> Graph:
    """With a new block of `type_id` on the way from `source` to `target`, between the two where they stand."""
    type = _type(scope, type_id)
    giver, taker = graph.blocks.get(source.block), graph.blocks.get(target.block)
    if giver is None or taker is None:
        raise refused("unknown-block", id=source.block if giver is None else target.block)
    look = Look(x=_snapped((giver.look.x + taker.look.x) / 2), y=_snapped((giver.look.y + taker.look.y) / 2))
    block = Block(id=new_ids[0], type=type_id, name=type.title, parameters=dict(parameters), look=look)
    if source_of(graph, target) is not None:
        graph = disconnect(graph, scope, (target,))
    return insert_block(connect(graph, scope, source, target), scope, block, target)


def insert_block(graph: Graph, scope: Scope, block: Block, target: PortRef) -> Graph:
    """With the new `block` put on the wire into `target`: first input in, first output out."""
    return put_on_wire(add_block(graph, scope, block), scope, block.id, target)


def put_on_wire(graph: Graph, scope: Scope, id: str, target: PortRef) -> Graph:
    """With block `id` of this body put on the wire into `target`."""
    source = source_of(graph, target)
    if source is None:
        raise refused("unknown-block", id=target.block)
    block = graph.blocks[id]
    ports = _type(scope, block.type).ports_of(block, scope.variables)
    if not ports.inputs or not ports.outputs:
        side = "output" if ports.inputs else "input"
        known = ", ".join(port.id for port in (*ports.inputs, *ports.outputs)) or "none"
        raise refused("unknown-port", title=_title(scope, block), name=block.name, port=side, known=known)
    graph = disconnect(graph, scope, (target,))
    graph = connect(graph, scope, source, PortRef(block=id, port=ports.inputs[0].id))
    return connect(graph, scope, PortRef(block=id, port=ports.outputs[0].id), target)


def move(graph: Graph, scope: Scope, places: Mapping[str, tuple[int, int]]) -> Graph:
    """With each block of `places` at its new x, y (scene units)."""
    blocks = dict(graph.blocks)
    for id, (x, y) in places.items():
        if id in blocks:
            blocks[id] = replace(blocks[id], look=replace(blocks[id].look, x=x, y=y))
    return replace(graph, blocks=blocks)


def rename(graph: Graph, scope: Scope, id: str, name: str) -> Graph:
    """With block `id` called `name`, made unique in this body."""
    block = _block(graph, id)
    name = " ".join(name.split()) or _title(scope, block)
    if name == block.name:
        return graph
    others = replace(graph, blocks={other: graph.blocks[other] for other in graph.blocks if other != id})
    return _with_block(graph, replace(block, name=free_name(others, name)))


def set_parameter(graph: Graph, scope: Scope, id: str, parameter: str, value: object) -> Graph:
    """With one parameter set; a value equal to the default is not kept. Refused out of range or of the wrong kind.

    Wires to ports that the block no longer has go.
    """
    block = _block(graph, id)
    type = _type(scope, block.type)
    declared = type.parameter(parameter)
    if declared is None:
        known = ", ".join(known.id for known in type.parameters) or "none"
        raise refused(
            "parameter-unknown", path=(id,), title=type.title, name=block.name, parameter=parameter, known=known
        )
    given = frozen_value(value)
    problem = parameter_problem(type, block, declared, given, scope.variables)
    if problem is not None:
        raise Refused(problem)
    parameters = dict(block.parameters)
    if given == declared.default and not isinstance(given, Formula):
        parameters.pop(parameter, None)
    else:
        parameters[parameter] = given
    return remove_lost_wires(_with_block(graph, replace(block, parameters=parameters)), scope, id)


def set_learning(graph: Graph, scope: Scope, id: str, learning: Learning) -> Graph:
    """With how block `id` starts and learns replaced."""
    return _with_block(graph, replace(_block(graph, id), learning=learning))


def set_weights(graph: Graph, scope: Scope, id: str, weights: Weights | None) -> Graph:
    """With block `id` using the weights of another block of this or an enclosing body, or its own again."""
    block = _block(graph, id)
    if weights is not None:
        bodies = (graph, *reversed(scope.ancestors))
        owner = next((body.blocks[weights.of] for body in bodies if weights.of in body.blocks), None)
        reason = weights_fault(graph, scope, block, owner, weights.transposed)
        if reason:
            title = _title(scope, block)
            raise refused("weights-owner", path=(id,), title=title, name=block.name, owner=weights.of, reason=reason)
    return _with_block(graph, replace(block, weights=weights))


def use_own_weights(graph: Graph, scope: Scope, id: str) -> Graph:
    """With block `id` using weights of its own."""
    return set_weights(graph, scope, id, None)


def use_weights_transposed(graph: Graph, scope: Scope, id: str, owner: str) -> Graph:
    """With block `id` using the weights of block `owner` the other way round."""
    return set_weights(graph, scope, id, Weights(of=owner, transposed=True))


def set_bypassed(graph: Graph, scope: Scope, ids: tuple[str, ...], bypassed: bool) -> Graph:
    """With the blocks `ids` switched off (their first input passed on) or on again."""
    blocks = {**graph.blocks, **{id: replace(_block(graph, id), bypassed=bypassed) for id in ids}}
    return replace(graph, blocks=blocks)


def set_frozen(graph: Graph, scope: Scope, ids: tuple[str, ...], frozen: bool) -> Graph:
    """With the weights of blocks `ids` kept as they are in training, or learning again."""
    for id in ids:
        block = _block(graph, id)
        graph = _with_block(graph, replace(block, learning=replace(block.learning, frozen=frozen)))
    return graph


def set_open(graph: Graph, scope: Scope, id: str, open: bool) -> Graph:
    """With a container drawn in place, or closed."""
    block = _block(graph, id)
    return _with_block(graph, replace(block, look=replace(block.look, open=open)))


def paste(graph: Graph, scope: Scope, fragment: Graph, ids: Mapping[str, str], offset: tuple[int, int]) -> Graph:
    """With the blocks of `fragment` and the wires among them added under new `ids`, moved by `offset`.

    `ids` maps every id at every depth of the fragment. Weights stay shared with an owner that is here.
    """
    blocks = dict(graph.blocks)
    names = Names(block.name for block in graph.blocks.values())
    here = {
        *graph.blocks,
        *(ids[id] for id in fragment.blocks),
        *(id for body in scope.ancestors for id in body.blocks),
    }
    for original in fragment.blocks.values():
        block = with_new_ids(original, ids)
        _refuse_addition(blocks, scope, block)
        look = replace(block.look, x=block.look.x + offset[0], y=block.look.y + offset[1])
        weights = block.weights if block.weights is not None and block.weights.of in here else None
        blocks[block.id] = replace(block, name=names.take(block.name), weights=weights, look=look)
    wires = [*graph.wires, *(_wire_with_new_ids(wire, fragment, ids) for wire in fragment.wires)]
    return replace(graph, blocks=blocks, wires=sorted_wires(wires))


def with_new_ids(block: Block, ids: Mapping[str, str]) -> Block:
    """The block under a new id, its body's ids renewed as well."""
    body = block.body
    if body is not None:
        body = replace(
            body,
            blocks={ids[id]: with_new_ids(child, ids) for id, child in body.blocks.items()},
            wires=sorted_wires([_wire_with_new_ids(wire, body, ids) for wire in body.wires]),
        )
    weights = block.weights
    if weights is not None:
        weights = replace(weights, of=ids.get(weights.of, weights.of))
    return replace(block, id=ids[block.id], body=body, weights=weights)


def _wire_with_new_ids(wire: Wire, body: Graph, ids: Mapping[str, str]) -> Wire:
    """Both ends renewed; the ports of a container are ids of its own body, so they are renewed too."""

    def renewed(end: PortRef) -> PortRef:
        # A block elsewhere may be called as a port is: `input`.
        inside = body.blocks[end.block].body
        is_inside = inside is not None and end.port in inside.blocks
        return PortRef(block=ids[end.block], port=ids[end.port] if is_inside else end.port)

    return replace(wire, source=renewed(wire.source), target=renewed(wire.target))


def fragment_of(graph: Graph, ids: tuple[str, ...]) -> Graph:
    """The blocks `ids` and the wires among them, as copied to the clipboard."""
    chosen = frozenset(ids)
    return Graph(
        blocks={id: block for id, block in graph.blocks.items() if id in chosen},
        wires=tuple(wire for wire in graph.wires if wire.source.block in chosen and wire.target.block in chosen),
    )


def set_variable(graph: Graph, scope: Scope, name: str, value: object) -> Graph:
    """With the project variable `name` set, or removed by None. Root only; Refused where it has no number."""
    if not name.isidentifier():
        raise refused("variable", variable=name, reason="its name must be letters, digits and underscores")
    variables = dict(graph.variables)
    if value is None:
        variables.pop(name, None)
        return replace(graph, variables=variables)
    variables[name] = frozen_value(value)
    try:
        evaluate(name, variables)
    except FormulaError as fault:
        raise refused("variable", variable=name, reason=str(fault)) from fault
    return replace(graph, variables=variables)


def set_note(graph: Graph, scope: Scope, note: Note) -> Graph:
    """With `note` added, or in place of the one with its id."""
    return replace(graph, notes=(*(other for other in graph.notes if other.id != note.id), note))


def remove_notes(graph: Graph, scope: Scope, ids: tuple[str, ...]) -> Graph:
    """Without the notes `ids`."""
    return replace(graph, notes=tuple(note for note in graph.notes if note.id not in ids))


def set_frame(graph: Graph, scope: Scope, frame: Frame) -> Graph:
    """With `frame` added, or in place of the one with its id."""
    return replace(graph, frames=(*(other for other in graph.frames if other.id != frame.id), frame))


def remove_frames(graph: Graph, scope: Scope, ids: tuple[str, ...]) -> Graph:
    """Without the frames `ids`."""
    return replace(graph, frames=tuple(frame for frame in graph.frames if frame.id not in ids))


def replace_graph(graph: Graph, scope: Scope, other: Graph) -> Graph:
    """`other` in place of the whole body."""
    return other


def _block(graph: Graph, id: str) -> Block:
    block = graph.blocks.get(id)
    if block is None:
        raise refused("unknown-block", id=id)
    return block


def _type(scope: Scope, id: str) -> BlockType:
    type = scope.types.get(id)
    if type is None:
        raise Refused(Problem(code="unknown-type", facts={"title": id, "type": id}))
    return type


def _title(scope: Scope, block: Block) -> str:
    type = scope.types.get(block.type)
    return type.title if type is not None else block.type


def _with_block(graph: Graph, block: Block) -> Graph:
    return replace(graph, blocks={**graph.blocks, block.id: block})


def _snapped(coordinate: float) -> int:
    return round(coordinate / 8) * 8
