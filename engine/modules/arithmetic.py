"""Arithmetic on whole tensors."""

from __future__ import annotations

from functools import reduce

import torch
from torch import Tensor, nn


class Multiply(nn.Module):
    """The product of tensors, number by number."""

    def forward(self, *inputs: Tensor) -> Tensor:
        """Inputs of one shape, or with axes of length 1 that spread; the result has the longest axes."""
        return reduce(torch.mul, inputs)


class Subtract(nn.Module):
    """a − b, number by number."""

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        """Inputs of one shape, or with axes of length 1 that spread."""
        return a - b


class Divide(nn.Module):
    """a / b, number by number."""

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        """Inputs of one shape, or with axes of length 1 that spread."""
        return a / b


class Average(nn.Module):
    """The mean of tensors of one shape."""

    def forward(self, *inputs: Tensor) -> Tensor:
        """Each input and the result have the same shape."""
        return reduce(torch.add, inputs) / len(inputs)


class Maximum(nn.Module):
    """The largest of tensors of one shape, number by number."""

    def forward(self, *inputs: Tensor) -> Tensor:
        """Each input and the result have the same shape."""
        return reduce(torch.maximum, inputs)


class Minimum(nn.Module):
    """The smallest of tensors of one shape, number by number."""

    def forward(self, *inputs: Tensor) -> Tensor:
        """Each input and the result have the same shape."""
        return reduce(torch.minimum, inputs)


class Scale(nn.Module):
    """f x; a learned f is the parameter `weight`, of no axes."""

    def __init__(self, factor: float = 1.0, learned: bool = False) -> None:
        super().__init__()
        self.factor = factor
        self.weight = nn.Parameter(torch.full((), factor)) if learned else None

    def forward(self, input: Tensor) -> Tensor:
        """Any shape to the same shape."""
        return input * (self.factor if self.weight is None else self.weight)


class Shift(nn.Module):
    """x + s; a learned s is the parameter `weight`, of no axes."""

    def __init__(self, offset: float = 0.0, learned: bool = False) -> None:
        super().__init__()
        self.offset = offset
        self.weight = nn.Parameter(torch.full((), offset)) if learned else None

    def forward(self, input: Tensor) -> Tensor:
        """Any shape to the same shape."""
        return input + (self.offset if self.weight is None else self.weight)


class Power(nn.Module):
    """x to the power of a number; NaN where x < 0 and the exponent is not whole."""

    def __init__(self, exponent: float = 2.0) -> None:
        super().__init__()
        self.exponent = exponent

    def forward(self, input: Tensor) -> Tensor:
        """Any shape to the same shape."""
        return input.pow(self.exponent)


class Exp(nn.Module):
    """eˣ."""

    def forward(self, input: Tensor) -> Tensor:
        """Any shape to the same shape."""
        return input.exp()


class Log(nn.Module):
    """ln max(x, ε)."""

    def __init__(self, eps: float = 1e-8) -> None:
        super().__init__()
        self.eps = eps

    def forward(self, input: Tensor) -> Tensor:
        """Any shape to the same shape."""
        return input.clamp(min=self.eps).log()


class Sqrt(nn.Module):
    """√max(x, ε): the slope of the root is infinite at 0."""

    def __init__(self, eps: float = 1e-8) -> None:
        super().__init__()
        self.eps = eps

    def forward(self, input: Tensor) -> Tensor:
        """Any shape to the same shape."""
        return input.clamp(min=self.eps).sqrt()


class Abs(nn.Module):
    """|x|."""

    def forward(self, input: Tensor) -> Tensor:
        """Any shape to the same shape."""
        return input.abs()


class Reciprocal(nn.Module):
    """1 / x."""

    def forward(self, input: Tensor) -> Tensor:
        """Any shape to the same shape."""
        return input.reciprocal()


class Clamp(nn.Module):
    """min(high, max(low, x)); a bound that is None does not hold."""

    def __init__(self, min: float | None = None, max: float | None = None) -> None:
        super().__init__()
        self.min = min
        self.max = max

    def forward(self, input: Tensor) -> Tensor:
        """Any shape to the same shape."""
        return input.clamp(self.min, self.max)
