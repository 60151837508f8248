"""Recurrent layers that return one tensor."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


class LSTM(nn.LSTM):
    """nn.LSTM over N×T×features that returns the last state N×D·H, or every state N×T×D·H (D = 2 for both directions).

    Hochreiter and Schmidhuber, Long short-term memory, 1997; gates as in nn.LSTM.
    """

    def __init__(self, *, last_step: bool = True, **arguments: Any) -> None:
        super().__init__(batch_first=True, **arguments)
        self.last_step = last_step

    def forward(self, input: Tensor) -> Tensor:  # type: ignore[override]
        """N×T×features to N×D·H or N×T×D·H."""
        states, (last, _) = super().forward(input)
        if not self.last_step:
            return states
        return torch.cat((last[-2], last[-1]), dim=1) if self.bidirectional else last[-1]
