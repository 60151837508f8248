"""Fully connected layers."""

from __future__ import annotations

from collections.abc import Mapping

from engine.blocks.shared import (
    BIAS,
    FLATTEN,
    GLOBAL_AVERAGE,
    INPUT,
    channels,
    one_to_one,
    sizes_known,
    values_of_rank,
    weight_and_bias,
    whole,
)
from engine.graph.block_type import BlockType, Inputs, Mismatch, Parameter, Parameters
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
)

TYPES = (DENSE,)
