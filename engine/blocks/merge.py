"""Merging and reshaping."""

from __future__ import annotations

import math
from collections.abc import Mapping

from engine.blocks.shared import INPUT, OUTPUT, impossible, no_arguments, one_to_one, same_shapes, values_of_rank, whole
from engine.graph.block_type import BlockType, Inputs, Mismatch, Parameter, Parameters, Port, Ports
from engine.graph.graph import Graph
from engine.graph.tensor_spec import Dim, TensorSpec
from engine.graph.values import Value, counted, format_value

NAMES = "abcdefghijklmnop"
INPUTS = Parameter("inputs", "Inputs", "integer", 2, "How many tensors come in.", 2, len(NAMES))


def merge_ports(parameters: Parameters, body: Graph | None) -> Ports:
    """As many inputs as the parameter `inputs` says, a, b, c …, and one output."""
    count = min(max(whole(parameters, "inputs"), 1), len(NAMES))
    return Ports(inputs=tuple(Port(name, "") for name in NAMES[:count]), outputs=(Port(OUTPUT, ""),))


def _expect_same(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    return same_shapes(inputs)


def _axis(parameters: Parameters) -> int:
    return whole(parameters, "dim")


def _expect_joinable(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    axis = _axis(parameters)
    first = None
    for port, spec in inputs.items():
        fault = values_of_rank(inputs, port, (spec.rank,), "")
        if fault is not None:
            return fault
        if not 1 <= axis < spec.rank:
            return Mismatch("rank", port, {"expected": f"tensors with an axis {axis}", "received": spec, "hint": ""})
        first = first or spec
        if spec.rank != first.rank or any(
            length != other
            for at, (length, other) in enumerate(zip(spec.shape, first.shape, strict=True))
            if at != axis
        ):
            return Mismatch("concat-differ", port, {"first": first, "second": spec})
    return None


def _concat_arguments(parameters: Parameters, inputs: Inputs) -> Mapping[str, Value]:
    return {"dim": _axis(parameters)}


def _expect_anything(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    spec = inputs.get(INPUT)
    if spec is not None and spec.rank < 2:
        return Mismatch("rank", INPUT, {"expected": "tensors with features", "received": spec, "hint": ""})
    return values_of_rank(inputs, INPUT, (spec.rank,), "") if spec is not None else None


def _expect_same_count(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    spec = inputs.get(INPUT)
    shape = parameters["shape"]
    fault = _expect_anything(parameters, inputs)
    if fault is not None or spec is None or not isinstance(shape, tuple):
        return fault
    timed = any(isinstance(length, Dim) for length in spec.shape[1:])
    count = math.prod(length.factor if isinstance(length, Dim) else length for length in spec.shape[1:])
    wanted = [int(length) for length in shape if isinstance(length, (int, float))]
    known = math.prod(length for length in wanted if length != -1)
    if wanted.count(-1) > 1 or known == 0:
        return impossible(f"{format_value(shape)} has a 0 in it, or −1 twice", "One length may be −1: what is left.")
    facts: dict[str, Value | TensorSpec] = {"received": spec, "hint": "Give a shape with as many."}
    if -1 in wanted:
        fits, facts["expected"] = count % known == 0, f"a multiple of {counted(known, 'numbers')} a sample"
    else:
        fits, facts["expected"] = count == known and not timed, f"{counted(known, 'numbers')} a sample"
    return None if fits else Mismatch("channels", INPUT, facts)


def _reshape_arguments(parameters: Parameters, inputs: Inputs) -> Mapping[str, Value]:
    return {"shape": parameters["shape"]}


ADD = BlockType(
    id="add",
    family="merge",
    title="Add",
    aliases=("sum", "plus", "skip", "merge"),
    icon="ph.plus",
    purpose="Adds tensors of one shape, number by number.",
    formula="y = a + b",
    parameters=(INPUTS,),
    summary=("{inputs} inputs",),
    module="engine.modules.merge:Add",
    ports=merge_ports,
    expect=_expect_same,
    arguments=no_arguments,
)

CONCAT = BlockType(
    id="concat",
    family="merge",
    title="Concat",
    aliases=("concatenate", "join", "stack", "merge", "cat"),
    icon="ph.git-merge",
    purpose="Puts tensors beside each other along one axis.",
    formula="y = [a, b]",
    parameters=(
        INPUTS,
        Parameter(
            "dim", "Axis", "integer", 1, "The axis along which they are joined; 1 joins features or channels.", 1, 7
        ),
    ),
    summary=("{inputs} inputs", "axis {dim}"),
    module="engine.modules.merge:Concat",
    ports=merge_ports,
    expect=_expect_joinable,
    arguments=_concat_arguments,
)

FLATTEN = BlockType(
    id="flatten",
    family="merge",
    title="Flatten",
    aliases=("reshape", "vector", "unroll"),
    icon="ph.rows",
    purpose="Lays all numbers of a sample into one row.",
    formula="y = x reshaped to N×features",
    parameters=(),
    module="torch.nn:Flatten",
    ports=one_to_one,
    expect=_expect_anything,
    arguments=no_arguments,
)

RESHAPE = BlockType(
    id="reshape",
    family="merge",
    title="Reshape",
    aliases=("unflatten", "view"),
    icon="ph.rows",
    purpose="Lays the numbers of a sample out in another shape.",
    formula="y = x reshaped to N×shape",
    parameters=(
        Parameter(
            "shape", "Shape", "tuple", (1, 8, 8), "The new shape of a sample; −1 takes what is left.", -1, 1_000_000
        ),
    ),
    summary=("{shape}",),
    module="engine.modules.merge:Reshape",
    ports=one_to_one,
    expect=_expect_same_count,
    arguments=_reshape_arguments,
)

TYPES = (ADD, CONCAT, FLATTEN, RESHAPE)
