"""How far each block's own module looks: the window it moves over its input, read from its attributes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, Literal

import msgspec
from torch import nn

from engine.graph.block_type import BlockType, Inputs
from engine.graph.tensor_spec import Dim, TensorSpec
from engine.graph.values import Plain

Kind = Literal["unknown", "nothing", "same", "whole", "looks", "reshapes", "permutes", "selects", "tiles", "joins"]
Pattern = tuple[tuple[int, int], ...]


class Window(Plain, frozen=True):
    """What one output number sees of the block's input; axes are counted from N as 0.

    `same`: the number at its place. `nothing`, `whole`: nothing, everything. `looks`: along `axes`, place p + q·len of
    a pattern sees the places q·step + pattern[p], first and last. `reshapes`: as `same`, in reading order. `permutes`:
    as `same`, axes in the order `axes`. `selects`: the place `at` of the axis, which goes. `tiles`: the axes repeated.
    `joins`: several inputs in a row along the axis. Besides, all places along `mixed` are seen, and which places along
    `scrambled` is not told; `dropped` are the axes that go. `starts` has one place for each output where they differ.
    `row` is the axis at which the places lie in a row afterwards, the channels behind it; `blind` are ports of which
    only the size counts.
    """

    kind: Kind = "unknown"
    axes: tuple[int, ...] = ()
    patterns: tuple[Pattern, ...] = ()
    steps: tuple[int, ...] = ()
    mixed: tuple[int, ...] = ()
    scrambled: tuple[int, ...] = ()
    dropped: tuple[int, ...] = ()
    starts: tuple[int, ...] = ()
    at: int = 0
    row: int = 0
    blind: tuple[str, ...] = ()


UNKNOWN = Window()
_SAME = Window("same")
_WHOLE = Window("whole")
_BY_TYPE = {
    **dict.fromkeys(("embedding", "sinusoidal_encoding", "learned_encoding"), _SAME),
    **dict.fromkeys(("batch_norm1d", "batch_norm2d", "batch_norm3d"), _SAME),
    **dict.fromkeys(("add", "multiply", "subtract", "divide", "average", "maximum", "minimum"), _SAME),
    **dict.fromkeys(("scale", "shift", "power", "exp", "log", "sqrt", "abs", "reciprocal", "clamp"), _SAME),
    **dict.fromkeys(("gaussian_sample", "bernoulli_unit"), _SAME),
    **dict.fromkeys(("constant", "noise_source"), Window("nothing")),
    **dict.fromkeys(("lstm", "gru", "rnn", "embedding_bag", "gram_matrix"), _WHOLE),
    **dict.fromkeys(("self_attention", "multihead_attention", "cross_attention"), _WHOLE),
    **dict.fromkeys(("transformer_encoder_layer", "transformer_decoder_layer"), _WHOLE),
    **dict.fromkeys(("dot", "l1_distance", "l2_distance", "cosine_distance"), _WHOLE),
    "softmax2d": Window("same", mixed=(1,)),
    **dict.fromkeys(("flatten", "reshape", "unflatten", "squeeze", "unsqueeze"), Window("reshapes")),
}
_LAST = frozenset(
    ("dense", "maxout", "rbf_layer", "code_distance", "bilinear", "rbm", "deep_boltzmann_machine", "hopfield")
    + ("weight_norm_dense", "spectral_norm_dense", "lstm_cell", "gru_cell", "rnn_cell", "unit_quaternion")
)
_ONE_CHANNEL = ("subsampling", "haar_filters", "gabor_filters")
"""Blocks with a window that look at each channel by itself, beside the pools."""


def window_of(type: BlockType, module: nn.Module, inputs: Inputs, outputs: Sequence[TensorSpec]) -> Window:
    """The window of `module` between tensors of these specs; what is not known to be anything else is unknown."""
    known = _BY_TYPE.get(type.id)
    if known is not None:
        return known
    spec = next(iter(inputs.values()))
    out = outputs[0]
    if type.id in _LAST:
        return Window("same", mixed=(spec.rank - 1,))
    special = _SPECIAL.get(type.id)
    if special is not None:
        return special(module, spec, out)
    if "Global" in type.module:
        return Window("same", mixed=tuple(range(2, spec.rank)))
    if "Adaptive" in type.module:
        return _adaptive(spec, out)
    if isinstance(module, (nn.LayerNorm, nn.RMSNorm)):
        return Window("same", mixed=tuple(range(spec.rank - len(module.normalized_shape), spec.rank)))
    if isinstance(module, (nn.modules.instancenorm._InstanceNorm, nn.GroupNorm)):
        grouped = (1,) if isinstance(module, nn.GroupNorm) and spec.rank > 2 else ()
        return Window("same", mixed=tuple(range(2 if spec.rank > 2 else 1, spec.rank)), scrambled=grouped)
    if type.family == "activation":
        dim = getattr(module, "dim", None)
        if not isinstance(dim, int):
            return _SAME
        return (
            _halves(dim % spec.rank, spec) if isinstance(module, nn.GLU) else Window("same", mixed=(dim % spec.rank,))
        )
    if type.family == "regularisation" and type.role == "layer":
        return _SAME
    if isinstance(module, nn.modules.conv._ConvTransposeNd):
        reach = [(size - 1) * wide + 1 for size, wide in zip(module.kernel_size, module.dilation, strict=True)]
        spread = _spread(spec, _numbers(module.padding, 0), reach, list(module.stride))
        return _across(spread, **_channels(module))
    if type.id.startswith("fractional"):
        return UNKNOWN  # its windows lie where chance puts them
    if type.id.startswith("separable_conv"):
        inner = [part for part in module.children() if isinstance(part, nn.modules.conv._ConvNd)]
        return _sliding(inner[0], spec, mixed=(1,)) if inner else UNKNOWN
    if hasattr(module, "kernel_size") and type.family in ("convolution", "pooling", "normalisation", "dense"):
        alone = type.family == "pooling" or type.id in _ONE_CHANNEL
        if type.id == "table_conv2d":
            return _sliding(module, spec, scrambled=(1,))
        return _sliding(module, spec) if alone else _sliding(module, spec, **_channels(module))
    return UNKNOWN


def acts_alone(type: BlockType, module: nn.Module) -> bool:
    """Whether the block is an activation that makes each number of its input into one, looking at no other."""
    alone = type.id not in ("prelu", "softmax2d") and not isinstance(getattr(module, "dim", None), int)
    return type.family == "activation" and alone


def _channels(module: Any) -> dict[str, tuple[int, ...]]:
    return {"mixed": (1,)} if getattr(module, "groups", 1) == 1 else {"scrambled": (1,)}


def _across(window: Window, mixed: tuple[int, ...] = (), scrambled: tuple[int, ...] = ()) -> Window:
    return msgspec.structs.replace(window, mixed=mixed, scrambled=scrambled)


def _looks(
    spec: TensorSpec,
    start: Sequence[int],
    extent: Sequence[int],
    step: Sequence[int],
    mixed: tuple[int, ...] = (),
    scrambled: tuple[int, ...] = (),
) -> Window:
    """Along the last axes `extent` places from `start`, moving by `step`."""
    patterns = tuple(((first, first + wide - 1),) for first, wide in zip(start, extent, strict=True))
    return Window("looks", _behind(spec, len(start)), patterns, tuple(step), mixed, scrambled)


def _spread(spec: TensorSpec, padding: Sequence[int], extent: Sequence[int], step: Sequence[int]) -> Window:
    """The window moves over the output: each place of the input reaches `extent` places, less `padding` in front."""
    patterns = tuple(
        tuple((-((wide - 1 - end) // by), end // by) for end in range(before, before + by))
        for before, wide, by in zip(padding, extent, step, strict=True)
    )
    return Window("looks", _behind(spec, len(step)), patterns, (1,) * len(step))


def _behind(spec: TensorSpec, count: int) -> tuple[int, ...]:
    return tuple(range(spec.rank - count, spec.rank))


def _sliding(module: Any, spec: TensorSpec, mixed: tuple[int, ...] = (), scrambled: tuple[int, ...] = ()) -> Window:
    count = spec.rank - 2
    sizes = _numbers(module.kernel_size, count)
    dilation = _numbers(getattr(module, "dilation", 1), count)
    step = _numbers(getattr(module, "stride", None) or sizes, count)
    reach = [(size - 1) * wide + 1 for size, wide in zip(sizes, dilation, strict=True)]
    padding = getattr(module, "padding", 0)
    if padding == "same":
        before = [(extent - 1) // 2 for extent in reach]
    else:
        before = _numbers(0 if padding == "valid" else padding, count)
    return _looks(spec, [-place for place in before], reach, step, mixed, scrambled)


def _adaptive(spec: TensorSpec, out: TensorSpec) -> Window:
    """Window i of O over L places: from ⌊i·L/O⌋ to ⌈(i+1)·L/O⌉ − 1, as torch.nn.AdaptiveAvgPool2d cuts them."""
    axes = tuple(range(2, spec.rank))
    patterns: list[Pattern] = []
    steps: list[int] = []
    for axis in axes:
        length, made = spec.shape[axis], out.shape[axis]
        if isinstance(length, Dim) or isinstance(made, Dim):
            if made != 1:
                return UNKNOWN
            return Window("same", mixed=axes) if set(out.shape[2:]) == {1} else UNKNOWN
        if length % made == 0:
            patterns.append(((0, length // made - 1),))
            steps.append(length // made)
        else:
            patterns.append(tuple((i * length // made, -(-(i + 1) * length // made) - 1) for i in range(made)))
            steps.append(length)
    return Window("looks", axes, tuple(patterns), tuple(steps))


def _upsample(module: Any, spec: TensorSpec, out: TensorSpec) -> Window:
    """As torch.nn.functional.interpolate finds the places that it reads, those of weight 0 left out."""
    axes = tuple(range(2, spec.rank))
    near, cubic = module.mode == "nearest", module.mode == "bicubic"
    patterns, steps = [], []
    for axis, factor in zip(axes, _numbers(module.scale_factor, len(axes)), strict=True):
        scale = Fraction(float(factor)).limit_denominator(4)
        length, made = spec.shape[axis], out.shape[axis]
        if module.align_corners and not near:
            if isinstance(length, Dim) or isinstance(made, Dim):
                return UNKNOWN
            places = [Fraction(place * (length - 1), max(made - 1, 1)) for place in range(made)]
            steps.append(length)
        elif scale != factor:
            return UNKNOWN  # where rounding decides which number is read
        else:
            half = Fraction(0) if near else Fraction(1, 2)
            places = [(place + half) / scale - half for place in range(scale.numerator)]
            steps.append(scale.denominator)
        reads = [(place.numerator // place.denominator, place.denominator > 1 and not near) for place in places]
        patterns.append(tuple((low - (cubic and some), low + some + (cubic and some)) for low, some in reads))
    return Window("looks", axes, tuple(patterns), tuple(steps))


def _repeating(size: Sequence[int], spec: TensorSpec, scrambled: tuple[int, ...] = ()) -> Window:
    return _across(_spread(spec, (0,) * len(size), size, size), scrambled=scrambled)


def _reduce(module: Any, spec: TensorSpec, out: TensorSpec) -> Window:
    axes = tuple(module.dims) or tuple(range(1, spec.rank))
    return Window("same", mixed=axes, dropped=() if module.keepdim else axes)


def _slice(module: Any, spec: TensorSpec, out: TensorSpec) -> Window:
    axis, cut = len(module.index) - 1, module.index[-1]
    length = spec.shape[axis]
    if isinstance(length, Dim) and (cut.start or 0) < 0:
        return UNKNOWN
    start = cut.start or 0 if isinstance(length, Dim) else range(length)[cut].start
    return Window("looks", (axis,), (((start, start),),), (cut.step or 1,))


def _split(module: Any, spec: TensorSpec, out: TensorSpec) -> Window:
    length = spec.shape[module.dim]
    assert isinstance(length, int)
    sizes = module.sizes or [-(-length // module.parts)] * module.parts
    starts = tuple(sum(sizes[:number]) for number in range(len(sizes)))
    return Window("looks", (module.dim,), (((0, 0),),), (1,), starts=starts)


def _pad(module: Any, spec: TensorSpec, out: TensorSpec) -> Window:
    before = module.padding[::2][::-1]
    return _looks(spec, [-amount for amount in before], (1,) * len(before), (1,) * len(before))


def _crop(module: Any, spec: TensorSpec, out: TensorSpec) -> Window:
    sides = [side for side in spec.shape[2:] if isinstance(side, int)]
    if module.offset is None and len(sides) < 2:
        return UNKNOWN
    middle = [(side - size) // 2 for side, size in zip(sides, module.size, strict=False)]
    return _looks(spec, module.offset or middle, (1, 1), (1, 1))


def _hog(module: Any, spec: TensorSpec, out: TensorSpec) -> Window:
    reach = module.cell_size * module.block_size + 2  # the differences look one pixel further on either side
    return _looks(spec, (-1, -1), (reach, reach), (module.cell_size,) * 2, mixed=(1,))


def _halves(axis: int, spec: TensorSpec) -> Window:
    """Each number sees its place in the first half of the axis and in the second."""
    length = spec.shape[axis]
    if isinstance(length, Dim):
        return Window("same", scrambled=(axis,))
    return Window("looks", (axis,), (((0, length // 2),),), (1,))


def _winners(module: Any, spec: TensorSpec, out: TensorSpec) -> Window:
    if module.over == "batch":
        return _SAME
    return Window("same", mixed=(2,)) if spec.rank == 3 else _WHOLE


def _conv_rbm(module: Any, spec: TensorSpec, out: TensorSpec) -> Window:
    return _looks(spec, (0, 0), tuple(module.weight.shape[2:]), (1, 1), mixed=(1,))


def _unpool(module: Any, spec: TensorSpec, out: TensorSpec) -> Window:
    return _repeating(module.kernel_size, spec)


def _max_unpool(module: Any, spec: TensorSpec, out: TensorSpec) -> Window:
    count = spec.rank - 2
    sizes = [_numbers(value, count) for value in (module.padding, module.kernel_size, module.stride)]
    spread = _spread(spec, *sizes)
    return msgspec.structs.replace(spread, blind=("like",))


def _local_response(module: Any, spec: TensorSpec, out: TensorSpec) -> Window:
    return Window("looks", (1,), (((-(module.size // 2), (module.size - 1) // 2),),), (1,))


def _patches(module: Any, spec: TensorSpec, out: TensorSpec) -> Window:
    return msgspec.structs.replace(_sliding(module, spec, mixed=(1,)), row=1)


def _unshuffle(module: Any, spec: TensorSpec, out: TensorSpec) -> Window:
    factor = (int(module.downscale_factor),) * 2
    return _looks(spec, (0, 0), factor, factor, scrambled=(1,))


Special = Callable[[Any, TensorSpec, TensorSpec], Window]
_SPECIAL: dict[str, Special] = {
    "upsample": _upsample,
    **dict.fromkeys(("unpool1d", "unpool2d", "unpool3d"), _unpool),
    "pixel_shuffle": lambda module, spec, out: _repeating((module.upscale_factor,) * 2, spec, (1,)),
    "pixel_unshuffle": _unshuffle,
    **dict.fromkeys(("max_unpool1d", "max_unpool2d", "max_unpool3d"), _max_unpool),
    "reduce": _reduce,
    "slice": _slice,
    "split": _split,
    "select": lambda module, spec, out: Window("selects", (module.dim,), at=module.index),
    "permute": lambda module, spec, out: Window("permutes", (0, *module.dims)),
    "tile": lambda module, spec, out: Window("tiles"),
    "concat": lambda module, spec, out: Window("joins", (module.dim,)),
    "pad": _pad,
    "crop": _crop,
    "class_token": lambda module, spec, out: Window("looks", (1,), (((-1, -1),),), (1,)),
    "patch_embedding": _patches,
    "rotary_encoding": lambda module, spec, out: Window("looks", (spec.rank - 1,), (((0, 1), (0, 1)),), (2,)),
    "gumbel_softmax": lambda module, spec, out: Window("same", mixed=(module.dim % spec.rank,)),
    "winner_take_all": _winners,
    "local_response_norm": _local_response,
    "hog": _hog,
    "haar_filters": lambda module, spec, out: _looks(
        spec, (0, 0), module.weight.shape[2:], (module.stride,) * 2, scrambled=(1,)
    ),
    "gabor_filters": lambda module, spec, out: _looks(
        spec, [-((side - 1) // 2) for side in module.weight.shape[2:]], module.weight.shape[2:], (1, 1), scrambled=(1,)
    ),
    "conv_rbm": _conv_rbm,
}


def _numbers(value: Any, count: int) -> list[int]:
    given = list(value) if isinstance(value, (tuple, list)) else [value]
    return given * count if len(given) == 1 and count else given
