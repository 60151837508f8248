"""Sparse activities: penalties on what a layer gives, and winner-take-all."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engine.blocks.shared import INPUT, any_values, no_arguments, one_to_one, same_arguments, whole
from engine.graph.block_type import BlockType, Inputs, Mismatch, Parameter, Parameters, Port, Ports
from engine.graph.graph import Graph
from engine.graph.values import Value

_PENALTY = Ports(inputs=(Port(INPUT, "activity"),), outputs=(Port("loss", "loss"),))


def _penalty_ports(parameters: Parameters, body: Graph | None) -> Ports:
    return _PENALTY


def _penalty(
    id: str,
    title: str,
    module: str,
    purpose: str,
    formula: str,
    aliases: tuple[str, ...],
    parameters: tuple[Parameter, ...] = (),
    arguments: Callable[[Parameters, Inputs], Mapping[str, Value]] = no_arguments,
    weight: float = 1e-3,
) -> BlockType:
    strength = Parameter(
        "weight", "Weight λ", "float", weight, "How much it counts beside other losses.", 0.0, 1e6, logarithmic=True
    )
    return BlockType(
        id=id,
        family="regularisation",
        title=title,
        aliases=("regularisation", "penalty", "sparse", "activity", *aliases),
        icon="ph.scales",
        purpose=purpose,
        formula=formula,
        parameters=(*parameters, strength),
        summary=(*(f"{parameter.id} {{{parameter.id}}}" for parameter in parameters), "λ {weight}"),
        role="loss",
        module=f"engine.modules.sparsity:{module}",
        ports=_penalty_ports,
        expect=any_values,
        arguments=arguments,
    )


ACTIVITY_L1 = _penalty(
    "activity_l1",
    "Activity L1",
    "ActivityL1",
    "Adds the sum of absolute activities to the loss, so that most units stay silent.",
    "L = Σ |a|",
    ("lasso", "l1 penalty"),
)
ACTIVITY_L2 = _penalty(
    "activity_l2",
    "Activity L2",
    "ActivityL2",
    "Adds the sum of squared activities to the loss, so that no unit shouts.",
    "L = Σ a²",
    ("l2 penalty",),
)
KL_SPARSITY = _penalty(
    "kl_sparsity",
    "KL sparsity",
    "KLSparsity",
    "Adds to the loss how far the mean activity of each unit is from a small share ρ.",
    "L = Σ_j KL(ρ ‖ ρ̂_j)",
    ("sparse autoencoder", "kullback-leibler"),
    (Parameter("rho", "Mean activity ρ", "float", 0.05, "The mean activity each unit should have.", 1e-6, 1 - 1e-6),),
    same_arguments("rho"),
    0.1,
)


def _expect_winners(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    fault = any_values(parameters, inputs)
    if fault is not None or INPUT not in inputs or parameters["over"] != "layer":
        return fault
    spec = inputs[INPUT]
    if spec.rank < 2:
        return Mismatch("rank", INPUT, {"expected": "several units a sample", "received": spec, "hint": ""})
    numbers = 1
    for length in spec.shape[2:] if spec.rank == 3 else spec.shape[1:]:
        if not isinstance(length, int):
            return None
        numbers *= length
    if whole(parameters, "k") <= numbers:
        return None
    expected = f"at least {whole(parameters, 'k')} units to choose winners from"
    return Mismatch("channels", INPUT, {"expected": expected, "received": spec, "hint": "Let fewer win."})


WINNER_TAKE_ALL = BlockType(
    id="winner_take_all",
    family="regularisation",
    title="Winner-take-all",
    aliases=("wta", "k-sparse", "sparse", "top k", "competition"),
    icon="ph.trophy",
    purpose="Keeps the k strongest activities and sets all others to 0.",
    formula="y[i] = x[i] if x[i] is among the k largest, else 0",
    parameters=(
        Parameter("k", "Winners", "integer", 5, "How many stay alive.", 1, 1_000_000),
        Parameter(
            "over",
            "Over",
            "choice",
            "layer",
            "Whether units of one sample compete, or the samples of a batch for each unit.",
            choices=("layer", "batch"),
        ),
    ),
    summary=("{k} of the {over}",),
    module="engine.modules.sparsity:WinnerTakeAll",
    ports=one_to_one,
    expect=_expect_winners,
    arguments=same_arguments("k", "over"),
)

TYPES = (ACTIVITY_L1, ACTIVITY_L2, KL_SPARSITY, WINNER_TAKE_ALL)
