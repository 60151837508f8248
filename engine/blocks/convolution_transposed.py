"""Transposed convolutions: the way back from small to large."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engine.blocks.convolution import (
    FILTERS,
    GROUPS,
    WHERE,
    dilation,
    expect_channels,
    groups_divide,
    kernel_size,
    stride,
    window,
)
from engine.blocks.shared import (
    BIAS,
    INPUT,
    channels,
    impossible,
    one_to_one,
    pair,
    tuple_parameter,
    weight_and_bias,
    whole,
)
from engine.graph.block_type import BlockType, Inputs, Mismatch, Parameter, Parameters
from engine.graph.values import Value, format_value


def _cuts(parameters: Parameters) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """PyTorch's `padding`, cut off at each side, and `output_padding`, added at the far one."""
    extents, steps = window(parameters), pair(parameters, "stride")
    if parameters["padding"] == "none":
        return (0,) * len(extents), (0,) * len(extents)
    if parameters["padding"] == "custom":
        return pair(parameters, "padding_size"), pair(parameters, "output_padding")
    surplus = [extent - step for extent, step in zip(extents, steps, strict=True)]
    cut = tuple(max(0, (more + 1) // 2) for more in surplus)
    return cut, tuple(2 * pad - more for pad, more in zip(cut, surplus, strict=True))


def _expect(dimensions: int) -> Callable[[Parameters, Inputs], Mismatch | None]:
    def expect(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
        fault = expect_channels(inputs, dimensions)
        if fault is not None or INPUT not in inputs:
            return fault
        fault = groups_divide(parameters, inputs)
        if fault is not None:
            return fault
        limits = zip(_cuts(parameters)[1], pair(parameters, "stride"), pair(parameters, "dilation"), strict=True)
        if all(more < max(step, gap) for more, step, gap in limits):
            return None
        if parameters["padding"] == "same":
            reason = f"where its stride is 1, a kernel of {format_value(window(parameters))} cannot keep the size"
            return impossible(reason, "Use an odd kernel, or choose another padding.")
        more = format_value(pair(parameters, "output_padding"))
        reason = f"its output padding of {more} is not below its stride of {format_value(pair(parameters, 'stride'))}"
        return impossible(reason, "Raise the stride or pad less.")

    return expect


def _arguments(parameters: Parameters, inputs: Inputs) -> Mapping[str, Value]:
    cut, more = _cuts(parameters)
    return {
        "in_channels": channels(inputs),
        "out_channels": whole(parameters, "out_channels"),
        "kernel_size": pair(parameters, "kernel_size"),
        "stride": pair(parameters, "stride"),
        "padding": cut,
        "output_padding": more,
        "groups": whole(parameters, "groups"),
        "bias": parameters["bias"],
        "dilation": pair(parameters, "dilation"),
    }


def _transposed(dimensions: int) -> BlockType:
    zeros = (0,) * dimensions
    return BlockType(
        id=f"conv_transpose{dimensions}d",
        family="convolution",
        title=f"Transposed convolution {dimensions}-D",
        aliases=("deconvolution", "upconvolution", "fractionally strided", f"convtranspose{dimensions}d", "decoder"),
        icon="ph.arrows-out-simple",
        purpose=f"Paints a learned patch for each number it reads, and so enlarges {WHERE[dimensions]}.",
        formula="y = Wᵀ x + b, the gradient of a convolution",
        parameters=(
            FILTERS,
            kernel_size(dimensions, 2),
            stride(dimensions, 2, "How many times larger it gets."),
            Parameter(
                "padding",
                "Padding",
                "choice",
                "same",
                "Same: exactly stride times as large; none: with the overhang of the kernel.",
                choices=("same", "none", "custom"),
            ),
            BIAS,
            tuple_parameter(
                "padding_size", "Padding size", zeros, "Cut off at each side if padding is custom.", dimensions, 0, True
            ),
            tuple_parameter(
                "output_padding",
                "Output padding",
                zeros,
                "Added at the far side if padding is custom.",
                dimensions,
                0,
                True,
            ),
            dilation(dimensions),
            GROUPS,
        ),
        summary=("{out_channels} filters", "{kernel_size}", "×{stride}"),
        module=f"torch.nn:ConvTranspose{dimensions}d",
        transposes=((f"conv{dimensions}d", f"torch.nn:ConvTranspose{dimensions}d"),),
        ports=one_to_one,
        expect=_expect(dimensions),
        arguments=_arguments,
        weights=weight_and_bias,
    )


TYPES = (_transposed(2), _transposed(1), _transposed(3))
