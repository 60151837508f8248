"""Fully connected layers and their relatives."""

from __future__ import annotations

from collections.abc import Mapping

from engine.blocks.shared import (
    BIAS,
    FLATTEN,
    GLOBAL_AVERAGE,
    INPUT,
    OUTPUT,
    channels,
    one_to_one,
    sizes_known,
    values_of_rank,
    weight_and_bias,
    whole,
)
from engine.graph.block_type import BlockType, Inputs, Mismatch, Parameter, Parameters, Port, Ports
from engine.graph.graph import Graph
from engine.graph.tensor_spec import TensorSpec, told_apart
from engine.graph.values import Value


def expect_features(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    """N×features, or N×steps×features."""
    spec = inputs.get(INPUT)
    repairs = (FLATTEN, GLOBAL_AVERAGE) if spec is not None and spec.rank == 4 else (FLATTEN,)
    fault = values_of_rank(
        inputs, INPUT, (2, 3), "N×features", "It reads one flat row per sample. Put a Flatten between them.", repairs
    )
    return fault or sizes_known(inputs, (-1,))


def _arguments(parameters: Parameters, inputs: Inputs) -> Mapping[str, Value]:
    return {
        "in_features": channels(inputs, -1),
        "out_features": whole(parameters, "out_features"),
        "bias": parameters["bias"],
    }


DENSE = BlockType(
    id="dense",
    family="dense",
    title="Dense",
    aliases=("linear", "fc", "fully connected", "mlp", "perceptron"),
    icon="ph.share-network",
    purpose="Connects every input to every unit by a weight of its own.",
    formula="y = W x + b",
    parameters=(
        Parameter("out_features", "Units", "integer", 64, "How many outputs it has.", 1, 1_000_000),
        BIAS,
    ),
    summary=("{out_features} units",),
    module="torch.nn:Linear",
    ports=one_to_one,
    expect=expect_features,
    arguments=_arguments,
    weights=weight_and_bias,
    transposes=(("dense", "engine.modules.tied:TransposedLinear"),),
)

_TWO = Ports(inputs=(Port("a", "a"), Port("b", "b")), outputs=(Port(OUTPUT, ""),))


def _two_inputs(parameters: Parameters, body: Graph | None) -> Ports:
    return _TWO


def _expect_two(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    for port in inputs:
        hint = "It reads one flat row per sample. Put a Flatten between them."
        fault = values_of_rank(inputs, port, (2, 3), "N×features", hint, (FLATTEN,)) or sizes_known(inputs, (-1,), port)
        if fault is not None:
            return fault
    first, second = inputs.get("a"), inputs.get("b")
    if first is not None and second is not None and first.shape[:-1] != second.shape[:-1]:
        wanted, received = told_apart(first, second)
        facts: dict[str, Value | TensorSpec] = {
            "expected": "rows that pair with those of a",
            "received": received,
            "hint": f"The other input is {wanted}; all axes but the last must agree.",
        }
        return Mismatch("channels", "b", facts)
    return None


def _bilinear_arguments(parameters: Parameters, inputs: Inputs) -> Mapping[str, Value]:
    return {
        "in1_features": channels(inputs, -1, "a"),
        "in2_features": channels(inputs, -1, "b"),
        "out_features": whole(parameters, "out_features"),
        "bias": parameters["bias"],
    }


BILINEAR = BlockType(
    id="bilinear",
    family="dense",
    title="Bilinear",
    aliases=("two inputs", "tensor product", "multiplicative"),
    icon="ph.intersect",
    purpose="Weighs every product of a number of one input with a number of the other.",
    formula="y[k] = aᵀ W[k] b + bias[k]",
    parameters=(Parameter("out_features", "Units", "integer", 16, "How many outputs it has.", 1, 1_000_000), BIAS),
    summary=("{out_features} units",),
    module="torch.nn:Bilinear",
    ports=_two_inputs,
    expect=_expect_two,
    arguments=_bilinear_arguments,
    weights=weight_and_bias,
)


def _maxout_arguments(parameters: Parameters, inputs: Inputs) -> Mapping[str, Value]:
    return {
        "in_features": channels(inputs, -1),
        "out_features": whole(parameters, "out_features"),
        "pieces": whole(parameters, "pieces"),
        "bias": parameters["bias"],
    }


MAXOUT = BlockType(
    id="maxout",
    family="dense",
    title="Maxout",
    aliases=("max of linear", "piecewise linear"),
    icon="ph.trend-up",
    purpose="Each unit takes the largest of several weighted sums, and so learns its own activation.",
    formula="y[j] = max_p (W[j, p] x + b[j, p])",
    parameters=(
        Parameter("out_features", "Units", "integer", 64, "How many outputs it has.", 1, 1_000_000),
        Parameter("pieces", "Pieces", "integer", 2, "How many weighted sums compete in a unit.", 1, 1_000),
        BIAS,
    ),
    summary=("{out_features} units", "{pieces} pieces"),
    module="engine.modules.dense:Maxout",
    ports=one_to_one,
    expect=expect_features,
    arguments=_maxout_arguments,
    weights=weight_and_bias,
)


def _rbf_arguments(parameters: Parameters, inputs: Inputs) -> Mapping[str, Value]:
    return {
        "in_features": channels(inputs, -1),
        "out_features": whole(parameters, "out_features"),
        "width": parameters["width"],
    }


RBF_LAYER = BlockType(
    id="rbf_layer",
    family="dense",
    title="RBF layer",
    aliases=("radial basis function", "gaussian units", "kernel"),
    icon="ph.target",
    purpose="Each unit answers the more, the nearer the input is to its learned centre.",
    formula="y[j] = exp(−‖x − c[j]‖² / 2σ[j]²)",
    parameters=(
        Parameter("out_features", "Centres", "integer", 16, "How many centres it has.", 1, 1_000_000),
        Parameter(
            "width", "Width σ", "float", 1.0, "The width that all units start with.", 1e-4, 1e6, logarithmic=True
        ),
    ),
    summary=("{out_features} centres", "σ {width}"),
    module="engine.modules.dense:RBF",
    ports=one_to_one,
    expect=expect_features,
    arguments=_rbf_arguments,
    weights=lambda parameters: (("Initial centres", ("centres",)), ("Initial log widths", ("log_widths",))),
)

TYPES = (DENSE, BILINEAR, MAXOUT, RBF_LAYER)
