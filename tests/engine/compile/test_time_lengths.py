"""Sequences of changed lengths: what cannot be joined is refused before the run, and what can be is not."""

from __future__ import annotations

import pytest
import torch

from engine.blocks.catalogue import BLOCK_TYPES
from engine.compile.analyse import Analyser
from engine.compile.probing import construct
from engine.graph.edits import set_parameter
from engine.graph.graph import Graph
from engine.graph.scope import Scope
from engine.graph.tensor_spec import Dim, TensorSpec
from engine.project.drawing import Drawing
from tests.engine.compile.lengthened import branches, problems_at, really_runs, two_datasets

JOINS: dict[str, tuple[str, str, dict[str, object]]] = {
    "add": ("a", "b", {}),
    "multiply": ("a", "b", {}),
    "concat": ("a", "b", {"dim": 1}),
    "squared_error": ("prediction", "target", {}),
    "bilinear": ("a", "b", {}),
    "cross_attention": ("input", "memory", {"num_heads": 2}),
    # without the map torch's kernel does not look whether there are as many values as keys
    "multihead_attention": ("key", "value", {"num_heads": 2, "attention_map": True}),
}

STEPS_FIRST = ("bilinear", "cross_attention", "multihead_attention")


def joined(first: str, second: str, join: str) -> Graph:
    """Two branches of one sequence 3×T, and the block that joins them."""
    drawing = Drawing(BLOCK_TYPES)
    drawing.add("in", "input", fields=("x: 3×T float32",))
    one, other = branches(drawing, first, second, join in STEPS_FIRST)
    left, right, parameters = JOINS[join]
    drawing.add("join", join, **parameters)  # type: ignore[arg-type]
    drawing.wire(one, f"join.{left}")
    drawing.wire(other, f"join.{right}")
    if join == "multihead_attention":
        drawing.wire(other, "join.query")
    return drawing.graph


@pytest.mark.parametrize("join", [name for name in JOINS if name != "cross_attention"])
@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("valid", "pooled"),
        ("as it is", "valid"),
        ("pooled", "pooled by 7"),
        ("pooled and enlarged", "pooled"),
        ("valid", "cut to 20"),
    ],
)
@pytest.mark.parametrize("time", [None, 32])
def test_two_changed_lengths_are_refused_as_the_run_would_fail(
    join: str, first: str, second: str, time: int | None
) -> None:
    graph = joined(first, second, join)
    found = problems_at(Analyser(BLOCK_TYPES).analyse(graph, time))
    assert [problem.severity for problem in found] == ["error"]
    assert found[0].code in ("time-differs", "concat-differ", "shapes-differ", "prediction-target", "channels")
    assert not really_runs(graph, 32, time)


@pytest.mark.parametrize("join", JOINS)
@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("valid", "valid twice"),
        ("as it is", "padded again"),
        ("pooled", "averaged"),
        ("pooled", "strided"),
        ("as it is", "pooled and enlarged"),
        ("cut to 20", "cut to 20"),
    ],
)
@pytest.mark.parametrize("time", [None, 32])
def test_two_routes_to_one_length_are_joined(join: str, first: str, second: str, time: int | None) -> None:
    graph = joined(first, second, join)
    assert not Analyser(BLOCK_TYPES).analyse(graph, time).problems
    assert really_runs(graph, 32, time)


@pytest.mark.parametrize("steps", [30, 31, 32, 33])
def test_rounding_is_that_of_the_datasets_own_length(steps: int) -> None:
    """A stride of 2 rounds up and a pool of 2 rounds down."""
    graph = joined("pooled", "strided", "add")
    analysis = Analyser(BLOCK_TYPES).analyse(graph, steps)
    assert really_runs(graph, steps, steps) == (steps % 2 == 0) == (not analysis.problems)
    if steps == 31:
        assert problems_at(analysis)[0].headline == (
            "Add joins sequences of one length but receives N×4×T′ (15 steps where T is 31) "
            "and N×4×T′ (16 steps where T is 31)"
        )


def test_attention_to_another_sequence_takes_any_lengths() -> None:
    graph = joined("valid", "pooled", "cross_attention")
    analysis = Analyser(BLOCK_TYPES).analyse(graph, 32)
    assert not analysis.problems
    assert analysis.specs["join/output"].shape[1].steps[-1] == (32, 30)  # type: ignore[union-attr]
    assert really_runs(graph, 32, 32)


def test_a_concat_along_time_takes_any_lengths() -> None:
    drawing = Drawing(BLOCK_TYPES)
    drawing.add("in", "input", fields=("x: 3×T float32",))
    one, other = branches(drawing, "valid", "pooled")
    drawing.add("join", "concat", dim=2)
    drawing.wire(one, "join.a")
    drawing.wire(other, "join.b")
    analysis = Analyser(BLOCK_TYPES).analyse(drawing.graph, 32)
    assert not analysis.problems
    assert analysis.specs["join/output"].shape[2].at(32) == 30 + 16  # type: ignore[union-attr]
    assert really_runs(drawing.graph, 32, 32)


@pytest.mark.parametrize(
    ("join", "words"),
    [
        (
            "add",
            "Add joins sequences of one length but receives N×4×T′ (6718 steps where T is 6720) and "
            "N×4×T′ (3360 steps where T is 6720). Let both branches pad and stride alike.",
        ),
        (
            "concat",
            "Concat joins sequences of one length but receives N×4×T′ (6718 steps where T is 6720) and "
            "N×4×T′ (3360 steps where T is 6720). Let both branches pad and stride alike.",
        ),
        (
            "multihead_attention",
            "Multi-head attention expects as many steps as the key has, N×T′×4 (6718 steps where T is 6720) but "
            "receives N×T′×4 (3360 steps where T is 6720) from “Permute 2”.",
        ),
        (
            "squared_error",
            "Squared error compares tensors of one shape but receives a prediction N×4×T′ (6718 steps where T is 6720) "
            "and a target N×4×T′ (3360 steps where T is 6720). Give the last layer as many outputs as the target has.",
        ),
    ],
)
def test_the_sentence_names_both_lengths(join: str, words: str) -> None:
    found = problems_at(Analyser(BLOCK_TYPES).analyse(joined("valid", "pooled", join)))
    assert [problem.sentence for problem in found] == [words]


@pytest.mark.parametrize(
    ("branch", "time", "length"),
    [("pooled by 7", None, "T′"), ("pooled by 7", 32, "T′"), ("cut to 20", 12, "T′"), ("cut to 20", 32, "20")],
)
def test_a_length_that_follows_the_time_is_no_number(branch: str, time: int | None, length: str) -> None:
    """Neither is what equals a number at some T only: a Dense behind it would not fit in the run."""
    analysis = Analyser(BLOCK_TYPES).analyse(joined(branch, branch, "add"), time)
    assert str(analysis.specs["join/output"]) == f"N×4×{length}"
    drawing = Drawing(BLOCK_TYPES)
    drawing.add("in", "input", fields=("x: 3×T float32",))
    _, end = branches(drawing, branch, branch)
    drawing.add("flat", "flatten")
    drawing.add("dense", "dense", out_features=2)
    drawing.chain(end, "flat", "dense")
    assert [problem.code for problem in Analyser(BLOCK_TYPES).analyse(drawing.graph, time).problems] == (
        ["channels"] if length == "T′" else []
    )


def test_what_leaves_nothing_of_the_datasets_sequences_is_refused() -> None:
    graph = joined("pooled by 7", "pooled by 7", "add")
    assert not Analyser(BLOCK_TYPES).analyse(graph, 7).problems
    assert really_runs(graph, 7, 7)
    assert {problem.path for problem in Analyser(BLOCK_TYPES).analyse(graph, 6).problems} == {("a1",), ("b1",)}


def test_costs_are_those_of_the_changed_length() -> None:
    analysis = Analyser(BLOCK_TYPES).analyse(joined("valid twice", "valid twice", "add"), 32)
    assert analysis.costs["a0"].multiply_adds == 31 * 4 * 3 * 2
    assert analysis.costs["a1"].multiply_adds == 30 * 4 * 4 * 2
    assert analysis.costs["join"].activation_bytes == 30 * 4 * 4


@pytest.mark.parametrize("join", ["add", "multiply", "concat", "squared_error", "bilinear"])
def test_four_batches_are_not_joined_with_one(join: str) -> None:
    """4N is another length than N, as 2T is another than T."""
    many, one = (TensorSpec((Dim("N", factor), 2), "float32") for factor in (4, 1))
    left, right, parameters = JOINS[join]
    type = BLOCK_TYPES[join]
    given = {parameter.id: parameter.default for parameter in type.parameters} | parameters
    assert type.expect(given, {left: many, right: one}) is not None
    assert type.expect(given, {left: many, right: many}) is None
    module = construct(type, given, {left: many, right: many})
    with pytest.raises((RuntimeError, ValueError, UserWarning)):
        module(torch.rand(12, 2), torch.rand(3, 2))


@pytest.mark.parametrize("join", ["add", "concat"])
@pytest.mark.parametrize(("first", "second"), [("as it is", "valid"), ("valid", "as it is")])
def test_a_convolution_that_takes_steps_away_is_offered_to_pad(join: str, first: str, second: str) -> None:
    graph = joined(first, second, join)
    (problem,) = Analyser(BLOCK_TYPES).analyse(graph, 32).problems
    (fix,) = problem.fixes
    assert fix.label == f"Set Padding of {graph.blocks['a0' if first == 'valid' else 'b0'].name} to same"
    mended = set_parameter(graph, Scope(types=BLOCK_TYPES), *fix.arguments)
    assert not Analyser(BLOCK_TYPES).analyse(mended, 32).problems
    assert really_runs(mended, 32, 32)


@pytest.mark.parametrize(("first", "second"), [("pooled", "valid"), ("as it is", "strided"), ("valid", "valid twice")])
def test_where_padding_would_not_mend_it_nothing_is_offered(first: str, second: str) -> None:
    for problem in Analyser(BLOCK_TYPES).analyse(joined(first, second, "add"), 32).problems:
        assert not problem.fixes


def test_other_faults_keep_their_own_sentence() -> None:
    """Channels that differ beside the steps, and batches."""
    drawing = Drawing(BLOCK_TYPES)
    drawing.add("in", "input", fields=("x: 3×T float32",))
    drawing.add("a", "conv1d", out_channels=4, padding="none")
    drawing.add("b", "conv1d", out_channels=5)
    drawing.add("join", "add")
    drawing.chain("in", "a", "join.a")
    drawing.chain("in", "b", "join.b")
    assert [problem.code for problem in problems_at(Analyser(BLOCK_TYPES).analyse(drawing.graph))] == ["shapes-differ"]


def test_the_order_of_blocks_in_memory_decides_nothing() -> None:
    graph = two_datasets(None)
    turned = Graph(blocks=dict(reversed(graph.blocks.items())), wires=graph.wires)
    assert Analyser(BLOCK_TYPES).analyse(turned) == Analyser(BLOCK_TYPES).analyse(graph)
