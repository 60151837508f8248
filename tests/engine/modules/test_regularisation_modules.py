from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from engine.modules.dropout import AlphaDropout, Dropout, Dropout1d, Dropout2d, Dropout3d, DropPath
from engine.modules.noise import GaussianNoise, MaskingNoise, SaltAndPepperNoise
from engine.modules.sparsity import ActivityL1, ActivityL2, KLSparsity, WinnerTakeAll


def drawn(module: nn.Module, input: torch.Tensor) -> torch.Tensor:
    torch.manual_seed(3)
    return module(input)


@pytest.mark.parametrize(
    ("ours", "theirs", "shape"),
    [
        (Dropout(0.3), nn.Dropout(0.3), (5, 7)),
        (Dropout1d(0.3), nn.Dropout1d(0.3), (5, 7, 4)),
        (Dropout2d(0.3), nn.Dropout2d(0.3), (5, 7, 4, 4)),
        (Dropout3d(0.3), nn.Dropout3d(0.3), (5, 7, 4, 4, 2)),
        (AlphaDropout(0.3), nn.AlphaDropout(0.3), (5, 7)),
    ],
)
def test_without_a_mask_dropout_is_pytorchs(ours: nn.Module, theirs: nn.Module, shape: tuple[int, ...]) -> None:
    input = torch.randn(shape)
    assert torch.equal(drawn(ours, input), drawn(theirs, input))
    assert torch.equal(ours.eval()(input), input)


@pytest.mark.parametrize(("module", "shape"), [(Dropout(0.3), (5, 7)), (Dropout2d(0.3), (5, 7, 4, 4))])
def test_a_mask_is_multiplied_in_and_nothing_is_drawn(module: nn.Module, shape: tuple[int, ...]) -> None:
    input = torch.randn(shape)
    mask = torch.arange(35).reshape(5, 7) % 2
    state = torch.get_rng_state()
    for mode in (True, False):
        made = module.train(mode)(input, mask=mask)
        torch.testing.assert_close(made, input * mask.reshape(5, 7, *(1,) * (len(shape) - 2)))
    assert torch.equal(torch.get_rng_state(), state)


def test_alpha_dropout_uses_a_given_mask_as_it_uses_a_drawn_one() -> None:
    module, input = AlphaDropout(0.25), torch.rand(100, 100)
    plain = drawn(module, input)
    dropped = plain.eq(plain.min())
    assert 0.2 < dropped.float().mean() < 0.3
    torch.testing.assert_close(module(input, mask=~dropped), plain)


def test_drop_path_drops_whole_samples_and_scales_the_rest() -> None:
    input = torch.rand(4000, 3, 2) + 1
    made = drawn(DropPath(0.25), input)
    dropped = made.eq(0).flatten(1)
    assert torch.equal(dropped.all(1), dropped.any(1))
    assert 0.2 < dropped[:, 0].float().mean() < 0.3
    torch.testing.assert_close(made[~dropped[:, 0]], input[~dropped[:, 0]] / 0.75)
    assert DropPath(1.0)(input).eq(0).all()


def test_noises_act_only_while_training() -> None:
    input = torch.rand(200, 100) * 0.5 + 0.25
    noisy = drawn(GaussianNoise(0.3), input) - input
    assert noisy.std().item() == pytest.approx(0.3, rel=0.05)
    masked = drawn(MaskingNoise(0.4), input)
    assert masked.eq(0).float().mean().item() == pytest.approx(0.4, abs=0.02)
    assert torch.equal(masked[masked.ne(0)], input[masked.ne(0)])
    salted = drawn(SaltAndPepperNoise(0.2, low=-1.0, high=2.0), input)
    assert salted.eq(-1).float().mean().item() == pytest.approx(0.1, abs=0.01)
    assert salted.eq(2).float().mean().item() == pytest.approx(0.1, abs=0.01)
    for module in (GaussianNoise(), MaskingNoise(), SaltAndPepperNoise()):
        assert torch.equal(module.eval()(input), input)
        assert not torch.equal(drawn(module.train(), input), input)


def test_penalties_by_hand() -> None:
    activity = torch.tensor([[0.1, -0.2], [0.3, 0.4]])
    assert ActivityL1()(activity).item() == pytest.approx(0.5)
    assert ActivityL2()(activity).item() == pytest.approx(0.15)
    mean = [0.2, 0.6]
    activity = torch.tensor([[0.1, 0.4], [0.3, 0.8]])
    expected = sum(0.05 * math.log(0.05 / m) + 0.95 * math.log(0.95 / (1 - m)) for m in mean)
    assert KLSparsity(0.05)(activity).item() == pytest.approx(expected, rel=1e-5)


def test_kl_sparsity_survives_silent_units_and_is_0_at_its_goal() -> None:
    silent = torch.zeros(4, 3, requires_grad=True)
    KLSparsity()(silent).backward()
    assert silent.grad.isfinite().all()
    assert KLSparsity(0.25)(torch.full((4, 3), 0.25)).item() == pytest.approx(0.0, abs=1e-6)


def test_exactly_k_of_a_layer_win() -> None:
    input = torch.tensor([[3.0, 1.0, 2.0, 2.0], [0.0, 0.0, 0.0, -1.0]], requires_grad=True)
    made = WinnerTakeAll(2)(input + 10)
    assert made.ne(0).sum(1).tolist() == [2, 2]
    assert made[0].max() == 13
    made.sum().backward()
    assert input.grad.sum(1).tolist() == [2, 2]
    steps = WinnerTakeAll(1)(torch.rand(2, 5, 3) + 1)
    assert steps.ne(0).sum(2).unique().tolist() == [1]


def test_over_the_batch_each_unit_keeps_its_strongest_samples() -> None:
    input = torch.rand(6, 4) + 1
    module = WinnerTakeAll(2, "batch")
    made = module(input)
    assert made.ne(0).sum(0).tolist() == [2, 2, 2, 2]
    assert torch.equal(made.amax(0), input.amax(0))
    assert torch.equal(module.eval()(input), input)
    assert torch.equal(module.train()(input[:1]), input[:1])
