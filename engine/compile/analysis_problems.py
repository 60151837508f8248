"""Problems that analysis finds at Inputs and at containers."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from engine.graph.block_type import BlockType
from engine.graph.graph import Block, Graph, Path
from engine.graph.problem import Fact, Fix, Problem
from engine.graph.tensor_spec import TensorSpec
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
    if problem.code == "shapes-differ":
        facts = {**facts, "received": problem.facts["second"], "result": problem.facts["first"]}
        return Problem(
            code="residual" if type.remedy is not None else "gated", path=problem.path[:-1], facts=facts, fixes=fixes
        )
    return replace(problem, path=problem.path[:-1], port=None, facts=facts, fixes=fixes)
