"""Transformer layers, and what brings positions and pictures into them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engine.blocks.attention import CAUSAL, HEADS, ROTARY, heads_fit, sequence
from engine.blocks.shared import (
    BIAS,
    INPUT,
    OUTPUT,
    channels,
    no_arguments,
    one_to_one,
    pair,
    pair_parameter,
    pictures,
    same_arguments,
    sizes_known,
    weight_and_bias,
    whole,
)
from engine.graph.block_type import (
    BlockType,
    Inputs,
    Mismatch,
    Parameter,
    Parameters,
    Port,
    Ports,
    Trait,
    WeightGroups,
)
from engine.graph.graph import Graph
from engine.graph.tensor_spec import Dim
from engine.graph.values import Value

_DROPOUT = Parameter("dropout", "Dropout", "float", 0.1, "Drops that share while training.", 0.0, 1.0)
_NO_DROPOUT = Parameter("dropout", "Dropout", "float", 0.0, "Drops that share while training.", 0.0, 1.0, advanced=True)
_MEMORY = Ports(inputs=(Port(INPUT, "input"), Port("memory", "memory")), outputs=(Port(OUTPUT, ""),))
_STOCHASTIC: frozenset[Trait] = frozenset({"stochastic"})


def _with_memory(parameters: Parameters, body: Graph | None) -> Ports:
    return _MEMORY


def _layer_parameters(causal: bool) -> tuple[Parameter, ...]:
    return (
        HEADS,
        Parameter("dim_feedforward", "Inner units", "integer", 128, "Units of the first dense layer.", 1, 1_000_000),
        Parameter("causal", CAUSAL.label, "boolean", causal, CAUSAL.help),
        _DROPOUT,
        Parameter(
            "activation", "Function", "choice", "relu", "Between the two dense layers.", choices=("relu", "gelu")
        ),
        Parameter(
            "norm_first", "Normalise first", "boolean", False, "Layer norm before each part: deep stacks train easier."
        ),
        BIAS,
        ROTARY,
    )


def _expect_layer(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    fault = sequence(inputs, INPUT) or heads_fit(parameters, inputs, INPUT, bool(parameters["rotary"]))
    fault = fault or sequence(inputs, "memory")
    if fault is not None or INPUT not in inputs or "memory" not in inputs:
        return fault
    if inputs["memory"].shape[2] != inputs[INPUT].shape[2]:
        expected = f"a memory with as many features as the input {inputs[INPUT]}"
        hint = "Put a Dense before it."
        return Mismatch("channels", "memory", {"expected": expected, "received": inputs["memory"], "hint": hint})
    return None


def _layer_arguments(parameters: Parameters, inputs: Inputs) -> Mapping[str, Value]:
    return {
        "d_model": channels(inputs, 2),
        "nhead": whole(parameters, "num_heads"),
        **{name: parameters[name] for name in ("dim_feedforward", "causal", "dropout", "activation", "norm_first")},
        "bias": parameters["bias"],
        **({"rotary": True} if parameters["rotary"] else {}),
    }


def _layer_weights(*attentions: str) -> Callable[[Parameters], WeightGroups]:
    projections = tuple(f"{name}.{end}" for name in attentions for end in ("in_proj_weight", "out_proj.weight"))
    groups = (("Initial attention", projections), ("Initial dense", ("linear1.weight", "linear2.weight")))

    def weights(parameters: Parameters) -> WeightGroups:
        return groups

    return weights


ENCODER_LAYER = BlockType(
    id="transformer_encoder_layer",
    family="attention",
    title="Transformer encoder layer",
    aliases=("transformer", "attention", "bert", "gpt", "encoder block"),
    icon="ph.eye",
    purpose="Self-attention, then two dense layers on each step, each part added to its input and normalised.",
    formula="x = norm(x + attend(x)),  y = norm(x + W₂ f(W₁ x))",
    parameters=_layer_parameters(False),
    summary=("{num_heads} heads", "{dim_feedforward} inner"),
    module="engine.modules.transformer:TransformerEncoderLayer",
    ports=one_to_one,
    expect=_expect_layer,
    arguments=_layer_arguments,
    weights=_layer_weights("self_attn"),
    traits=_STOCHASTIC,
)
DECODER_LAYER = BlockType(
    id="transformer_decoder_layer",
    family="attention",
    title="Transformer decoder layer",
    aliases=("transformer", "attention", "translation", "decoder block"),
    icon="ph.eye",
    purpose="Like the encoder layer, but causal, and between its parts it asks a memory: what an encoder made.",
    formula="x = norm(x + attend(x)),  x = norm(x + attend(x, memory)),  y = norm(x + W₂ f(W₁ x))",
    parameters=_layer_parameters(True),
    summary=("{num_heads} heads", "{dim_feedforward} inner"),
    module="engine.modules.transformer:TransformerDecoderLayer",
    ports=_with_memory,
    expect=_expect_layer,
    arguments=_layer_arguments,
    weights=_layer_weights("self_attn", "multihead_attn"),
    traits=_STOCHASTIC,
)


def _expect_sequence(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    return sequence(inputs, INPUT)


def _expect_pairs(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    fault = sequence(inputs, INPUT)
    if fault is None and INPUT in inputs and channels(inputs, 2) % 2:
        expected, hint = "an even number of features", "It turns pairs of them."
        return Mismatch("channels", INPUT, {"expected": expected, "received": inputs[INPUT], "hint": hint})
    return fault


def _expect_short(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    fault = sequence(inputs, INPUT)
    if fault is not None or INPUT not in inputs:
        return fault
    steps, longest = inputs[INPUT].shape[1], whole(parameters, "max_length")
    if isinstance(steps, int) and steps > longest:
        expected = f"sequences of at most {longest} steps"
        hint = "Raise the longest length."
        return Mismatch("channels", INPUT, {"expected": expected, "received": inputs[INPUT], "hint": hint})
    return None


def _learned_arguments(parameters: Parameters, inputs: Inputs) -> Mapping[str, Value]:
    return {
        "max_length": whole(parameters, "max_length"),
        "features": channels(inputs, 2),
        "dropout": parameters["dropout"],
    }


def _expect_patches(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    fault = pictures(inputs) or sizes_known(inputs, (1,))
    spec = inputs.get(INPUT)
    if fault is not None or spec is None:
        return fault
    size = pair(parameters, "patch_size")
    if any(isinstance(length, Dim) or length % extent for length, extent in zip(spec.shape[2:], size, strict=True)):
        expected = f"pictures that patches of {'×'.join(map(str, size))} cover"
        return Mismatch("channels", INPUT, {"expected": expected, "received": spec, "hint": "Choose another size."})
    return None


def _patch_arguments(parameters: Parameters, inputs: Inputs) -> Mapping[str, Value]:
    return {
        "in_channels": channels(inputs),
        "embed_dim": whole(parameters, "embed_dim"),
        "patch_size": pair(parameters, "patch_size"),
        "bias": parameters["bias"],
    }


def _features(parameters: Parameters, inputs: Inputs) -> Mapping[str, Value]:
    return {"features": channels(inputs, 2)}


def _one_weight(label: str) -> Callable[[Parameters], WeightGroups]:
    def weights(parameters: Parameters) -> WeightGroups:
        return ((label, ("weight",)),)

    return weights


def _position(
    id: str,
    title: str,
    module: str,
    purpose: str,
    formula: str,
    aliases: tuple[str, ...],
    parameters: tuple[Parameter, ...] = (),
    summary: tuple[str, ...] = (),
    icon: str = "ph.list-numbers",
    expect: Callable[[Parameters, Inputs], Mismatch | None] = _expect_sequence,
    arguments: Callable[[Parameters, Inputs], Mapping[str, Value]] = no_arguments,
    weights: Callable[[Parameters], WeightGroups] = lambda parameters: (),
    longest: str = "",
    traits: frozenset[Trait] = frozenset(),
) -> BlockType:
    return BlockType(
        id=id,
        family="attention",
        title=title,
        aliases=("transformer", *aliases),
        icon=icon,
        purpose=purpose,
        formula=formula,
        parameters=parameters,
        summary=summary,
        module=f"engine.modules.positional:{module}",
        ports=one_to_one,
        expect=expect,
        arguments=arguments,
        weights=weights,
        longest=longest,
        traits=traits,
    )


SINUSOIDAL = _position(
    "sinusoidal_encoding",
    "Sinusoidal encoding",
    "SinusoidalEncoding",
    "Adds waves of many lengths to a sequence, so that each position looks different.",
    "y = x + p,  p[t, 2i] = sin(t / 10000^(2i/d)), p[t, 2i+1] = cos",
    ("positional encoding", "position"),
    (_NO_DROPOUT,),
    arguments=same_arguments("dropout"),
    traits=_STOCHASTIC,
)
LEARNED = _position(
    "learned_encoding",
    "Learned encoding",
    "LearnedEncoding",
    "Adds a learned row to each position of a sequence.",
    "y = x + p[t]",
    ("positional encoding", "position embedding"),
    (
        Parameter(
            "max_length", "Longest", "integer", 128, "How many positions have a row.", 8, 1_000_000, unit="steps"
        ),
        _NO_DROPOUT,
    ),
    ("up to {max_length}",),
    expect=_expect_short,
    arguments=_learned_arguments,
    weights=_one_weight("Initial positions"),
    longest="max_length",
    traits=_STOCHASTIC,
)
ROTARY_ENCODING = _position(
    "rotary_encoding",
    "Rotary encoding",
    "RotaryEncoding",
    "Turns pairs of features by an angle that grows with the position, so that products see distances.",
    "(a, b) turned by t / 10000^(2i/d)",
    ("positional encoding", "rope", "position"),
    expect=_expect_pairs,
)
PATCH_EMBEDDING = _position(
    "patch_embedding",
    "Patch embedding",
    "PatchEmbedding",
    "Cuts a picture into patches and turns each into a row of features: a sequence for a transformer.",
    "y[t] = W patch[t] + b",
    ("vision transformer", "vit", "picture to sequence"),
    (
        pair_parameter("patch_size", "Patch", (2, 2), "Height and width of a patch.", unit="px"),
        Parameter("embed_dim", "Features", "integer", 32, "How many numbers each patch becomes.", 1, 65_536),
        BIAS,
    ),
    ("{patch_size}", "{embed_dim} features"),
    "ph.squares-four",
    _expect_patches,
    _patch_arguments,
    weight_and_bias,
)
CLASS_TOKEN = _position(
    "class_token",
    "Class token",
    "ClassToken",
    "Puts a learned row in front of a sequence, where attention gathers what the whole says.",
    "y = [c, x]",
    ("cls", "vision transformer", "bert"),
    icon="ph.bookmark",
    arguments=_features,
    weights=_one_weight("Initial token"),
)

TYPES = (
    ENCODER_LAYER,
    DECODER_LAYER,
    SINUSOIDAL,
    LEARNED,
    ROTARY_ENCODING,
    PATCH_EMBEDDING,
    CLASS_TOKEN,
)
