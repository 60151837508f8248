"""Transformer layers with PyTorch's weights and our attention, which knows causal masks and rotary positions."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from engine.modules.attention import MultiheadAttention


class TransformerEncoderLayer(nn.TransformerEncoderLayer):
    """nn.TransformerEncoderLayer over N×T×features: self-attention, then two dense layers, each added to its input.

    Vaswani et al., Attention is all you need, 2017; `norm_first` as in Xiong et al., On layer normalization in the
    transformer architecture, 2020.
    """

    def __init__(self, d_model: int, nhead: int, causal: bool = False, rotary: bool = False, **arguments: Any) -> None:
        super().__init__(d_model, nhead, batch_first=True, **arguments)
        dropout, bias = self.self_attn.dropout, self.self_attn.in_proj_bias is not None
        self.self_attn = MultiheadAttention(d_model, nhead, dropout, bias, causal=causal, rotary=rotary)

    def forward(self, input: Tensor) -> Tensor:  # type: ignore[override]
        """N×T×d_model to the same shape."""
        if self.norm_first:
            input = input + self._attend(self.norm1(input))
            return input + self._ff_block(self.norm2(input))
        input = self.norm1(input + self._attend(input))
        output: Tensor = self.norm2(input + self._ff_block(input))
        return output

    def _attend(self, steps: Tensor) -> Tensor:
        attended: Tensor = self.dropout1(self.self_attn(steps, steps, steps))
        return attended


class TransformerDecoderLayer(nn.TransformerDecoderLayer):
    """nn.TransformerDecoderLayer: causal self-attention, attention to a memory, two dense layers, each added.

    Vaswani et al., Attention is all you need, 2017.
    """

    def __init__(self, d_model: int, nhead: int, causal: bool = True, rotary: bool = False, **arguments: Any) -> None:
        super().__init__(d_model, nhead, batch_first=True, **arguments)
        dropout, bias = self.self_attn.dropout, self.self_attn.in_proj_bias is not None
        self.self_attn = MultiheadAttention(d_model, nhead, dropout, bias, causal=causal, rotary=rotary)
        self.multihead_attn = MultiheadAttention(d_model, nhead, dropout, bias)

    def forward(self, input: Tensor, memory: Tensor) -> Tensor:  # type: ignore[override]
        """`input` N×T×d_model and `memory` N×S×d_model to N×T×d_model."""
        if self.norm_first:
            input = input + self._attend(self.norm1(input))
            input = input + self._look_up(self.norm2(input), memory)
            return input + self._ff_block(self.norm3(input))
        input = self.norm1(input + self._attend(input))
        input = self.norm2(input + self._look_up(input, memory))
        output: Tensor = self.norm3(input + self._ff_block(input))
        return output

    def _attend(self, steps: Tensor) -> Tensor:
        attended: Tensor = self.dropout1(self.self_attn(steps, steps, steps))
        return attended

    def _look_up(self, steps: Tensor, memory: Tensor) -> Tensor:
        attended: Tensor = self.dropout2(self.multihead_attn(steps, memory, memory))
        return attended
