"""What every block type is tried on: its parameters, and the tensors that it accepts."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from functools import cache

import torch
from torch import nn

from engine.blocks.catalogue import BLOCK_TYPES
from engine.graph.block_type import BlockType, Parameter, Parameters
from engine.graph.scope import Scope
from engine.graph.tensor_spec import Dim, TensorSpec
from engine.graph.values import Value

SCOPE = Scope(types=BLOCK_TYPES)

N, T = Dim("N"), Dim("T")

MODULES = [type for type in BLOCK_TYPES.values() if type.module and "own_code" not in type.traits]
"""All that need no file of the user's, which tests/engine/modules/test_own.py writes."""

SPECS: dict[str, TensorSpec] = {
    "rows": TensorSpec((N, 12), "float32"),
    "rows of 64": TensorSpec((N, 64), "float32"),
    "one number": TensorSpec((N, 1), "float32"),
    "scalars": TensorSpec((N,), "float32"),
    "pictures": TensorSpec((N, 4, 8, 8), "float32"),
    "six maps": TensorSpec((N, 6, 8, 8), "float32"),
    "small pictures": TensorSpec((N, 3, 1, 1), "float32"),
    "four numbers": TensorSpec((N, 4), "float32"),
    "sequence": TensorSpec((N, T, 6), "float32"),
    "fixed sequence": TensorSpec((N, 5, 6), "float32"),
    "channels by time": TensorSpec((N, 4, T), "float32"),
    "wide sequence": TensorSpec((N, T, 8), "float32"),
    "wide fixed sequence": TensorSpec((N, 5, 8), "float32"),
    "flat sequence": TensorSpec((N, Dim("T", 6)), "float32"),
    "labels": TensorSpec((N,), "int64"),
    "label rows": TensorSpec((N, 12), "int64"),
    "tokens": TensorSpec((N, T), "int64"),
    "volume": TensorSpec((N, 2, 4, 4, 4), "float32"),
}

PLACES: dict[str, dict[str, TensorSpec]] = {
    f"max_unpool{axes}d": {"places": TensorSpec(SPECS[name].shape, "int64")}
    for axes, name in ((1, "channels by time"), (2, "pictures"), (3, "volume"))
}
"""What only a few types take, and is tried on them alone."""


def values_of(parameter: Parameter) -> Iterator[Value]:
    """Some values that the declaration allows: its bounds, each choice, and another."""
    match parameter.kind:
        case "boolean":
            yield from (True, False)
        case "choice":
            yield from parameter.choices
        case "integer":
            low = int(parameter.minimum or 0)
            yield from (low, low + 1, low + 3)
        case "float":
            least = parameter.minimum or 0.0
            yield from (least, max(least, 0.25), 0.75 + least)[: 3 if (parameter.maximum or 9e9) >= 0.75 + least else 2]
            yield from [parameter.maximum] if (parameter.maximum or 9e9) <= 1 else []
        case "tuple":
            low = max(1, int(parameter.minimum or 1))
            if parameter.length is None:
                least, most = int(parameter.minimum or 0), int(parameter.maximum or 1_000_000)
                tuples = ((-1,), (2, -1), (4, 8, 8), (12,), (2, 1, 3))
                yield from (value for value in tuples if least <= min(value) and max(value) <= most)
            else:
                yield from ((low,) * parameter.length, (3,) * parameter.length, (3, 2, 1, 2)[: parameter.length])
    if parameter.optional:
        yield None


def parameter_sets(type: BlockType) -> Iterator[dict[str, Value]]:
    """The defaults, and each parameter by itself at each of its values."""
    defaults = {parameter.id: parameter.default for parameter in type.parameters}
    yield defaults
    for parameter in type.parameters:
        for value in values_of(parameter):
            if value != parameter.default:
                yield {**defaults, parameter.id: value}


def inputs_of(type: BlockType, parameters: Parameters) -> Iterator[dict[str, TensorSpec]]:
    """Every combination of the specs above at the needed ports, two different ones at most."""
    ports = [port.id for port in type.ports(parameters, None).inputs if not port.optional]
    specs = [*SPECS.values(), *PLACES.get(type.id, {}).values()]
    if len(ports) == 1:
        yield from ({ports[0]: spec} for spec in specs)
        return
    for first, second in itertools.product(specs, repeat=2):
        yield dict(zip(ports, itertools.chain([first], itertools.repeat(second)), strict=False))


def real_shape(spec: TensorSpec, batch: int, time: int) -> tuple[int, ...]:
    return tuple(length.at(time, batch) if isinstance(length, Dim) else length for length in spec.shape)


def real(spec: TensorSpec, batch: int, time: int) -> torch.Tensor:
    shape = real_shape(spec, batch, time)
    return torch.rand(shape) if spec.dtype == "float32" else torch.zeros(shape, dtype=torch.int64)


def words(type: BlockType, parameters: Parameters, inputs: Mapping[str, TensorSpec]) -> str:
    changed = {
        parameter.id: parameters[parameter.id]
        for parameter in type.parameters
        if parameters[parameter.id] != parameter.default
    }
    return f"{type.id} {changed} on { ({port: f'{spec} {spec.dtype}' for port, spec in inputs.items()}) }"


def ordered(type: BlockType, parameters: Parameters, inputs: Mapping[str, TensorSpec]) -> list[TensorSpec]:
    return [inputs[port] for port in type.arguments_order(type.ports(parameters, None)) if port in inputs]


def run(module: nn.Module, *tensors: torch.Tensor) -> tuple[torch.Tensor, ...]:
    result = module(*tensors)
    return tuple(result) if isinstance(result, (tuple, list)) else (result,)


def cases(type: BlockType) -> list[tuple[dict[str, Value], dict[str, TensorSpec]]]:
    """What the type accepts: all parameter sets on all inputs."""
    return _cases(type.id)


@cache
def _cases(id: str) -> list[tuple[dict[str, Value], dict[str, TensorSpec]]]:
    type = BLOCK_TYPES[id]
    return [
        (parameters, inputs)
        for parameters in parameter_sets(type)
        for inputs in inputs_of(type, parameters)
        if type.expect(parameters, inputs) is None
    ]
