from __future__ import annotations

import pytest
import torch

from engine.compile.initialisers import INITIALISERS, initialise
from engine.graph.graph import Initialiser
from engine.graph.problem import Refused

FAN_IN, FAN_OUT = 400, 100
SPREAD = {
    "he-normal": (2 / FAN_IN) ** 0.5,
    "he-uniform": (2 / FAN_IN) ** 0.5,
    "glorot-normal": (2 / (FAN_IN + FAN_OUT)) ** 0.5,
    "glorot-uniform": (2 / (FAN_IN + FAN_OUT)) ** 0.5,
    "lecun-normal": (1 / FAN_IN) ** 0.5,
    "lecun-uniform": (1 / FAN_IN) ** 0.5,
    "inverse-root": (1 / (3 * FAN_IN)) ** 0.5,
    "identity": (1 / FAN_IN) ** 0.5,
    "sparse": 0.01 * 0.1**0.5,
    "normal": 0.01,
    "uniform": 0.1 / 3**0.5,
    "constant": 0.0,
    "zeros": 0.0,
}


@pytest.mark.parametrize("name", SPREAD)
def test_the_spread_is_the_published_one(name: str) -> None:
    torch.manual_seed(0)
    weight = torch.full((FAN_OUT, FAN_IN), 9.0)
    initialise(weight, Initialiser(name))
    assert abs(weight.mean().item()) < 0.003
    assert weight.std().item() == pytest.approx(SPREAD[name], rel=0.05, abs=1e-9)
    if name.endswith("uniform"):
        assert weight.abs().max() <= SPREAD[name] * 3**0.5 * 1.0001


def test_orthogonal_rows_are_orthogonal() -> None:
    weight = torch.empty(8, 20)
    initialise(weight, Initialiser("orthogonal"))
    torch.testing.assert_close(weight @ weight.T, torch.eye(8), atol=1e-5, rtol=0)


@pytest.mark.parametrize("name", INITIALISERS)
def test_a_bias_can_start_by_any_name(name: str) -> None:
    bias = torch.full((64,), float("nan"))
    initialise(bias, Initialiser(name))
    assert bias.isfinite().all()


@pytest.mark.parametrize(
    ("initialiser", "low", "high"),
    [
        (Initialiser("constant", {"value": 0.5}), 0.5, 0.5),
        (Initialiser("uniform", {"bound": 2.0}), -2.0, 2.0),
        (Initialiser("normal", {"std": 0.001}), -0.01, 0.01),
    ],
)
def test_arguments_are_heeded(initialiser: Initialiser, low: float, high: float) -> None:
    weight = torch.empty(50, 50)
    initialise(weight, initialiser)
    assert low <= weight.min()
    assert weight.max() <= high
    assert weight.abs().max() > high / 4


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(Refused) as caught:
        initialise(torch.empty(2, 2), Initialiser("magic"))
    assert caught.value.problem.sentence == (f"There is no initialiser magic. Choose one of {', '.join(INITIALISERS)}.")


def test_identity_passes_its_input_on() -> None:
    square, kernel = torch.empty(4, 4), torch.empty(3, 3, 5, 5)
    initialise(square, Initialiser("identity"))
    initialise(kernel, Initialiser("identity"))
    assert torch.equal(square, torch.eye(4))
    picture = torch.randn(2, 3, 8, 8)
    assert torch.equal(torch.nn.functional.conv2d(picture, kernel, padding=2), picture)


def test_sparse_leaves_the_share_that_was_asked_for() -> None:
    weight = torch.empty(100, 50)
    initialise(weight, Initialiser("sparse", {"sparsity": 0.75}))
    assert (weight == 0).sum(dim=0).tolist() == [75] * 50
