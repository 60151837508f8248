"""Pooling."""

from __future__ import annotations

from collections.abc import Mapping

from engine.blocks.shared import INPUT, fits_window, no_arguments, one_to_one, pair, pair_parameter, pictures
from engine.graph.block_type import BlockType, Inputs, Mismatch, Parameter, Parameters
from engine.graph.values import Value


def _expect(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    fault = pictures(inputs)
    if fault is not None or INPUT not in inputs:
        return fault
    window, amount = pair(parameters, "kernel_size"), pair(parameters, "padding")
    if any(2 * pad > extent for pad, extent in zip(amount, window, strict=True)):
        expected = "a padding of at most half its window"
        return Mismatch("channels", INPUT, {"expected": expected, "received": "×".join(map(str, amount)), "hint": ""})
    return fits_window(parameters, inputs, window, amount)


def _expect_pictures(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    return pictures(inputs)


def _arguments(parameters: Parameters, inputs: Inputs) -> Mapping[str, Value]:
    stride = "kernel_size" if parameters["stride"] is None else "stride"
    return {
        "kernel_size": pair(parameters, "kernel_size"),
        "stride": pair(parameters, stride),
        "padding": pair(parameters, "padding"),
        "ceil_mode": parameters["ceil_mode"],
    }


_PARAMETERS = (
    pair_parameter("kernel_size", "Window", (2, 2), "Height and width of the window."),
    pair_parameter("stride", "Stride", None, "How far the window moves; none: its own size."),
    pair_parameter("padding", "Padding", (0, 0), "Rows and columns added at each side.", 0, True),
    Parameter("ceil_mode", "Keep the rest", "boolean", False, "Also pools what is left at the border.", advanced=True),
)

MAX_POOL2D = BlockType(
    id="max_pool2d",
    family="pooling",
    title="Max pool",
    aliases=("maxpool", "pooling", "subsample", "downsample"),
    icon="ph.arrows-in-simple",
    purpose="Keeps the largest value of each window, so that small shifts no longer matter.",
    formula="y[i] = max x[window i]",
    parameters=_PARAMETERS,
    summary=("{kernel_size}",),
    module="torch.nn:MaxPool2d",
    ports=one_to_one,
    expect=_expect,
    arguments=_arguments,
)

AVG_POOL2D = BlockType(
    id="avg_pool2d",
    family="pooling",
    title="Average pool",
    aliases=("avgpool", "mean pool", "pooling", "subsample", "downsample"),
    icon="ph.arrows-in-simple",
    purpose="Replaces each window by its mean.",
    formula="y[i] = mean x[window i]",
    parameters=_PARAMETERS,
    summary=("{kernel_size}",),
    module="torch.nn:AvgPool2d",
    ports=one_to_one,
    expect=_expect,
    arguments=_arguments,
)

GLOBAL_AVG_POOL2D = BlockType(
    id="global_avg_pool2d",
    family="pooling",
    title="Global average pool",
    aliases=("gap", "global pool", "adaptive average"),
    icon="ph.arrows-in-simple",
    purpose="Replaces each channel by its mean over the whole picture.",
    formula="y[c] = mean x[c]",
    parameters=(),
    module="engine.modules.pooling:GlobalAvgPool2d",
    ports=one_to_one,
    expect=_expect_pictures,
    arguments=no_arguments,
)

TYPES = (MAX_POOL2D, AVG_POOL2D, GLOBAL_AVG_POOL2D)
