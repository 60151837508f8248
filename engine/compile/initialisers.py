"""How a weight starts, by the names that a block's Learning carries."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from engine.graph.graph import Initialiser
from engine.graph.initialiser_kinds import INITIALISER_KINDS
from engine.graph.problem import refused

INITIALISERS = tuple(kind.id for kind in INITIALISER_KINDS)


def initialise(weight: Tensor, initialiser: Initialiser) -> None:
    """Fill `weight` in place from PyTorch's CPU generator. Raises Refused for an unknown name.

    He et al. 2015; Glorot and Bengio 2010; LeCun et al. 1998: variance 2 / fan_in, 2 / (fan_in + fan_out), 1 / fan_in.
    `inverse-root` is uniform within ±1/√fan_in; `identity` passes its input on as far as the shape allows (Le et al.
    2015; for convolutions the tap in the middle); `sparse` is normal with deviation 0.01 but for a share of zeros in
    each column (Martens 2010). Arguments and their defaults: `INITIALISER_KINDS`.
    """
    arguments = {name: float(value) for name, value in initialiser.arguments.items() if isinstance(value, (int, float))}
    fill = _FILLS.get(initialiser.name)
    if fill is None:
        raise refused("initialiser", name=initialiser.name, whose="", known=", ".join(INITIALISERS))
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


def _identity(weight: Tensor) -> None:
    if weight.dim() < 2:
        weight.zero_()
    elif weight.dim() == 2:
        nn.init.eye_(weight)
    else:
        nn.init.dirac_(weight)


def _sparse(weight: Tensor, sparsity: float) -> None:
    rows = weight.flatten(1) if weight.dim() > 1 else weight.view(-1, 1)
    nn.init.sparse_(rows, sparsity=min(max(sparsity, 0.0), 1.0))


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
    "inverse-root": lambda weight, arguments: weight.uniform_(-(_fan_in(weight) ** -0.5), _fan_in(weight) ** -0.5),
    "identity": lambda weight, arguments: _identity(weight),
    "sparse": lambda weight, arguments: _sparse(weight, arguments.get("sparsity", 0.9)),
    "constant": lambda weight, arguments: weight.fill_(arguments.get("value", 0.0)),
    "zeros": lambda weight, arguments: weight.zero_(),
}
