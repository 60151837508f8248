"""What each block's own module looks at: the few moves that lead from its input's places to its output's.

They are read from the module's attributes, and tested against its gradients.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any, Literal

import torch
from torch import nn
from torch.nn import functional

from engine.graph.block_type import BlockType, Inputs
from engine.graph.tensor_spec import Dim, TensorSpec
from engine.graph.values import Plain
from engine.modules.convolution import LENET_TABLE

Reason = Literal["own-code", "free-length", "loop-in-loop", "too-large", "undeclared"]
"""Why it is not told what a block sees."""
Pattern = tuple[tuple[int, ...], ...]
_STEPS = 1_000_003
"""Stands for N, T and T′: a prime that no length of a drawing has as a factor."""


class Look(Plain, frozen=True):
    """Along an axis place p + q · len(patterns) of `count` reads the places q · step + each of patterns[p].

    What lies `beyond` the axis is nothing, its mirror image, the place at the edge, or the other side. A negative
    place of an axis of free length that becomes a fixed one is counted from its end.
    """

    axis: int
    count: int
    step: int = 1
    patterns: Pattern = ((0,),)
    beyond: Literal["nothing", "mirror", "edge", "round"] = "nothing"


class All(Plain, frozen=True):
    """Each place sees all places along the axis, which then has length 1; `until`: those up to itself."""

    axis: int
    until: bool = False


class Turn(Plain, frozen=True):
    """The axes in another order: −1 is a new one, those not named are gone, of length 1 before."""

    axes: tuple[int, ...]


class Reshape(Plain, frozen=True):
    """The same numbers in reading order, lengths as `lengths` has them."""

    shape: tuple[int, ...]


class Join(Plain, frozen=True):
    """All inputs in a row along the axis."""

    axis: int


class Nothing(Plain, frozen=True):
    """No number of the input counts."""


class Unknown(Plain, frozen=True):
    """It is not known what is seen."""

    reason: Reason = "undeclared"


Move = Look | All | Turn | Reshape | Join | Nothing | Unknown
Moves = tuple[Move, ...]


class Window(Plain, frozen=True):
    """How a block looks at each of its inputs: by these moves, one behind the other; without any each sees itself.

    `apart` are those of a port and an output number that look in another way, −1 any output, no port any port.
    """

    moves: Moves = ()
    apart: Mapping[tuple[str, int], Moves] = {}

    def of(self, port: str, output: int) -> Moves:
        """The moves from an input port to an output."""
        for key in ((port, output), (port, -1), ("", output)) if self.apart else ():
            if key in self.apart:
                return self.apart[key]
        return self.moves


def lengths(spec: TensorSpec) -> tuple[int, ...]:
    """How long the axes are, a number that no other has in place of N, T and T′."""
    return tuple([length.factor * _STEPS if isinstance(length, Dim) else length for length in spec.shape])


def is_free(length: int) -> bool:
    """Whether it stands for one that is not fixed."""
    return length >= _STEPS and length % _STEPS == 0


UNKNOWN = Window((Unknown(),))
_SAME = Window()
_ITSELF = frozenset(
    ("sinusoidal_encoding", "learned_encoding", "batch_norm1d", "batch_norm2d", "batch_norm3d")
    + ("add", "multiply", "subtract", "divide", "average", "maximum", "minimum")
    + ("scale", "shift", "power", "exp", "log", "sqrt", "abs", "reciprocal", "clamp")
    + ("gaussian_sample", "bernoulli_unit")
)
_WHOLE = frozenset(("embedding_bag", "gram_matrix", "dot", "l1_distance", "l2_distance", "cosine_distance"))
_RESHAPED = frozenset(("flatten", "reshape", "unflatten"))
_LAST = frozenset(
    ("dense", "maxout", "rbf_layer", "code_distance", "bilinear", "rbm", "deep_boltzmann_machine", "hopfield")
    + ("weight_norm_dense", "spectral_norm_dense", "lstm_cell", "gru_cell", "rnn_cell", "unit_quaternion")
    + ("weighted_l1_distance",)
)


def window_of(type: BlockType, module: nn.Module, inputs: Inputs, outputs: Sequence[TensorSpec]) -> Window:
    """The window of `module` between tensors of these specs; what is not known to be anything else is unknown."""
    if type.id in _ITSELF:
        return _SAME
    if type.role == "loss":
        return Window((Nothing(),))
    if "own_code" in type.traits:
        return Window((Unknown("own-code"),))
    spec = next(iter(inputs.values()))
    out = outputs[0]
    if type.id in _WHOLE:
        return Window(_whole(spec))
    if type.id in _RESHAPED:
        return Window((Reshape(lengths(out)),))
    if type.id in _LAST:
        return Window((All(spec.rank - 1),))
    special = _SPECIAL.get(type.id)
    if special is not None:
        found = special(module, spec, out)
        return found if isinstance(found, Window) else Window(found)
    if "Global" in type.module:
        return Window((*_every(range(2, spec.rank)), Turn((0, 1))))
    if "Adaptive" in type.module:
        return Window(_adaptive(spec, out))
    if isinstance(module, (nn.LayerNorm, nn.RMSNorm)):
        return Window(_every(range(spec.rank - len(module.normalized_shape), spec.rank)))
    if isinstance(module, nn.modules.instancenorm._InstanceNorm):
        return Window(_every(range(2 if spec.rank > 2 else 1, spec.rank)))
    if isinstance(module, nn.GroupNorm):
        return Window((*_every(range(2, spec.rank)), _grouped(module.num_groups, spec, out)))
    if type.family == "activation":
        dim = getattr(module, "dim", None)
        if not isinstance(dim, int):
            return _SAME
        return Window(_halves(dim % spec.rank, spec) if isinstance(module, nn.GLU) else (All(dim % spec.rank),))
    if type.family == "regularisation":
        return _SAME
    if isinstance(module, nn.modules.conv._ConvTransposeNd):
        sizes = (module.kernel_size, module.stride, module.padding, module.dilation)
        return Window((*_spread(spec, out, *map(_tuple, sizes)), _grouped(module.groups, spec, out)))
    if type.id.startswith("separable_conv"):
        return Window((*_sliding(module.depthwise, spec, out), All(1)))
    if hasattr(module, "kernel_size") and type.family in ("convolution", "pooling", "normalisation", "dense"):
        groups = spec.shape[1] if type.family == "pooling" else getattr(module, "groups", 1)
        return Window((*_sliding(module, spec, out), _grouped(groups, spec, out)))
    return UNKNOWN


def acts_alone(type: BlockType, module: nn.Module) -> bool:
    """Whether the block is an activation that makes each number of its input into one, looking at no other."""
    alone = type.id not in ("prelu", "softmax2d") and not isinstance(getattr(module, "dim", None), int)
    return type.family == "activation" and alone


def _every(axes: Iterable[int]) -> Moves:
    return tuple([All(axis) for axis in axes])


def _whole(spec: TensorSpec) -> Moves:
    """All numbers of a sample."""
    return _every(range(1, spec.rank))


def _grouped(groups: int | Dim, spec: TensorSpec, out: TensorSpec) -> Move:
    """Each channel sees those of its group."""
    channels, made = spec.shape[1], out.shape[1]
    if groups == 1 or isinstance(channels, Dim) or isinstance(made, Dim) or isinstance(groups, Dim):
        return All(1) if groups == 1 else Look(1, lengths(out)[1])
    width, height = channels // groups, made // groups
    return Look(1, made, width, (tuple(range(width)),) * height)


def _tuple(value: Any) -> tuple[int, ...]:
    return tuple(value) if isinstance(value, (tuple, list)) else (value,)


def _numbers(value: Any, count: int) -> tuple[int, ...]:
    given = _tuple(value)
    return given * count if len(given) == 1 and count else given


def _sliding(module: Any, spec: TensorSpec, out: TensorSpec) -> Moves:
    """A window along each axis behind the channels."""
    count = spec.rank - 2
    sizes = _numbers(module.kernel_size, count)
    dilation = _numbers(getattr(module, "dilation", 1), count)
    step = _numbers(getattr(module, "stride", None) or sizes, count)
    padding = getattr(module, "padding", 0)
    if padding == "same":
        before = [(size - 1) * wide // 2 for size, wide in zip(sizes, dilation, strict=True)]
    else:
        before = [*_numbers(0 if padding == "valid" else padding, count)]
    beyond = _BEYOND[getattr(module, "padding_mode", "zeros")]
    return tuple(
        [
            Look(axis, lengths(out)[axis], by, (tuple(range(-front, size * wide - front, wide)),), beyond)
            for axis, size, wide, by, front in zip(range(2, spec.rank), sizes, dilation, step, before, strict=True)
        ]
    )


_BEYOND: dict[str, Literal["nothing", "mirror", "edge", "round"]] = {
    **dict.fromkeys(("zeros", "constant"), "nothing"),
    "reflect": "mirror",
    "replicate": "edge",
    "circular": "round",
}


def _spread(
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


def _adaptive(spec: TensorSpec, out: TensorSpec) -> Moves:
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


def _fractional(module: Any, spec: TensorSpec, out: TensorSpec) -> Moves:
    """All that the windows may cover that chance draws.

    Graham, Fractional max-pooling, 2014: window i of O, k of L places long, begins at ⌊(i + u) α⌋ − ⌊u α⌋, chance u in
    0…1, α = (L − k) / (O − 1), so at ⌊i α⌋ or ⌈i α⌉; the last at L − k.
    """
    moves = []
    for axis, size in zip(range(2, spec.rank), _numbers(module.kernel_size, spec.rank - 2), strict=True):
        length, made = spec.shape[axis], out.shape[axis]
        if isinstance(length, Dim) or isinstance(made, Dim):
            return (Unknown("free-length"),)
        room, last = length - size, made - 1
        cuts = [range(i * room // last, -(-i * room // last) + size) for i in range(last)]
        moves.append(Look(axis, made, 0, tuple(map(tuple, (*cuts, range(room, length))))))
    return tuple(moves)


def _upsample(module: Any, spec: TensorSpec, out: TensorSpec) -> Moves:
    moves = []
    for axis, factor in zip(range(2, spec.rank), _numbers(module.scale_factor, spec.rank - 2), strict=True):
        length = spec.shape[axis]
        if isinstance(length, Dim):
            step, pattern = _enlarged(module.mode, bool(module.align_corners), float(factor))
            if not step:
                return (Unknown("free-length"),)
        else:
            step, pattern = 0, _interpolated(module, length, float(factor))
        moves.append(Look(axis, lengths(out)[axis], step, pattern))
    return tuple(moves)


def _interpolated(module: Any, length: int, factor: float) -> Pattern:
    """Which numbers of an axis PyTorch gives a weight at each place: those it enlarges the rows of 1 to."""
    rows = torch.eye(length, device="cpu").unsqueeze(0)
    align = {} if module.mode == "nearest" else {"align_corners": module.align_corners}
    if module.mode == "bicubic":
        made = functional.interpolate(rows.unsqueeze(3), scale_factor=(factor, 1.0), mode="bicubic", **align)[..., 0]
    else:
        mode = "nearest" if module.mode == "nearest" else "linear"
        made = functional.interpolate(rows, scale_factor=factor, mode=mode, **align)
    return tuple(tuple(column.nonzero().flatten().tolist()) for column in made[0].T)


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


def _unpool(module: Any, spec: TensorSpec, out: TensorSpec) -> Moves:
    filled = module.mode == "nearest"
    return tuple(
        [
            Look(axis, lengths(out)[axis], 1, tuple((0,) if filled or not place else () for place in range(size)))
            for axis, size in enumerate(module.kernel_size, 2)
        ]
    )


def _max_unpool(module: Any, spec: TensorSpec, out: TensorSpec) -> Window:
    count = spec.rank - 2
    sizes = [_numbers(value, count) for value in (module.kernel_size, module.stride, module.padding)]
    return Window(_spread(spec, out, *sizes), {("like", -1): (Nothing(),)})


def _shuffle(module: Any, spec: TensorSpec, out: TensorSpec) -> Moves:
    factor = int(module.upscale_factor)
    samples, channels, height, width = lengths(spec)
    apart = (samples, channels // factor**2, factor, factor, height, width)
    return (Reshape(apart), Turn((0, 1, 4, 2, 5, 3)), Reshape(lengths(out)))


def _unshuffle(module: Any, spec: TensorSpec, out: TensorSpec) -> Moves:
    factor = int(module.downscale_factor)
    if any(isinstance(side, Dim) for side in spec.shape[2:]):
        return (Unknown("free-length"),)
    samples, channels, height, width = lengths(spec)
    apart = (samples, channels, height // factor, factor, width // factor, factor)
    return (Reshape(apart), Turn((0, 1, 3, 5, 2, 4)), Reshape(lengths(out)))


def _reduce(module: Any, spec: TensorSpec, out: TensorSpec) -> Moves:
    axes = tuple(module.dims) or tuple(range(1, spec.rank))
    left = tuple(axis for axis in range(spec.rank) if axis not in axes)
    return _every(axes) if module.keepdim else (*_every(axes), Turn(left))


def _slice(module: Any, spec: TensorSpec, out: TensorSpec) -> Moves:
    axis, cut = len(module.index) - 1, module.index[-1]
    length, made = spec.shape[axis], lengths(out)[axis]
    start = cut.start or 0
    if not isinstance(length, Dim):
        start = range(length)[cut].start
    elif start < 0 and is_free(made):
        return (Unknown("free-length"),)
    return (Look(axis, made, cut.step or 1, ((start,),)),)


def _split(module: Any, spec: TensorSpec, out: TensorSpec) -> Window:
    length = spec.shape[module.dim]
    assert isinstance(length, int)
    sizes = module.sizes or [-(-length // module.parts)] * module.parts
    starts = [sum(sizes[:number]) for number in range(len(sizes))]
    counts = [min(size, length - start) for size, start in zip(sizes, starts, strict=True)]
    pieces = enumerate(zip(starts, counts, strict=True))
    return Window((), {("", number): (Look(module.dim, made, 1, ((start,),)),) for number, (start, made) in pieces})


def _select(module: Any, spec: TensorSpec, out: TensorSpec) -> Moves:
    length = spec.shape[module.dim]
    place = module.index if isinstance(length, Dim) else module.index % length
    left = tuple(axis for axis in range(spec.rank) if axis != module.dim)
    return (Look(module.dim, 1, 1, ((place,),)), Turn(left))


def _squeeze(module: Any, spec: TensorSpec, out: TensorSpec) -> Moves:
    return (Turn(tuple(axis for axis in range(spec.rank) if axis != module.dim % spec.rank)),)


def _unsqueeze(module: Any, spec: TensorSpec, out: TensorSpec) -> Moves:
    place = module.dim % out.rank
    return (Turn((*range(place), -1, *range(place, spec.rank))),)


def _tile(module: Any, spec: TensorSpec, out: TensorSpec) -> Moves:
    axes = [axis for axis, times in enumerate(module.repeats, 1) if times > 1]
    if any(isinstance(spec.shape[axis], Dim) for axis in axes):
        return (Unknown("free-length"),)
    made = lengths(out)
    return tuple([Look(axis, made[axis], 0, tuple((i,) for i in range(lengths(spec)[axis]))) for axis in axes])


def _pad(module: Any, spec: TensorSpec, out: TensorSpec) -> Moves:
    before = module.padding[::2][::-1]
    axes = range(spec.rank - len(before), spec.rank)
    beyond = _BEYOND[module.mode]
    return tuple(
        [Look(axis, lengths(out)[axis], 1, ((-amount,),), beyond) for axis, amount in zip(axes, before, strict=True)]
    )


def _crop(module: Any, spec: TensorSpec, out: TensorSpec) -> Moves:
    sides = spec.shape[2:]
    if module.offset is None and any(isinstance(side, Dim) for side in sides):
        return (Unknown("free-length"),)
    starts = module.offset or [(side - size) // 2 for side, size in zip(lengths(spec)[2:], module.size, strict=True)]
    return tuple([Look(axis, lengths(out)[axis], 1, ((start,),)) for axis, start in zip((2, 3), starts, strict=True)])


def _patches(module: Any, spec: TensorSpec, out: TensorSpec) -> Moves:
    """A convolution, its places in a row in front of its channels."""
    if any(isinstance(side, Dim) for side in spec.shape[2:]):
        return (Unknown("free-length"),)
    samples, _, height, width = lengths(spec)
    (high, wide), features = module.kernel_size, lengths(out)[2]
    grid = TensorSpec((spec.shape[0], features, height // high, width // wide), spec.dtype)
    return (*_sliding(module, spec, grid), All(1), Reshape((samples, 1, lengths(out)[1])), Turn((0, 2, 1)))


def _hog(module: Any, spec: TensorSpec, out: TensorSpec) -> Moves:
    size, made = module.cell_size, lengths(out)
    # The differences look one pixel further on either side; each cell of a block is divided by all of them.
    reach = (tuple(range(-1, size * module.block_size + 1)),)
    return (Look(2, made[2], size, reach), Look(3, made[3], size, reach), All(1))


def _bank(module: Any, spec: TensorSpec, out: TensorSpec) -> Moves:
    """The same filters over each channel; those of a channel lie beside each other."""
    filters, _, high, wide = module.weight.shape
    looks = []
    for axis, size in ((2, high), (3, wide)):
        front = (size - 1) // 2 if module.padding == "same" else 0
        looks.append(Look(axis, lengths(out)[axis], module.stride, (tuple(range(-front, size - front)),)))
    return (*looks, _grouped(spec.shape[1], spec, out))


def _halves(axis: int, spec: TensorSpec) -> Moves:
    """Each number sees its place in the first half of the axis and in the second."""
    length = spec.shape[axis]
    if isinstance(length, Dim):
        return (Unknown("free-length"),)
    return (Look(axis, length // 2, 1, ((0, length // 2),)),)


def _winners(module: Any, spec: TensorSpec, out: TensorSpec) -> Moves:
    if module.over == "batch":
        return ()
    return (All(2),) if spec.rank == 3 else _whole(spec)


def _conv_rbm(module: Any, spec: TensorSpec, out: TensorSpec) -> Moves:
    sizes, made = module.weight.shape[2:], lengths(out)
    return (*(Look(axis, made[axis], 1, (tuple(range(size)),)) for axis, size in enumerate(sizes, 2)), All(1))


def _local_response(module: Any, spec: TensorSpec, out: TensorSpec) -> Moves:
    return (Look(1, lengths(out)[1], 1, (tuple(range(-(module.size // 2), (module.size - 1) // 2 + 1)),)),)


def _table(module: Any, spec: TensorSpec, out: TensorSpec) -> Moves:
    full = all(count == module.in_channels for count in module.links)
    return (*_sliding(module, spec, out), All(1) if full else Look(1, len(LENET_TABLE), 0, LENET_TABLE))


def _over_steps(module: Any, spec: TensorSpec, out: TensorSpec) -> Window:
    """A recurrent layer: each step sees those before it, the last all; states to begin with are seen whole."""
    whole = _whole(spec)
    steps = whole if module.last_step or module.bidirectional else (All(1, until=True), All(2))
    begin = (All(1), All(2)) if module.num_layers * (1 + module.bidirectional) > 1 else (All(1),)
    return Window(steps, {("initial_state", -1): begin, ("initial_cell", -1): begin, ("", 1): whole, ("", 2): whole})


def _attending(module: Any, spec: TensorSpec, out: TensorSpec) -> Window:
    """A step asks all of another sequence, or of its own; those after it are not seen where it is causal."""
    if hasattr(module, "self_attn"):
        return Window((All(1, until=module.self_attn.causal), All(2)), {("memory", -1): _whole(spec)})
    whole = _whole(spec)
    return Window((All(1, until=module.causal), All(2)), {("query", 0): (All(2),), ("query", 1): whole, ("", 1): whole})


def _crossing(module: Any, spec: TensorSpec, out: TensorSpec) -> Window:
    return Window((All(2),), {("memory", -1): _whole(spec), ("", 1): _whole(spec)})


Special = Callable[[Any, TensorSpec, TensorSpec], Window | Moves]
_SPECIAL: dict[str, Special] = {
    **dict.fromkeys(("constant", "noise_source"), lambda module, spec, out: (Nothing(),)),
    "embedding": lambda module, spec, out: (Turn((*range(spec.rank), -1)),),
    "softmax2d": lambda module, spec, out: (All(1),),
    "squeeze": _squeeze,
    "unsqueeze": _unsqueeze,
    "upsample": _upsample,
    **dict.fromkeys(("unpool1d", "unpool2d", "unpool3d"), _unpool),
    "pixel_shuffle": _shuffle,
    "pixel_unshuffle": _unshuffle,
    **dict.fromkeys(("max_unpool1d", "max_unpool2d", "max_unpool3d"), _max_unpool),
    **dict.fromkeys(("fractional_max_pool2d", "fractional_max_pool3d"), _fractional),
    "reduce": _reduce,
    "slice": _slice,
    "split": _split,
    "select": _select,
    "permute": lambda module, spec, out: (Turn((0, *module.dims)),),
    "tile": _tile,
    "concat": lambda module, spec, out: (Join(module.dim),),
    "pad": _pad,
    "crop": _crop,
    "class_token": lambda module, spec, out: (Look(1, lengths(out)[1], 1, ((-1,),)),),
    "patch_embedding": _patches,
    "rotary_encoding": lambda module, spec, out: (Look(2, lengths(out)[2], 2, ((0, 1), (0, 1))),),
    "gumbel_softmax": lambda module, spec, out: (All(module.dim % spec.rank),),
    "winner_take_all": _winners,
    "local_response_norm": _local_response,
    "hog": _hog,
    **dict.fromkeys(("haar_filters", "gabor_filters"), _bank),
    "table_conv2d": _table,
    "conv_rbm": _conv_rbm,
    **dict.fromkeys(("lstm", "gru", "rnn"), _over_steps),
    **dict.fromkeys(("self_attention", "multihead_attention"), _attending),
    **dict.fromkeys(("transformer_encoder_layer", "transformer_decoder_layer"), _attending),
    "cross_attention": _crossing,
}
