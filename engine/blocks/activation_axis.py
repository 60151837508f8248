"""Activations that look at several numbers at once: softmax and its kin, gates."""

from __future__ import annotations

from collections.abc import Mapping

from engine.blocks.activation import activation
from engine.blocks.shared import INPUT, any_values, pictures
from engine.graph.block_type import Inputs, Mismatch, Parameter, Parameters, Trait
from engine.graph.tensor_spec import Dim
from engine.graph.values import Value

_ALONG_AXIS: frozenset[Trait] = frozenset({"along_axis"})
_DIM = Parameter(
    "dim",
    "Axis",
    "integer",
    None,
    "The axis along which they compete; none: the features, or the channels of a picture.",
    1,
    7,
    optional=True,
    advanced=True,
    absent="auto",
)


def _axis(parameters: Parameters, rank: int) -> int:
    dim = parameters["dim"]
    return int(dim) if isinstance(dim, (int, float)) else rank - 1 if rank == 3 else 1


def _expect(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    spec = inputs.get(INPUT)
    if spec is not None and not spec.is_label and spec.rank <= _axis(parameters, spec.rank):
        hint = "It works along the numbers of a sample."
        expected = "N×features" if spec.rank < 2 else f"tensors with an axis {_axis(parameters, spec.rank)}"
        return Mismatch("rank", INPUT, {"expected": expected, "received": spec, "hint": hint})
    return any_values(parameters, inputs)


def _expect_even(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    fault = _expect(parameters, inputs)
    spec = inputs.get(INPUT)
    if fault is not None or spec is None:
        return fault
    length = spec.shape[_axis(parameters, spec.rank)]
    count = length.factor if isinstance(length, Dim) else length
    if count % 2:
        hint = "It splits them into values and gates."
        return Mismatch("channels", INPUT, {"expected": "an even number of features", "received": spec, "hint": hint})
    return None


def _expect_pictures(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    return pictures(inputs)


def _arguments(parameters: Parameters, inputs: Inputs) -> Mapping[str, Value]:
    rank = inputs[INPUT].rank
    axis = _axis(parameters, rank)
    return {"dim": -1 if parameters["dim"] is None and rank == 3 else axis}


SOFTMAX = activation(
    "softmax",
    "Softmax",
    "Softmax",
    "Turns the features of a sample into probabilities that add up to 1.",
    "y[i] = exp x[i] / Σ exp x[j]",
    ("probabilities",),
    parameters=(_DIM,),
    expect=_expect,
    arguments=_arguments,
    traits=_ALONG_AXIS,
)
SOFTMAX2D = activation(
    "softmax2d",
    "Softmax 2-D",
    "Softmax2d",
    "Turns the channels of each pixel into probabilities that add up to 1.",
    "y[c] = exp x[c] / Σ exp x[k] at each pixel",
    ("segmentation", "probabilities"),
    expect=_expect_pictures,
    traits=_ALONG_AXIS,
)
LOG_SOFTMAX = activation(
    "log_softmax",
    "Log softmax",
    "LogSoftmax",
    "The logarithm of a softmax, without overflow; what an NLL loss reads.",
    "y[i] = x[i] − ln Σ exp x[j]",
    ("log probabilities",),
    parameters=(_DIM,),
    expect=_expect,
    arguments=_arguments,
    traits=_ALONG_AXIS,
)
SOFTMIN = activation(
    "softmin",
    "Softmin",
    "Softmin",
    "A softmax in which the smallest number wins, as for distances.",
    "y[i] = exp(−x[i]) / Σ exp(−x[j])",
    ("probabilities",),
    parameters=(_DIM,),
    expect=_expect,
    arguments=_arguments,
    traits=_ALONG_AXIS,
)
GLU = activation(
    "glu",
    "GLU",
    "GLU",
    "Halves its features: one half are values, the other decides how much of each passes.",
    "y = a ⊙ σ(b), x = [a, b]",
    ("gated linear unit", "gate"),
    parameters=(_DIM,),
    expect=_expect_even,
    arguments=_arguments,
    traits=_ALONG_AXIS,
)

TYPES = (SOFTMAX, SOFTMAX2D, LOG_SOFTMAX, SOFTMIN, GLU)
