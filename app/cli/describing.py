"""What `check` says about a drawing."""

from __future__ import annotations

from typing import Any

from engine.graph.analysis import Analysis, path_key
from engine.graph.block_type import BlockType
from engine.graph.graph import Block, Graph, Path
from engine.graph.problem import Problem
from engine.graph.tensor_spec import TensorSpec
from engine.graph.traversal import execution_order


def described(
    graph: Graph, types: dict[str, BlockType] | Any, analysis: Analysis, problems: tuple[Problem, ...]
) -> dict[str, Any]:
    """The object that `check --json` prints.

    A block's `receptive_field` is empty where it has none or where that cannot be told; then `receptive_field_untold`
    has the reason: "own-code", "free-length", "loop-in-loop", "reshaped", "too-large" or "undeclared", else null.
    """
    return {
        "ok": not any(problem.severity == "error" for problem in problems),
        "parameters": analysis.total.parameters,
        "multiply_adds": analysis.total.multiply_adds,
        "activation_bytes": analysis.total.activation_bytes,
        "training_bytes": analysis.total.training_bytes,
        "time_length": analysis.time_length,
        "blocks": [_block(block, path, types, analysis) for path, block in walk(graph)],
        "problems": [
            {
                "severity": problem.severity,
                "block": path_key(problem.path),
                "message": problem.sentence,
                "fixes": [fix.label for fix in problem.fixes],
            }
            for problem in problems
        ],
    }


def walk(graph: Graph, path: Path = ()) -> list[tuple[Path, Block]]:
    """Every block with its path, containers before what they hold."""
    found: list[tuple[Path, Block]] = []
    order = execution_order(graph)
    for id in (*order, *(id for id in graph.blocks if id not in order)):
        block = graph.blocks[id]
        found.append(((*path, id), block))
        if block.body is not None:
            found.extend(walk(block.body, (*path, id)))
    return found


def _block(block: Block, path: Path, types: Any, analysis: Analysis) -> dict[str, Any]:
    key = path_key(path)
    type = types.get(block.type)
    ports = type.ports_of(block).outputs if type is not None else ()
    cost = analysis.costs.get(key)
    return {
        "id": key,
        "name": block.name,
        "type": block.type,
        "outputs": {
            port.id: dims(analysis.specs[f"{key}/{port.id}"]) for port in ports if f"{key}/{port.id}" in analysis.specs
        },
        "parameters": cost.parameters if cost is not None else 0,
        "training_bytes": cost.training_bytes if cost is not None else 0,
        "receptive_field": list(analysis.receptive_fields.get(key, ())),
        "receptive_field_untold": analysis.fields_untold.get(key),
    }


def dims(spec: TensorSpec) -> list[int | str]:
    """The shape as JSON: numbers, or "N", "T", "4N"."""
    return [length if isinstance(length, int) else str(length) for length in spec.shape]
