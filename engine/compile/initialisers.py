"""How a weight starts, by the names that a block's Learning carries."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from engine.graph.graph import Initialiser
from engine.graph.problem import refused

INITIALISERS = (
    "he-normal",
    "he-uniform",
    "glorot-normal",
    "glorot-uniform",
    "lecun-normal",
    "lecun-uniform",
    "normal",
    "uniform",
    "orthogonal",
    "constant",
    "zeros",
)


def initialise(weight: Tensor, initialiser: Initialiser) -> None:
    """Fill `weight` in place from PyTorch's CPU generator. Raises Refused for an unknown name.

    He et al. 2015; Glorot and Bengio 2010; LeCun et al. 1998: variance 2 / fan_in, 2 / (fan_in + fan_out), 1 / fan_in.
    `normal` takes `std` (0.01), `uniform` takes `bound` (0.1), `constant` takes `value` (0).
    """
    arguments = {name: float(value) for name, value in initialiser.arguments.items() if isinstance(value, (int, float))}
    fill = _FILLS.get(initialiser.name)
    if fill is None:
        raise refused("initialiser", name=initialiser.name, known=", ".join(INITIALISERS))
    with torch.no_grad():
        fill(weight, arguments)


def _fan_in(weight: Tensor) -> int:
    return max(1, weight[0].numel() if weight.dim() > 1 else weight.numel())


def _scaled(
    fill: Callable[[Tensor], object], spread: Callable[[Tensor], Tensor]
) -> Callable[[Tensor, dict[str, float]], None]:
    """Xavier and Kaiming need two axes; a bias falls back to the spread of its own length."""

    def run(weight: Tensor, arguments: dict[str, float]) -> None:
        if weight.dim() >= 2:
            fill(weight)
        else:
            spread(weight)

    return run


def _uniform_bias(weight: Tensor) -> Tensor:
    bound = _fan_in(weight) ** -0.5
    return weight.uniform_(-bound, bound)


def _normal_bias(weight: Tensor) -> Tensor:
    return weight.normal_(0.0, _fan_in(weight) ** -0.5)


def _he_normal(weight: Tensor) -> None:
    nn.init.kaiming_normal_(weight, nonlinearity="relu")


def _he_uniform(weight: Tensor) -> None:
    nn.init.kaiming_uniform_(weight, nonlinearity="relu")


def _orthogonal(weight: Tensor) -> None:
    nn.init.orthogonal_(weight)


_FILLS: dict[str, Callable[[Tensor, dict[str, float]], object]] = {
    "he-normal": _scaled(_he_normal, _normal_bias),
    "he-uniform": _scaled(_he_uniform, _uniform_bias),
    "glorot-normal": _scaled(nn.init.xavier_normal_, _normal_bias),
    "glorot-uniform": _scaled(nn.init.xavier_uniform_, _uniform_bias),
    "lecun-normal": lambda weight, arguments: weight.normal_(0.0, _fan_in(weight) ** -0.5),
    "lecun-uniform": lambda weight, arguments: weight.uniform_(
        -((3.0 / _fan_in(weight)) ** 0.5), (3.0 / _fan_in(weight)) ** 0.5
    ),
    "normal": lambda weight, arguments: weight.normal_(0.0, arguments.get("std", 0.01)),
    "uniform": lambda weight, arguments: weight.uniform_(-arguments.get("bound", 0.1), arguments.get("bound", 0.1)),
    "orthogonal": _scaled(_orthogonal, _normal_bias),
    "constant": lambda weight, arguments: weight.fill_(arguments.get("value", 0.0)),
    "zeros": lambda weight, arguments: weight.zero_(),
}
