"""Where each block's module looks: the few moves that lead from its input's places to those of its output.

They are read from the module's attributes, and tested against its gradients. Borders count for nothing: what windows
read beyond them, they would read in a larger picture.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from typing import Any

from torch import nn

from engine.compile.moves import All, Join, Lengths, Look, Move, Moves, Nothing, Reshape, Turn, Unknown, Window, lengths
from engine.compile.moves import is_free as free
from engine.graph.block_type import BlockType, Inputs
from engine.graph.tensor_spec import TensorSpec

_ITSELF = frozenset(
    ("sinusoidal_encoding", "learned_encoding", "batch_norm1d", "batch_norm2d", "batch_norm3d")
    + ("add", "multiply", "subtract", "divide", "average", "maximum", "minimum")
    + ("scale", "shift", "power", "exp", "log", "sqrt", "abs", "reciprocal", "clamp")
)
_LAST = frozenset(
    ("dense", "maxout", "rbf_layer", "code_distance", "bilinear", "rbm", "deep_boltzmann_machine", "hopfield")
    + ("weight_norm_dense", "spectral_norm_dense", "lstm_cell", "gru_cell", "rnn_cell", "unit_quaternion")
    + ("weighted_l1_distance",)
)
_WHOLE = frozenset(
    ("embedding_bag", "gram_matrix", "dot", "l1_distance", "l2_distance", "cosine_distance", "lstm", "gru", "rnn")
    + ("self_attention", "transformer_encoder_layer", "transformer_decoder_layer")
)
_FREE_LENGTH = (Unknown("free-length"),)


def window_of(type: BlockType, module: nn.Module, inputs: Inputs, outputs: Sequence[TensorSpec]) -> Window:
    """The window of `module` between tensors of these specs; what is not known to be anything else is unknown."""
    if type.id in _ITSELF:
        return _number_by_number(inputs, outputs[0])
    if type.role == "loss":
        return Window((Nothing(),))
    if "own_code" in type.traits:
        return Window((Unknown("own-code"),))
    given, made = lengths(next(iter(inputs.values()))), lengths(outputs[0])
    found = _SPECIAL.get(type.id, _usual(type))(module, given, made)
    return found if isinstance(found, Window) else Window(found)


def acts_alone(type: BlockType, module: nn.Module) -> bool:
    """Whether the block is an activation that makes each number of its input into one, looking at no other."""
    alone = type.id not in ("prelu", "softmax2d") and not isinstance(getattr(module, "dim", None), int)
    return type.family == "activation" and alone


def _number_by_number(inputs: Inputs, output: TensorSpec) -> Window:
    """Each number sees its own place; where an axis of length 1 spreads, the only one."""
    spread = {port: spec for port, spec in inputs.items() if spec.shape != output.shape}
    if not spread:
        return Window()
    made = lengths(output)
    apart = {
        (port, -1): tuple(Look(axis, made[axis], 0) for axis, length in enumerate(spec.shape) if length != made[axis])
        for port, spec in spread.items()
    }
    return Window((), apart)


Handler = Callable[[Any, Lengths, Lengths], Window | Moves]
"""Where a module looks that makes a tensor of the second shape from one of the first."""


def _usual(type: BlockType) -> Handler:
    """Where blocks of a family look."""
    if type.id in _LAST:
        return lambda module, given, made: (All(len(given) - 1),)
    if type.id in _WHOLE:
        return _whole
    if "Global" in type.module:
        return lambda module, given, made: (*_every(range(2, len(given))), Turn((0, 1)))
    if "Adaptive" in type.module:
        return _adaptive
    if type.family == "pooling":
        return lambda module, given, made: _sliding(module, made)
    if type.family == "activation":
        return _along_dim
    if type.family == "regularisation":
        return lambda module, given, made: ()
    return _by_kernel


def _by_kernel(module: Any, given: Lengths, made: Lengths) -> Moves:
    if isinstance(module, nn.modules.conv._ConvTransposeNd):
        looks = _transposed(made, module.kernel_size, module.stride, module.padding, module.dilation)
        return (*looks, _grouped(module.groups, given, made))
    if not hasattr(module, "kernel_size"):
        return (Unknown(),)
    return (*_sliding(module, made), _grouped(getattr(module, "groups", 1), given, made))


def _every(axes: Iterable[int]) -> Moves:
    return tuple([All(axis) for axis in axes])


def _whole(module: Any, given: Lengths, made: Lengths) -> Moves:
    """All numbers of a sample."""
    return _every(range(1, len(given)))


def _grouped(groups: int, given: Lengths, made: Lengths) -> Move:
    """Each channel sees those of its group."""
    if groups == 1:
        return All(1)
    width, height = given[1] // groups, made[1] // groups
    return Look(1, made[1], width, (range(width),) * height)


def _numbers(value: Any, count: int) -> tuple[int, ...]:
    """One number for each axis; given as one, it counts for all."""
    given = tuple(value) if isinstance(value, (tuple, list)) else (value,)
    return given * count if len(given) == 1 else given


def _sliding(module: Any, made: Lengths) -> Moves:
    """A window along each axis behind the channels."""
    count = len(made) - 2
    sizes = _numbers(module.kernel_size, count)
    dilation = _numbers(getattr(module, "dilation", 1), count)
    steps = _numbers(getattr(module, "stride", None) or sizes, count)
    padding = getattr(module, "padding", 0)
    fronts: Sequence[int] = _numbers(0 if isinstance(padding, str) else padding, count)
    if padding == "same":
        fronts = [(size - 1) * wide // 2 for size, wide in zip(sizes, dilation, strict=True)]
    return tuple(
        Look(axis, made[axis], step, (range(-front, size * wide - front, wide),))
        for axis, size, wide, step, front in zip(range(2, len(made)), sizes, dilation, steps, fronts, strict=True)
    )


def _transposed(made: Lengths, sizes: Any, steps: Any, padding: Any, dilation: Any = 1) -> Moves:
    """The window moves over the output: place i of the input reaches the places i · step − padding + k · dilation."""
    count = len(made) - 2
    each = zip(*(_numbers(value, count) for value in (sizes, steps, padding, dilation)), strict=True)
    looks = []
    for axis, (size, step, front, wide) in enumerate(each, 2):
        reaches = [[place + front - k * wide for k in range(size)] for place in range(step)]
        taps = tuple(tuple(at // step for at in row if at % step == 0) for row in reaches)
        looks.append(Look(axis, made[axis], 1, taps))
    return tuple(looks)


def _max_unpool(module: Any, given: Lengths, made: Lengths) -> Window:
    """All numbers whose pool's window covers the place."""
    looks = _transposed(made, module.kernel_size, module.stride, module.padding)
    return Window(looks, {("like", -1): (Nothing(),)})


def _unpool(module: Any, given: Lengths, made: Lengths) -> Moves:
    """Each number as a window, repeated or with nothing behind it."""
    behind = (0,) if module.mode == "nearest" else ()
    return tuple(
        Look(axis, made[axis], 1, ((0,), *(behind,) * (size - 1))) for axis, size in enumerate(module.kernel_size, 2)
    )


def _adaptive(module: Any, given: Lengths, made: Lengths) -> Moves:
    """Window i of O over L places: from ⌊i·L/O⌋ to ⌈(i+1)·L/O⌉ − 1, as torch.nn.AdaptiveAvgPool2d cuts them."""
    moves: list[Move] = []
    for axis in range(2, len(given)):
        length, count = given[axis], made[axis]
        if count == 1:
            moves.append(All(axis))
        elif free(length) or free(count):
            return _FREE_LENGTH
        else:
            cuts = [range(i * length // count, -(-(i + 1) * length // count)) for i in range(count)]
            turns = math.gcd(length, count)
            moves.append(Look(axis, count, length // turns, tuple(cuts[: count // turns])))
    return tuple(moves)


def _fractional(module: Any, given: Lengths, made: Lengths) -> Moves:
    """All that the windows may cover that chance draws.

    Graham, Fractional max-pooling, 2014: window i of O, k of L places long, begins at ⌊(i + u) α⌋ − ⌊u α⌋, chance u in
    0…1, α = (L − k) / (O − 1), so at ⌊i α⌋ or ⌈i α⌉; the last at L − k.
    """
    moves = []
    for axis, size in enumerate(_numbers(module.kernel_size, len(given) - 2), 2):
        room, last = given[axis] - size, made[axis] - 1
        if free(given[axis]):
            return _FREE_LENGTH
        cuts = [range(i * room // last, -(-i * room // last) + size) for i in range(last)]
        moves.append(Look(axis, made[axis], given[axis], (*cuts, range(room, given[axis]))))
    return tuple(moves)


def _upsample(module: Any, given: Lengths, made: Lengths) -> Moves:
    """The numbers that each place is interpolated from: of x = place / factor those before and behind it."""
    looks = []
    around = {"nearest": 1, "bicubic": 4}.get(module.mode, 2)
    half = Fraction(0 if module.mode == "nearest" else 1, 2)
    for axis, factor in enumerate(_numbers(module.scale_factor, len(given) - 2), 2):
        scale = 1 / Fraction(factor).limit_denominator(1000)
        places = [(place + half) * scale - half for place in range(scale.denominator)]
        if module.align_corners:
            if free(given[axis]):
                return _FREE_LENGTH
            scale = Fraction(given[axis] - 1, max(made[axis] - 1, 1))
            places = [place * scale for place in range(scale.denominator)]
        taps = []
        for x in places:
            before = math.floor(x) - around // 2 + 1 if around > 1 else math.floor(x)
            taps.append((math.floor(x),) if x.denominator == 1 else range(before, before + around))
        looks.append(Look(axis, made[axis], scale.numerator, tuple(taps)))
    return tuple(looks)


def _shuffle(module: Any, given: Lengths, made: Lengths) -> Moves:
    factor = int(module.upscale_factor)
    samples, channels, height, width = given
    apart = (samples, channels // factor**2, factor, factor, height, width)
    return (Reshape(apart), Turn((0, 1, 4, 2, 5, 3)), Reshape(made))


def _unshuffle(module: Any, given: Lengths, made: Lengths) -> Moves:
    factor = int(module.downscale_factor)
    samples, channels, height, width = given
    if free(height) or free(width):
        return _FREE_LENGTH
    apart = (samples, channels, height // factor, factor, width // factor, factor)
    return (Reshape(apart), Turn((0, 1, 3, 5, 2, 4)), Reshape(made))


def _patches(module: Any, given: Lengths, made: Lengths) -> Moves:
    """A convolution, its places in a row in front of its channels."""
    samples, _, height, width = given
    if free(height) or free(width):
        return _FREE_LENGTH
    high, wide = module.kernel_size
    grid = (samples, made[2], height // high, width // wide)
    return (*_sliding(module, grid), All(1), Reshape((samples, 1, made[1])), Turn((0, 2, 1)))


def _reduce(module: Any, given: Lengths, made: Lengths) -> Moves:
    axes = tuple(module.dims) or tuple(range(1, len(given)))
    left = tuple(axis for axis in range(len(given)) if axis not in axes)
    return _every(axes) if module.keepdim else (*_every(axes), Turn(left))


def _slice(module: Any, given: Lengths, made: Lengths) -> Moves:
    axis, cut = len(module.index) - 1, module.index[-1]
    return (Look(axis, made[axis], cut.step or 1, ((range(given[axis])[cut].start,),)),)


def _split(module: Any, given: Lengths, made: Lengths) -> Window:
    axis, length = module.dim, given[module.dim]
    sizes = module.sizes or [-(-length // module.parts)] * module.parts
    starts = [sum(sizes[:number]) for number in range(len(sizes))]
    pieces = [Look(axis, min(size, length - at), 1, ((at,),)) for size, at in zip(sizes, starts, strict=True)]
    return Window((), {("", number): (piece,) for number, piece in enumerate(pieces)})


def _select(module: Any, given: Lengths, made: Lengths) -> Moves:
    left = tuple(axis for axis in range(len(given)) if axis != module.dim)
    return (Look(module.dim, 1, 1, ((module.index % given[module.dim],),)), Turn(left))


def _squeeze(module: Any, given: Lengths, made: Lengths) -> Moves:
    return (Turn(tuple(axis for axis in range(len(given)) if axis != module.dim % len(given))),)


def _unsqueeze(module: Any, given: Lengths, made: Lengths) -> Moves:
    place = module.dim % len(made)
    return (Turn((*range(place), -1, *range(place, len(given)))),)


def _tile(module: Any, given: Lengths, made: Lengths) -> Moves:
    axes = [axis for axis, times in enumerate(module.repeats, 1) if times > 1]
    if any(free(given[axis]) for axis in axes):
        return _FREE_LENGTH
    return tuple(Look(axis, made[axis], 0, tuple((i,) for i in range(given[axis]))) for axis in axes)


def _pad(module: Any, given: Lengths, made: Lengths) -> Moves:
    before = module.padding[::2][::-1]
    return tuple(
        Look(axis, made[axis], 1, ((-amount,),)) for axis, amount in enumerate(before, len(made) - len(before))
    )


def _crop(module: Any, given: Lengths, made: Lengths) -> Moves:
    starts = module.offset or [(side - size) // 2 for side, size in zip(given[2:], made[2:], strict=True)]
    return tuple(Look(axis, made[axis], 1, ((start,),)) for axis, start in enumerate(starts, 2))


def _hog(module: Any, given: Lengths, made: Lengths) -> Moves:
    """The differences look one pixel further on either side; each cell of a block is divided by all of them."""
    size, taps = module.cell_size, (range(-1, module.cell_size * module.block_size + 1),)
    return (Look(2, made[2], size, taps), Look(3, made[3], size, taps), All(1))


def _bank(module: Any, given: Lengths, made: Lengths) -> Moves:
    """The same filters over each channel; those of a channel lie beside each other."""
    looks = []
    for axis, size in enumerate(module.weight.shape[2:], 2):
        front = (size - 1) // 2 if module.padding == "same" else 0
        looks.append(Look(axis, made[axis], module.stride, (range(-front, size - front),)))
    return (*looks, _grouped(given[1], given, made))


def _conv_rbm(module: Any, given: Lengths, made: Lengths) -> Moves:
    sizes = enumerate(module.weight.shape[2:], 2)
    return (*(Look(axis, made[axis], 1, (range(size),)) for axis, size in sizes), All(1))


def _separable(module: Any, given: Lengths, made: Lengths) -> Moves:
    return (*_sliding(module.depthwise, made), All(1))


def _along_dim(module: Any, given: Lengths, made: Lengths) -> Moves:
    """An activation over an axis, or number by number."""
    axis = getattr(module, "dim", None)
    if not isinstance(axis, int):
        return ()
    axis %= len(given)
    if not isinstance(module, nn.GLU):
        return (All(axis),)
    # Each number sees its place in the first half of the axis and in the second.
    return _FREE_LENGTH if free(given[axis]) else (Look(axis, made[axis], 1, ((0, made[axis]),)),)


def _winners(module: Any, given: Lengths, made: Lengths) -> Moves:
    if module.over == "batch":
        return ()
    return (All(2),) if len(given) == 3 else _whole(module, given, made)


def _local_response(module: Any, given: Lengths, made: Lengths) -> Moves:
    return (Look(1, made[1], 1, (range(-(module.size // 2), (module.size - 1) // 2 + 1),)),)


def _layer_norm(module: Any, given: Lengths, made: Lengths) -> Moves:
    return _every(range(len(given) - len(module.normalized_shape), len(given)))


def _instance_norm(module: Any, given: Lengths, made: Lengths) -> Moves:
    return _every(range(2 if len(given) > 2 else 1, len(given)))


def _group_norm(module: Any, given: Lengths, made: Lengths) -> Moves:
    return (*_every(range(2, len(given))), _grouped(module.num_groups, given, made))


def _multihead(module: Any, given: Lengths, made: Lengths) -> Window:
    """Each step asks by itself and is answered by all; the attention weights are a second output."""
    return Window(_whole(module, given, made), {("query", 0): (All(2),)})


def _crossing(module: Any, given: Lengths, made: Lengths) -> Window:
    whole = _whole(module, given, made)
    return Window((All(2),), {("memory", -1): whole, ("", 1): whole})


def _same_shapes(handler: Handler, *ids: str) -> dict[str, Handler]:
    return dict.fromkeys(ids, handler)


_SPECIAL: dict[str, Handler] = {
    **_same_shapes(lambda module, given, made: (Nothing(),), "constant", "noise_source"),
    **_same_shapes(lambda module, given, made: (Reshape(made),), "flatten", "reshape", "unflatten"),
    **_same_shapes(lambda module, given, made: (All(module.dim % len(given)),), "gumbel_softmax"),
    **_same_shapes(_unpool, "unpool1d", "unpool2d", "unpool3d"),
    **_same_shapes(_max_unpool, "max_unpool1d", "max_unpool2d", "max_unpool3d"),
    **_same_shapes(_fractional, "fractional_max_pool2d", "fractional_max_pool3d"),
    **_same_shapes(_separable, "separable_conv1d", "separable_conv2d"),
    **_same_shapes(_bank, "haar_filters", "gabor_filters"),
    **_same_shapes(_layer_norm, "layer_norm", "rms_norm"),
    **_same_shapes(_instance_norm, "instance_norm1d", "instance_norm2d", "instance_norm3d"),
    "embedding": lambda module, given, made: (Turn((*range(len(given)), -1)),),
    "softmax2d": lambda module, given, made: (All(1),),
    "permute": lambda module, given, made: (Turn((0, *module.dims)),),
    "concat": lambda module, given, made: (Join(module.dim),),
    "class_token": lambda module, given, made: (Look(1, made[1], 1, ((-1,),)),),
    "rotary_encoding": lambda module, given, made: (Look(2, made[2], 2, ((0, 1), (0, 1))),),
    "squeeze": _squeeze,
    "unsqueeze": _unsqueeze,
    "upsample": _upsample,
    "pixel_shuffle": _shuffle,
    "pixel_unshuffle": _unshuffle,
    "reduce": _reduce,
    "slice": _slice,
    "split": _split,
    "select": _select,
    "tile": _tile,
    "pad": _pad,
    "crop": _crop,
    "patch_embedding": _patches,
    "winner_take_all": _winners,
    "local_response_norm": _local_response,
    "group_norm": _group_norm,
    "hog": _hog,
    "conv_rbm": _conv_rbm,
    "multihead_attention": _multihead,
    "cross_attention": _crossing,
}
