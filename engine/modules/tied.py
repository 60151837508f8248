"""Layers that hold the weight of another layer the other way round."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional


class TransposedLinear(nn.Linear):
    """y = Wᵀ x + b, where W is the weight of the layer that it mirrors and b its own.

    Made like nn.Linear, from its own sizes; the owner's weight, in_features × out_features, is put in afterwards.
    """

    def forward(self, input: Tensor) -> Tensor:
        """From N×…×in_features to N×…×out_features."""
        return functional.linear(input, self.weight.t(), self.bias)


def tie(module: nn.Module, owner: nn.Module) -> None:
    """Let `module` hold the very weight of `owner`: both learn it, and it is one tensor."""
    assert isinstance(owner.weight, nn.Parameter)
    module.weight = owner.weight
