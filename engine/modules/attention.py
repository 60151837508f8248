"""Attention over N×T×features; the weights are named as in nn.MultiheadAttention, so that they can be exchanged."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.modules.positional import rotate


class MultiheadAttention(nn.MultiheadAttention):
    """softmax(Q Kᵀ / √d) V in several heads, each over its own share of the features.

    Vaswani et al., Attention is all you need, 2017. With `causal` a step attends to itself and to those before it. With
    `rotary` queries and keys are turned by their position (Su et al., RoFormer, 2021). With `attention_map` it also
    returns the softmax, N×heads×T×S.
    """

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        kdim: int | None = None,
        vdim: int | None = None,
        causal: bool = False,
        rotary: bool = False,
        attention_map: bool = False,
    ) -> None:
        super().__init__(embed_dim, num_heads, dropout, bias, kdim=kdim, vdim=vdim, batch_first=True)
        self.causal = causal
        self.rotary = rotary
        self.attention_map = attention_map

    def forward(  # type: ignore[override]
        self, query: Tensor, key: Tensor, value: Tensor
    ) -> Tensor | tuple[Tensor, Tensor]:
        """`query` N×T×embed_dim, `key` N×S×kdim and `value` N×S×vdim to N×T×embed_dim."""
        query, key, value = (self._heads(part) for part in self._projected(query, key, value))
        if self.rotary:
            query, key = rotate(query), rotate(key)
        dropped = self.dropout if self.training else 0.0
        if not self.attention_map:
            mixed = functional.scaled_dot_product_attention(query, key, value, dropout_p=dropped, is_causal=self.causal)
            return self._joined(mixed)
        scores = query @ key.transpose(-2, -1) * self.head_dim**-0.5
        if self.causal:
            later = torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).triu(1)
            scores = scores.masked_fill(later, -torch.inf)
        shares = functional.dropout(scores.softmax(dim=-1), dropped)
        return self._joined(shares @ value), shares

    def _projected(self, query: Tensor, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        if self._qkv_same_embed_dim:
            for_query, for_key, for_value = self.in_proj_weight.chunk(3)
        else:
            for_query, for_key, for_value = self.q_proj_weight, self.k_proj_weight, self.v_proj_weight
        biases = self.in_proj_bias.chunk(3) if self.in_proj_bias is not None else (None, None, None)
        return (
            functional.linear(query, for_query, biases[0]),
            functional.linear(key, for_key, biases[1]),
            functional.linear(value, for_value, biases[2]),
        )

    def _heads(self, steps: Tensor) -> Tensor:
        """N×T×features to N×heads×T×features of a head."""
        return steps.reshape(*steps.shape[:2], self.num_heads, self.head_dim).transpose(1, 2)

    def _joined(self, heads: Tensor) -> Tensor:
        joined: Tensor = self.out_proj(heads.transpose(1, 2).flatten(2))
        return joined


class SelfAttention(MultiheadAttention):
    """Attention in which queries, keys and values are one sequence."""

    def forward(self, input: Tensor) -> Tensor | tuple[Tensor, Tensor]:  # type: ignore[override]
        """N×T×embed_dim to N×T×embed_dim."""
        return super().forward(input, input, input)


class CrossAttention(MultiheadAttention):
    """Attention in which one sequence asks and another answers."""

    def forward(self, input: Tensor, memory: Tensor) -> Tensor | tuple[Tensor, Tensor]:  # type: ignore[override]
        """`input` N×T×embed_dim and `memory` N×S×kdim, kdim = vdim, to N×T×embed_dim."""
        return super().forward(input, memory, memory)
