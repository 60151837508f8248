"""Embeddings: rows of numbers looked up by token."""

from __future__ import annotations

from engine.blocks.shared import INPUT, impossible, one_to_one, same_arguments
from engine.graph.block_type import BlockType, Inputs, Mismatch, Parameter, Parameters, WeightGroups


def _tokens(inputs: Inputs, ranks: tuple[int, ...], expected: str) -> Mismatch | None:
    spec = inputs.get(INPUT)
    if spec is None:
        return None
    if spec.dtype not in ("int64", "int32"):
        hint = "Wire token ids or labels to it; a Dense reads values."
        facts = {"expected": "token ids", "received": f"values ({spec}, {spec.dtype})", "hint": hint}
        return Mismatch("dtype", INPUT, facts)
    if spec.rank not in ranks:
        return Mismatch("rank", INPUT, {"expected": expected, "received": spec, "hint": ""})
    return None


def _expect_tokens(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    return _tokens(inputs, (1, 2, 3), "token ids N or N×T")


def _expect_bags(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    return _tokens(inputs, (2,), "bags of token ids N×T")


def _table(parameters: Parameters) -> WeightGroups:
    return (("Initial weights", ("weight",)),)


_SIZES = (
    Parameter("num_embeddings", "Tokens", "integer", 1000, "How many different tokens there are.", 1, 100_000_000),
    Parameter("embedding_dim", "Numbers a token", "integer", 32, "How many numbers stand for a token.", 1, 1_000_000),
)
_PADDING = Parameter(
    "padding_idx",
    "Padding token",
    "integer",
    None,
    "A token that stands for nothing: its row is 0 and never learns.",
    0,
    99_999_999,
    optional=True,
    advanced=True,
)


def _padding_fault(parameters: Parameters, inputs: Inputs, fault: Mismatch | None) -> Mismatch | None:
    token, tokens = parameters["padding_idx"], parameters["num_embeddings"]
    if fault is not None or INPUT not in inputs or not isinstance(token, int) or not isinstance(tokens, (int, float)):
        return fault
    if token < tokens:
        return None
    return impossible(f"there is no padding token {token} among {tokens:g}", "Tokens count from 0.")


EMBEDDING = BlockType(
    id="embedding",
    family="dense",
    title="Embedding",
    aliases=("lookup", "word vectors", "token", "word2vec"),
    icon="ph.text-aa",
    purpose="Looks up a learned row of numbers for each token.",
    formula="y = W[token]",
    parameters=(*_SIZES, _PADDING),
    summary=("{num_embeddings} tokens", "{embedding_dim} numbers"),
    module="torch.nn:Embedding",
    ports=one_to_one,
    expect=lambda parameters, inputs: _padding_fault(parameters, inputs, _expect_tokens(parameters, inputs)),
    arguments=same_arguments("num_embeddings", "embedding_dim", "padding_idx"),
    weights=_table,
)

EMBEDDING_BAG = BlockType(
    id="embedding_bag",
    family="dense",
    title="Embedding bag",
    aliases=("bag of words", "lookup", "word vectors", "text classification"),
    icon="ph.text-aa",
    purpose="Looks up a row for each token of a text and joins them into one, whatever their order.",
    formula="y = mean_t W[token t]",
    parameters=(
        *_SIZES,
        Parameter("mode", "Joined by", "choice", "mean", "How the rows become one.", choices=("mean", "sum", "max")),
        _PADDING,
    ),
    summary=("{num_embeddings} tokens", "{embedding_dim} numbers", "{mode}"),
    module="torch.nn:EmbeddingBag",
    ports=one_to_one,
    expect=lambda parameters, inputs: _padding_fault(parameters, inputs, _expect_bags(parameters, inputs)),
    arguments=same_arguments("num_embeddings", "embedding_dim", "mode", "padding_idx"),
    weights=_table,
)

TYPES = (EMBEDDING, EMBEDDING_BAG)
