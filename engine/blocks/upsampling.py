"""Trainable subsampling, and the ways back to a larger picture."""

from __future__ import annotations

from collections.abc import Mapping

from engine.blocks.shared import (
    INPUT,
    channels,
    fits_window,
    one_to_one,
    pair,
    pair_parameter,
    pictures,
    same_arguments,
    sizes_known,
    values_of_rank,
    whole,
)
from engine.graph.block_type import BlockType, Inputs, Mismatch, Parameter, Parameters
from engine.graph.tensor_spec import Dim
from engine.graph.values import Value, counted


def _expect_maps(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    fault = pictures(inputs) or sizes_known(inputs, (1,))
    return fault or fits_window(parameters, inputs, pair(parameters, "kernel_size"), (0, 0))


def _map_arguments(parameters: Parameters, inputs: Inputs) -> Mapping[str, Value]:
    return {"channels": channels(inputs), "kernel_size": pair(parameters, "kernel_size")}


SUBSAMPLING = BlockType(
    id="subsampling",
    family="pooling",
    title="Trainable subsampling",
    aliases=("lenet s2", "lenet s4", "subsample", "weighted pool"),
    icon="ph.arrows-in-simple",
    purpose="Sums each window and weighs the sum by one learned number a map, as LeNet’s S2 does.",
    formula="y[c, i] = w[c] Σ x[c, window i] + b[c]",
    parameters=(pair_parameter("kernel_size", "Window", (2, 2), "Height and width of the window."),),
    summary=("{kernel_size}",),
    module="engine.modules.pooling:Subsampling",
    ports=one_to_one,
    expect=_expect_maps,
    arguments=_map_arguments,
    weights=lambda parameters: (("Initial weights", ("weight",)), ("Initial bias", ("bias",))),
)


def _expect_pictures(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    return pictures(inputs)


UNPOOL2D = BlockType(
    id="unpool2d",
    family="pooling",
    title="Unpool",
    aliases=("unpooling", "enlarge", "decoder"),
    icon="ph.arrows-out-simple",
    purpose="Makes a window out of each number: repeated, or in one corner with zeros around it.",
    formula="y[window i] = x[i], or x[i] in its corner and 0 elsewhere",
    parameters=(
        pair_parameter("kernel_size", "Window", (2, 2), "Height and width of the window."),
        Parameter(
            "mode", "Fill", "choice", "nearest", "Repeats the number, or puts zeros.", choices=("nearest", "zeros")
        ),
    ),
    summary=("{kernel_size}", "{mode}"),
    module="engine.modules.pooling:Unpool2d",
    ports=one_to_one,
    expect=_expect_pictures,
    arguments=same_arguments("kernel_size", "mode"),
)

_MODES = {
    "nearest": {3: "nearest", 4: "nearest", 5: "nearest"},
    "linear": {3: "linear", 4: "bilinear", 5: "trilinear"},
    "cubic": {4: "bicubic"},
}


def _expect_upsample(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    fault = values_of_rank(inputs, INPUT, (3, 4, 5), "N×channels and a length, height and width, or volume")
    spec = inputs.get(INPUT)
    if fault is not None or spec is None:
        return fault
    if spec.rank not in _MODES[str(parameters["mode"])]:
        expected, hint = "pictures for cubic interpolation", "Choose linear or nearest."
        return Mismatch("rank", INPUT, {"expected": expected, "received": spec, "hint": hint})
    return None


def _upsample_arguments(parameters: Parameters, inputs: Inputs) -> Mapping[str, Value]:
    chosen = str(parameters["mode"])
    mode = _MODES[chosen].get(inputs[INPUT].rank, chosen)
    align = {} if mode == "nearest" else {"align_corners": parameters["align_corners"]}
    return {"scale_factor": parameters["scale_factor"], "mode": mode, **align}


UPSAMPLE = BlockType(
    id="upsample",
    family="pooling",
    title="Upsample",
    aliases=("enlarge", "resize", "interpolate", "bilinear", "bicubic", "decoder"),
    icon="ph.arrows-out-simple",
    purpose="Enlarges a sequence, picture or volume by repeating numbers or by interpolating between them.",
    formula="y(i) = x interpolated at i / s",
    parameters=(
        Parameter("scale_factor", "Scale s", "float", 2.0, "How many times larger each side gets.", 1.0, 1000.0),
        Parameter(
            "mode",
            "Interpolation",
            "choice",
            "nearest",
            "Linear is bilinear for pictures, trilinear for volumes; cubic is for pictures.",
            choices=("nearest", "linear", "cubic"),
        ),
        Parameter(
            "align_corners",
            "Align corners",
            "boolean",
            False,
            "Linear and cubic: whether the outermost pixels keep their places.",
            advanced=True,
        ),
    ),
    summary=("×{scale_factor}", "{mode}"),
    module="torch.nn:Upsample",
    ports=one_to_one,
    expect=_expect_upsample,
    arguments=_upsample_arguments,
)


def _expect_shuffle(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    fault = pictures(inputs) or sizes_known(inputs, (1,))
    if fault is not None or INPUT not in inputs:
        return fault
    square = whole(parameters, "upscale_factor") ** 2
    if channels(inputs) % square == 0:
        return None
    expected, hint = f"a multiple of {counted(square, 'channels')}", "Change the number of filters before it."
    return Mismatch("channels", INPUT, {"expected": expected, "received": inputs[INPUT], "hint": hint})


def _expect_unshuffle(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    fault, factor = pictures(inputs), whole(parameters, "downscale_factor")
    if fault is not None or INPUT not in inputs:
        return fault
    sides = inputs[INPUT].shape[2:]
    if all(isinstance(side, Dim) or side % factor == 0 for side in sides):
        return None
    expected, hint = f"sides that {factor} divides", "Pad or crop the picture first."
    return Mismatch("channels", INPUT, {"expected": expected, "received": inputs[INPUT], "hint": hint})


PIXEL_SHUFFLE = BlockType(
    id="pixel_shuffle",
    family="pooling",
    title="Pixel shuffle",
    aliases=("sub-pixel convolution", "depth to space", "super-resolution"),
    icon="ph.arrows-out-simple",
    purpose="Lays r² channels out as r×r pixels: fewer channels, a larger picture, no number lost.",
    formula="y[c, r i + u, r j + v] = x[c r² + r u + v, i, j]",
    parameters=(
        Parameter("upscale_factor", "Factor r", "integer", 2, "How many times larger each side gets.", 1, 1000),
    ),
    summary=("×{upscale_factor}",),
    module="torch.nn:PixelShuffle",
    ports=one_to_one,
    expect=_expect_shuffle,
    arguments=same_arguments("upscale_factor"),
)
PIXEL_UNSHUFFLE = BlockType(
    id="pixel_unshuffle",
    family="pooling",
    title="Pixel unshuffle",
    aliases=("space to depth", "reorganise"),
    icon="ph.arrows-in-simple",
    purpose="Stacks r×r pixels as r² channels: a smaller picture, more channels, no number lost.",
    formula="y[c r² + r u + v, i, j] = x[c, r i + u, r j + v]",
    parameters=(
        Parameter("downscale_factor", "Factor r", "integer", 2, "How many times smaller each side gets.", 1, 1000),
    ),
    summary=("÷{downscale_factor}",),
    module="torch.nn:PixelUnshuffle",
    ports=one_to_one,
    expect=_expect_unshuffle,
    arguments=same_arguments("downscale_factor"),
)

TYPES = (SUBSAMPLING, UNPOOL2D, UPSAMPLE, PIXEL_SHUFFLE, PIXEL_UNSHUFFLE)
