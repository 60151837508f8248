"""What each block's own module looks at: the few moves that lead from its input's places to its output's.

They are read from the module's attributes, and tested against its gradients.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from torch import nn

from engine.compile.moves import All, Join, Look, Move, Moves, Nothing, Reshape, Turn, Unknown, Window, is_free, lengths
from engine.compile.sliding import (
    BEYOND,
    adaptive,
    fractional,
    max_unpool,
    numbers,
    sliding,
    spread,
    unpool,
    upsample,
)
from engine.graph.block_type import BlockType, Inputs
from engine.graph.tensor_spec import Dim, TensorSpec
from engine.modules.convolution import LENET_TABLE

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
        return Window(adaptive(spec, out))
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
        padding = numbers(module.padding, spec.rank - 2)
        looks = spread(spec, out, module.kernel_size, module.stride, padding, module.dilation)
        return Window((*looks, _grouped(module.groups, spec, out)))
    if type.id.startswith("separable_conv"):
        return Window((*sliding(module.depthwise, spec, out), All(1)))
    if hasattr(module, "kernel_size") and type.family in ("convolution", "pooling", "normalisation", "dense"):
        groups = spec.shape[1] if type.family == "pooling" else getattr(module, "groups", 1)
        return Window((*sliding(module, spec, out), _grouped(groups, spec, out)))
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
    beyond = BEYOND[module.mode]
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
    return (*sliding(module, spec, grid), All(1), Reshape((samples, 1, lengths(out)[1])), Turn((0, 2, 1)))


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
    return (*sliding(module, spec, out), All(1) if full else Look(1, len(LENET_TABLE), 0, LENET_TABLE))


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
    "upsample": upsample,
    **dict.fromkeys(("unpool1d", "unpool2d", "unpool3d"), unpool),
    "pixel_shuffle": _shuffle,
    "pixel_unshuffle": _unshuffle,
    **dict.fromkeys(("max_unpool1d", "max_unpool2d", "max_unpool3d"), max_unpool),
    **dict.fromkeys(("fractional_max_pool2d", "fractional_max_pool3d"), fractional),
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
