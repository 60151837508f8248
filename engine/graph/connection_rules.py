"""What `connect` refuses, and why a port does not fit the wire in the hand."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from engine.graph.analysis import port_key
from engine.graph.block_type import BlockType, Mismatch, Ports, lenient_parameters, source_of
from engine.graph.graph import Block, Graph, Path, PortRef
from engine.graph.problem import Fact, Fix, Problem
from engine.graph.scope import Scope
from engine.graph.tensor_spec import Dim, TensorSpec
from engine.graph.traversal import DELAY, upstream

replace = msgspec.structs.replace


def ports_of(block: Block, scope: Scope) -> Ports | None:
    """The ports of a block, or None where its type is unknown."""
    type = scope.types.get(block.type)
    return type.ports_of(block, scope.variables) if type is not None else None


def refusal(graph: Graph, scope: Scope, source: PortRef, target: PortRef) -> Problem | None:
    """Why structure forbids a wire from `source` to `target` in this body, or None. Shapes are not asked."""
    for end in (source, target):
        if end.block not in graph.blocks:
            code = "another-body" if any(end.block in body.blocks for body in scope.ancestors) else "unknown-block"
            return Problem(code=code, facts={"id": end.block})
    giver, taker = graph.blocks[source.block], graph.blocks[target.block]
    giver_ports, taker_ports = ports_of(giver, scope), ports_of(taker, scope)
    for block, ports, port, side in (
        (giver, giver_ports, source.port, "outputs"),
        (taker, taker_ports, target.port, "inputs"),
    ):
        if ports is None:
            return Problem(code="unknown-type", path=(block.id,), facts={**_names(block, scope), "type": block.type})
        known = [known_port.id for known_port in getattr(ports, side)]
        if port not in known:
            other = [known_port.id for known_port in (*ports.inputs, *ports.outputs)]
            if port in other:
                return Problem(
                    code="direction",
                    path=(block.id,),
                    port=port,
                    facts={"side": "input" if side == "outputs" else "output"},
                )
            facts = {**_names(block, scope), "port": port, "known": ", ".join(known) or "none"}
            return Problem(code="unknown-port", path=(block.id,), port=port, facts=facts)
    if taker.type != DELAY and (source.block == target.block or target.block in upstream(graph, [source.block])):
        code = "cycle-over-time" if scope.over_time else "cycle"
        return Problem(code=code, path=(taker.id,), port=target.port, facts=_names(taker, scope))
    present = source_of(graph, target)
    if present is not None:
        code = "already-connected" if present == source else "occupied"
        facts = {
            **_names(taker, scope),
            "port": port_label(taker, target.port, scope),
            "source": graph.blocks[present.block].name,
        }
        return Problem(code=code, path=(taker.id,), port=target.port, facts=facts)
    return None


def why_not(
    graph: Graph,
    scope: Scope,
    specs: Mapping[str, TensorSpec],
    source: PortRef,
    target: PortRef,
    path: Path = (),
) -> Problem | None:
    """Why the wire in the hand does not fit `target`: its structure, then the shape as last analysed.

    `path` is the instance path of the body; `specs` are those of the last Analysis. None: it fits, or nothing is known.
    Where only another wire is in the way, the repair offered replaces it.
    """
    refused = refusal(graph, scope, source, target)
    if refused is not None:
        if refused.code == "occupied" and _shape_fault(graph, scope, specs, source, target, path) is None:
            body = tuple(step for step in path if isinstance(step, str))
            fix = Fix(edit="replace_wire", arguments=(source, target), body=body, key="R")
            refused = replace(refused, fixes=(fix,))
        return refused
    return _shape_fault(graph, scope, specs, source, target, path)


def _shape_fault(
    graph: Graph, scope: Scope, specs: Mapping[str, TensorSpec], source: PortRef, target: PortRef, path: Path
) -> Problem | None:
    spec = specs.get(port_key((*path, source.block), source.port))
    if spec is None:
        return None
    taker = graph.blocks[target.block]
    type = scope.types[taker.type]
    inputs = {target.port: spec}
    for wire in graph.wires:
        if wire.target.block == taker.id and wire.target.port != target.port:
            known = specs.get(port_key((*path, wire.source.block), wire.source.port))
            if known is not None:
                inputs[wire.target.port] = known
    mismatch = type.expect(lenient_parameters(type, taker, scope.variables), inputs)
    if mismatch is None:
        return None
    return mismatch_problem(mismatch, scope.types, graph, path, taker, source)


def mismatch_problem(
    mismatch: Mismatch,
    types: Mapping[str, BlockType],
    graph: Graph,
    path: Path,
    block: Block,
    source: PortRef | None,
) -> Problem:
    """The Problem that a block type's Mismatch becomes, its repairs offered as fixes.

    `graph` is the body at the instance path `path` that holds `block`.
    Inside a Repeat the fix edits what all copies share.
    """
    giver = graph.blocks.get(source.block) if source is not None else None
    facts: dict[str, Fact] = {
        "hint": "",
        **mismatch.facts,
        "title": types[block.type].title,
        "name": block.name,
        "source": f" from “{giver.name}”" if giver is not None else "",
    }
    fixes: list[Fix] = []
    for repair in mismatch.repairs if giver is not None and source is not None else ():
        title = types[repair.type].title if repair.type in types else repair.type
        arguments = (repair.type, source, PortRef(block=block.id, port=mismatch.port), repair.parameters)
        body = tuple(step for step in path if isinstance(step, str))
        fixes.append(
            Fix(
                edit="insert_between",
                arguments=arguments,
                new_blocks=1,
                body=body,
                facts={"type": title},
                key=title[:1],
            )
        )
    code = "time-differs" if _differs_in_time_alone(mismatch) else mismatch.code
    return Problem(code=code, path=(*path, block.id), port=mismatch.port, facts=facts, fixes=tuple(fixes))


def _differs_in_time_alone(mismatch: Mismatch) -> bool:
    """Whether tensors that are to be joined are alike but for how long their sequences are."""
    first, second = mismatch.facts.get("first"), mismatch.facts.get("second")
    if not isinstance(first, TensorSpec) or not isinstance(second, TensorSpec) or first.rank != second.rank:
        return False
    differing = [pair for pair in zip(first.shape, second.shape, strict=True) if pair[0] != pair[1]]
    timed = [all(isinstance(length, Dim) and length.symbol != "N" for length in pair) for pair in differing]
    # A Concat may differ along the axis that it joins.
    return any(timed) and timed.count(False) <= (mismatch.code == "concat-differ")


def port_label(block: Block, port: str, scope: Scope) -> str:
    """What people read at a port."""
    ports = ports_of(block, scope)
    found = next((known for known in (*ports.inputs, *ports.outputs) if known.id == port), None) if ports else None
    return found.label or port if found else port


def _names(block: Block, scope: Scope) -> dict[str, str]:
    type = scope.types.get(block.type)
    return {"title": type.title if type else block.type, "name": block.name}
