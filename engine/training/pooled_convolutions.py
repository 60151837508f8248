"""A convolution of few maps and the max pool behind it train together, as matrix products."""

from __future__ import annotations

import math
from itertools import product
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional

from engine.compile.slices import with_gradient
from engine.training.called_modules import called, copied, read_by
from engine.training.whole_convolutions import may_cover

Pair = tuple[int, int]

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
    reorders = any(isinstance(other, nn.modules.conv._ConvNd) and not may_cover(other) for other in others)
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
    layout = _Layout(pictures.shape, convolution.weight.shape, _pair(pool.kernel_size), _padding(convolution))
    fits = pictures.dtype is torch.float32 and len(pictures) >= _FEW_SAMPLES and layout.seen <= _SEEN_NUMBERS
    if not fits or torch.get_num_threads() > 1:
        unpooled: Tensor = convolution.forward(pictures)
        kept: Tensor = pool.forward(unpooled)
        return kept
    found: Tensor = _PooledProduct.apply(pictures, convolution.weight, layout)  # type: ignore[no-untyped-call]
    # The largest of sums with a bias is the largest of the sums, with the bias.
    return found if convolution.bias is None else found + convolution.bias[:, None, None]


class _PooledProduct(torch.autograd.Function):
    """The largest unit of each window of a convolution without a bias: N×C×H×W to N×O×rows×columns.

    Each unit of a window has filters of its own, moved to its place: these go over the picture in steps of a window,
    and the pool is the largest of a few rows. Samples lie innermost in memory, so that all copies are of long runs; the
    result keeps this order, and what reads it next finds it.
    """

    @staticmethod
    def forward(ctx: Any, pictures: Tensor, weight: Tensor, layout: _Layout) -> Tensor:
        columns, filters = layout.columns(pictures), layout.moved(weight)
        largest, *others = (filters @ columns).view(layout.places, -1)
        larger = []
        for other in others:
            # As numbers: a product with truth values takes five times as long.
            larger.append(torch.gt(other, largest, out=torch.empty_like(largest)))
            largest = torch.maximum(largest, other)
        ctx.save_for_backward(columns, filters, *larger)
        ctx.layout = layout
        return torch.permute(largest.view(weight.shape[0], *layout.maps, -1), (3, 0, 1, 2))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        columns, filters, *larger = ctx.saved_tensors
        rest = gradient.permute(1, 2, 3, 0).flatten()
        units = rest.new_empty(len(larger) + 1, len(rest))
        for place in range(len(larger), 0, -1):
            torch.mul(rest, larger[place - 1], out=units[place])
            rest = rest - units[place]
        units[0].copy_(rest)
        units = units.view(len(filters), -1)
        wants_pictures, wants_weight, _ = ctx.needs_input_grad
        to_pictures = ctx.layout.sum_of_columns(filters.t() @ units) if wants_pictures else None
        to_weight = ctx.layout.sum_of_moved(units @ columns.t()) if wants_weight else None
        return to_pictures, to_weight, None


class _Layout:
    """How the tensors of one pooled convolution lie as matrices. Pairs are of what goes down and what goes across."""

    def __init__(self, pictures: torch.Size, weight: torch.Size, window: Pair, padding: tuple[Pair, Pair]) -> None:
        self._samples, self._channels, *size = pictures
        self._outputs, _, *kernel = weight
        self._kernel, self._window = kernel, window
        self.places = math.prod(window)
        """How many units a window has."""
        sides = tuple(zip(size, kernel, window, padding, strict=True))
        self.maps = [(length + sum(around) - filter + 1) // step for length, filter, step, around in sides]
        """Rows and columns of windows."""
        self._steps = [math.ceil((filter + step - 1) / step) for _, filter, step, _ in sides]
        self._reach = [steps * step for steps, step in zip(self._steps, window, strict=True)]
        """What the units of a window see together, in windows and in pixels."""
        self.seen = self._channels * math.prod(self._reach) * math.prod(self.maps) * self._samples
        """How many numbers `columns` has."""
        grid = zip(self.maps, self._steps, window, strict=True)
        self._padded = [(maps + steps - 1) * step for maps, steps, step in grid]
        (top, _), (left, _) = padding
        bottom, right = self._padded[0] - size[0] - top, self._padded[1] - size[1] - left
        self._margins = [0, 0, left, right, top, bottom]

    def columns(self, pictures: Tensor) -> Tensor:
        """What each window sees: (C × reach) × (maps × N)."""
        planes = pictures.permute(1, 2, 3, 0)
        if any(self._margins):
            planes = functional.pad(planes, self._margins)
        planes = planes.contiguous()
        (down, across), (channel, row, column, sample) = self._window, planes.stride()
        sizes = (self._channels, *self._reach, *self.maps, self._samples)
        seen = planes.as_strided(sizes, (channel, row, column, down * row, across * column, sample))
        return seen.reshape(self._channels * math.prod(self._reach), -1)

    def sum_of_columns(self, columns: Tensor) -> Tensor:
        """The transpose of `columns`: N×C×H×W."""
        (down, across), (rows, wide), (high, long) = self._window, self.maps, self._padded
        planes = columns.new_zeros(self._channels, high // down, down, long // across, across, self._samples)
        steps = (self._steps[0], down, self._steps[1], across)
        parts = columns.view(self._channels, *steps, *self.maps, self._samples)
        # Windows outside, the places in a window before them: as in `parts`.
        grid = planes.permute(0, 2, 4, 1, 3, 5)
        for y, x in product(range(self._steps[0]), range(self._steps[1])):
            grid[:, :, :, y : y + rows, x : x + wide].add_(parts[:, y, :, x])
        found = planes.view(self._channels, high, long, self._samples)
        if any(self._margins):
            found = functional.pad(found, [-margin for margin in self._margins])
        return torch.permute(found, (3, 0, 1, 2))

    def moved(self, weight: Tensor) -> Tensor:
        """(places × O) × (C × reach): the filters of O×C×kernel at each place of a window."""
        filters = weight.new_zeros(self.places * self._outputs, self._channels * math.prod(self._reach))
        self._at_places(filters).copy_(weight)
        return filters

    def sum_of_moved(self, filters: Tensor) -> Tensor:
        """The transpose of `moved`: O×C×kernel."""
        total, *others = self._at_places(filters).flatten(0, 1).unbind()
        for other in others:
            total = total + other
        return total

    def _at_places(self, filters: Tensor) -> Tensor:
        """Window × O×C×kernel, in the memory of (places × O) × (C × reach)."""
        row, column = filters.stride()[0], self._reach[1]
        place, plane = self._outputs * row, self._reach[0] * column
        sizes = (*self._window, self._outputs, self._channels, *self._kernel)
        strides = (self._window[1] * place + column, place + 1, row, plane, column, 1)
        return filters.as_strided(sizes, strides)


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
