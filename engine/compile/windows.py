"""How far each block's own module looks: the window it moves over its input, read from its attributes."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from torch import nn

from engine.graph.block_type import BlockType
from engine.graph.values import Plain

Kind = Literal["unknown", "same", "mixes", "window", "spreads", "flattens", "permutes", "whole"]


class Window(Plain, frozen=True):
    """What one output number sees of the block's input.

    `same`: the number at its place. `mixes`: all places along `axes` (negative from the end). `window`: along each of
    the last axes `extent` places from `start`, moving by `step`; with `axes` the places are in a row along that axis
    then. `spreads`: the window of a transposed convolution,
    which moves over the output. `flattens`: as `same`, the axes from the first to the second of `axes` made one.
    `permutes`: as `same`, axes in the order `axes`. `whole`: everything.
    """

    kind: Kind = "unknown"
    axes: tuple[int, ...] = ()
    start: tuple[int, ...] = ()
    extent: tuple[int, ...] = ()
    step: tuple[int, ...] = ()


_SAME = Window("same")
_WHOLE = Window("whole")
_LAST = Window("mixes", (-1,))
_SEES_ALL = frozenset(
    ("embedding_bag", "gram_matrix", "instance_norm1d", "instance_norm2d", "instance_norm3d", "group_norm")
)
_BY_TYPE = {
    **dict.fromkeys(("embedding", "sinusoidal_encoding", "learned_encoding", "rotary_encoding"), _SAME),
    **dict.fromkeys(("batch_norm1d", "batch_norm2d", "batch_norm3d"), _SAME),
    **dict.fromkeys(("add", "concat", "multiply", "subtract", "divide", "average", "maximum", "minimum"), _SAME),
    **dict.fromkeys(("scale", "shift", "power", "exp", "log", "sqrt", "abs", "reciprocal", "clamp"), _SAME),
    **dict.fromkeys(("gaussian_sample", "bernoulli_unit"), _SAME),
    **dict.fromkeys(("dense", "maxout", "rbf_layer", "code_distance", "bilinear", "rbm", "gumbel_softmax"), _LAST),
    **dict.fromkeys(("weight_norm_dense", "spectral_norm_dense", "lstm_cell", "gru_cell", "rnn_cell"), _LAST),
    **dict.fromkeys(("dot", "l1_distance", "l2_distance", "cosine_distance", "weighted_l1_distance"), _LAST),
    **dict.fromkeys(("softmax2d", "local_response_norm"), Window("mixes", (1,))),
    **dict.fromkeys(("lstm", "gru", "rnn"), _WHOLE),
    **dict.fromkeys(_SEES_ALL, _WHOLE),
}
_ATTENDS = ("self_attention", "multihead_attention", "cross_attention")
_TRANSFORMS = ("transformer_encoder_layer", "transformer_decoder_layer")


def window_of(type: BlockType, module: nn.Module) -> Window:
    """The window of `module`; what is not known to be anything else is unknown."""
    known = _BY_TYPE.get(type.id)
    if known is not None:
        return known
    if type.id in _ATTENDS or type.id in _TRANSFORMS or "Global" in type.module or "Adaptive" in type.module:
        return _WHOLE
    if isinstance(module, nn.Flatten):
        return Window("flattens", (module.start_dim, module.end_dim))
    if type.id == "permute":
        return Window("permutes", (0, *getattr(module, "dims", ())))
    if isinstance(module, (nn.LayerNorm, nn.RMSNorm)):
        return Window("mixes", tuple(range(-len(module.normalized_shape), 0)))
    if type.family == "activation":
        dim = getattr(module, "dim", None)
        return Window("mixes", (dim,)) if isinstance(dim, int) else _SAME
    if type.family == "regularisation" and type.role == "layer" and type.id != "winner_take_all":
        return _SAME
    if type.id == "pixel_unshuffle":
        factor = int(str(module.downscale_factor))
        return Window("window", start=(0, 0), extent=(factor, factor), step=(factor, factor))
    if type.id in ("upsample", "unpool2d", "pixel_shuffle"):
        return _spread_evenly(module)
    if isinstance(module, nn.modules.conv._ConvTransposeNd):
        reach = tuple((size - 1) * wide + 1 for size, wide in zip(module.kernel_size, module.dilation, strict=True))
        return Window("spreads", start=tuple(_numbers(module.padding, 0)), extent=reach, step=tuple(module.stride))
    if type.id.startswith("separable_conv"):
        inner = [part for part in module.children() if isinstance(part, nn.modules.conv._ConvNd)]
        return _sliding(inner[0]) if inner else Window()
    if hasattr(module, "kernel_size") and type.family in ("convolution", "pooling", "normalisation", "dense"):
        return _sliding(module) if not type.id.startswith("fractional") else Window()
    if type.id == "patch_embedding":
        return msgspec.structs.replace(_sliding(module), axes=(1,))
    return Window()


def acts_alone(type: BlockType, module: nn.Module) -> bool:
    """Whether the block is an activation that makes each number of its input into one, looking at no other."""
    return type.family == "activation" and window_of(type, module) == _SAME and type.id != "prelu"


def _sliding(module: Any) -> Window:
    sizes = _numbers(module.kernel_size, 0)
    count = len(sizes) if len(sizes) > 1 else _axes_of(module)
    sizes = _numbers(module.kernel_size, count)
    dilation = _numbers(getattr(module, "dilation", 1), count)
    step = _numbers(getattr(module, "stride", None) or sizes, count)
    reach = tuple((size - 1) * wide + 1 for size, wide in zip(sizes, dilation, strict=True))
    padding = getattr(module, "padding", 0)
    if padding == "same":
        before = tuple((extent - 1) // 2 for extent in reach)
    elif padding == "valid":
        before = (0,) * count
    else:
        before = tuple(_numbers(padding, count))
    return Window("window", start=tuple(-place for place in before), extent=reach, step=tuple(step))


def _spread_evenly(module: Any) -> Window:
    if isinstance(module, nn.Upsample):
        factor = module.scale_factor
        if module.mode != "nearest" or factor is None:
            return Window()
        factors = _numbers(factor, 1)
        if any(number != int(number) for number in factors):
            return Window()
    elif isinstance(module, nn.PixelShuffle):
        factors = [module.upscale_factor] * 2
    else:
        factors = _numbers(module.kernel_size, 0)
    sizes = tuple(int(number) for number in factors)
    return Window("spreads", start=(0,) * len(sizes), extent=sizes, step=sizes)


def _axes_of(module: Any) -> int:
    digits = [letter for letter in module.__class__.__name__ if letter in "123"]
    return int(digits[-1]) if digits else 1


def _numbers(value: Any, count: int) -> list[int]:
    given = list(value) if isinstance(value, (tuple, list)) else [value]
    return given * count if len(given) == 1 and count else given

