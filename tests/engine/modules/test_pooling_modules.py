from __future__ import annotations

import pytest
import torch
from torch import nn

from engine.modules import pooling


def windows(input: torch.Tensor, kernel: tuple[int, ...], stride: tuple[int, ...]) -> torch.Tensor:
    for axis, (extent, step) in enumerate(zip(kernel, stride, strict=True)):
        input = input.unfold(2 + axis, extent, step)
    return input.flatten(2 + len(kernel))


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_sums_and_norms_of_windows(axes: int) -> None:
    torch.manual_seed(0)
    kernel, stride, padding = (3, 2, 2)[:axes], (2, 1, 2)[:axes], (1, 0, 1)[:axes]
    input = torch.randn(2, 3, *(7, 6, 5)[:axes])
    padded = nn.functional.pad(input, [pad for pad in reversed(padding) for _ in range(2)])
    cut = windows(padded, kernel, stride)
    summed = getattr(pooling, f"SumPool{axes}d")(kernel, stride, padding)(input)
    torch.testing.assert_close(summed, cut.sum(-1))
    for norm in (1.0, 2.0, 3.0):
        made = getattr(pooling, f"LPPool{axes}d")(norm, kernel, stride, padding)(input)
        torch.testing.assert_close(made, torch.linalg.vector_norm(cut, norm, dim=-1))


def test_the_rest_at_the_border_is_summed_if_asked() -> None:
    input = torch.ones(1, 1, 5)
    assert pooling.SumPool1d((2,), (2,))(input).flatten().tolist() == [2, 2]
    assert pooling.SumPool1d((2,), (2,), ceil_mode=True)(input).flatten().tolist() == [2, 2, 1]


def test_a_window_of_zeros_has_a_finite_gradient() -> None:
    input = torch.zeros(1, 1, 4, 4, requires_grad=True)
    pooling.LPPool2d(2.0, (2, 2), (2, 2))(input).sum().backward()
    assert input.grad.eq(0).all()


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_global_pools(axes: int) -> None:
    input = torch.randn(2, 3, *(4, 5, 6)[:axes])
    torch.testing.assert_close(getattr(pooling, f"GlobalAvgPool{axes}d")()(input), input.flatten(2).mean(2))
    torch.testing.assert_close(getattr(pooling, f"GlobalMaxPool{axes}d")()(input), input.flatten(2).amax(2))


@pytest.mark.parametrize(("axes", "theirs"), [(2, nn.FractionalMaxPool2d), (3, nn.FractionalMaxPool3d)])
def test_fractional_pooling_draws_as_pytorch_does_and_stands_still_in_eval_mode(axes: int, theirs: type) -> None:
    input = torch.randn(2, 3, *(9,) * axes)
    ours = getattr(pooling, f"FractionalMaxPool{axes}d")((2,) * axes, 0.6)
    torch.manual_seed(5)
    expected = theirs(2, output_ratio=0.6)(input)
    torch.manual_seed(5)
    assert torch.equal(ours(input), expected)
    assert not torch.equal(ours(input), expected)
    state = torch.get_rng_state()
    assert torch.equal(ours.eval()(input), ours(input))
    assert torch.equal(torch.get_rng_state(), state)


def test_subsampling_is_lenets() -> None:
    layer = pooling.Subsampling(6)
    assert sum(weight.numel() for weight in layer.parameters()) == 12
    input = torch.randn(2, 6, 8, 7)
    torch.testing.assert_close(layer(input), nn.AvgPool2d(2)(input))
    with torch.no_grad():
        layer.weight.copy_(torch.arange(6))
        layer.bias.copy_(torch.arange(6) * 10)
    sums = windows(input, (2, 2), (2, 2)).sum(-1)
    expected = sums * torch.arange(6)[:, None, None] + 10 * torch.arange(6)[:, None, None]
    torch.testing.assert_close(layer(input), expected)
    assert sum(weight.numel() for weight in pooling.Subsampling(16).parameters()) == 32


def test_unpooling_repeats_or_puts_zeros() -> None:
    input = torch.tensor([[1.0, 2.0], [3.0, 4.0]])[None, None]
    assert pooling.Unpool2d((2, 3))(input)[0, 0].tolist() == [
        [1, 1, 1, 2, 2, 2],
        [1, 1, 1, 2, 2, 2],
        [3, 3, 3, 4, 4, 4],
        [3, 3, 3, 4, 4, 4],
    ]
    assert pooling.Unpool2d((2, 3), "zeros")(input)[0, 0].tolist() == [
        [1, 0, 0, 2, 0, 0],
        [0, 0, 0, 0, 0, 0],
        [3, 0, 0, 4, 0, 0],
        [0, 0, 0, 0, 0, 0],
    ]
