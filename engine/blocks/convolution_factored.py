"""Convolutions with fewer links: depthwise, separable, and by a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engine.blocks.convolution import (
    FILTERS,
    PADDING_MODE,
    WHERE,
    border_fits,
    dilation,
    expect_channels,
    kernel_size,
    padding,
    padding_choice,
    padding_size,
    stride,
)
from engine.blocks.shared import BIAS, INPUT, channels, impossible, one_to_one, pair, weight_and_bias, whole
from engine.graph.block_type import BlockType, Inputs, Mismatch, Parameter, Parameters, WeightGroups
from engine.graph.values import Value

_MULTIPLIER = Parameter(
    "multiplier", "Filters a channel", "integer", 1, "How many filters each channel has.", 1, 65_536
)


def _expect(dimensions: int) -> Callable[[Parameters, Inputs], Mismatch | None]:
    def expect(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
        fault = expect_channels(inputs, dimensions)
        return fault if fault is not None or INPUT not in inputs else border_fits(parameters, inputs)

    return expect


def _geometry(parameters: Parameters) -> dict[str, Value]:
    return {
        "kernel_size": pair(parameters, "kernel_size"),
        "stride": pair(parameters, "stride"),
        "padding": padding(parameters),
        "dilation": pair(parameters, "dilation"),
    }


def _depthwise_arguments(parameters: Parameters, inputs: Inputs) -> Mapping[str, Value]:
    count = channels(inputs)
    return {
        "in_channels": count,
        "out_channels": count * whole(parameters, "multiplier"),
        **_geometry(parameters),
        "groups": count,
        "bias": parameters["bias"],
        "padding_mode": parameters["padding_mode"],
    }


def _depthwise(dimensions: int) -> BlockType:
    return BlockType(
        id=f"depthwise_conv{dimensions}d",
        family="convolution",
        title=f"Depthwise convolution {dimensions}-D",
        aliases=("channelwise convolution", "mobilenet", "grouped convolution"),
        icon="ph.stack",
        purpose=f"Slides filters over each channel of {WHERE[dimensions]} by itself; channels do not mix.",
        formula="y[c, m] = W[c, m] ⋆ x[c] + b[c, m]",
        parameters=(
            _MULTIPLIER,
            kernel_size(dimensions),
            stride(dimensions),
            padding_choice(dimensions),
            BIAS,
            padding_size(dimensions),
            dilation(dimensions),
            PADDING_MODE,
        ),
        summary=("{multiplier} a channel", "{kernel_size}"),
        module=f"torch.nn:Conv{dimensions}d",
        ports=one_to_one,
        expect=_expect(dimensions),
        arguments=_depthwise_arguments,
        weights=weight_and_bias,
    )


def _separable_arguments(parameters: Parameters, inputs: Inputs) -> Mapping[str, Value]:
    return {
        "in_channels": channels(inputs),
        "out_channels": whole(parameters, "out_channels"),
        **_geometry(parameters),
        "multiplier": whole(parameters, "multiplier"),
        "bias": parameters["bias"],
        "padding_mode": parameters["padding_mode"],
    }


def _separable_weights(parameters: Parameters) -> WeightGroups:
    bias = (("Initial bias", ("pointwise.bias",)),) if parameters.get("bias", True) else ()
    return (
        ("Initial depthwise", ("depthwise.weight",)),
        ("Initial pointwise", ("pointwise.weight",)),
        *bias,
    )


def _separable(dimensions: int) -> BlockType:
    return BlockType(
        id=f"separable_conv{dimensions}d",
        family="convolution",
        title=f"Separable convolution {dimensions}-D",
        aliases=("depthwise separable", "xception", "mobilenet", "pointwise"),
        icon="ph.stack",
        purpose="Filters each channel by itself, then mixes the channels at every place: a convolution at a low price.",
        formula="y[k] = Σ_c P[k, c] (D[c] ⋆ x[c]) + b[k]",
        parameters=(
            FILTERS,
            kernel_size(dimensions),
            stride(dimensions),
            padding_choice(dimensions),
            BIAS,
            _MULTIPLIER,
            padding_size(dimensions),
            dilation(dimensions),
            PADDING_MODE,
        ),
        summary=("{out_channels} filters", "{kernel_size}"),
        module=f"engine.modules.convolution:SeparableConv{dimensions}d",
        ports=one_to_one,
        expect=_expect(dimensions),
        arguments=_separable_arguments,
        weights=_separable_weights,
    )


def _expect_table(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    fault = expect_channels(inputs, 2)
    if fault is not None or INPUT not in inputs:
        return fault
    counts = (channels(inputs), whole(parameters, "out_channels"))
    if parameters["table"] == "LeNet" and counts != (6, 16):
        reason = f"LeNet’s table links 6 incoming maps to 16 filters, not {counts[0]} to {counts[1]}"
        return impossible(reason, "Give it 6 maps and 16 filters, or choose the full table.")
    return border_fits(parameters, inputs)


def _table_arguments(parameters: Parameters, inputs: Inputs) -> Mapping[str, Value]:
    return {
        "in_channels": channels(inputs),
        "out_channels": whole(parameters, "out_channels"),
        "kernel_size": pair(parameters, "kernel_size"),
        "stride": pair(parameters, "stride"),
        "padding": padding(parameters),
        "bias": parameters["bias"],
        "table": parameters["table"],
    }


TABLE_CONV2D = BlockType(
    id="table_conv2d",
    family="convolution",
    title="Connection-table convolution",
    aliases=("lenet c3", "sparse convolution", "partially connected"),
    icon="ph.table",
    purpose="A convolution whose filters each read only some of the incoming maps, as a table says.",
    formula="y[k] = Σ_c∈table[k] W[k, c] ⋆ x[c] + b[k]",
    parameters=(
        FILTERS,
        kernel_size(2, 5),
        Parameter(
            "table",
            "Table",
            "choice",
            "LeNet",
            "Which maps each filter reads: LeNet’s 60 links, or all.",
            choices=("LeNet", "full"),
        ),
        stride(2),
        padding_choice(2, "none"),
        BIAS,
        padding_size(2),
    ),
    summary=("{out_channels} filters", "{kernel_size}", "table {table}"),
    module="engine.modules.convolution:TableConv2d",
    ports=one_to_one,
    expect=_expect_table,
    arguments=_table_arguments,
    weights=weight_and_bias,
)

TYPES = (_depthwise(2), _depthwise(1), _separable(2), _separable(1), TABLE_CONV2D)
