"""Energy-based models."""

from __future__ import annotations

from collections.abc import Mapping

from engine.blocks.shared import FLATTEN, INPUT, channels, one_to_one, sizes_known, values_of_rank, whole
from engine.graph.block_type import BlockType, Inputs, Mismatch, Parameter, Parameters, WeightGroups
from engine.graph.values import Value


def _expect(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    hint = "Its visible units are one flat row. Put a Flatten between them."
    return values_of_rank(inputs, INPUT, (2,), "N×visible units", hint, (FLATTEN,)) or sizes_known(inputs, (1,))


def _arguments(parameters: Parameters, inputs: Inputs) -> Mapping[str, Value]:
    return {"visible": channels(inputs), "hidden": whole(parameters, "hidden")}


def _weights(parameters: Parameters) -> WeightGroups:
    return (
        ("Initial weights", ("weight",)),
        ("Visible bias", ("visible_bias",)),
        ("Hidden bias", ("hidden_bias",)),
    )


RBM = BlockType(
    id="rbm",
    family="energy",
    title="RBM",
    aliases=("restricted boltzmann machine", "boltzmann", "energy", "contrastive divergence"),
    icon="ph.atom",
    purpose="Learns features without labels: visible and hidden units that explain each other. Gives p(h = 1 | v).",
    formula="E(v, h) = −vᵀWh − aᵀv − bᵀh",
    parameters=(Parameter("hidden", "Hidden units", "integer", 64, "How many features it learns.", 1, 65_536),),
    summary=("{hidden} hidden",),
    module="engine.modules.energy:RBM",
    ports=one_to_one,
    expect=_expect,
    arguments=_arguments,
    weights=_weights,
    traits=frozenset({"energy"}),
)

TYPES = (RBM,)
