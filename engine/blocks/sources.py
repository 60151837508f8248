"""Numbers that come from no dataset: constants and noise, one set for each sample of a batch."""

from __future__ import annotations

from collections.abc import Mapping

from engine.blocks.shared import INPUT, OUTPUT
from engine.graph.block_type import BlockType, Inputs, Mismatch, Parameter, Parameters, Port, Ports, WeightGroups
from engine.graph.graph import Graph
from engine.graph.tensor_spec import Dim
from engine.graph.values import Value, counted, format_value

_PORTS = Ports(inputs=(Port(INPUT, "batch"),), outputs=(Port(OUTPUT, ""),))


def _ports(parameters: Parameters, body: Graph | None) -> Ports:
    return _PORTS


def _expect_batch(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    spec = inputs.get(INPUT)
    if spec is None or (spec.shape and isinstance(spec.shape[0], Dim)):
        return None
    hint = "It only counts the samples of what comes in."
    return Mismatch("rank", INPUT, {"expected": "a batch N×…", "received": spec, "hint": hint})


def parse_numbers(text: object) -> tuple[float, ...]:
    """The numbers of `text`, such as `1 0 −1` or `0.5, 2`. Raises ValueError."""
    words = str(text).replace("−", "-").replace(",", " ").replace(";", " ").split()
    return tuple(float(word) for word in words)


def _shape(parameters: Parameters) -> tuple[int, ...]:
    value = parameters["shape"]
    return tuple(int(item) for item in value if isinstance(item, (int, float))) if isinstance(value, tuple) else ()


def _expect_constant(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    fault = _expect_batch(parameters, inputs)
    if fault is not None or INPUT not in inputs:
        return fault
    count = 1
    for length in _shape(parameters):
        count *= length
    try:
        found = len(parse_numbers(parameters["values"]))
    except ValueError:
        reason = f"“{format_value(parameters['values'])}” are not numbers"
        return Mismatch("together", INPUT, {"reason": reason, "hint": "Write them as 1 0 −1."})
    if found not in (1, count):
        reason = f"a shape of {counted(count, 'numbers')} cannot be filled with {found}"
        return Mismatch("together", INPUT, {"reason": reason, "hint": "Give one number, or as many as the shape has."})
    return None


def _constant_arguments(parameters: Parameters, inputs: Inputs) -> Mapping[str, Value]:
    return {
        "values": parse_numbers(parameters["values"]),
        "shape": _shape(parameters),
        "learned": parameters["learned"],
    }


def _constant_weights(parameters: Parameters) -> WeightGroups:
    return (("Initial values", ("weight",)),) if parameters["learned"] else ()


def _noise_arguments(parameters: Parameters, inputs: Inputs) -> Mapping[str, Value]:
    return {"shape": _shape(parameters), "distribution": parameters["distribution"], "scale": parameters["scale"]}


_SHAPE = Parameter("shape", "Shape", "tuple", (1,), "The shape for one sample, such as 8 or 1×8×8.", 1, 1_000_000)

CONSTANT = BlockType(
    id="constant",
    family="input",
    title="Constant",
    aliases=("number", "bias", "query", "prompt", "start token"),
    icon="ph.number-square-one",
    purpose="The same numbers for every sample, given or learned.",
    formula="y = c",
    parameters=(
        Parameter("values", "Numbers", "text", "1", "One number for all, or one for each place of the shape."),
        _SHAPE,
        Parameter("learned", "Learned", "boolean", False, "Trains the numbers as weights."),
    ),
    summary=("{shape}",),
    module="engine.modules.sources:Constant",
    ports=_ports,
    expect=_expect_constant,
    arguments=_constant_arguments,
    weights=_constant_weights,
)
NOISE_SOURCE = BlockType(
    id="noise_source",
    family="input",
    title="Noise source",
    aliases=("random", "latent", "generator", "gaussian", "uniform"),
    icon="ph.dice-five",
    purpose="Fresh random numbers for every sample, as the input of a generator.",
    formula="y ~ σ N(0, 1), or U(−σ, σ)",
    parameters=(
        Parameter("shape", "Shape", "tuple", (16,), "The shape for one sample, such as 16 or 1×8×8.", 1, 1_000_000),
        Parameter(
            "distribution",
            "Distribution",
            "choice",
            "normal",
            "Normal with deviation σ, or uniform between −σ and σ.",
            choices=("normal", "uniform"),
        ),
        Parameter("scale", "Scale", "float", 1.0, "The number σ.", 0.0, 1e6),
    ),
    summary=("{shape}", "{distribution}"),
    module="engine.modules.sources:NoiseSource",
    ports=_ports,
    expect=_expect_batch,
    arguments=_noise_arguments,
    traits=frozenset({"stochastic"}),
)

TYPES = (CONSTANT, NOISE_SOURCE)
