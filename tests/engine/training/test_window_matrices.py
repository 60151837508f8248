"""Pictures and filters as matrices: their product is the convolution, and the way back is the transpose."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from engine.training.window_matrices import MovedFilters, WindowColumns

CASES = [
    ((3, 3), (2, 2), ((1, 1), (1, 1))),
    ((5, 2), (2, 2), ((0, 0), (0, 0))),
    ((1, 4), (3, 1), ((0, 0), (1, 2))),
    ((2, 3), (1, 1), ((2, 0), (0, 1))),
]


def numbers(*shape: int) -> torch.Tensor:
    """Whole ones, so that sums are exact in any order."""
    return torch.randint(-4, 5, shape, generator=torch.Generator().manual_seed(len(shape))).float()


@pytest.mark.parametrize(("kernel", "window", "padding"), CASES)
def test_the_product_holds_each_unit_of_each_window(kernel, window, padding):
    pictures, weight = numbers(4, 2, 9, 11), numbers(3, 2, *kernel)
    columns, filters = WindowColumns(pictures.shape, kernel, window, padding), MovedFilters(weight.shape, window)
    seen = columns.of(pictures)
    assert seen.numel() == columns.numbers
    units = (filters.of(weight) @ seen).view(*window, 3, *columns.maps, 4)
    (top, bottom), (left, right) = padding
    expected = functional.conv2d(functional.pad(pictures, (left, right, top, bottom)), weight)
    (down, across), (rows, wide) = window, columns.maps
    assert (rows, wide) == (expected.shape[2] // down, expected.shape[3] // across)
    for y in range(down):
        for x in range(across):
            of_place = expected[:, :, y : rows * down : down, x : wide * across : across]
            assert torch.equal(units[y, x].permute(3, 0, 1, 2), of_place)


@pytest.mark.parametrize(("kernel", "window", "padding"), CASES)
def test_the_way_back_is_the_transpose(kernel, window, padding):
    pictures, weight = numbers(4, 2, 9, 11), numbers(3, 2, *kernel)
    columns, filters = WindowColumns(pictures.shape, kernel, window, padding), MovedFilters(weight.shape, window)
    for matrix, given in ((columns, pictures), (filters, weight)):
        there = matrix.of(given)
        other = numbers(*there.shape)
        back = matrix.transposed(other)
        assert back.shape == given.shape
        assert (there * other).sum() == (given * back).sum()
