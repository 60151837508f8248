"""Pictures and filters as the two matrices whose product is a convolution, pool window by pool window.

Each unit of a window has filters of its own, moved to its place: these go over the picture in steps of a window. Pairs
are of what goes down and what goes across.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product

import torch
from torch import Tensor
from torch.nn import functional

Pair = tuple[int, int]


class WindowColumns:
    """N×C×H×W to (C × reach) × (maps × N), what each window sees; and back, by the transpose.

    `maps` are rows and columns of windows, `numbers` how many numbers the matrix has.
    """

    def __init__(self, pictures: torch.Size, kernel: Pair, window: Pair, padding: tuple[Pair, Pair]) -> None:
        self._samples, self._channels, *size = pictures
        self._window = window
        self._steps, self._reach = _reach(kernel, window)
        sides = zip(size, kernel, window, padding, strict=True)
        self.maps = [(length + sum(around) - filter + 1) // step for length, filter, step, around in sides]
        self.numbers = self._channels * math.prod(self._reach) * math.prod(self.maps) * self._samples
        grid = zip(self.maps, self._steps, window, strict=True)
        self._padded = [(maps + steps - 1) * step for maps, steps, step in grid]
        (top, _), (left, _) = padding
        bottom, right = self._padded[0] - size[0] - top, self._padded[1] - size[1] - left
        self._margins = [0, 0, left, right, top, bottom]

    def of(self, pictures: Tensor) -> Tensor:
        """The matrix of N×C×H×W."""
        planes = pictures.permute(1, 2, 3, 0)
        if any(self._margins):
            planes = functional.pad(planes, self._margins)
        planes = planes.contiguous()
        (down, across), (channel, row, column, sample) = self._window, planes.stride()
        sizes = (self._channels, *self._reach, *self.maps, self._samples)
        seen = planes.as_strided(sizes, (channel, row, column, down * row, across * column, sample))
        return seen.reshape(self._channels * math.prod(self._reach), -1)

    def transposed(self, columns: Tensor) -> Tensor:
        """N×C×H×W: for each pixel the sum of its numbers in a matrix."""
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


class MovedFilters:
    """O×C×kernel to (places × O) × (C × reach), the filters at each place of a window; and back, by the transpose."""

    def __init__(self, weight: torch.Size, window: Pair) -> None:
        self._outputs, self._channels, *self._kernel = weight
        self._window = window
        _, self._reach = _reach(self._kernel, window)

    def of(self, weight: Tensor) -> Tensor:
        """The matrix of O×C×kernel."""
        rows, columns = math.prod(self._window) * self._outputs, self._channels * math.prod(self._reach)
        filters = weight.new_zeros(rows, columns)
        self._at_places(filters).copy_(weight)
        return filters

    def transposed(self, filters: Tensor) -> Tensor:
        """O×C×kernel: for each weight the sum of its numbers in a matrix."""
        total, *others = self._at_places(filters).flatten(0, 1).unbind()
        for other in others:
            total = total + other
        return total

    def _at_places(self, filters: Tensor) -> Tensor:
        """Window × O×C×kernel, in the memory of a matrix."""
        row, column = filters.stride()[0], self._reach[1]
        place, plane = self._outputs * row, self._reach[0] * column
        sizes = (*self._window, self._outputs, self._channels, *self._kernel)
        strides = (self._window[1] * place + column, place + 1, row, plane, column, 1)
        return filters.as_strided(sizes, strides)


def _reach(kernel: Sequence[int], window: Pair) -> tuple[list[int], list[int]]:
    """What the units of a window see together, in windows and in pixels."""
    steps = [math.ceil((filter + step - 1) / step) for filter, step in zip(kernel, window, strict=True)]
    return steps, [count * step for count, step in zip(steps, window, strict=True)]
