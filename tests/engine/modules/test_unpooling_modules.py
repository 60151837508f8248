"""Unpooling undoes pooling: against torch's own modules, and by hand."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from engine.modules import unpooling

SHAPES = {1: (2, 3, 12), 2: (2, 3, 8, 6), 3: (2, 3, 4, 6, 8)}


@pytest.mark.parametrize("axes", SHAPES)
def test_max_unpooling_is_torchs_and_puts_each_maximum_back(axes: int) -> None:
    window = (2,) * axes
    pool = getattr(nn, f"MaxPool{axes}d")(window, return_indices=True)
    back = getattr(unpooling, f"MaxUnpool{axes}d")(window, window)
    input = torch.rand(SHAPES[axes])
    pooled, places = pool(input)
    made = back(pooled, places)
    assert torch.equal(made, getattr(nn, f"MaxUnpool{axes}d")(window)(pooled, places))
    assert torch.equal(made[made > 0], input[made > 0])
    assert int((made > 0).sum()) == pooled.numel()


@pytest.mark.parametrize("axes", SHAPES)
def test_an_odd_rest_is_kept_by_the_size_of_what_was_pooled(axes: int) -> None:
    window = (2,) * axes
    input = torch.rand(1, 1, *(7,) * axes)
    pooled, places = getattr(nn, f"MaxPool{axes}d")(window, return_indices=True)(input)
    back = getattr(unpooling, f"MaxUnpool{axes}d")(window, window)
    made = back(pooled, places, like=input)
    assert made.shape == input.shape
    assert torch.equal(made[made > 0], input[made > 0])


def test_the_gradient_goes_to_the_pooled_numbers() -> None:
    input = torch.rand(1, 1, 4, 4, requires_grad=True)
    pooled, places = nn.MaxPool2d(2, return_indices=True)(input)
    slopes = torch.rand(1, 1, 4, 4)
    (unpooling.MaxUnpool2d((2, 2), (2, 2))(pooled, places) * slopes).sum().backward()
    assert input.grad is not None
    assert torch.equal(input.grad[input.grad != 0], slopes[input.grad != 0])
    assert int((input.grad != 0).sum()) == 4


def test_windows_repeat_or_begin_with_the_number() -> None:
    row = torch.tensor([[[1.0, 2.0]]])
    assert unpooling.Unpool1d((3,))(row).tolist() == [[[1, 1, 1, 2, 2, 2]]]
    assert unpooling.Unpool1d((3,), "zeros")(row).tolist() == [[[1, 0, 0, 2, 0, 0]]]
    volume = torch.rand(2, 3, 2, 3, 4)
    repeated = nn.functional.interpolate(volume, scale_factor=(1, 2, 3), mode="nearest")
    assert torch.equal(unpooling.Unpool3d((1, 2, 3))(volume), repeated)
    corners = unpooling.Unpool3d((1, 2, 3), "zeros")(volume)
    assert torch.equal(corners[:, :, :, ::2, ::3], volume)
    corners[:, :, :, ::2, ::3] = 0
    assert not corners.any()
