"""Activations: functions of each number by itself, and softmax."""

from __future__ import annotations

from collections.abc import Mapping

from engine.blocks.shared import INPUT, any_values, one_to_one, same_arguments
from engine.graph.block_type import BlockType, Inputs, Mismatch, Parameter, Parameters
from engine.graph.values import Value


def _activation(
    id: str,
    title: str,
    module: str,
    purpose: str,
    formula: str,
    aliases: tuple[str, ...] = (),
    parameters: tuple[Parameter, ...] = (),
    summary: tuple[str, ...] = (),
) -> BlockType:
    return BlockType(
        id=id,
        family="activation",
        title=title,
        aliases=("activation", "nonlinearity", *aliases),
        icon="ph.trend-up",
        purpose=purpose,
        formula=formula,
        parameters=parameters,
        summary=summary,
        module=f"torch.nn:{module}",
        ports=one_to_one,
        expect=any_values,
        arguments=same_arguments(*(parameter.id for parameter in parameters)),
    )


def _expect_features(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    spec = inputs.get(INPUT)
    if spec is not None and spec.rank < 2 and not spec.is_label:
        hint = "It shares 1 out among the numbers of a sample."
        return Mismatch("rank", INPUT, {"expected": "N×features", "received": spec, "hint": hint})
    return any_values(parameters, inputs)


def _softmax_arguments(parameters: Parameters, inputs: Inputs) -> Mapping[str, Value]:
    return {"dim": -1 if inputs[INPUT].rank == 3 else 1}


RELU = _activation(
    "relu", "ReLU", "ReLU", "Lets positive numbers pass and cuts negative ones to 0.", "y = max(0, x)", ("rectifier",)
)
LEAKY_RELU = _activation(
    "leaky_relu",
    "Leaky ReLU",
    "LeakyReLU",
    "Like ReLU, but negative numbers keep a small slope, so that no unit dies.",
    "y = x if x > 0 else a x",
    parameters=(
        Parameter(
            "negative_slope", "Negative slope", "float", 0.01, "The slope a below zero.", 0.0, 1.0, logarithmic=True
        ),
    ),
    summary=("slope {negative_slope}",),
)
ELU = _activation(
    "elu",
    "ELU",
    "ELU",
    "Like ReLU, but bends smoothly to −α below zero.",
    "y = x if x > 0 else α (eˣ − 1)",
    parameters=(Parameter("alpha", "Alpha", "float", 1.0, "How far below zero it goes.", 0.0, 100.0),),
)
GELU = _activation(
    "gelu", "GELU", "GELU", "A smooth ReLU: weighs x by the chance of a normal number below it.", "y = x Φ(x)"
)
SILU = _activation("silu", "SiLU", "SiLU", "A smooth ReLU: x times its sigmoid.", "y = x σ(x)", ("swish",))
SOFTPLUS = _activation("softplus", "Softplus", "Softplus", "A smooth ReLU that is never zero.", "y = ln(1 + eˣ)")
SIGMOID = _activation(
    "sigmoid", "Sigmoid", "Sigmoid", "Squashes every number into 0…1.", "y = 1 / (1 + e⁻ˣ)", ("logistic",)
)
TANH = _activation("tanh", "Tanh", "Tanh", "Squashes every number into −1…1.", "y = tanh(x)", ("hyperbolic tangent",))
HARDTANH = _activation(
    "hardtanh", "Saturation", "Hardtanh", "Cuts every number off at −1 and 1.", "y = min(1, max(−1, x))", ("clip",)
)
SOFTMAX = BlockType(
    id="softmax",
    family="activation",
    title="Softmax",
    aliases=("activation", "probabilities"),
    icon="ph.trend-up",
    purpose="Turns the features of a sample into probabilities that add up to 1.",
    formula="y[i] = exp x[i] / Σ exp x[j]",
    parameters=(),
    module="torch.nn:Softmax",
    ports=one_to_one,
    expect=_expect_features,
    arguments=_softmax_arguments,
)

TYPES = (RELU, SIGMOID, TANH, LEAKY_RELU, SOFTMAX, ELU, GELU, SILU, SOFTPLUS, HARDTANH)
