"""Counts multiply-adds by PyTorch's own formulas, in a dispatch mode of this thread alone.

torch's FlopCounterMode is out: its module hooks are process-wide and would run in a training thread as well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry


class MultiplyAdds(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Adds up `total` multiply-adds of everything that runs inside it; one of them counts as two flops."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.total = 0

    def __torch_dispatch__(
        self, function: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        result = function(*args, **(kwargs or {}))
        formula = _FORMULAS.get(function._overloadpacket) or flop_registry.get(function._overloadpacket)
        if formula is not None:
            self.total += int(formula(*args, **(kwargs or {}), out_val=result)) // 2
        return result


def _lstm_layer(input: torch.Tensor, weight: torch.Tensor, recurrent: torch.Tensor, *rest: Any, **named: Any) -> int:
    """Flops of one LSTM layer over all its steps: T×N×features, or N×T×features, by four gates; torch counts none."""
    steps = input.shape[0] * input.shape[1]
    return 2 * steps * (weight.numel() + recurrent.numel())


def _cpu_attention(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, *rest: Any, **named: Any) -> int:
    """Flops of scaled dot-product attention: scores, then the weighted values; torch counts none on the CPU."""
    *batch, steps, width = query.shape
    heads = 1
    for length in batch:
        heads *= length
    return 2 * heads * steps * key.shape[-2] * (width + value.shape[-1])


def _bilinear(first: torch.Tensor, weight: torch.Tensor, second: torch.Tensor, *rest: Any, **named: Any) -> int:
    """Flops of nn.Bilinear over N×in1 and N×in2, weights out×in1×in2: aᵀW, then times b; torch counts none."""
    outputs, _, width = weight.shape
    return 2 * first.shape[0] * (weight.numel() + outputs * width)


_FORMULAS: dict[Any, Callable[..., int]] = {
    torch.ops.aten._trilinear: _bilinear,
    torch.ops.aten.mkldnn_rnn_layer: _lstm_layer,
    torch.ops.aten._scaled_dot_product_flash_attention_for_cpu: _cpu_attention,
}
