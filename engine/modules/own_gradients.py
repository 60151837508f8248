"""Holds a backward that was written by hand to the slopes of its forward, as torch.autograd.gradcheck does."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import msgspec
import torch
from torch import Tensor

EPSILON = 1e-6
ABSOLUTE, RELATIVE = 1e-5, 1e-3
"""How far a gradient may be from the slope: the bounds of torch.autograd.gradcheck."""
MOST_PLACES = 32
"""How many numbers of each input are tried."""
_SEED = 20_260

Function = Callable[[tuple[Tensor, ...]], tuple[Tensor, ...]]
Gradients = Callable[[tuple[Tensor, ...], tuple[Tensor, ...]], tuple[Tensor | None, ...]]


class Error(msgspec.Struct, frozen=True):
    """The worst place: `input` counts the inputs from 0, `place` is the index in it."""

    input: int
    place: tuple[int, ...]
    gradient: float
    slope: float

    @property
    def size(self) -> float:
        """How far the gradient is from the slope."""
        return abs(self.gradient - self.slope)


def worst_error(
    forward: Function, backward: Gradients, shapes: Sequence[Sequence[int]], dtypes: Sequence[str]
) -> Error | None:
    """The place where `backward` is furthest from the slopes of `forward`; None where it is right everywhere.

    float64 on the CPU, central differences of ⟨v, forward(x)⟩ for one random v, at up to 32 random places of each input
    of floating point (others are zeros). Inputs are 0.25…1.25 with random signs, without signs where that has no
    finite value. Bounds are wider where forward itself gives float32 or less. Draws from a generator of its own.
    """
    generator = torch.Generator("cpu").manual_seed(_SEED)
    with torch.no_grad(), torch.device("cpu"):
        inputs = tuple(_drawn(shape, dtype, generator) for shape, dtype in zip(shapes, dtypes, strict=True))
        outputs = forward(inputs)
        if not all(output.isfinite().all() for output in outputs):
            inputs = tuple(value.abs() for value in inputs)
            outputs = forward(inputs)
        weights = tuple(_cotangent(output, generator) for output in outputs)
        gradients = backward(weights, inputs)
        step, absolute, relative = _bounds(outputs)
        worst: Error | None = None
        for number, (value, gradient) in enumerate(zip(inputs, gradients, strict=True)):
            if not value.is_floating_point():
                continue
            for place in _places(value, generator):
                at = _along(forward, inputs, number, place, weights)
                slope = (at(step) - at(-step)) / (2 * step)
                given = 0.0 if gradient is None else float(gradient[place])
                if not math.isfinite(slope) or abs(given - slope) <= absolute + relative * abs(slope):
                    continue
                found = Error(number, place, given, slope)
                if worst is None or not found.size <= worst.size:
                    worst = found
    return worst


def _drawn(shape: Sequence[int], dtype: str, generator: torch.Generator) -> Tensor:
    if not dtype.startswith("float"):
        return torch.zeros(tuple(shape), dtype=getattr(torch, dtype))
    values = torch.rand(tuple(shape), dtype=torch.float64, generator=generator) + 0.25
    signs = torch.randint(0, 2, tuple(shape), generator=generator) * 2 - 1
    return values * signs


def _cotangent(output: Tensor, generator: torch.Generator) -> Tensor:
    if not output.is_floating_point():
        return torch.zeros_like(output)
    return torch.randn(output.shape, dtype=output.dtype, generator=generator)


def _places(value: Tensor, generator: torch.Generator) -> Iterator[tuple[int, ...]]:
    chosen = torch.randperm(value.numel(), generator=generator)[:MOST_PLACES]
    for flat in chosen.tolist():
        yield tuple(int(index) for index in torch.unravel_index(torch.tensor(flat), value.shape))


def _bounds(outputs: tuple[Tensor, ...]) -> tuple[float, float, float]:
    """The step of the differences, and how far from a slope a gradient may be, absolutely and relatively."""
    precision = max((torch.finfo(output.dtype).eps for output in outputs if output.is_floating_point()), default=0.0)
    if precision <= torch.finfo(torch.float64).eps:
        return EPSILON, ABSOLUTE, RELATIVE
    # There rounding costs as much as the length of the step does, about its square.
    step = precision ** (1 / 3)
    return step, 4 * step, 4 * step


def _along(
    forward: Function, inputs: tuple[Tensor, ...], number: int, place: tuple[int, ...], weights: tuple[Tensor, ...]
) -> Callable[[float], float]:
    """⟨v, forward(x)⟩, v the `weights`, as one number of one input moves by a step."""

    def at(step: float) -> float:
        moved = inputs[number].clone()
        moved[place] += step
        outputs = forward((*inputs[:number], moved, *inputs[number + 1 :]))
        pairs = zip(weights, outputs, strict=True)
        return sum(float((weight * output).double().sum()) for weight, output in pairs if output.is_floating_point())

    return at
