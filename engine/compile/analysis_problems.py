"""Problems that analysis finds at parameters, ports, Inputs and containers."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from engine.compile.records import Record
from engine.graph.block_type import BlockType, Ports
from engine.graph.connection_rules import port_label
from engine.graph.graph import Block, Graph, Path, PortRef
from engine.graph.parameter_rules import parameter_problem
from engine.graph.problem import Fact, Fix, Problem
from engine.graph.scope import Scope
from engine.graph.tensor_spec import TensorSpec, told_apart
from engine.graph.traversal import cyclic_blocks
from engine.graph.values import Value

replace = msgspec.structs.replace


def promises(
    type: BlockType, block: Block, here: Path, parameters: Mapping[str, Value]
) -> tuple[dict[str, TensorSpec], list[Problem]]:
    """What an Input promises by field, and the promises that cannot be read."""
    from engine.blocks.inputs import promised_fields
    from engine.data.fields import parse_field

    names: dict[str, Fact] = {"title": type.title, "name": block.name}
    texts = parameters["fields"]
    texts = texts if isinstance(texts, tuple) else ()
    problems: list[Problem] = []
    if not texts:
        problems.append(Problem(code="no-fields", path=here, facts=names))
    for text in texts:
        try:
            parse_field(str(text))
        except ValueError:
            problems.append(Problem(code="promise", path=here, facts={**names, "field": str(text)}))
    return {field.name: field.spec for field in promised_fields(parameters)}, problems


def received(inputs: Mapping[str, TensorSpec]) -> dict[str, Fact]:
    """What a module refuses, in the order of its ports: `input N×3`, `inputs N×3 (a) and N×4 (b)`."""
    specs = told_apart(*inputs.values())
    if len(specs) == 1:
        return {"received": f"input {specs[0]}"}
    each = [f"{spec} ({port})" for port, spec in zip(inputs, specs, strict=True)]
    return {"received": f"inputs {', '.join(each[:-1])} and {each[-1]}"}


def at_container(problem: Problem, here: Path, container: Block, type: BlockType, expanded: Graph) -> Problem:
    """A problem of a block that the container added stands at the container, with the container's remedy."""
    added = problem.path[-1]
    own = container.body is None or added in container.body.blocks
    if problem.path[:-1] != here or own or added not in expanded.blocks:
        return problem
    fixes: tuple[Fix, ...] = ()
    if type.remedy is not None:
        parameter = type.parameter(type.remedy[0])
        assert parameter is not None
        if container.parameters.get(parameter.id, parameter.default) != type.remedy[1]:
            facts: dict[str, Fact] = {"label": parameter.label, "value": type.remedy[1]}
            enclosing = tuple(step for step in problem.path[:-2] if isinstance(step, str))
            arguments = (container.id, *type.remedy)
            fixes = (Fix(edit="set_parameter", arguments=arguments, body=enclosing, facts=facts, key="P"),)
    facts = {**problem.facts, "title": type.title, "name": container.name}
    if problem.code in ("shapes-differ", "time-differs"):
        facts = {**facts, "received": problem.facts["second"], "result": problem.facts["first"]}
        return Problem(
            code="residual" if type.remedy is not None else "gated", path=problem.path[:-1], facts=facts, fixes=fixes
        )
    return replace(problem, path=problem.path[:-1], port=None, facts=facts, fixes=fixes)


def parameter_problems(type: BlockType, block: Block, path: Path, scope: Scope) -> list[Problem]:
    """Parameters that the type does not have, or whose value it does not allow."""
    found: list[Problem] = []
    for id, value in block.parameters.items():
        declared = type.parameter(id)
        if declared is None:
            known = ", ".join(parameter.id for parameter in type.parameters) or "none"
            facts: dict[str, Fact] = {"title": type.title, "name": block.name, "parameter": id, "known": known}
            found.append(Problem(code="parameter-unknown", path=(*path, block.id), facts=facts))
            continue
        problem = parameter_problem(type, block, declared, value, scope.variables)
        if problem is not None:
            found.append(replace(problem, path=(*path, block.id), fixes=_respelt(problem, path)))
    return found


def _respelt(problem: Problem, path: Path) -> tuple[Fix, ...]:
    """The repair of a choice that is nearly one of those there are."""
    if problem.code != "parameter-spelling":
        return ()
    nearest, (block,) = problem.facts["nearest"], problem.path
    facts = {"label": problem.facts["label"], "value": nearest}
    arguments = (str(block), str(problem.facts["parameter"]), str(nearest))
    body = tuple(step for step in path if isinstance(step, str))
    return (Fix(edit="set_parameter", arguments=arguments, body=body, facts=facts, key="P"),)


def open_inputs(
    type: BlockType, block: Block, here: Path, sources: Mapping[str, PortRef], scope: Scope
) -> list[Problem]:
    """Ports that need a wire and have none, and wires to ports that are no more, or that are outputs."""
    found: list[Problem] = []
    ports = type.ports_of(block, scope.variables)
    ids = {port.id for port in ports.inputs}
    names: dict[str, Fact] = {"title": type.title, "name": block.name}
    found.extend(_no_such_end(here, names, port, ports, "inputs") for port in sources if port not in ids)
    for port in ports.inputs:
        if port.optional or port.id in sources:
            continue
        target = type.prediction is not None and port.id == type.prediction.target
        label = port_label(block, port.id, scope)
        facts = {**names, "port": f"its {label}"}
        found.append(Problem(code="no-target" if target else "input-open", path=here, port=port.id, facts=facts))
    return found


def _no_such_end(here: Path, names: Mapping[str, Fact], port: str, ports: Ports, side: str) -> Problem:
    """A wire at a port that a block does not have on this side: `inputs`, where wires end, or `outputs`."""
    known, others = (ports.inputs, ports.outputs) if side == "inputs" else (ports.outputs, ports.inputs)
    for other in others:
        if other.id == port:
            is_a, does = ("output", "ends") if side == "inputs" else ("input", "begins")
            facts = {**names, "port": other.label or port, "side": is_a, "does": does}
            return Problem(code="port-side", path=here, port=port, facts=facts)
    facts = {**names, "port": port, "known": ", ".join(one.id for one in known) or "none"}
    return Problem(code="unknown-port", path=here, port=port, facts=facts)


def lost_sources(
    path: Path,
    sources: Mapping[str, PortRef],
    records: Mapping[str, Record],
    scope: Scope,
) -> list[Problem]:
    """Problems of the blocks that wires come from: a port that is no more or an input, or that a bypass leaves dry."""
    found: list[Problem] = []
    for source in sources.values():
        giver = records.get(source.block)
        if giver is None or source.port in giver.outputs:
            continue
        type = scope.types.get(giver.block.type)
        if type is None:
            continue
        ports = type.ports_of(giver.block, scope.variables)
        here = (*path, source.block)
        facts: dict[str, Fact] = {"title": type.title, "name": giver.block.name}
        if source.port not in [port.id for port in ports.outputs]:
            found.append(_no_such_end(here, facts, source.port, ports, "outputs"))
        elif giver.block.bypassed and giver.outputs:
            facts = {**facts, "reason": "it has several outputs, and only the first would carry something"}
            found.append(Problem(code="bypass", path=here, port=source.port, facts=facts))
    return found


def loops(body: Graph, records: Mapping[str, Record], path: Path, types: Mapping[str, BlockType]) -> list[Problem]:
    """The blocks on a loop: no order could place them, and so nothing is known of those behind them either."""
    if records.keys() >= body.blocks.keys():
        return []
    found: list[Problem] = []
    for id in sorted(cyclic_blocks(body)):
        block = body.blocks[id]
        type = types.get(block.type)
        facts: dict[str, Fact] = {"title": type.title if type else block.type, "name": block.name}
        found.append(Problem(code="loops", path=(*path, id), facts=facts))
    return found
