"""Convolutions."""

from __future__ import annotations

from collections.abc import Mapping

from engine.blocks.shared import (
    BIAS,
    INPUT,
    channels,
    fits_window,
    one_to_one,
    pair,
    pair_parameter,
    pictures,
    sizes_known,
    weight_and_bias,
    whole,
)
from engine.graph.block_type import BlockType, Inputs, Mismatch, Parameter, Parameters
from engine.graph.values import Value


def padding(parameters: Parameters) -> tuple[int, ...] | str:
    """PyTorch's `padding` argument: numbers, or "same" where an even window needs one side more."""
    window = _window(parameters)
    if parameters["padding"] == "none":
        return (0,) * len(window)
    if parameters["padding"] == "custom":
        return pair(parameters, "padding_size")
    strided = any(step != 1 for step in pair(parameters, "stride"))
    if not strided and any(extent % 2 == 0 for extent in window):
        return "same"
    return tuple((extent - 1) // 2 for extent in window)


def _window(parameters: Parameters) -> tuple[int, ...]:
    """The extent of the dilated kernel."""
    kernel, dilation = pair(parameters, "kernel_size"), pair(parameters, "dilation")
    return tuple(step * (size - 1) + 1 for size, step in zip(kernel, dilation, strict=True))


def _expect(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    fault = pictures(inputs) or sizes_known(inputs, (1,))
    if fault is not None or INPUT not in inputs:
        return fault
    groups, out_channels = whole(parameters, "groups"), whole(parameters, "out_channels")
    for count, what in ((channels(inputs), "incoming channels"), (out_channels, "filters")):
        if count % groups:
            facts = {"expected": f"a number of {what} that {groups} groups divide", "received": str(count)}
            return Mismatch("channels", INPUT, {**facts, "hint": "Change the groups or the number of filters."})
    amount = padding(parameters)
    window = _window(parameters)
    return None if isinstance(amount, str) else fits_window(parameters, inputs, window, amount)


def _arguments(parameters: Parameters, inputs: Inputs) -> Mapping[str, Value]:
    return {
        "in_channels": channels(inputs),
        "out_channels": whole(parameters, "out_channels"),
        "kernel_size": pair(parameters, "kernel_size"),
        "stride": pair(parameters, "stride"),
        "padding": padding(parameters),
        "dilation": pair(parameters, "dilation"),
        "groups": whole(parameters, "groups"),
        "bias": parameters["bias"],
        "padding_mode": parameters["padding_mode"],
    }


CONV2D = BlockType(
    id="conv2d",
    family="convolution",
    title="Convolution",
    aliases=("conv", "convolution 2-d", "cnn", "filter", "kernel"),
    icon="ph.grid-four",
    purpose="Slides small filters over the picture; each filter looks for one local pattern everywhere.",
    formula="y[k] = Σ_c W[k, c] ⋆ x[c] + b[k]",
    parameters=(
        Parameter("out_channels", "Filters", "integer", 16, "How many filters, and so output channels.", 1, 65_536),
        pair_parameter("kernel_size", "Kernel size", (3, 3), "Height and width of each filter."),
        pair_parameter("stride", "Stride", (1, 1), "How far the filter moves at each step."),
        Parameter(
            "padding",
            "Padding",
            "choice",
            "same",
            "Whether the border is padded so that the picture keeps its size.",
            choices=("same", "none", "custom"),
        ),
        BIAS,
        pair_parameter(
            "padding_size", "Padding size", (0, 0), "Rows and columns added at each side if padding is custom.", 0, True
        ),
        pair_parameter("dilation", "Dilation", (1, 1), "Gaps between the filter's taps.", 1, True),
        Parameter(
            "groups",
            "Groups",
            "integer",
            1,
            "Splits the channels into groups that do not mix.",
            1,
            65_536,
            advanced=True,
        ),
        Parameter(
            "padding_mode",
            "Padding mode",
            "choice",
            "zeros",
            "What the border is padded with.",
            choices=("zeros", "reflect", "replicate", "circular"),
            advanced=True,
        ),
    ),
    summary=("{out_channels} filters", "{kernel_size}"),
    module="torch.nn:Conv2d",
    ports=one_to_one,
    expect=_expect,
    arguments=_arguments,
    weights=weight_and_bias,
)

TYPES = (CONV2D,)
