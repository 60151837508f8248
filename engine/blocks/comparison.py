"""Merges of two tensors into one number a sample: products and distances."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engine.blocks.arithmetic import two_to_one
from engine.blocks.shared import FLATTEN, channels, no_arguments, same_shapes, sizes_known, values_of_rank
from engine.graph.block_type import BlockType, Inputs, Mismatch, Parameter, Parameters, WeightGroups
from engine.graph.values import Value


def _expect_samples(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    for port, spec in inputs.items():
        hint = "It compares rows, not single numbers."
        fault = values_of_rank(inputs, port, (max(spec.rank, 2),), "N×features", hint)
        if fault is not None:
            return fault
    return same_shapes(inputs)


def _expect_rows(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    for port in inputs:
        hint = "It weighs each feature of a flat row. Put a Flatten between them."
        fault = values_of_rank(inputs, port, (2,), "N×features", hint, (FLATTEN,)) or sizes_known(inputs, (1,), port)
        if fault is not None:
            return fault
    return same_shapes(inputs)


def _weighted_arguments(parameters: Parameters, inputs: Inputs) -> Mapping[str, Value]:
    return {"features": channels(inputs, 1, "a"), "bias": parameters["bias"]}


def _weighted_weights(parameters: Parameters) -> WeightGroups:
    bias = (("Initial bias", ("bias",)),) if parameters["bias"] else ()
    return (("Initial weights", ("weight",)), *bias)


def _comparison(
    id: str,
    title: str,
    module: str,
    purpose: str,
    formula: str,
    aliases: tuple[str, ...],
    parameters: tuple[Parameter, ...] = (),
    expect: Callable[[Parameters, Inputs], Mismatch | None] = _expect_samples,
    arguments: Callable[[Parameters, Inputs], Mapping[str, Value]] = no_arguments,
    weights: Callable[[Parameters], WeightGroups] = lambda parameters: (),
) -> BlockType:
    return BlockType(
        id=id,
        family="merge",
        title=title,
        aliases=("merge", "compare", *aliases),
        icon="ph.x" if id == "dot" else "ph.ruler",
        purpose=purpose,
        formula=formula,
        parameters=parameters,
        module=f"engine.modules.comparison:{module}",
        ports=two_to_one,
        expect=expect,
        arguments=arguments,
        weights=weights,
    )


DOT = _comparison(
    "dot",
    "Dot",
    "Dot",
    "The inner product of two tensors: how well they agree, one number a sample.",
    "y = Σ a[i] b[i]",
    ("inner product", "scalar product", "similarity", "matching"),
)
L1_DISTANCE = _comparison(
    "l1_distance",
    "L1 distance",
    "L1Distance",
    "The sum of absolute differences, one number a sample.",
    "y = Σ |a[i] − b[i]|",
    ("manhattan", "siamese"),
)
L2_DISTANCE = _comparison(
    "l2_distance",
    "L2 distance",
    "L2Distance",
    "The Euclidean distance, one number a sample.",
    "y = √(Σ (a[i] − b[i])² + ε)",
    ("euclidean", "siamese"),
)
COSINE_DISTANCE = _comparison(
    "cosine_distance",
    "Cosine distance",
    "CosineDistance",
    "0 where two tensors point the same way, 1 at a right angle, 2 where they are opposite; one number a sample.",
    "y = 1 − a·b / (‖a‖ ‖b‖)",
    ("angle", "siamese", "cosine similarity"),
)
WEIGHTED_L1 = _comparison(
    "weighted_l1_distance",
    "Weighted L1 distance",
    "WeightedL1Distance",
    "Absolute differences, each with a learned weight: the comparing layer of a siamese network, one number a sample.",
    "y = Σ α[i] |a[i] − b[i]| + β",
    ("siamese", "alpha", "twins"),
    parameters=(Parameter("bias", "Bias", "boolean", True, "Adds a learned constant β."),),
    expect=_expect_rows,
    arguments=_weighted_arguments,
    weights=_weighted_weights,
)

TYPES = (DOT, L1_DISTANCE, L2_DISTANCE, COSINE_DISTANCE, WEIGHTED_L1)
