"""Noise and dropout."""

from __future__ import annotations

from engine.blocks.shared import any_values, one_to_one, same_arguments
from engine.graph.block_type import BlockType, Parameter

DROPOUT = BlockType(
    id="dropout",
    family="regularisation",
    title="Dropout",
    aliases=("regularisation", "noise", "drop"),
    icon="ph.drop-half",
    purpose="While training, sets each number to 0 with probability p, so that no unit relies on another.",
    formula="y = m x / (1 − p), m ~ Bernoulli(1 − p)",
    parameters=(Parameter("p", "Probability", "float", 0.5, "The share of numbers that is dropped.", 0.0, 1.0),),
    summary=("p {p}",),
    module="torch.nn:Dropout",
    ports=one_to_one,
    expect=any_values,
    arguments=same_arguments("p"),
    traits=frozenset({"stochastic"}),
)

TYPES = (DROPOUT,)
