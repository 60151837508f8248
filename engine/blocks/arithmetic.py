"""Arithmetic on tensors: several number by number, or one by a rule."""

from __future__ import annotations

from collections.abc import Callable

from engine.blocks.merge import INPUTS, merge_ports
from engine.blocks.shared import INPUT, OUTPUT, any_values, no_arguments, one_to_one, same_arguments, same_shapes
from engine.graph.block_type import (
    BlockType,
    Inputs,
    Mismatch,
    Parameter,
    Parameters,
    Port,
    Ports,
    WeightGroups,
)
from engine.graph.graph import Graph
from engine.graph.values import format_value

_TWO = Ports(inputs=(Port("a", "a"), Port("b", "b")), outputs=(Port(OUTPUT, ""),))
_FLOOR = Parameter(
    "eps",
    "Smallest",
    "float",
    1e-8,
    "Smaller numbers count as this, so that the result stays finite.",
    1e-12,
    1.0,
    advanced=True,
    logarithmic=True,
)
_SPREAD = Parameter(
    "broadcast", "Broadcast", "boolean", False, "Lets an axis of length 1 spread over the axis of the other tensors."
)


def two_to_one(parameters: Parameters, body: Graph | None) -> Ports:
    """Two inputs, a and b, and one output."""
    return _TWO


def _expect_same(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    """Tensors of one shape."""
    return same_shapes(inputs)


def _expect_spread(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    """Tensors of one shape; where wanted, with axes of length 1 in some."""
    if not parameters["broadcast"] or any(spec.is_label for spec in inputs.values()):
        return same_shapes(inputs)
    first = None
    for port, spec in inputs.items():
        first = first or spec
        fits = spec.rank == first.rank and spec.shape[0] == first.shape[0]
        if not fits or any(
            length != other and 1 not in (length, other) for length, other in zip(spec.shape, first.shape, strict=True)
        ):
            return Mismatch("shapes-differ", port, {"first": first, "second": spec})
        # The longest of each axis stands for all that came before.
        longest = (max(pair, key=lambda length: length != 1) for pair in zip(spec.shape, first.shape, strict=True))
        first = type(spec)(tuple(longest), spec.dtype)
    return None


def _merge(
    id: str,
    title: str,
    purpose: str,
    formula: str,
    aliases: tuple[str, ...],
    icon: str = "ph.git-merge",
    parameters: tuple[Parameter, ...] = (INPUTS,),
    ports: Callable[[Parameters, Graph | None], Ports] = merge_ports,
) -> BlockType:
    spread = _SPREAD in parameters
    return BlockType(
        id=id,
        family="merge",
        title=title,
        aliases=("merge", *aliases),
        icon=icon,
        purpose=purpose,
        formula=formula,
        parameters=parameters,
        summary=("{inputs} inputs",) if INPUTS in parameters else (),
        module=f"engine.modules.arithmetic:{title}",
        ports=ports,
        expect=_expect_spread if spread else _expect_same,
        arguments=no_arguments,
    )


MULTIPLY = _merge(
    "multiply",
    "Multiply",
    "Multiplies tensors of one shape, number by number, as gates do.",
    "y = a ⊙ b",
    ("product", "gate", "times", "hadamard"),
    "ph.x",
    (INPUTS, _SPREAD),
)
SUBTRACT = _merge(
    "subtract",
    "Subtract",
    "Takes the second tensor from the first, number by number.",
    "y = a − b",
    ("minus", "difference"),
    "ph.minus",
    (_SPREAD,),
    two_to_one,
)
DIVIDE = _merge(
    "divide",
    "Divide",
    "Divides the first tensor by the second, number by number.",
    "y = a / b",
    ("quotient", "ratio"),
    "ph.divide",
    (_SPREAD,),
    two_to_one,
)
AVERAGE = _merge(
    "average", "Average", "The mean of tensors of one shape, number by number.", "y = (a + b) / 2", ("mean", "ensemble")
)
MAXIMUM = _merge(
    "maximum", "Maximum", "The largest of several tensors, number by number.", "y = max(a, b)", ("max", "largest")
)
MINIMUM = _merge(
    "minimum", "Minimum", "The smallest of several tensors, number by number.", "y = min(a, b)", ("min", "smallest")
)


def _arithmetic(
    id: str,
    title: str,
    purpose: str,
    formula: str,
    aliases: tuple[str, ...] = (),
    parameters: tuple[Parameter, ...] = (),
    summary: tuple[str, ...] = (),
    expect: Callable[[Parameters, Inputs], Mismatch | None] = any_values,
    weights: Callable[[Parameters], WeightGroups] = lambda parameters: (),
) -> BlockType:
    return BlockType(
        id=id,
        family="merge",
        title=title,
        aliases=("arithmetic", "function", *aliases),
        icon="ph.math-operations",
        purpose=purpose,
        formula=formula,
        parameters=parameters,
        summary=summary,
        module=f"engine.modules.arithmetic:{title}",
        ports=one_to_one,
        expect=expect,
        arguments=same_arguments(*(parameter.id for parameter in parameters)),
        weights=weights,
    )


def _learned(label: str) -> Callable[[Parameters], WeightGroups]:
    def weights(parameters: Parameters) -> WeightGroups:
        return ((label, ("weight",)),) if parameters["learned"] else ()

    return weights


def _expect_bounds(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    fault = any_values(parameters, inputs)
    low, high = parameters["min"], parameters["max"]
    if fault is not None or INPUT not in inputs:
        return fault
    if low is None and high is None:
        return Mismatch("together", INPUT, {"reason": "it has no bound", "hint": "Give it a lowest or a highest."})
    if isinstance(low, (int, float)) and isinstance(high, (int, float)) and low > high:
        reason = f"its lowest {format_value(low)} is above its highest {format_value(high)}"
        return Mismatch("together", INPUT, {"reason": reason, "hint": "Exchange them."})
    return None


_LEARNED = Parameter("learned", "Learned", "boolean", False, "Trains the number as a weight.")

SCALE = _arithmetic(
    "scale",
    "Scale",
    "Multiplies everything by one number.",
    "y = f x",
    ("multiply", "temperature"),
    (Parameter("factor", "Factor", "float", 2.0, "The number f.", -1e6, 1e6), _LEARNED),
    ("× {factor}",),
    weights=_learned("Factor"),
)
SHIFT = _arithmetic(
    "shift",
    "Shift",
    "Adds one number to everything.",
    "y = x + s",
    ("add", "offset", "bias"),
    (Parameter("offset", "Offset", "float", 1.0, "The number s.", -1e6, 1e6), _LEARNED),
    ("+ {offset}",),
    weights=_learned("Offset"),
)
POWER = _arithmetic(
    "power",
    "Power",
    "Raises everything to one power.",
    "y = xᵖ",
    ("square", "exponent"),
    (Parameter("exponent", "Exponent", "float", 2.0, "The exponent p.", -64.0, 64.0),),
    ("exponent {exponent}",),
)
EXP = _arithmetic("exp", "Exp", "The exponential of everything.", "y = eˣ", ("exponential",))
LOG = _arithmetic(
    "log", "Log", "The natural logarithm of everything.", "y = ln max(x, ε)", ("logarithm", "ln"), (_FLOOR,)
)
SQRT = _arithmetic("sqrt", "Sqrt", "The square root of everything.", "y = √max(x, ε)", ("square root",), (_FLOOR,))
ABS = _arithmetic("abs", "Abs", "Everything without its sign.", "y = |x|", ("absolute value", "magnitude"))
RECIPROCAL = _arithmetic("reciprocal", "Reciprocal", "One divided by everything.", "y = 1 / x", ("inverse", "divide"))
CLAMP = _arithmetic(
    "clamp",
    "Clamp",
    "Cuts everything off at a lowest and a highest number, either of which may be left out.",
    "y = min(high, max(low, x))",
    ("clip", "limit", "saturation"),
    (
        Parameter("min", "Lowest", "float", 0.0, "Smaller numbers become this.", -1e9, 1e9, optional=True),
        Parameter("max", "Highest", "float", 1.0, "Larger numbers become this.", -1e9, 1e9, optional=True),
    ),
    expect=_expect_bounds,
)


TYPES = (
    MULTIPLY,
    SUBTRACT,
    DIVIDE,
    AVERAGE,
    MAXIMUM,
    MINIMUM,
    SCALE,
    SHIFT,
    POWER,
    EXP,
    LOG,
    SQRT,
    ABS,
    RECIPROCAL,
    CLAMP,
)
