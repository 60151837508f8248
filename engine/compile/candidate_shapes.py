"""What block types that might come next would make of a tensor: the shapes that a search shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from engine.compile.remembered_probes import RememberedProbes
from engine.compile.time_lengths import TimeLengths
from engine.graph.block_type import BlockType
from engine.graph.tensor_spec import TensorSpec
from engine.graph.values import Value


def candidate_shapes(
    spec: TensorSpec,
    types: Iterable[BlockType],
    parameters: Mapping[str, Mapping[str, Value]],
    probes: RememberedProbes,
    lengths: TimeLengths,
) -> dict[str, TensorSpec]:
    """The first output of each type that takes `spec`, by the type's id.

    `parameters` has, by type, the values that are not its defaults; sequences have these `lengths`.
    """
    found: dict[str, TensorSpec] = {}
    for type in types:
        if type.role not in ("layer", "loss") or not type.module:
            continue
        values = {parameter.id: parameter.default for parameter in type.parameters} | dict(parameters.get(type.id, {}))
        ports = type.ports(values, None)
        needed = [port for port in ports.inputs if not port.optional]
        first = type.arguments_order(ports)[0]
        same = {port.id: spec for port in needed} if type.family == "merge" else {first: spec}
        if len(needed) != len(same) or type.expect(values, same) is not None:
            continue
        result = probes.probe(type, values, same, lengths.time, lengths.reach)
        if result.outputs:
            found[type.id] = next(iter(result.outputs.values()))
    return found
