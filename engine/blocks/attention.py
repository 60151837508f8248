"""Attention: each step of a sequence asks the others, or another sequence, what it needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engine.blocks.shared import BIAS, INPUT, OUTPUT, channels, sizes_known, values_of_rank, whole
from engine.graph.block_type import (
    BlockType,
    Inputs,
    Mismatch,
    Parameter,
    Parameters,
    Port,
    Ports,
    WeightGroups,
)
from engine.graph.graph import Graph
from engine.graph.tensor_spec import TensorSpec, told_apart
from engine.graph.values import Value

HEADS = Parameter(
    "num_heads", "Heads", "integer", 4, "How many attentions work side by side; they share the features out.", 1, 1024
)
CAUSAL = Parameter("causal", "Causal", "boolean", False, "A step sees only itself and the steps before it.")
ROTARY = Parameter(
    "rotary",
    "Rotary",
    "boolean",
    False,
    "Turns queries and keys by their position, so that order counts.",
    advanced=True,
)
DROPOUT = Parameter("dropout", "Dropout", "float", 0.0, "Drops that share while training.", 0.0, 1.0)
MAP = Parameter(
    "attention_map", "Map", "boolean", False, "Adds a port with what each step attends to; slower.", advanced=True
)


def sequence(inputs: Inputs, port: str) -> Mismatch | None:
    """N×T×features, their number fixed."""
    hint = "It reads one row of features at each step."
    return values_of_rank(inputs, port, (3,), "sequences N×T×features", hint) or sizes_known(inputs, (2,), port)


def heads_fit(parameters: Parameters, inputs: Inputs, port: str, rotary: bool = False) -> Mismatch | None:
    """Features that the heads can share out, an even number each where they turn."""
    spec = inputs.get(port)
    if spec is None:
        return None
    heads, features = whole(parameters, "num_heads"), channels(inputs, 2, port)
    if features % heads:
        expected = f"features that {heads} heads can share out"
        return Mismatch("channels", port, {"expected": expected, "received": spec, "hint": "Choose other heads."})
    if rotary and features // heads % 2:
        expected = (
            "an even number of features" if heads == 1 else f"an even number of features for each of {heads} heads"
        )
        hint = "Rotary positions turn pairs of features."
        return Mismatch("channels", port, {"expected": expected, "received": spec, "hint": hint})
    return None


def _expect(query: str, *others: str) -> Callable[[Parameters, Inputs], Mismatch | None]:
    def expect(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
        for port in (query, *others):
            fault = sequence(inputs, port)
            if fault is not None:
                return fault
        fault = heads_fit(parameters, inputs, query, bool(parameters["rotary"]))
        if fault is not None:
            return fault
        lengths = [(port, inputs[port]) for port in others if port in inputs]
        for port, spec in lengths:
            if spec.shape[1] != lengths[0][1].shape[1]:
                return _other_steps(port, spec, *lengths[0])
            if parameters.get("causal") and query in inputs and spec.shape[1] != inputs[query].shape[1]:
                hint = "A causal mask needs sequences of one length."
                return _other_steps(port, spec, query, inputs[query], hint)
        return None

    return expect


def _other_steps(port: str, spec: TensorSpec, other: str, wanted: TensorSpec, hint: str = "") -> Mismatch:
    received, known = told_apart(spec, wanted)
    expected = f"as many steps as the {other} has, {known}"
    return Mismatch("channels", port, {"expected": expected, "received": received, "hint": hint})


def _ports(*inputs: str) -> Callable[[Parameters, Graph | None], Ports]:
    taken = tuple(Port(port, "" if port == INPUT and len(inputs) == 1 else port) for port in inputs)

    def of(parameters: Parameters, body: Graph | None) -> Ports:
        maps = (Port("map", "map"),) if parameters["attention_map"] else ()
        return Ports(inputs=taken, outputs=(Port(OUTPUT, ""), *maps))

    return of


def _arguments(query: str, key: str, value: str) -> Callable[[Parameters, Inputs], Mapping[str, Value]]:
    def arguments(parameters: Parameters, inputs: Inputs) -> Mapping[str, Value]:
        features = channels(inputs, 2, query)
        sizes = {"kdim": channels(inputs, 2, key), "vdim": channels(inputs, 2, value)}
        switches = ("causal", "rotary", "attention_map")
        return {
            "embed_dim": features,
            "num_heads": whole(parameters, "num_heads"),
            "dropout": parameters["dropout"],
            "bias": parameters["bias"],
            **({} if set(sizes.values()) == {features} else sizes),
            **{name: True for name in switches if parameters.get(name)},
        }

    return arguments


def _weights(parameters: Parameters) -> WeightGroups:
    # Where keys have other features than queries, the projections stand apart.
    projections = ("in_proj_weight", "q_proj_weight", "k_proj_weight", "v_proj_weight")
    bias = (("Initial bias", ("in_proj_bias", "out_proj.bias")),) if parameters["bias"] else ()
    return (("Projections", projections), ("Output weights", ("out_proj.weight",)), *bias)


def _attention(
    id: str,
    title: str,
    module: str,
    purpose: str,
    formula: str,
    aliases: tuple[str, ...],
    inputs: tuple[str, ...],
    parameters: tuple[Parameter, ...],
) -> BlockType:
    query, *others = inputs
    key, value = (others * 2)[:2] if others else (query, query)
    return BlockType(
        id=id,
        family="attention",
        title=title,
        aliases=("attention", "transformer", *aliases),
        icon="ph.eye",
        purpose=purpose,
        formula=formula,
        parameters=parameters,
        summary=("{num_heads} heads",),
        module=f"engine.modules.attention:{module}",
        ports=_ports(*inputs),
        expect=_expect(*inputs),
        arguments=_arguments(query, key, value),
        weights=_weights,
        traits=frozenset({"stochastic"}),
    )


MULTIHEAD_ATTENTION = _attention(
    "multihead_attention",
    "Multi-head attention",
    "MultiheadAttention",
    "Each query gathers the values whose keys fit it best, in several heads at once.",
    "y = softmax(Q Kᵀ / √d) V",
    ("query", "key", "value", "scaled dot product"),
    ("query", "key", "value"),
    (HEADS, CAUSAL, DROPOUT, BIAS, ROTARY, MAP),
)
SELF_ATTENTION = _attention(
    "self_attention",
    "Self-attention",
    "SelfAttention",
    "Each step of a sequence gathers what it needs from all the steps.",
    "y = softmax(Q Kᵀ / √d) V, all three from x",
    ("multi-head", "causal"),
    (INPUT,),
    (HEADS, CAUSAL, DROPOUT, BIAS, ROTARY, MAP),
)
CROSS_ATTENTION = _attention(
    "cross_attention",
    "Cross-attention",
    "CrossAttention",
    "Each step of one sequence gathers what it needs from another.",
    "y = softmax(Q Kᵀ / √d) V, Q from x, K and V from the memory",
    ("multi-head", "encoder decoder"),
    (INPUT, "memory"),
    (HEADS, DROPOUT, BIAS, ROTARY, MAP),
)

TYPES = (SELF_ATTENTION, MULTIHEAD_ATTENTION, CROSS_ATTENTION)
