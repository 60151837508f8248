"""Local connections: windows with weights of their own at every place."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engine.blocks.shared import (
    AXES,
    BIAS,
    INPUT,
    channels,
    fits_window,
    grid,
    one_to_one,
    pair,
    sizes_known,
    tuple_parameter,
    weight_and_bias,
    whole,
)
from engine.graph.block_type import BlockType, Inputs, Mismatch, Parameter, Parameters
from engine.graph.values import Value


def _expect(dimensions: int) -> Callable[[Parameters, Inputs], Mismatch | None]:
    def expect(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
        axes = tuple(range(1, dimensions + 2))
        fault = grid(inputs, dimensions) or sizes_known(inputs, axes)
        return fault or fits_window(parameters, inputs, pair(parameters, "kernel_size"), pair(parameters, "padding"))

    return expect


def _arguments(parameters: Parameters, inputs: Inputs) -> Mapping[str, Value]:
    return {
        "in_channels": channels(inputs),
        "out_channels": whole(parameters, "out_channels"),
        "input_size": tuple(channels(inputs, axis) for axis in range(2, inputs[INPUT].rank)),
        "kernel_size": pair(parameters, "kernel_size"),
        "stride": pair(parameters, "stride"),
        "padding": pair(parameters, "padding"),
        "bias": parameters["bias"],
    }


def _locally_connected(dimensions: int, what: str) -> BlockType:
    return BlockType(
        id=f"locally_connected{dimensions}d",
        family="dense",
        title=f"Locally connected {dimensions}-D",
        aliases=("local connections", "unshared convolution", "untied"),
        icon="ph.squares-four",
        purpose=f"Slides a window over {what} like a convolution, but with weights of its own at every place.",
        formula="y[k, i] = Σ W[k, i] x[window i] + b[k, i]",
        parameters=(
            Parameter("out_channels", "Maps", "integer", 6, "How many units look at each window.", 1, 65_536),
            tuple_parameter("kernel_size", "Window", (3,) * dimensions, f"{AXES[dimensions]} it sees.", dimensions),
            tuple_parameter("stride", "Stride", (1,) * dimensions, "How far the window moves.", dimensions),
            BIAS,
            tuple_parameter(
                "padding", "Padding", (0,) * dimensions, "Zeros added at each side.", dimensions, 0, advanced=True
            ),
        ),
        summary=("{out_channels} maps", "{kernel_size}"),
        module=f"engine.modules.local:LocallyConnected{dimensions}d",
        ports=one_to_one,
        expect=_expect(dimensions),
        arguments=_arguments,
        weights=weight_and_bias,
    )


TYPES = (_locally_connected(2, "a picture"), _locally_connected(1, "a sequence"))
