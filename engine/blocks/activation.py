"""Activations: functions of each number by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engine.blocks.shared import INPUT, any_values, one_to_one, same_arguments
from engine.graph.block_type import BlockType, Inputs, Mismatch, Parameter, Parameters, Trait, WeightGroups
from engine.graph.values import Value, format_value


def activation(
    id: str,
    title: str,
    module: str,
    purpose: str,
    formula: str,
    aliases: tuple[str, ...] = (),
    parameters: tuple[Parameter, ...] = (),
    summary: tuple[str, ...] = (),
    expect: Callable[[Parameters, Inputs], Mismatch | None] = any_values,
    weights: Callable[[Parameters], WeightGroups] = lambda parameters: (),
    arguments: Callable[[Parameters, Inputs], Mapping[str, Value]] | None = None,
    traits: frozenset[Trait] = frozenset(),
) -> BlockType:
    """An activation; `module` is a class of torch.nn, or "file:Class" of our own modules."""
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
        module=f"engine.modules.{module}" if ":" in module else f"torch.nn:{module}",
        ports=one_to_one,
        expect=expect,
        arguments=arguments or same_arguments(*(parameter.id for parameter in parameters)),
        weights=weights,
        traits=traits,
    )


def bounds_in_order(low: str, high: str) -> Callable[[Parameters, Inputs], Mismatch | None]:
    """Any values, where parameter `low` lies below parameter `high`."""

    def expect(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
        fault = any_values(parameters, inputs)
        below, above = parameters[low], parameters[high]
        assert isinstance(below, (int, float))
        assert isinstance(above, (int, float))
        if fault is None and INPUT in inputs and below >= above:
            reason = f"its lower bound {format_value(below)} is not below its upper bound {format_value(above)}"
            return Mismatch("together", INPUT, {"reason": reason, "hint": "Exchange them."})
        return fault

    return expect


RELU = activation(
    "relu", "ReLU", "ReLU", "Lets positive numbers pass and cuts negative ones to 0.", "y = max(0, x)", ("rectifier",)
)
LEAKY_RELU = activation(
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
ELU = activation(
    "elu",
    "ELU",
    "ELU",
    "Like ReLU, but bends smoothly to −α below zero.",
    "y = x if x > 0 else α (eˣ − 1)",
    parameters=(Parameter("alpha", "Alpha", "float", 1.0, "How far below zero it goes.", 0.0, 100.0),),
)
GELU = activation(
    "gelu",
    "GELU",
    "GELU",
    "A smooth ReLU: weighs x by the chance of a normal number below it.",
    "y = x Φ(x)",
    parameters=(
        Parameter(
            "approximate",
            "Formula",
            "choice",
            "none",
            "Exact, or by a tanh that some trained transformers used.",
            choices=("none", "tanh"),
            advanced=True,
        ),
    ),
)
SILU = activation("silu", "SiLU", "SiLU", "A smooth ReLU: x times its sigmoid.", "y = x σ(x)", ("swish",))
SOFTPLUS = activation(
    "softplus",
    "Softplus",
    "Softplus",
    "A smooth ReLU that is never zero.",
    "y = ln(1 + exp(β x)) / β",
    parameters=(
        Parameter("beta", "Beta", "float", 1.0, "How sharply β it bends at 0.", 0.01, 100.0, logarithmic=True),
    ),
)
SIGMOID = activation(
    "sigmoid", "Sigmoid", "Sigmoid", "Squashes every number into 0…1.", "y = 1 / (1 + e⁻ˣ)", ("logistic",)
)
TANH = activation("tanh", "Tanh", "Tanh", "Squashes every number into −1…1.", "y = tanh(x)", ("hyperbolic tangent",))
HARDTANH = activation(
    "hardtanh",
    "Saturation",
    "Hardtanh",
    "Cuts every number off below one bound and above another.",
    "y = min(high, max(low, x))",
    ("hardtanh", "clip", "saturated linear"),
    parameters=(
        Parameter("min_val", "Lowest", "float", -1.0, "Smaller numbers become this.", -1e6, 1e6),
        Parameter("max_val", "Highest", "float", 1.0, "Larger numbers become this.", -1e6, 1e6),
    ),
    summary=("{min_val} to {max_val}",),
    expect=bounds_in_order("min_val", "max_val"),
)

TYPES = (RELU, SIGMOID, TANH, LEAKY_RELU, ELU, GELU, SILU, SOFTPLUS, HARDTANH)
