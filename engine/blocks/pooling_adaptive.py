"""Pooling whose windows follow the input: global, adaptive, and fractional."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engine.blocks.pooling import KINDS
from engine.blocks.shared import (
    AXES,
    INPUT,
    fits_window,
    grid,
    impossible,
    no_arguments,
    one_to_one,
    pair,
    same_arguments,
    tuple_parameter,
)
from engine.graph.block_type import BlockType, Inputs, Mismatch, Parameter, Parameters
from engine.graph.tensor_spec import Dim
from engine.graph.values import Value, counted

_WORDS = {
    "avg": ("average", "by its mean", "mean", ("gap",)),
    "max": ("max", "by its largest value", "max", ("gmp",)),
}


def _expect(dimensions: int) -> Callable[[Parameters, Inputs], Mismatch | None]:
    def expect(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
        return grid(inputs, dimensions)

    return expect


def _global(kind: str, dimensions: int) -> BlockType:
    word, result, function, aliases = _WORDS[kind]
    title = f"Global {word} pool"
    return BlockType(
        id=f"global_{kind}_pool{dimensions}d",
        family="pooling",
        title=title if dimensions == 2 else f"{title} {dimensions}-D",
        aliases=(*aliases, "global pool", "readout"),
        icon="ph.arrows-in",
        purpose=f"Replaces each channel {result} over the whole of {KINDS[dimensions]}.",
        formula=f"y[c] = {function} x[c]",
        parameters=(),
        module=f"engine.modules.pooling:Global{kind.capitalize()}Pool{dimensions}d",
        ports=one_to_one,
        expect=_expect(dimensions),
        arguments=no_arguments,
    )


def _output_size(parameters: Parameters, inputs: Inputs) -> Mapping[str, Value]:
    return {"output_size": pair(parameters, "output_size")}


def _adaptive(kind: str, dimensions: int) -> BlockType:
    word, result, function, _ = _WORDS[kind]
    size = tuple_parameter(
        "output_size", "Output size", (2,) * dimensions, f"{AXES[dimensions]} of what comes out.", dimensions
    )
    return BlockType(
        id=f"adaptive_{kind}_pool{dimensions}d",
        family="pooling",
        title=f"Adaptive {word} pool {dimensions}-D",
        aliases=("adaptive pooling", "spatial pyramid", "fixed size"),
        icon="ph.arrows-in",
        purpose=f"Cuts {KINDS[dimensions]} of any size into a fixed number of windows and replaces each {result}.",
        formula=f"y[i] = {function} x[⌊i L / m⌋ … ⌈(i + 1) L / m⌉ − 1]",
        parameters=(size,),
        summary=("to {output_size}",),
        module=f"torch.nn:Adaptive{kind.capitalize()}Pool{dimensions}d",
        ports=one_to_one,
        expect=_expect(dimensions),
        arguments=_output_size,
    )


def _expect_fractional(dimensions: int) -> Callable[[Parameters, Inputs], Mismatch | None]:
    def expect(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
        window = pair(parameters, "kernel_size")
        fault = grid(inputs, dimensions) or fits_window(parameters, inputs, window, (0,) * dimensions)
        if fault is not None or INPUT not in inputs:
            return fault
        return _room_for_windows(inputs[INPUT].shape[2:], window, parameters["output_ratio"])

    return expect


def _room_for_windows(sides: tuple[int | Dim, ...], window: tuple[int, ...], ratio: Value) -> Mismatch | None:
    """A Mismatch unless the windows can begin at different places; in volumes PyTorch wants a place more."""
    assert isinstance(ratio, (int, float))
    for side, extent in zip(sides, window, strict=True):
        if not isinstance(side, int):
            continue
        count = int(side * ratio)
        needed = count + extent - (1 if len(window) == 2 else 0)
        if count and needed > side:
            windows = f"{counted(count, 'windows')} of {extent}"
            reason = f"an axis of {counted(side, 'places')} is too short to shift {windows} (it needs {needed})"
            return impossible(reason, "Use a smaller window or a smaller ratio.")
    return None


def _fractional(dimensions: int) -> BlockType:
    return BlockType(
        id=f"fractional_max_pool{dimensions}d",
        family="pooling",
        title=f"Fractional max pool {dimensions}-D",
        aliases=("stochastic pooling", "random pooling"),
        icon="ph.dice-five",
        purpose=f"Shrinks {KINDS[dimensions]} by less than half, taking the largest value of windows at random places.",
        formula="y[i] = max x[window i], windows drawn anew each time",
        parameters=(
            tuple_parameter(
                "kernel_size", "Window", (2,) * dimensions, f"{AXES[dimensions]} of the window.", dimensions
            ),
            Parameter("output_ratio", "Ratio", "float", 0.7, "How much of the size is left.", 0.01, 0.99),
        ),
        summary=("{kernel_size}", "ratio {output_ratio}"),
        module=f"engine.modules.pooling:FractionalMaxPool{dimensions}d",
        ports=one_to_one,
        expect=_expect_fractional(dimensions),
        arguments=same_arguments("kernel_size", "output_ratio"),
        traits=frozenset({"stochastic"}),
    )


_AXES = (2, 1, 3)

TYPES = (
    *(_global(kind, dimensions) for kind in ("avg", "max") for dimensions in _AXES),
    *(_adaptive(kind, dimensions) for kind in ("avg", "max") for dimensions in _AXES),
    _fractional(2),
    _fractional(3),
)
