"""Where each block's module looks: the few moves that lead from its input's places to those of its output.

They are read from the module's attributes, and tested against its gradients. Borders count for nothing: what windows
read beyond them, they would read in a larger picture.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from torch import nn

from engine.compile.moves import (
    All,
    Join,
    Lengths,
    Look,
    Moves,
    Nothing,
    Reshape,
    Turn,
    Unknown,
    Window,
    is_free,
    lengths,
)
from engine.graph.block_type import BlockType, Inputs
from engine.graph.tensor_spec import TensorSpec

_FREE_LENGTH = (Unknown("free-length"),)


def window_of(type: BlockType, module: nn.Module, inputs: Inputs, outputs: Sequence[TensorSpec]) -> Window:
    """The window of `module` between tensors of these specs; what is not known to be anything else is unknown."""
    if type.role == "loss":
        return Window((Nothing(),))
    if "own_code" in type.traits:
        return Window((Unknown("own-code"),))
    looking = _OF_BLOCKS.get(type.id) or _OF_FAMILIES.get(type.family)
    if looking is None:
        return Window((Unknown(),))
    found = looking(module, lengths(next(iter(inputs.values()))), lengths(outputs[0]))
    return found if isinstance(found, Window) else Window(found)


def acts_alone(type: BlockType, module: nn.Module) -> bool:
    """Whether the block is an activation that makes each number of its input into one, looking at no other."""
    slopes = getattr(module, "num_parameters", 1)
    return type.family == "activation" and "along_axis" not in type.traits and slopes == 1


def _number(module: Any, given: Lengths, made: Lengths) -> Moves:
    """Each number sees its own place; an axis that the output has longer goes round."""
    return ()


def _from(given: Lengths, axis: int) -> Moves:
    """All numbers along this axis and those behind it."""
    return tuple(All(at) for at in range(axis, len(given)))


def _whole(module: Any, given: Lengths, made: Lengths) -> Moves:
    """All numbers of a sample."""
    return _from(given, 1)


def _features(module: Any, given: Lengths, made: Lengths) -> Moves:
    return _from(given, len(given) - 1)


def _grouped(groups: int, given: Lengths, made: Lengths) -> All | Look:
    """Each channel sees those of its group."""
    if groups == 1:
        return All(1)
    width, height = given[1] // groups, made[1] // groups
    return Look(1, made[1], width, (range(width),) * height)


def _along_dim(module: Any, given: Lengths, made: Lengths) -> Moves:
    """An activation over an axis, or number by number."""
    axis = getattr(module, "dim", None)
    if not isinstance(axis, int):
        return ()
    axis %= len(given)
    if not isinstance(module, nn.GLU):
        return (All(axis),)
    # Each number sees its place in the first half of the axis and in the second.
    return _FREE_LENGTH if is_free(given[axis]) else (Look(axis, made[axis], 1, ((0, made[axis]),)),)


def _numbers(value: Any, count: int) -> tuple[int, ...]:
    """One number for each axis; given as one, it counts for all."""
    given = tuple(value) if isinstance(value, (tuple, list)) else (value,)
    return given * count if len(given) == 1 else given


def _window(axis: int, made: Lengths, size: int, before: int, step: int = 1, dilation: int = 1) -> Look:
    """The usual window, `before` places of it in front of its own."""
    return Look(axis, made[axis], step, (range(-before, size * dilation - before, dilation),))


def _slid(module: Any, made: Lengths) -> Moves:
    """A window along each axis behind the channels."""
    count = len(made) - 2
    sizes = _numbers(module.kernel_size, count)
    dilation = _numbers(getattr(module, "dilation", 1), count)
    steps = _numbers(getattr(module, "stride", None) or sizes, count)
    padding = getattr(module, "padding", 0)
    fronts: Sequence[int] = _numbers(0 if isinstance(padding, str) else padding, count)
    if padding == "same":
        fronts = [(size - 1) * wide // 2 for size, wide in zip(sizes, dilation, strict=True)]
    each = enumerate(zip(sizes, fronts, steps, dilation, strict=True), 2)
    return tuple(_window(axis, made, *numbers) for axis, numbers in each)


def _convolution(module: Any, given: Lengths, made: Lengths) -> Moves:
    return (*_slid(module, made), _grouped(getattr(module, "groups", 1), given, made))


def _transposed(module: Any, given: Lengths, made: Lengths) -> Moves:
    """The window moves over the output: place i of the input reaches the places i · step − padding + k · dilation."""
    count, looks = len(made) - 2, []
    values = (module.kernel_size, module.stride, module.padding, getattr(module, "dilation", 1))
    each = zip(*(_numbers(value, count) for value in values), strict=True)
    for axis, (size, step, front, wide) in enumerate(each, 2):
        reached = [[place + front - k * wide for k in range(size)] for place in range(step)]
        looks.append(
            Look(axis, made[axis], 1, tuple(tuple(at // step for at in row if at % step == 0) for row in reached))
        )
    return (*looks, _grouped(getattr(module, "groups", given[1]), given, made))


def _max_unpool(module: Any, given: Lengths, made: Lengths) -> Window:
    """All numbers whose pool's window covers the place."""
    return Window(_transposed(module, given, made), {("like", -1): (Nothing(),)})


def _unpool(module: Any, given: Lengths, made: Lengths) -> Moves:
    """Each number as a window, repeated or with nothing behind it."""
    behind = (0,) if module.mode == "nearest" else ()
    sizes = enumerate(module.kernel_size, 2)
    return tuple(Look(axis, made[axis], 1, ((0,), *(behind,) * (size - 1))) for axis, size in sizes)


def _adaptive(module: Any, given: Lengths, made: Lengths) -> Moves:
    """Window i of O over L places: from ⌊i·L/O⌋ to ⌈(i+1)·L/O⌉ − 1, as torch.nn.AdaptiveAvgPool2d cuts them."""
    moves: list[All | Look] = []
    for axis, length, count in zip(range(2, len(given)), given[2:], made[2:], strict=True):
        if count == 1:
            moves.append(All(axis))
        elif is_free(length) or is_free(count):
            return _FREE_LENGTH
        else:
            turns = math.gcd(length, count)
            cuts = [range(i * length // count, -(-(i + 1) * length // count)) for i in range(count // turns)]
            moves.append(Look(axis, count, length // turns, tuple(cuts)))
    return tuple(moves)


def _fractional(module: Any, given: Lengths, made: Lengths) -> Moves:
    """All that the windows may cover that chance draws.

    Graham, Fractional max-pooling, 2014: window i of O, k of L places long, begins at ⌊(i + u) α⌋ − ⌊u α⌋, chance u in
    0…1, α = (L − k) / (O − 1), so at ⌊i α⌋ or ⌈i α⌉; the last at L − k.
    """
    moves = []
    for axis, size in enumerate(_numbers(module.kernel_size, len(given) - 2), 2):
        room, last = given[axis] - size, made[axis] - 1
        if is_free(given[axis]):
            return _FREE_LENGTH
        cuts = [range(i * room // last, -(-i * room // last) + size) for i in range(last)]
        moves.append(Look(axis, made[axis], given[axis], (*cuts, range(room, given[axis]))))
    return tuple(moves)


def _upsample(module: Any, given: Lengths, made: Lengths) -> Moves:
    """The one, two or four numbers around x that a place is interpolated from, the nearest of them ⌊x⌋."""
    looks = []
    around = {"nearest": 1, "bicubic": 4}.get(module.mode, 2)
    for axis, factor in enumerate(_numbers(module.scale_factor, len(given) - 2), 2):
        pace = 1 / Fraction(factor).limit_denominator(1000)
        start = (pace - 1) / 2 if around > 1 else Fraction(0)
        if module.align_corners:
            if is_free(given[axis]):
                return _FREE_LENGTH
            pace, start = Fraction(given[axis] - 1, max(made[axis] - 1, 1)), Fraction(0)
        taps = []
        for x in (start + place * pace for place in range(pace.denominator)):
            first = math.floor(x) - (around - 1) // 2
            taps.append(range(first, first + around) if x.denominator > 1 else (int(x),))
        looks.append(Look(axis, made[axis], pace.numerator, tuple(taps)))
    return tuple(looks)


def _shuffle(module: Any, given: Lengths, made: Lengths) -> Moves:
    factor = int(module.upscale_factor)
    samples, channels, height, width = given
    apart = (samples, channels // factor**2, factor, factor, height, width)
    return (Reshape(apart), Turn((0, 1, 4, 2, 5, 3)), Reshape(made))


def _unshuffle(module: Any, given: Lengths, made: Lengths) -> Moves:
    factor = int(module.downscale_factor)
    samples, channels, height, width = given
    if is_free(height) or is_free(width):
        return _FREE_LENGTH
    apart = (samples, channels, height // factor, factor, width // factor, factor)
    return (Reshape(apart), Turn((0, 1, 3, 5, 2, 4)), Reshape(made))


def _patches(module: Any, given: Lengths, made: Lengths) -> Moves:
    """A convolution, its places in a row in front of its channels."""
    samples, _, height, width = given
    if is_free(height) or is_free(width):
        return _FREE_LENGTH
    high, wide = module.kernel_size
    grid = (samples, made[2], height // high, width // wide)
    return (*_slid(module, grid), All(1), Reshape((samples, 1, made[1])), Turn((0, 2, 1)))


def _without(given: Lengths, *gone: int) -> Turn:
    return Turn(tuple(axis for axis in range(len(given)) if axis not in gone))


def _reduce(module: Any, given: Lengths, made: Lengths) -> Moves:
    axes = tuple(module.dims) or tuple(range(1, len(given)))
    return (*(All(axis) for axis in axes), *(() if module.keepdim else (_without(given, *axes),)))


def _cut(axis: int, count: int, start: int, step: int = 1) -> Look:
    return Look(axis, count, step, ((start,),))


def _slice(module: Any, given: Lengths, made: Lengths) -> Moves:
    axis, cut = len(module.index) - 1, module.index[-1]
    return (_cut(axis, made[axis], range(given[axis])[cut].start, cut.step or 1),)


def _split(module: Any, given: Lengths, made: Lengths) -> Window:
    length = given[module.dim]
    sizes = module.sizes or [-(-length // module.parts)] * module.parts
    starts = [sum(sizes[:number]) for number in range(len(sizes))]
    pieces = [_cut(module.dim, min(size, length - at), at) for size, at in zip(sizes, starts, strict=True)]
    return Window((), {("", number): (piece,) for number, piece in enumerate(pieces)})


def _select(module: Any, given: Lengths, made: Lengths) -> Moves:
    return (_cut(module.dim, 1, module.index % given[module.dim]), _without(given, module.dim))


def _crop(module: Any, given: Lengths, made: Lengths) -> Moves:
    starts = module.offset or [(side - size) // 2 for side, size in zip(given[2:], made[2:], strict=True)]
    return tuple(_cut(axis, made[axis], start) for axis, start in enumerate(starts, 2))


def _pad(module: Any, given: Lengths, made: Lengths) -> Moves:
    before = module.padding[::2][::-1]
    return tuple(_cut(axis, made[axis], -amount) for axis, amount in enumerate(before, len(made) - len(before)))


def _unsqueeze(module: Any, given: Lengths, made: Lengths) -> Moves:
    place = module.dim % len(made)
    return (Turn((*range(place), -1, *range(place, len(given)))),)


def _hog(module: Any, given: Lengths, made: Lengths) -> Moves:
    """The differences look one pixel further on either side; each cell of a block is divided by all of them."""
    size = module.cell_size
    return (*(_window(axis, made, size * module.block_size + 2, 1, size) for axis in (2, 3)), All(1))


def _bank(module: Any, given: Lengths, made: Lengths) -> Moves:
    """The same filters over each channel; those of a channel lie beside each other."""
    same, sizes = module.padding == "same", enumerate(module.weight.shape[2:], 2)
    looks = (_window(axis, made, size, (size - 1) // 2 * same, module.stride) for axis, size in sizes)
    return (*looks, _grouped(given[1], given, made))


def _conv_rbm(module: Any, given: Lengths, made: Lengths) -> Moves:
    pool, sizes = module.pool, enumerate(module.weight.shape[2:], 2)
    return (*(_window(axis, made, size + pool - 1, 0, pool) for axis, size in sizes), All(1))


def _winners(module: Any, given: Lengths, made: Lengths) -> Moves:
    if module.over == "batch":
        return ()
    return (All(2),) if len(given) == 3 else _whole(module, given, made)


def _attention(module: Any, given: Lengths, made: Lengths) -> Window:
    """Each step asks by itself and is answered by all; the attention weights are a second output."""
    return Window(_from(given, 1), {("query", 0): (All(2),), ("input", 0): (All(2),)})


Looking = Callable[[Any, Lengths, Lengths], Window | Moves]
"""Where a module looks that makes a tensor of the second shape from one of the first."""


def _of(look: Looking, *types: str) -> dict[str, Looking]:
    return dict.fromkeys(types, look)


_OF_FAMILIES: dict[str, Looking] = {
    "activation": _along_dim,
    "regularisation": _number,
    "pooling": lambda module, given, made: _slid(module, made),
    "convolution": _convolution,
}
_OF_BLOCKS: dict[str, Looking] = {
    **_of(lambda module, given, made: (Nothing(),), "constant", "noise_source"),
    **_of(_number, "add", "multiply", "subtract", "divide", "average", "maximum", "minimum", "tile"),
    **_of(_number, "scale", "shift", "power", "exp", "log", "sqrt", "abs", "reciprocal", "clamp"),
    **_of(_number, "batch_norm1d", "batch_norm2d", "batch_norm3d", "sinusoidal_encoding", "learned_encoding"),
    **_of(_features, "dense", "maxout", "rbf_layer", "code_distance", "bilinear", "rbm", "deep_boltzmann_machine"),
    **_of(_features, "hopfield", "weight_norm_dense", "spectral_norm_dense", "unit_quaternion", "weighted_l1_distance"),
    **_of(_features, "lstm_cell", "gru_cell", "rnn_cell"),
    **_of(_whole, "embedding_bag", "gram_matrix", "dot", "l1_distance", "l2_distance", "cosine_distance"),
    **_of(_whole, "lstm", "gru", "rnn", "self_attention", "transformer_encoder_layer", "transformer_decoder_layer"),
    **_of(_attention, "multihead_attention", "cross_attention"),
    **_of(_convolution, "locally_connected1d", "locally_connected2d", "weight_norm_conv2d", "spectral_norm_conv2d"),
    **_of(lambda module, given, made: (*_slid(module.depthwise, made), All(1)), "separable_conv1d", "separable_conv2d"),
    **_of(_transposed, "conv_transpose1d", "conv_transpose2d", "conv_transpose3d"),
    **_of(_bank, "haar_filters", "gabor_filters"),
    **_of(_adaptive, *(f"adaptive_{kind}_pool{axes}d" for kind in ("avg", "max") for axes in (1, 2, 3))),
    **_of(
        lambda module, given, made: (*_from(given, 2), Turn((0, 1))),
        *(f"global_{kind}_pool{axes}d" for kind in ("avg", "max") for axes in (1, 2, 3)),
    ),
    **_of(_fractional, "fractional_max_pool2d", "fractional_max_pool3d"),
    **_of(_unpool, "unpool1d", "unpool2d", "unpool3d"),
    **_of(_max_unpool, "max_unpool1d", "max_unpool2d", "max_unpool3d"),
    **_of(
        lambda module, given, made: _from(given, len(given) - len(module.normalized_shape)), "layer_norm", "rms_norm"
    ),
    **_of(lambda module, given, made: _from(given, min(2, len(given) - 1)), *(f"instance_norm{n}d" for n in (1, 2, 3))),
    **_of(lambda module, given, made: (Reshape(made),), "flatten", "reshape", "unflatten"),
    "group_norm": lambda module, given, made: (*_from(given, 2), _grouped(module.num_groups, given, made)),
    "local_response_norm": lambda module, given, made: (_window(1, made, module.size, module.size // 2),),
    "softmax2d": lambda module, given, made: (All(1),),
    "gumbel_softmax": _along_dim,
    "winner_take_all": _winners,
    "hog": _hog,
    "conv_rbm": _conv_rbm,
    "upsample": _upsample,
    "pixel_shuffle": _shuffle,
    "pixel_unshuffle": _unshuffle,
    "embedding": lambda module, given, made: (Turn((*range(len(given)), -1)),),
    "permute": lambda module, given, made: (Turn((0, *module.dims)),),
    "squeeze": lambda module, given, made: (_without(given, module.dim % len(given)),),
    "unsqueeze": _unsqueeze,
    "reduce": _reduce,
    "slice": _slice,
    "split": _split,
    "select": _select,
    "crop": _crop,
    "pad": _pad,
    "concat": lambda module, given, made: (Join(module.dim),),
    "class_token": lambda module, given, made: (_cut(1, made[1], -1),),
    "rotary_encoding": lambda module, given, made: (Look(2, made[2], 2, ((0, 1), (0, 1))),),
    "patch_embedding": _patches,
}
