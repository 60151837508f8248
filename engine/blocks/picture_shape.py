"""Padding, cropping, and the few blocks that read a shape as something: Gram matrix, unit quaternion."""

from __future__ import annotations

from engine.blocks.shape import numbers
from engine.blocks.shared import (
    INPUT,
    one_to_one,
    pair_parameter,
    pictures,
    same_arguments,
    tuple_parameter,
    values_of_rank,
)
from engine.graph.block_type import BlockType, Inputs, Mismatch, Parameter, Parameters
from engine.graph.values import counted, format_value, list_words


def _expect_pad(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    spec, padding, mode = inputs.get(INPUT), numbers(parameters, "padding") or (), parameters["mode"]
    if spec is None:
        return None
    fault = values_of_rank(inputs, INPUT, (spec.rank,), "")
    if fault is not None:
        return fault
    axes = len(padding) // 2
    if len(padding) % 2 or not axes or (axes > 3 and mode != "constant"):
        reason = f"{list_words(padding)} are not two numbers for each axis"
        hint = "Give left, right, top, bottom."
        return Mismatch("together", INPUT, {"reason": reason, "hint": hint})
    fits = spec.rank == axes + 2 if mode != "constant" else spec.rank > axes
    if not fits:
        where = " after N and the channels" if mode != "constant" else ""
        expected = f"tensors with {counted(axes, 'axes')} to pad{where}"
        return Mismatch("rank", INPUT, {"expected": expected, "received": spec, "hint": ""})
    for axis in range(axes):
        length, most = spec.shape[-1 - axis], max(padding[2 * axis : 2 * axis + 2])
        room = {"reflect": 1, "circular": 0}.get(str(mode))
        if room is not None and isinstance(length, int) and most > length - room:
            expected = f"an axis of at least {counted(most + room, 'numbers')} to {mode} {most} of them"
            return Mismatch("channels", INPUT, {"expected": expected, "received": spec, "hint": "Pad less."})
    return None


def _expect_crop(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    fault = pictures(inputs)
    spec = inputs.get(INPUT)
    if fault is not None or spec is None:
        return fault
    size, offset = numbers(parameters, "size") or (1, 1), numbers(parameters, "offset") or (0, 0)
    needed = tuple(length + first for length, first in zip(size, offset, strict=True))
    if any(isinstance(length, int) and least > length for length, least in zip(spec.shape[2:], needed, strict=True)):
        expected = f"pictures of at least {format_value(needed)}"
        return Mismatch("channels", INPUT, {"expected": expected, "received": spec, "hint": "Choose a smaller size."})
    return None


def _expect_maps(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    return values_of_rank(inputs, INPUT, (3, 4, 5), "feature maps N×channels×height×width")


def _expect_four(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    spec = inputs.get(INPUT)
    fault = values_of_rank(inputs, INPUT, (2,), "N×4")
    if fault is None and spec is not None and spec.shape[1] != 4:
        hint = "Give the layer before it 4 units."
        return Mismatch(
            "channels", INPUT, {"expected": "the 4 numbers of a quaternion", "received": spec, "hint": hint}
        )
    return fault


PAD = BlockType(
    id="pad",
    family="merge",
    title="Pad",
    aliases=("shape", "zero padding", "reflect", "replicate", "circular", "border", "symmetric"),
    icon="ph.frame-corners",
    purpose="Adds a border: zeros, a mirror image, the edge repeated, or the other side.",
    formula="y = x with a border",
    parameters=(
        Parameter(
            "padding",
            "Border",
            "tuple",
            (1, 1, 1, 1),
            "Left, right, top, bottom: two numbers for each axis, the last axis first.",
            0,
            65_536,
            listed=True,
        ),
        Parameter(
            "mode",
            "Filled with",
            "choice",
            "constant",
            "One number, a mirror image, the edge, or the opposite side.",
            choices=("constant", "reflect", "replicate", "circular"),
        ),
        Parameter("value", "Number", "float", 0.0, "What a constant border is made of.", -1e6, 1e6, advanced=True),
    ),
    summary=("{padding}", "{mode}"),
    module="engine.modules.shape:Pad",
    ports=one_to_one,
    expect=_expect_pad,
    arguments=same_arguments("padding", "mode", "value"),
)
CROP = BlockType(
    id="crop",
    family="merge",
    title="Crop",
    aliases=("shape", "cut", "window", "center crop"),
    icon="ph.crop",
    purpose="Keeps a window of a picture, its middle unless told where.",
    formula="y = a window of x",
    parameters=(
        pair_parameter("size", "Size", (6, 6), "Height and width of what is kept.", unit="px"),
        tuple_parameter(
            "offset", "Corner", None, "Top and left of the window; none: the middle.", 2, 0, absent="mid", unit="px"
        ),
    ),
    summary=("{size}",),
    module="engine.modules.shape:Crop",
    ports=one_to_one,
    expect=_expect_crop,
    arguments=same_arguments("size", "offset"),
)
GRAM_MATRIX = BlockType(
    id="gram_matrix",
    family="merge",
    title="Gram matrix",
    aliases=("style", "texture", "correlation"),
    icon="ph.dots-nine",
    purpose="How much each two channels of a picture go together, wherever they do: its style without its layout.",
    formula="G = F Fᵀ / (C H W)",
    parameters=(Parameter("normalise", "Normalise", "boolean", True, "Divides by the count of numbers in F."),),
    module="engine.modules.shape:GramMatrix",
    ports=one_to_one,
    expect=_expect_maps,
    arguments=same_arguments("normalise"),
)
UNIT_QUATERNION = BlockType(
    id="unit_quaternion",
    family="merge",
    title="Unit quaternion",
    aliases=("rotation", "pose", "orientation", "normalise"),
    icon="ph.compass",
    purpose="Brings four numbers to length 1, so that they stand for a rotation in space.",
    formula="y = q / ‖q‖",
    parameters=(),
    module="engine.modules.shape:UnitQuaternion",
    ports=one_to_one,
    expect=_expect_four,
)

TYPES = (PAD, CROP, GRAM_MATRIX, UNIT_QUATERNION)
