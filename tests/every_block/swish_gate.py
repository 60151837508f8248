"""A block as a newcomer would add it: its module and, beside it, its one declaration. For tests only."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from engine.blocks.shared import any_values, one_to_one, same_arguments
from engine.graph.block_type import BlockType, Parameter


class SwishGate(nn.Module):
    """x·σ(βx), β learned. Ramachandran et al., Searching for activation functions, 2017."""

    def __init__(self, start: float = 1.0) -> None:
        super().__init__()
        self.slope = nn.Parameter(torch.tensor([start]))

    def forward(self, input: Tensor) -> Tensor:
        """Any shape to the same."""
        return input * torch.sigmoid(self.slope * input)


SWISH_GATE = BlockType(
    id="swish_gate",
    family="activation",
    title="Swish gate",
    aliases=("learned swish", "gated unit"),
    icon="ph.wave-sine",
    purpose="Gates each number by a sigmoid of itself, whose slope is learned.",
    formula="y = x·σ(βx)",
    parameters=(Parameter("start", "First slope", "float", 1.0, "The slope that learning starts from.", 0.1, 10.0),),
    summary=("β {start}",),
    module="tests.every_block.swish_gate:SwishGate",
    ports=one_to_one,
    expect=any_values,
    arguments=same_arguments("start"),
)
