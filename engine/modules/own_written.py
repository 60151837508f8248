"""How a written file calls what stands in a Python file of the user's, beside it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn


class OwnBlock(nn.Module):
    """A function, an object or a module of a file of one's own, with a backward by hand or without."""

    def __init__(self, own: Any, backward: Callable[..., Any] | None = None, **settings: Any) -> None:
        super().__init__()
        self.inner = own if isinstance(own, nn.Module) else None
        self.run = partial(getattr(own, "forward", own), **settings)
        by_hand = getattr(own, "backward", None) if backward is None else backward
        self.gradients = None if by_hand is None else partial(by_hand, **settings)

    def forward(self, *inputs: Tensor) -> Any:
        """One tensor, or a tuple of them."""
        if self.gradients is not None and torch.is_grad_enabled():
            return OwnFunction.apply(self, *inputs)  # type: ignore[no-untyped-call]
        return self.run(*inputs)


class OwnFunction(torch.autograd.Function):
    """A forward whose gradients its backward tells."""

    @staticmethod
    def forward(context: Any, block: OwnBlock, *inputs: Tensor) -> Any:
        """The outputs; keeps the inputs."""
        context.block = block
        context.save_for_backward(*inputs)
        outputs = block.run(*inputs)
        return tuple(outputs) if isinstance(outputs, list) else outputs

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> Any:
        """The gradients of the inputs."""
        inputs = context.saved_tensors
        found = context.block.gradients(*gradients, *inputs)
        found = found if isinstance(found, (tuple, list)) else (found,)
        pairs = zip(found, inputs, strict=True)
        return None, *(gradient if value.is_floating_point() else None for gradient, value in pairs)
