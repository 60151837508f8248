"""Energy-based models."""

from __future__ import annotations

from collections.abc import Mapping

from engine.blocks.shared import (
    FLATTEN,
    INPUT,
    OUTPUT,
    channels,
    fits_window,
    one_to_one,
    pair,
    pair_parameter,
    pictures,
    sizes_known,
    values_of_rank,
    whole,
)
from engine.graph.block_type import BlockType, Inputs, Mismatch, Parameter, Parameters, Port, Ports, WeightGroups
from engine.graph.graph import Graph
from engine.graph.tensor_spec import TensorSpec
from engine.graph.values import Value

GAUSSIAN, LABEL = "gaussian", "label"
_LABELLED = Ports(inputs=(Port(INPUT, ""), Port(LABEL, LABEL, optional=True)), outputs=(Port(OUTPUT, ""),))


def _expect(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    hint = "Its visible units are one flat row. Put a Flatten between them."
    fault = values_of_rank(inputs, INPUT, (2,), "N×visible units", hint, (FLATTEN,)) or sizes_known(inputs, (1,))
    label = inputs.get(LABEL)
    if fault is None and label is not None and (label.dtype != "int64" or label.rank != 1):
        facts = {"expected": "class labels", "received": f"{label} {label.dtype}", "hint": "Wire a label to it."}
        return Mismatch("dtype", LABEL, facts)
    return fault


def _ports(parameters: Parameters, body: Graph | None) -> Ports:
    return _LABELLED if parameters.get("labels") else one_to_one(parameters, body)


def _arguments(parameters: Parameters, inputs: Inputs) -> Mapping[str, Value]:
    found: dict[str, Value] = {"visible": channels(inputs), "hidden": whole(parameters, "hidden")}
    if parameters["visible_units"] == GAUSSIAN:
        found |= {"visible_units": GAUSSIAN, "sigma": parameters["sigma"]}
    if parameters["labels"]:
        found["labels"] = whole(parameters, "labels")
    return found


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
    parameters=(
        Parameter("hidden", "Hidden units", "integer", 64, "How many features it learns.", 1, 65_536),
        Parameter(
            "visible_units",
            "Visible units",
            "choice",
            "bernoulli",
            "Bernoulli for values in 0…1, Gaussian for any numbers.",
            choices=("bernoulli", GAUSSIAN),
        ),
        Parameter(
            "sigma",
            "Sigma",
            "float",
            1.0,
            "Deviation σ of Gaussian visible units; 1 where the data is standardised.",
            0.001,
            1000.0,
            advanced=True,
            logarithmic=True,
        ),
        Parameter(
            "labels",
            "Label units",
            "integer",
            0,
            "Classes learned together with the values; 0 for none.",
            0,
            1000,
            advanced=True,
        ),
    ),
    summary=("{hidden} hidden",),
    module="engine.modules.energy:RBM",
    ports=_ports,
    expect=_expect,
    arguments=_arguments,
    weights=_weights,
    traits=frozenset({"energy"}),
)


def _expect_maps(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    fault = pictures(inputs) or sizes_known(inputs, (1,))
    fault = fault or fits_window(parameters, inputs, pair(parameters, "kernel_size"), (0, 0))
    return fault or _fits_pool(parameters, inputs)


def _fits_pool(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    """A Mismatch where blocks of units do not fill the hidden maps."""
    spec, pool = inputs.get(INPUT), whole(parameters, "pool")
    if spec is None or pool == 1:
        return None
    kernel = pair(parameters, "kernel_size")
    sides = [length for length in spec.shape[2:] if isinstance(length, int)]
    if len(sides) < 2:
        fixed: dict[str, Value | TensorSpec] = {"expected": "pictures of a fixed size", "received": spec}
        return Mismatch("channels", INPUT, fixed | {"hint": "Set Pool to 1."})
    maps = [side - size + 1 for side, size in zip(sides, kernel, strict=True)]
    if not any(side % pool for side in maps):
        return None
    fitting = [side + max(-(left % pool), pool - left) for side, left in zip(sides, maps, strict=True)]
    window, left, wanted = ("×".join(map(str, lengths)) for lengths in (kernel, maps, fitting))
    expected = f"a picture whose hidden maps have sides of a multiple of {pool}"
    hint = f"Its {window} filters leave {left}. Crop or pad the picture to {wanted}, or change Kernel or Pool."
    return Mismatch("channels", INPUT, {"expected": expected, "received": spec, "hint": hint})


def _conv_arguments(parameters: Parameters, inputs: Inputs) -> Mapping[str, Value]:
    found: dict[str, Value] = {
        "visible": channels(inputs),
        "hidden": whole(parameters, "hidden"),
        "kernel_size": pair(parameters, "kernel_size"),
    }
    return found if parameters["pool"] == 1 else found | {"pool": whole(parameters, "pool")}


CONV_RBM = BlockType(
    id="conv_rbm",
    family="energy",
    title="Convolutional RBM",
    aliases=("crbm", "boltzmann", "convolutional deep belief network", "probabilistic max pooling"),
    icon="ph.atom",
    purpose="An RBM whose features slide over a picture as the filters of a convolution. Gives p(h = 1 | v).",
    formula="E(v, h) = −Σ h[k] · (W[k] ∗ v) − Σ b[k] h[k] − Σ a[c] v[c]",
    parameters=(
        Parameter("hidden", "Maps", "integer", 16, "How many features it learns.", 1, 65_536),
        pair_parameter("kernel_size", "Kernel", (3, 3), "Height and width of a filter."),
        Parameter(
            "pool",
            "Pool",
            "integer",
            1,
            "Side of the blocks of units of which at most one is on; each block gives one number. 1 for none.",
            1,
            1000,
        ),
    ),
    summary=("{hidden} maps", "{kernel_size}"),
    summary_if_changed=("pool {pool}",),
    module="engine.modules.energy:ConvRBM",
    ports=one_to_one,
    expect=_expect_maps,
    arguments=_conv_arguments,
    weights=_weights,
    traits=frozenset({"energy"}),
)


def _expect_layers(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    fault = _expect(parameters, inputs)
    if fault is None and INPUT in inputs and not parameters["hidden"]:
        reason = {"reason": "it has no hidden layer", "hint": "Give the units of each, such as 64×32."}
        return Mismatch("together", INPUT, reason)
    return fault


def _deep_arguments(parameters: Parameters, inputs: Inputs) -> Mapping[str, Value]:
    return {"visible": channels(inputs), "hidden": pair(parameters, "hidden"), "steps": whole(parameters, "steps")}


def _deep_weights(parameters: Parameters) -> WeightGroups:
    layers = range(len(pair(parameters, "hidden")))
    return (
        ("Initial weights", tuple(f"weights.{layer}" for layer in layers)),
        ("Visible bias", ("visible_bias",)),
        ("Hidden biases", tuple(f"hidden_biases.{layer}" for layer in layers)),
    )


DEEP_BOLTZMANN_MACHINE = BlockType(
    id="deep_boltzmann_machine",
    family="energy",
    title="Deep Boltzmann machine",
    aliases=("dbm", "boltzmann", "mean field"),
    icon="ph.atom",
    purpose="RBMs on top of each other that settle together. Gives the mean field of its top layer.",
    formula="E = −vᵀW₁h₁ − h₁ᵀW₂h₂ − aᵀv − b₁ᵀh₁ − b₂ᵀh₂",
    parameters=(
        Parameter(
            "hidden", "Hidden units", "tuple", (64, 32), "Units of each layer, from below.", 1, 65_536, listed=True
        ),
        Parameter("steps", "Steps", "integer", 10, "How often all layers are updated.", 0, 1000),
    ),
    summary=("{hidden} hidden",),
    module="engine.modules.energy:DeepBoltzmannMachine",
    ports=one_to_one,
    expect=_expect_layers,
    arguments=_deep_arguments,
    weights=_deep_weights,
    traits=frozenset({"energy"}),
)


def _hopfield_arguments(parameters: Parameters, inputs: Inputs) -> Mapping[str, Value]:
    return {
        "features": channels(inputs),
        "patterns": whole(parameters, "patterns"),
        "kind": parameters["kind"],
        "beta": parameters["beta"],
        "steps": whole(parameters, "steps"),
    }


def _hopfield_weights(parameters: Parameters) -> WeightGroups:
    return (("Initial patterns", ("weight",)),)


HOPFIELD = BlockType(
    id="hopfield",
    family="energy",
    title="Hopfield layer",
    aliases=("associative memory", "attractor", "modern hopfield", "pattern completion"),
    icon="ph.magnet",
    purpose="A memory: brings what comes in nearer to the stored pattern it is most like. The patterns are learned.",
    formula="x′ = Pᵀ softmax(β P x),  or sign(W x)",
    parameters=(
        Parameter("patterns", "Patterns", "integer", 16, "How many it stores.", 1, 65_536),
        Parameter(
            "kind",
            "Kind",
            "choice",
            "modern",
            "Softmax over the patterns, or the classic net of signs.",
            choices=("modern", "classic"),
        ),
        Parameter(
            "beta",
            "Beta",
            "float",
            1.0,
            "How sharply β the modern one chooses a pattern.",
            0.001,
            1000.0,
            logarithmic=True,
        ),
        Parameter("steps", "Steps", "integer", 1, "How many updates.", 1, 1000),
    ),
    summary=("{patterns} patterns", "{kind}"),
    module="engine.modules.energy:Hopfield",
    ports=one_to_one,
    expect=_expect,
    arguments=_hopfield_arguments,
    weights=_hopfield_weights,
)

TYPES = (RBM, CONV_RBM, DEEP_BOLTZMANN_MACHINE, HOPFIELD)
