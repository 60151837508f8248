"""Convolutions over sequences, pictures and volumes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engine.blocks.shared import (
    AXES,
    BIAS,
    INPUT,
    channels,
    fits_window,
    grid,
    impossible,
    one_to_one,
    pair,
    tuple_parameter,
    weight_and_bias,
    whole,
)
from engine.graph.block_type import BlockType, Inputs, Mismatch, Parameter, Parameters, Repair
from engine.graph.tensor_spec import Dim, TensorSpec
from engine.graph.values import Value

WHERE = {1: "a sequence", 2: "a picture", 3: "a volume"}
FILTERS = Parameter("out_channels", "Filters", "integer", 16, "How many filters, and so output channels.", 1, 65_536)
GROUPS = Parameter(
    "groups", "Groups", "integer", 1, "Splits the channels into groups that do not mix.", 1, 65_536, advanced=True
)
PADDING_MODE = Parameter(
    "padding_mode",
    "Padding mode",
    "choice",
    "zeros",
    "What the border is padded with.",
    choices=("zeros", "reflect", "replicate", "circular"),
    advanced=True,
)


def kernel_size(dimensions: int, extent: int = 3) -> Parameter:
    """The extent of the filters."""
    help = f"{AXES[dimensions]} of each filter."
    return tuple_parameter("kernel_size", "Kernel size", (extent,) * dimensions, help, dimensions)


def stride(dimensions: int, step: int = 1, help: str = "How far the filter moves at each step.") -> Parameter:
    """How far the window moves."""
    return tuple_parameter("stride", "Stride", (step,) * dimensions, help, dimensions)


def padding_choice(dimensions: int, default: str = "same") -> Parameter:
    """Same, none or custom."""
    help = f"Whether the border is padded so that {WHERE[dimensions]} keeps its size."
    return Parameter("padding", "Padding", "choice", default, help, choices=("same", "none", "custom"))


def padding_size(dimensions: int) -> Parameter:
    """The numbers of custom padding."""
    help = "How much is added at each side if padding is custom."
    return tuple_parameter("padding_size", "Padding size", (0,) * dimensions, help, dimensions, 0, True)


def dilation(dimensions: int) -> Parameter:
    """Gaps in the kernel."""
    return tuple_parameter(
        "dilation", "Dilation", (1,) * dimensions, "Gaps between the filter’s taps.", dimensions, 1, True
    )


def padding(parameters: Parameters) -> tuple[int, ...] | str:
    """PyTorch's `padding` argument: numbers, or "same" where an even window needs one side more."""
    extents = window(parameters)
    if parameters["padding"] == "none":
        return (0,) * len(extents)
    if parameters["padding"] == "custom":
        return pair(parameters, "padding_size")
    strided = any(step != 1 for step in pair(parameters, "stride"))
    if not strided and any(extent % 2 == 0 for extent in extents):
        return "same"
    return tuple((extent - 1) // 2 for extent in extents)


def window(parameters: Parameters) -> tuple[int, ...]:
    """The extent of the dilated kernel."""
    kernel = pair(parameters, "kernel_size")
    steps = pair(parameters, "dilation") if "dilation" in parameters else (1,) * len(kernel)
    return tuple(step * (size - 1) + 1 for size, step in zip(kernel, steps, strict=True))


def expect_channels(inputs: Inputs, dimensions: int) -> Mismatch | None:
    """A Mismatch unless the input is N×channels×…, the number of channels known."""
    fault = grid(inputs, dimensions)
    spec = inputs.get(INPUT)
    if fault is not None or spec is None or not isinstance(spec.shape[1], Dim):
        return fault
    hint = "Channels come before the steps: put a Permute between them."
    facts: dict[str, Value | TensorSpec] = {"expected": "a fixed number of channels", "received": spec, "hint": hint}
    turned = spec.rank == 3 and isinstance(spec.shape[2], int)
    return Mismatch("channels", INPUT, facts, (Repair("permute"),) if turned else ())


def groups_divide(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    """A Mismatch unless the groups divide the channels that come in and the filters."""
    groups, out_channels = whole(parameters, "groups"), whole(parameters, "out_channels")
    for count, what in ((channels(inputs), "incoming channels"), (out_channels, "filters")):
        if count % groups:
            reason = f"{groups} groups do not divide its {count} {what}"
            return impossible(reason, "Change the groups or the number of filters.")
    return None


def border_fits(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    """A Mismatch where the window is too large, or reflect and circular padding need more than is there."""
    amount, extents = padding(parameters), window(parameters)
    if not isinstance(amount, str):
        fault = fits_window(parameters, inputs, extents, amount)
        if fault is not None:
            return fault
    else:
        amount = tuple(extent // 2 for extent in extents)
    mode = parameters.get("padding_mode", "zeros")
    if mode not in ("reflect", "circular"):
        return None
    spec = inputs[INPUT]
    for length, pad in zip(spec.shape[2:], amount, strict=True):
        if isinstance(length, int) and pad > length - (mode == "reflect"):
            expected = f"sides longer than {pad} to pad them by {mode}"
            hint = "Pad less, or choose zeros or replicate."
            return Mismatch("channels", INPUT, {"expected": expected, "received": spec, "hint": hint})
    return None


def _expect(dimensions: int) -> Callable[[Parameters, Inputs], Mismatch | None]:
    def expect(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
        fault = expect_channels(inputs, dimensions)
        if fault is not None or INPUT not in inputs:
            return fault
        return groups_divide(parameters, inputs) or border_fits(parameters, inputs)

    return expect


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


def _convolution(dimensions: int, title: str, aliases: tuple[str, ...], icon: str) -> BlockType:
    return BlockType(
        id=f"conv{dimensions}d",
        family="convolution",
        title=title,
        aliases=(f"convolution {dimensions}-d", "cnn", "filter", "kernel", *aliases),
        icon=icon,
        purpose=f"Slides small filters over {WHERE[dimensions]}; each filter looks for one local pattern everywhere.",
        formula="y[k] = Σ_c W[k, c] ⋆ x[c] + b[k]",
        parameters=(
            FILTERS,
            kernel_size(dimensions),
            stride(dimensions),
            padding_choice(dimensions),
            BIAS,
            padding_size(dimensions),
            dilation(dimensions),
            GROUPS,
            PADDING_MODE,
        ),
        summary=("{out_channels} filters", "{kernel_size}"),
        module=f"torch.nn:Conv{dimensions}d",
        transposes=((f"conv_transpose{dimensions}d", f"torch.nn:Conv{dimensions}d"),),
        ports=one_to_one,
        expect=_expect(dimensions),
        arguments=_arguments,
        weights=weight_and_bias,
    )


CONV2D = _convolution(2, "Convolution", ("conv",), "ph.grid-four")
CONV1D = _convolution(1, "Convolution 1-D", ("temporal convolution", "tdnn", "sequence"), "ph.columns")
CONV3D = _convolution(3, "Convolution 3-D", ("video", "volume"), "ph.cube")

TYPES = (CONV2D, CONV1D, CONV3D)
