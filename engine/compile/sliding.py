"""Windows along the axes behind the channels: of convolutions, pools, and the ways back from them."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, Literal

import torch
from torch.nn import functional

from engine.compile.moves import All, Look, Move, Moves, Nothing, Pattern, Unknown, Window, lengths
from engine.graph.tensor_spec import Dim, TensorSpec


def numbers(value: Any, count: int) -> tuple[int, ...]:
    """One number for each axis; given as one, it counts for all."""
    given = tuple(value) if isinstance(value, (tuple, list)) else (value,)
    return given * count if len(given) == 1 and count else given


def sliding(module: Any, spec: TensorSpec, out: TensorSpec) -> Moves:
    """A window along each axis behind the channels."""
    count = spec.rank - 2
    sizes = numbers(module.kernel_size, count)
    dilation = numbers(getattr(module, "dilation", 1), count)
    step = numbers(getattr(module, "stride", None) or sizes, count)
    padding = getattr(module, "padding", 0)
    if padding == "same":
        before = [(size - 1) * wide // 2 for size, wide in zip(sizes, dilation, strict=True)]
    else:
        before = [*numbers(0 if padding == "valid" else padding, count)]
    beyond = BEYOND[getattr(module, "padding_mode", "zeros")]
    return tuple(
        [
            Look(axis, lengths(out)[axis], by, (tuple(range(-front, size * wide - front, wide)),), beyond)
            for axis, size, wide, by, front in zip(range(2, spec.rank), sizes, dilation, step, before, strict=True)
        ]
    )


BEYOND: dict[str, Literal["nothing", "mirror", "edge", "round"]] = {
    **dict.fromkeys(("zeros", "constant"), "nothing"),
    "reflect": "mirror",
    "replicate": "edge",
    "circular": "round",
}


def spread(
    spec: TensorSpec,
    out: TensorSpec,
    sizes: Sequence[int],
    step: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int] = (1, 1, 1),
) -> Moves:
    """The window moves over the output: place i of the input reaches the places i · step − padding + k · dilation."""
    made = []
    for axis, size, by, front, wide in zip(range(2, spec.rank), sizes, step, padding, dilation, strict=False):
        patterns = tuple(
            tuple((place + front - k * wide) // by for k in range(size) if (place + front - k * wide) % by == 0)
            for place in range(by)
        )
        made.append(Look(axis, lengths(out)[axis], 1, patterns))
    return tuple(made)


def adaptive(spec: TensorSpec, out: TensorSpec) -> Moves:
    """Window i of O over L places: from ⌊i·L/O⌋ to ⌈(i+1)·L/O⌉ − 1, as torch.nn.AdaptiveAvgPool2d cuts them."""
    moves: list[Move] = []
    for axis in range(2, spec.rank):
        length, made = spec.shape[axis], out.shape[axis]
        if made == 1:
            moves.append(All(axis))
        elif isinstance(length, Dim) or isinstance(made, Dim):
            return (Unknown("free-length"),)
        elif length % made == 0:
            moves.append(Look(axis, made, length // made, (tuple(range(length // made)),)))
        else:
            cuts = [range(i * length // made, -(-(i + 1) * length // made)) for i in range(made)]
            moves.append(Look(axis, made, 0, tuple(map(tuple, cuts))))
    return tuple(moves)


def fractional(module: Any, spec: TensorSpec, out: TensorSpec) -> Moves:
    """All that the windows may cover that chance draws.

    Graham, Fractional max-pooling, 2014: window i of O, k of L places long, begins at ⌊(i + u) α⌋ − ⌊u α⌋, chance u in
    0…1, α = (L − k) / (O − 1), so at ⌊i α⌋ or ⌈i α⌉; the last at L − k.
    """
    moves = []
    for axis, size in zip(range(2, spec.rank), numbers(module.kernel_size, spec.rank - 2), strict=True):
        length, made = spec.shape[axis], out.shape[axis]
        if isinstance(length, Dim) or isinstance(made, Dim):
            return (Unknown("free-length"),)
        room, last = length - size, made - 1
        cuts = [range(i * room // last, -(-i * room // last) + size) for i in range(last)]
        moves.append(Look(axis, made, 0, tuple(map(tuple, (*cuts, range(room, length))))))
    return tuple(moves)


def upsample(module: Any, spec: TensorSpec, out: TensorSpec) -> Moves:
    """The numbers that each place is interpolated from."""
    moves = []
    for axis, factor in zip(range(2, spec.rank), numbers(module.scale_factor, spec.rank - 2), strict=True):
        length = spec.shape[axis]
        if isinstance(length, Dim):
            step, pattern = _enlarged(module.mode, bool(module.align_corners), float(factor))
            if not step:
                return (Unknown("free-length"),)
        else:
            step, pattern = 0, _interpolated(module, length, lengths(out)[axis], float(factor))
        moves.append(Look(axis, lengths(out)[axis], step, pattern))
    return tuple(moves)


def _interpolated(module: Any, length: int, made: int, factor: float) -> Pattern:
    """Which numbers of an axis PyTorch gives a weight at each place.

    It enlarges eight rows, of which row k has a 1 at every eighth place from k on: where row k arrives, the number came
    from the place of row k that lies nearest.
    """
    rows = torch.eye(8, device="cpu", dtype=torch.float64).repeat(1, -(-length // 8))[:, :length].unsqueeze(0)
    align = {} if module.mode == "nearest" else {"align_corners": module.align_corners}
    if module.mode == "bicubic":
        grid = rows.unsqueeze(3)
        arrived = functional.interpolate(grid, scale_factor=(factor, 1.0), mode="bicubic", **align)[0, :, :, 0]
    else:
        mode = "nearest" if module.mode == "nearest" else "linear"
        arrived = functional.interpolate(rows, scale_factor=factor, mode=mode, **align)[0]
    place = torch.arange(made, dtype=torch.float64, device="cpu")
    source = (place + 0.5) / factor - 0.5
    if module.align_corners:
        source = place * (length - 1) / max(made - 1, 1)
    row = torch.arange(8, dtype=torch.float64, device="cpu").unsqueeze(1)
    nearest = (row + 8 * ((source - row) / 8).round()).long().tolist()
    pattern: list[list[int]] = [[] for _ in range(made)]
    for k, at in arrived.nonzero().tolist():
        pattern[at].append(nearest[k][at])
    return tuple(map(tuple, pattern))


def _enlarged(mode: str, align_corners: bool, factor: float) -> tuple[int, Pattern]:
    """The same far from the ends of an axis of free length; 0 and nothing where it does not repeat."""
    near, cubic = mode == "nearest", mode == "bicubic"
    scale = Fraction(factor).limit_denominator(4)
    if scale != factor or (align_corners and not near):
        return 0, ()
    half = Fraction(0) if near else Fraction(1, 2)
    places = [(place + half) / scale - half for place in range(scale.numerator)]
    reads = [(place.numerator // place.denominator, place.denominator > 1 and not near) for place in places]
    return scale.denominator, tuple(
        tuple(range(low - (cubic and some), low + some + (cubic and some) + 1)) for low, some in reads
    )


def unpool(module: Any, spec: TensorSpec, out: TensorSpec) -> Moves:
    """Each number as a window, repeated or with nothing behind it."""
    filled = module.mode == "nearest"
    return tuple(
        [
            Look(axis, lengths(out)[axis], 1, tuple((0,) if filled or not place else () for place in range(size)))
            for axis, size in enumerate(module.kernel_size, 2)
        ]
    )


def max_unpool(module: Any, spec: TensorSpec, out: TensorSpec) -> Window:
    """All numbers whose pool's window covers the place."""
    count = spec.rank - 2
    sizes = [numbers(value, count) for value in (module.kernel_size, module.stride, module.padding)]
    return Window(spread(spec, out, *sizes), {("like", -1): (Nothing(),)})
