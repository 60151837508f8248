"""More activations: the rest of PyTorch's, steps with a passed-through gradient, and those of older papers."""

from __future__ import annotations

from collections.abc import Mapping

from engine.blocks.activation import activation, bounds_in_order
from engine.blocks.shared import INPUT, any_values, channels, sizes_known
from engine.graph.block_type import Inputs, Mismatch, Parameter, Parameters, WeightGroups
from engine.graph.values import Value

_ALPHA = Parameter("alpha", "Alpha", "float", 1.0, "How far below zero it goes.", 0.01, 100.0)
_LAMBDA = Parameter("lambd", "Lambda", "float", 0.5, "Numbers nearer to zero than λ become 0.", 0.0, 1e6)
_GRADIENT = Parameter(
    "gradient",
    "Gradient",
    "choice",
    "identity",
    "What stands in for the gradient of the step: that of y = x, or of y = x between −1 and 1 only.",
    choices=("identity", "clipped"),
)

PRELU_SHARED = "one for all"


def _expect_prelu(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    fault = any_values(parameters, inputs)
    spec = inputs.get(INPUT)
    if fault is not None or spec is None or parameters["slopes"] == PRELU_SHARED:
        return fault
    if spec.rank < 2:
        return Mismatch("rank", INPUT, {"expected": "N×channels", "received": spec, "hint": "Use one slope for all."})
    return sizes_known(inputs, (1,))


def _prelu_arguments(parameters: Parameters, inputs: Inputs) -> Mapping[str, Value]:
    count = 1 if parameters["slopes"] == PRELU_SHARED else channels(inputs)
    return {"num_parameters": count, "init": parameters["init"]}


def _prelu_weights(parameters: Parameters) -> WeightGroups:
    return (("Initial slope", ("weight",)),)


PRELU = activation(
    "prelu",
    "PReLU",
    "PReLU",
    "A leaky ReLU that learns its slope below zero.",
    "y = x if x > 0 else a x, a learned",
    ("parametric relu",),
    parameters=(
        Parameter(
            "slopes",
            "Slopes",
            "choice",
            PRELU_SHARED,
            "One slope, or one for each channel.",
            choices=(PRELU_SHARED, "one a channel"),
        ),
        Parameter("init", "Start", "float", 0.25, "The slope before training.", 0.0, 1.0),
    ),
    summary=("{slopes}",),
    expect=_expect_prelu,
    arguments=_prelu_arguments,
    weights=_prelu_weights,
)
RRELU = activation(
    "rrelu",
    "RReLU",
    "RReLU",
    "A leaky ReLU whose slope is drawn anew for every number while training.",
    "y = x if x > 0 else a x, a ~ U(lower, upper)",
    ("randomised relu",),
    parameters=(
        Parameter("lower", "Lower", "float", 0.125, "The smallest slope.", 0.0, 1.0),
        Parameter("upper", "Upper", "float", 0.3333, "The largest slope.", 0.0, 1.0),
    ),
    summary=("slope {lower} to {upper}",),
    expect=bounds_in_order("lower", "upper"),
    traits=frozenset({"stochastic"}),
)
RELU6 = activation("relu6", "ReLU6", "ReLU6", "A ReLU that stops at 6.", "y = min(6, max(0, x))")
SELU = activation(
    "selu",
    "SELU",
    "SELU",
    "An ELU scaled so that deep stacks keep mean 0 and deviation 1 by themselves.",
    "y = λ (x if x > 0 else α (eˣ − 1))",
    ("self-normalising",),
)
CELU = activation(
    "celu",
    "CELU",
    "CELU",
    "An ELU whose slope has no jump, whatever its α.",
    "y = max(0, x) + min(0, α (exp(x / α) − 1))",
    parameters=(_ALPHA,),
)
MISH = activation("mish", "Mish", "Mish", "A smooth ReLU that dips a little below zero.", "y = x tanh(ln(1 + eˣ))")
HARDSWISH = activation(
    "hardswish", "Hard swish", "Hardswish", "SiLU made of straight pieces, cheap on phones.", "y = x ReLU6(x + 3) / 6"
)
HARDSIGMOID = activation(
    "hardsigmoid", "Hard sigmoid", "Hardsigmoid", "A sigmoid of straight pieces.", "y = min(1, max(0, x / 6 + ½))"
)
LOG_SIGMOID = activation(
    "log_sigmoid", "Log sigmoid", "LogSigmoid", "The logarithm of a sigmoid, without overflow.", "y = ln σ(x)"
)
SOFTSIGN = activation("softsign", "Softsign", "Softsign", "Like tanh, but nears ±1 slowly.", "y = x / (1 + |x|)")
TANHSHRINK = activation(
    "tanhshrink", "Tanhshrink", "Tanhshrink", "What tanh takes away: small numbers almost vanish.", "y = x − tanh(x)"
)
HARDSHRINK = activation(
    "hardshrink",
    "Hard shrink",
    "Hardshrink",
    "Sets small numbers to 0 and leaves the others.",
    "y = x if |x| > λ else 0",
    parameters=(_LAMBDA,),
    summary=("λ {lambd}",),
)
SOFTSHRINK = activation(
    "softshrink",
    "Soft shrink",
    "Softshrink",
    "Moves every number towards 0 by λ and stops there: the step of an L1 penalty.",
    "y = sign(x) max(0, |x| − λ)",
    ("soft thresholding", "ista"),
    parameters=(_LAMBDA,),
    summary=("λ {lambd}",),
)
THRESHOLD = activation(
    "threshold",
    "Threshold",
    "Threshold",
    "Passes numbers above a threshold and replaces the others.",
    "y = x if x > θ else value",
    parameters=(
        Parameter("threshold", "Threshold", "float", 0.0, "Numbers up to θ are replaced.", -1e6, 1e6),
        Parameter("value", "Value", "float", 0.0, "What they become.", -1e6, 1e6),
    ),
    summary=("above {threshold}",),
)
HEAVISIDE = activation(
    "heaviside",
    "Heaviside",
    "activation:Heaviside",
    "The threshold neuron: 1 from zero on, else 0. A stand-in for its gradient lets it train.",
    "y = 1 if x ≥ 0 else 0",
    ("step", "threshold unit", "perceptron", "binary"),
    parameters=(_GRADIENT,),
    summary=("gradient {gradient}",),
)
SIGN = activation(
    "sign",
    "Sign",
    "activation:Sign",
    "1 from zero on, else −1. A stand-in for its gradient lets it train.",
    "y = 1 if x ≥ 0 else −1",
    ("step", "threshold unit", "perceptron", "binary"),
    parameters=(_GRADIENT,),
    summary=("gradient {gradient}",),
)
GAUSSIAN = activation(
    "gaussian",
    "Gaussian",
    "activation:Gaussian",
    "A bump: 1 at zero, 0 far from it on either side.",
    "y = exp(−x²)",
    ("bell", "radial"),
)
SCALED_TANH = activation(
    "scaled_tanh",
    "Scaled tanh",
    "activation:ScaledTanh",
    "LeCun’s tanh, which keeps ±1 as ±1 and unit variance as unit variance.",
    "y = 1.7159 tanh(2x / 3)",
    ("lecun",),
)
SINE = activation(
    "sine",
    "Sine",
    "activation:Sine",
    "A wave: networks of sines draw fine detail of pictures and sounds.",
    "y = sin(ω x)",
    ("siren", "periodic"),
    parameters=(
        Parameter("omega", "Frequency", "float", 1.0, "The factor ω; SIREN uses 30.", 0.01, 1000.0, logarithmic=True),
    ),
    summary=("ω {omega}",),
)
IDENTITY = activation(
    "identity", "Identity", "Identity", "Passes everything on unchanged.", "y = x", ("linear", "pass", "no operation")
)

TYPES = (
    PRELU,
    RRELU,
    RELU6,
    SELU,
    CELU,
    MISH,
    HARDSWISH,
    HARDSIGMOID,
    LOG_SIGMOID,
    SOFTSIGN,
    TANHSHRINK,
    HARDSHRINK,
    SOFTSHRINK,
    THRESHOLD,
    HEAVISIDE,
    SIGN,
    GAUSSIAN,
    SCALED_TANH,
    SINE,
    IDENTITY,
)
