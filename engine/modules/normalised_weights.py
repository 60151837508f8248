"""Layers whose weights are normalised each time they are used, by torch.nn.utils.parametrizations."""

from __future__ import annotations

from typing import Any

from torch import nn
from torch.nn.utils import parametrizations


class WeightNormLinear(nn.Linear):
    """nn.Linear with W = g v / ‖v‖, one length g and one direction v for each unit; in …×features, out …×units.

    Salimans and Kingma, Weight normalization, 2016.
    """

    def __init__(self, in_features: int, out_features: int, bias: bool = True) -> None:
        super().__init__(in_features, out_features, bias)
        parametrizations.weight_norm(self)


class WeightNormConv2d(nn.Conv2d):
    """nn.Conv2d with W = g v / ‖v‖, one length g and one direction v for each filter.

    Salimans and Kingma, Weight normalization, 2016.
    """

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        parametrizations.weight_norm(self)


class SpectralNormLinear(nn.Linear):
    """nn.Linear with W / σ(W), σ its largest singular value, followed by power iteration while training.

    Miyato et al., Spectral normalization for generative adversarial networks, 2018.
    """

    def __init__(self, in_features: int, out_features: int, bias: bool = True, n_power_iterations: int = 1) -> None:
        super().__init__(in_features, out_features, bias)
        parametrizations.spectral_norm(self, n_power_iterations=n_power_iterations)


class SpectralNormConv2d(nn.Conv2d):
    """nn.Conv2d with W / σ(W), σ the largest singular value of its filters as rows, followed by power iteration.

    Miyato et al., Spectral normalization for generative adversarial networks, 2018.
    """

    def __init__(self, *, n_power_iterations: int = 1, **arguments: Any) -> None:
        super().__init__(**arguments)
        parametrizations.spectral_norm(self, n_power_iterations=n_power_iterations)
