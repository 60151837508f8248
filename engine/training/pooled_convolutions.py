"""A convolution of few maps and the max pool behind it train together, as matrix products."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.autograd.function import once_differentiable

from engine.compile.slices import with_gradient
from engine.training.called_modules import called, copied, read_by
from engine.training.whole_convolutions import may_cover
from engine.training.window_matrices import MovedFilters, Pair, WindowColumns

_CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
_FEW_CHANNELS, _FEW_FIRST_FILTERS, _FEW_FILTERS = 7, 7, 32
"""oneDNN and torch's pool compute 8 channels of a pixel at once; from there on they are as fast."""
_FEW_PLACES = 4
_FEW_SAMPLES = 16
_SEEN_NUMBERS = 2 << 20
"""Larger ones take memory that the two modules do without."""


def with_pooled_products(module: fx.GraphModule) -> fx.GraphModule:
    """The training slice with `pooled` in the place of convolutions that a max pool alone reads; or as it was.

    On a CPU; last bits differ from those of the two modules. All stay where another convolution would have to bring
    what it reads into its own order in memory, as nothing is gained, and where a loss is made of gradients. Functions
    of the learner may do either.
    """
    graph = copied(module)
    pairs: list[tuple[fx.Node, fx.Node]] = []
    for node in graph.nodes:
        pool = called(module, node)
        if type(pool) is nn.MaxPool2d:
            before = read_by(node)
            convolution = called(module, before)
            if type(convolution) is nn.Conv2d and len(before.users) == 1 and _fits(convolution, pool):
                pairs.append((before, node))
    taken = {before for before, _ in pairs}
    others = [called(module, node) for node in graph.nodes if node not in taken]
    reorders = any(isinstance(other, _CONVOLUTIONS) and not may_cover(other) for other in others)
    if not pairs or reorders or any(node.target is with_gradient for node in graph.nodes):
        return module
    for before, node in pairs:
        node.op, node.target, node.args = "call_function", pooled, (before.args[0], node.args[0], read_by(before))
        graph.erase_node(before)
    return fx.GraphModule(module, graph)


def pooled(convolution: nn.Conv2d, pool: nn.MaxPool2d, pictures: Tensor) -> Tensor:
    """What `pool` gives of what `convolution` gives, of N×C×H×W.

    LeNet-5 trains a sixth faster so on one thread. More threads wait for each other more often than they gain.
    """
    weight, window = convolution.weight, _pair(pool.kernel_size)
    columns = WindowColumns(pictures.shape, _pair(convolution.kernel_size), window, _padding(convolution))
    fits = pictures.dtype is torch.float32 and len(pictures) >= _FEW_SAMPLES and columns.numbers <= _SEEN_NUMBERS
    if not fits or torch.get_num_threads() > 1:
        unpooled: Tensor = convolution.forward(pictures)
        kept: Tensor = pool.forward(unpooled)
        return kept
    filters = MovedFilters(weight.shape, window)
    found: Tensor = _PooledProduct.apply(pictures, weight, columns, filters)  # type: ignore[no-untyped-call]
    # The largest of sums with a bias is the largest of the sums, with the bias.
    return found if convolution.bias is None else found + convolution.bias[:, None, None]


class _PooledProduct(torch.autograd.Function):
    """The largest unit of each window of a convolution without a bias: N×C×H×W to N×O×rows×columns.

    The pool is the largest of a few rows. Samples lie innermost in memory, so that all copies are of long runs; the
    result keeps this order, and what reads it next finds it.
    """

    @staticmethod
    def forward(ctx: Any, pictures: Tensor, weight: Tensor, columns: WindowColumns, filters: MovedFilters) -> Tensor:
        seen, moved = columns.of(pictures), filters.of(weight)
        largest, *others = (moved @ seen).view(len(moved) // len(weight), -1)
        larger = []
        for other in others:
            # As numbers: a product with truth values takes five times as long.
            larger.append(torch.gt(other, largest, out=torch.empty_like(largest)))
            largest = torch.maximum(largest, other)
        ctx.save_for_backward(seen, moved, *larger)
        ctx.columns, ctx.filters = columns, filters
        return torch.permute(largest.view(len(weight), *columns.maps, -1), (3, 0, 1, 2))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        seen, moved, *larger = ctx.saved_tensors
        rest = gradient.permute(1, 2, 3, 0).flatten()
        units = rest.new_empty(len(larger) + 1, len(rest))
        for place in range(len(larger), 0, -1):
            torch.mul(rest, larger[place - 1], out=units[place])
            rest = rest - units[place]
        units[0].copy_(rest)
        units = units.view(len(moved), -1)
        wants_pictures, wants_weight, *_ = ctx.needs_input_grad
        to_pictures = ctx.columns.transposed(moved.t() @ units) if wants_pictures else None
        to_weight = ctx.filters.transposed(units @ seen.t()) if wants_weight else None
        return to_pictures, to_weight, None, None


def _fits(convolution: nn.Conv2d, pool: nn.MaxPool2d) -> bool:
    is_padded = any(map(any, _padding(convolution)))
    return (
        convolution.weight.device.type == "cpu"
        and convolution.in_channels <= (1 if is_padded else _FEW_CHANNELS)
        and convolution.out_channels <= (_FEW_FIRST_FILTERS if convolution.in_channels == 1 else _FEW_FILTERS)
        and convolution.stride == convolution.dilation == (1, 1)
        and convolution.groups == 1
        and convolution.padding_mode == "zeros"
        and math.prod(_pair(pool.kernel_size)) <= _FEW_PLACES
        and _pair(pool.kernel_size) == _pair(pool.stride)
        and _pair(pool.padding) == (0, 0)
        and _pair(pool.dilation) == (1, 1)
        and not pool.return_indices
        and not pool.ceil_mode
    )


def _pair(value: int | tuple[int, ...]) -> Pair:
    return (value, value) if isinstance(value, int) else (value[0], value[1])


def _padding(convolution: nn.Conv2d) -> tuple[Pair, Pair]:
    """Before and after the picture, down and across."""
    if convolution.padding == "same":
        down, across = (length - 1 for length in convolution.kernel_size)
        return (down // 2, down - down // 2), (across // 2, across - across // 2)
    down, across = (0, 0) if isinstance(convolution.padding, str) else _pair(convolution.padding)
    return (down, down), (across, across)
