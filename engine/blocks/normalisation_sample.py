"""Normalisation of each sample by itself: layer, group, root mean square, local response."""

from __future__ import annotations

from collections.abc import Mapping

from engine.blocks.normalisation import AFFINE
from engine.blocks.shared import (
    EPS,
    INPUT,
    channels,
    one_to_one,
    same_arguments,
    scale_and_shift,
    sizes_known,
    values_of_rank,
    whole,
)
from engine.graph.block_type import BlockType, Inputs, Mismatch, Parameter, Parameters, WeightGroups
from engine.graph.tensor_spec import TensorSpec
from engine.graph.values import Value

_RANKS = (2, 3, 4, 5)
_OVER = Parameter(
    "over",
    "Over",
    "choice",
    "automatic",
    "Automatic: the features of rows and of each step, the whole of a picture or volume.",
    choices=("automatic", "last axis", "whole sample"),
)
_LEARNED = Parameter(
    "elementwise_affine", "Learned scale", "boolean", True, "Learns a scale for each number that is normalised."
)


def _first_axis(parameters: Parameters, spec: TensorSpec) -> int:
    """The first of the axes that are normalised together."""
    last = parameters["over"] == "last axis" or (parameters["over"] == "automatic" and spec.rank <= 3)
    return spec.rank - 1 if last else 1


def _expect_layer(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    fault = values_of_rank(inputs, INPUT, _RANKS, "N×features or N×channels and places")
    spec = inputs.get(INPUT)
    if fault is not None or spec is None:
        return fault
    return sizes_known(inputs, tuple(range(_first_axis(parameters, spec), spec.rank)))


def _layer_arguments(parameters: Parameters, inputs: Inputs) -> Mapping[str, Value]:
    spec = inputs[INPUT]
    axes = range(_first_axis(parameters, spec), spec.rank)
    return {
        "normalized_shape": tuple(channels(inputs, axis) for axis in axes),
        "eps": parameters["eps"],
        "elementwise_affine": parameters["elementwise_affine"],
    }


def _layer_weights(parameters: Parameters) -> WeightGroups:
    return scale_and_shift({"affine": parameters.get("elementwise_affine", True)})


LAYER_NORM = BlockType(
    id="layer_norm",
    family="normalisation",
    title="Layer norm",
    aliases=("layer normalisation", "layernorm", "ln", "transformer"),
    icon="ph.faders",
    purpose="Brings the numbers of each sample, or of each step, to mean 0 and deviation 1, whatever the batch.",
    formula="y = γ (x − μ) / √(σ² + ε) + β, μ and σ of one sample",
    parameters=(_OVER, _LEARNED, EPS),
    summary=("{over}",),
    module="torch.nn:LayerNorm",
    ports=one_to_one,
    expect=_expect_layer,
    arguments=_layer_arguments,
    weights=_layer_weights,
)
RMS_NORM = BlockType(
    id="rms_norm",
    family="normalisation",
    title="RMS norm",
    aliases=("root mean square", "rmsnorm", "transformer"),
    icon="ph.faders",
    purpose="Divides the numbers of each sample, or of each step, by their root mean square; a cheaper layer norm.",
    formula="y = γ x / √(mean x² + ε)",
    parameters=(_OVER, _LEARNED, EPS),
    summary=("{over}",),
    module="torch.nn:RMSNorm",
    ports=one_to_one,
    expect=_expect_layer,
    arguments=_layer_arguments,
    weights=lambda parameters: _layer_weights(parameters)[:1],
)


def _expect_groups(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    fault = values_of_rank(inputs, INPUT, _RANKS, "N×channels, with or without places") or sizes_known(inputs, (1,))
    if fault is not None or INPUT not in inputs:
        return fault
    spec, groups = inputs[INPUT], whole(parameters, "num_groups")
    if channels(inputs) % groups:
        expected = f"a number of channels that {groups} groups divide"
        return Mismatch("channels", INPUT, {"expected": expected, "received": spec, "hint": "Change the groups."})
    numbers = channels(inputs) // groups
    for length in spec.shape[2:]:
        numbers = numbers * length if isinstance(length, int) else 2
    if numbers == 1:
        hint = "A single number has no deviation. Use fewer groups."
        return Mismatch("channels", INPUT, {"expected": "several numbers a group", "received": spec, "hint": hint})
    return None


def _group_arguments(parameters: Parameters, inputs: Inputs) -> Mapping[str, Value]:
    return {
        "num_groups": whole(parameters, "num_groups"),
        "num_channels": channels(inputs),
        "eps": parameters["eps"],
        "affine": parameters["affine"],
    }


GROUP_NORM = BlockType(
    id="group_norm",
    family="normalisation",
    title="Group norm",
    aliases=("group normalisation", "groupnorm", "gn"),
    icon="ph.faders",
    purpose="Brings groups of channels of each sample to mean 0 and deviation 1; works with small batches.",
    formula="y = γ (x − μ) / √(σ² + ε) + β, μ and σ of one group of one sample",
    parameters=(
        Parameter("num_groups", "Groups", "integer", 4, "How many groups the channels form.", 1, 65_536),
        AFFINE,
        EPS,
    ),
    summary=("{num_groups} groups",),
    module="torch.nn:GroupNorm",
    ports=one_to_one,
    expect=_expect_groups,
    arguments=_group_arguments,
    weights=scale_and_shift,
)


def _expect_response(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    return values_of_rank(inputs, INPUT, (3, 4, 5), "N×channels and places")


LOCAL_RESPONSE_NORM = BlockType(
    id="local_response_norm",
    family="normalisation",
    title="Local response norm",
    aliases=("lrn", "alexnet", "lateral inhibition"),
    icon="ph.faders",
    purpose="Divides each number by the strength of the neighbouring channels at its place, as AlexNet does.",
    formula="y[c] = x[c] / (k + α/n Σ x[c′]²)^β over the n channels around c",
    parameters=(
        Parameter("size", "Channels n", "integer", 5, "How many neighbouring channels count.", 1, 65_536),
        Parameter(
            "alpha", "Alpha", "float", 5e-4, "Divided by n: 5e-4 here is AlexNet’s 1e-4.", 0.0, 100.0, logarithmic=True
        ),
        Parameter("beta", "Beta", "float", 0.75, "The exponent of the divisor.", 0.0, 10.0),
        Parameter("k", "Offset k", "float", 2.0, "Keeps the divisor away from 0.", 0.01, 100.0),
    ),
    summary=("{size} channels",),
    module="torch.nn:LocalResponseNorm",
    ports=one_to_one,
    expect=_expect_response,
    arguments=same_arguments("size", "alpha", "beta", "k"),
)

TYPES = (LAYER_NORM, GROUP_NORM, RMS_NORM, LOCAL_RESPONSE_NORM)
