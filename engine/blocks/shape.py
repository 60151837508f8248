"""Blocks that cut, turn and lay out a tensor; they take labels and token ids as well as values."""

from __future__ import annotations

import math
from collections.abc import Callable

from engine.blocks.merge import NAMES
from engine.blocks.shared import INPUT, any_values, impossible, one_to_one, same_arguments, whole
from engine.graph.block_type import BlockType, Inputs, Mismatch, Parameter, Parameters, Port, Ports
from engine.graph.graph import Graph
from engine.graph.tensor_spec import Dim, TensorSpec
from engine.graph.values import counted, format_value, list_words

_DIM = Parameter("dim", "Axis", "integer", 1, "The axis, counted from N as 0.", 1, 7)

Expect = Callable[[Parameters, Inputs], Mismatch | None]


def has_axis(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    """A Mismatch unless the axis of the parameter `dim` is there."""
    spec, axis = inputs.get(INPUT), whole(parameters, "dim")
    if spec is None or axis < spec.rank:
        return None
    return Mismatch("rank", INPUT, {"expected": f"tensors with an axis {axis}", "received": spec, "hint": ""})


def _differs(expected: str, spec: TensorSpec, hint: str = "") -> Mismatch:
    return Mismatch("channels", INPUT, {"expected": expected, "received": spec, "hint": hint})


def numbers(parameters: Parameters, name: str) -> tuple[int, ...] | None:
    """A parameter that is a tuple of whole numbers, or None where it is none."""
    value = parameters[name]
    if not isinstance(value, tuple):
        return None
    return tuple(int(item) for item in value if isinstance(item, (int, float)))


def _expect_split(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    fault = has_axis(parameters, inputs)
    spec = inputs.get(INPUT)
    if fault is not None or spec is None:
        return fault
    length, sizes = spec.shape[whole(parameters, "dim")], numbers(parameters, "sizes")
    if sizes is not None and not 2 <= len(sizes) <= len(NAMES):
        reason = f"{list_words(sizes) or 'nothing'} is not 2 to {len(NAMES)} pieces"
        return impossible(reason, "Give a size for each.")
    if isinstance(length, Dim):
        return _differs("an axis of fixed length", spec, "Choose another axis.")
    if sizes is not None and sum(sizes) != length:
        return _differs(f"an axis of length {sum(sizes)}", spec, "Give sizes that add up to the axis.")
    if sizes is None and length % whole(parameters, "parts"):
        expected = f"an axis whose length divides by {whole(parameters, 'parts')}"
        return _differs(expected, spec, "Choose another number of parts, or give their sizes.")
    return None


def _split_ports(parameters: Parameters, body: Graph | None) -> Ports:
    sizes = numbers(parameters, "sizes")
    count = len(sizes) if sizes else whole(parameters, "parts")
    names = NAMES[: min(max(count, 1), len(NAMES))]
    return Ports(inputs=(Port(INPUT, ""),), outputs=tuple(Port(name, name) for name in names))


def _expect_slice(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    fault = has_axis(parameters, inputs)
    spec = inputs.get(INPUT)
    if fault is not None or spec is None:
        return fault
    length, stop = spec.shape[whole(parameters, "dim")], parameters["stop"]
    start, end = whole(parameters, "start"), int(stop) if isinstance(stop, (int, float)) else None
    if isinstance(length, int) and not range(length)[start:end]:
        words = f"{start} to {'the end' if end is None else end}"
        return _differs(f"an axis that reaches from {words}", spec, "Choose other ends.")
    return None


def _expect_select(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    fault = has_axis(parameters, inputs)
    spec, index = inputs.get(INPUT), whole(parameters, "index")
    if fault is not None or spec is None:
        return fault
    length = spec.shape[whole(parameters, "dim")]
    if isinstance(length, int) and index >= length:
        return _differs(f"an axis with an index {index}", spec, f"The last one is {length - 1}.")
    return None


def _expect_unflatten(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    fault = has_axis(parameters, inputs)
    spec, sizes = inputs.get(INPUT), numbers(parameters, "unflattened_size") or ()
    if fault is not None or spec is None:
        return fault
    length = spec.shape[whole(parameters, "dim")]
    known = math.prod(size for size in sizes if size != -1)
    if sizes.count(-1) > 1 or known == 0 or not sizes:
        return impossible(f"{format_value(sizes)} is no shape", "Give lengths above 0, one of them −1 at most.")
    if isinstance(length, Dim):
        return _differs("an axis of fixed length", spec, "Choose another axis.")
    if length % known or (-1 not in sizes and length != known):
        return _differs(f"an axis of {'a multiple of ' if -1 in sizes else ''}{counted(known, 'numbers')}", spec)
    return None


def _expect_permute(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    spec, dims = inputs.get(INPUT), numbers(parameters, "dims") or ()
    if spec is None:
        return None
    if sorted(dims) != list(range(1, len(dims) + 1)):
        reason = f"{list_words(dims)} does not name each axis once"
        return impossible(reason, f"Give the numbers 1 to {spec.rank - 1} in the order you want.")
    if len(dims) != spec.rank - 1:
        return Mismatch(
            "rank", INPUT, {"expected": f"tensors with {counted(len(dims), 'axes')} beside N", "received": spec}
        )
    return None


def _expect_squeeze(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    fault = has_axis(parameters, inputs)
    spec = inputs.get(INPUT)
    if fault is None and spec is not None and spec.shape[whole(parameters, "dim")] != 1:
        return _differs(f"an axis {whole(parameters, 'dim')} of length 1", spec, "Only such an axis can be left out.")
    return fault


def _expect_unsqueeze(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    spec, axis = inputs.get(INPUT), whole(parameters, "dim")
    if spec is None or axis <= spec.rank:
        return None
    return Mismatch(
        "rank", INPUT, {"expected": f"tensors with at least {counted(axis, 'axes')}, N included", "received": spec}
    )


def _expect_tile(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    spec, repeats = inputs.get(INPUT), numbers(parameters, "repeats") or ()
    if spec is None or len(repeats) == spec.rank - 1:
        return None
    hint = "Give one number for each axis after N."
    expected = f"tensors with {counted(len(repeats), 'axes')} beside N"
    return Mismatch("rank", INPUT, {"expected": expected, "received": spec, "hint": hint})


def _expect_reduce(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    fault = any_values(parameters, inputs)
    spec, dims = inputs.get(INPUT), numbers(parameters, "dims") or ()
    if fault is not None or spec is None:
        return fault
    if len(set(dims)) < len(dims):
        return impossible(f"{list_words(dims)} names an axis twice", "Name each axis once.")
    if spec.rank <= max(dims, default=1):
        expected = f"tensors with an axis {max(dims, default=1)}"
        return Mismatch("rank", INPUT, {"expected": expected, "received": spec, "hint": ""})
    return None


def _shape(
    id: str,
    title: str,
    purpose: str,
    formula: str,
    aliases: tuple[str, ...],
    icon: str,
    parameters: tuple[Parameter, ...],
    summary: tuple[str, ...],
    expect: Expect,
    ports: Callable[[Parameters, Graph | None], Ports] = one_to_one,
    module: str = "",
) -> BlockType:
    return BlockType(
        id=id,
        family="merge",
        title=title,
        aliases=("shape", *aliases),
        icon=icon,
        purpose=purpose,
        formula=formula,
        parameters=parameters,
        summary=summary,
        module=module or f"engine.modules.shape:{title}",
        ports=ports,
        expect=expect,
        arguments=same_arguments(*(parameter.id for parameter in parameters)),
    )


SPLIT = _shape(
    "split",
    "Split",
    "Cuts a tensor into pieces along one axis, an output for each.",
    "a, b = x cut along an axis",
    ("chunk", "several outputs", "divide"),
    "ph.scissors",
    (
        Parameter("parts", "Parts", "integer", 2, "How many pieces of equal length.", 2, len(NAMES)),
        _DIM,
        Parameter(
            "sizes",
            "Sizes",
            "tuple",
            None,
            "The length of each piece, in place of equal ones.",
            1,
            1_000_000,
            optional=True,
            advanced=True,
            listed=True,
            absent="equal",
        ),
    ),
    ("axis {dim}",),
    _expect_split,
    _split_ports,
)
SLICE = _shape(
    "slice",
    "Slice",
    "Keeps a stretch of one axis.",
    "y = x[start : stop : step]",
    ("range", "narrow", "cut"),
    "ph.scissors",
    (
        _DIM,
        Parameter("start", "From", "integer", 0, "The first index; −1 is the last.", -65_536, 65_536),
        Parameter(
            "stop",
            "To",
            "integer",
            None,
            "The index after the last; none: to the end.",
            -65_536,
            65_536,
            optional=True,
            absent="end",
        ),
        Parameter("step", "Step", "integer", 1, "Take every such index.", 1, 65_536, advanced=True),
    ),
    ("axis {dim}", "from {start}"),
    _expect_slice,
)
SELECT = _shape(
    "select",
    "Select",
    "Keeps one index of an axis and drops the axis, as for the last step of a sequence.",
    "y = x[index]",
    ("index", "pick", "last step"),
    "ph.selection",
    (_DIM, Parameter("index", "Index", "integer", 0, "Which one, from 0; −1 is the last.", -1, 65_536)),
    ("axis {dim}", "index {index}"),
    _expect_select,
)
UNFLATTEN = _shape(
    "unflatten",
    "Unflatten",
    "Lays one axis out as several.",
    "y = x with one axis as several",
    ("reshape", "view"),
    "ph.rows",
    (
        _DIM,
        Parameter("unflattened_size", "Sizes", "tuple", (8, 8), "The new axes; −1 takes what is left.", -1, 1_000_000),
    ),
    ("{unflattened_size}",),
    _expect_unflatten,
    module="torch.nn:Unflatten",
)
PERMUTE = _shape(
    "permute",
    "Permute",
    "Puts the axes of a sample in another order.",
    "y[j, i] = x[i, j]",
    ("transpose", "swap", "axes", "channels last"),
    "ph.swap",
    (
        Parameter(
            "dims", "Order", "tuple", (2, 1), "The axes 1, 2 … in their new order; N stays in front.", 1, 7, listed=True
        ),
    ),
    ("{dims}",),
    _expect_permute,
)
SQUEEZE = _shape(
    "squeeze",
    "Squeeze",
    "Leaves out an axis of length 1.",
    "y = x without one axis",
    ("drop axis",),
    "ph.arrows-in-line-horizontal",
    (_DIM,),
    ("axis {dim}",),
    _expect_squeeze,
)
UNSQUEEZE = _shape(
    "unsqueeze",
    "Unsqueeze",
    "Adds an axis of length 1.",
    "y = x with one more axis",
    ("expand dims", "add axis"),
    "ph.arrows-out",
    (_DIM,),
    ("axis {dim}",),
    _expect_unsqueeze,
)
TILE = _shape(
    "tile",
    "Tile",
    "Repeats a tensor along its axes.",
    "y = [x, x, …]",
    ("repeat", "repeat vector", "copy"),
    "ph.squares-four",
    (Parameter("repeats", "Times", "tuple", (2,), "How often along each axis after N.", 1, 65_536),),
    ("{repeats} times",),
    _expect_tile,
)
REDUCE = _shape(
    "reduce",
    "Reduce",
    "Brings axes down to one number: their mean, sum, largest, smallest or length.",
    "y = mean x over axes",
    ("mean", "sum", "max", "min", "norm", "global pooling"),
    "ph.arrows-in-line-horizontal",
    (
        Parameter(
            "operation",
            "Operation",
            "choice",
            "mean",
            "What is computed.",
            choices=("mean", "sum", "max", "min", "norm"),
        ),
        Parameter(
            "dims",
            "Axes",
            "tuple",
            (),
            "The axes, counted from N as 0; none: all but N.",
            1,
            7,
            listed=True,
            absent="all",
        ),
        Parameter("keepdim", "Keep axes", "boolean", False, "Leaves the axes in place with length 1."),
    ),
    ("{operation}",),
    _expect_reduce,
)

TYPES = (SPLIT, SLICE, SELECT, UNFLATTEN, PERMUTE, SQUEEZE, UNSQUEEZE, TILE, REDUCE)
