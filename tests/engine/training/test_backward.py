from __future__ import annotations

import pytest
import torch
from torch import nn

from engine.training.backward import Backward


def test_gradients_are_those_of_torch_to_the_bit() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 36, 10))
    backward = Backward()
    for batch in (16, 16, 3):
        images, labels = torch.rand(batch, 1, 8, 8), torch.randint(0, 10, (batch,))
        network.zero_grad()
        nn.functional.cross_entropy(network(images), labels).backward()
        expected = [parameter.grad for parameter in network.parameters()]
        network.zero_grad()
        backward(nn.functional.cross_entropy(network(images), labels))
        for parameter, gradient in zip(network.parameters(), expected, strict=True):
            assert torch.equal(parameter.grad, gradient)


def test_a_loss_may_keep_axes_of_one() -> None:
    weight = torch.tensor([3.0], requires_grad=True)
    Backward()(weight**2)
    assert weight.grad.tolist() == [6.0]


def test_weights_that_the_loss_does_not_reach_stay_without_a_gradient() -> None:
    reached, aside = torch.ones((), requires_grad=True), torch.ones((), requires_grad=True)
    Backward()(2 * reached)
    assert reached.grad == 2
    assert aside.grad is None


def test_a_loss_without_anything_to_learn_is_refused_as_torch_does() -> None:
    with pytest.raises(RuntimeError, match="does not require grad"):
        Backward()(torch.ones(()))
