"""Sequences of changed lengths: what cannot be joined is refused before the run, and what can be is not."""

from __future__ import annotations

import warnings

import pytest
import torch

from engine.blocks.catalogue import BLOCK_TYPES
from engine.compile.analyse import Analyser
from engine.compile.compiler import compile_graph
from engine.compile.probing import construct
from engine.data.datasets import load_dataset
from engine.graph.analysis import Analysis
from engine.graph.edits import set_parameter
from engine.graph.graph import Graph
from engine.graph.problem import Problem
from engine.graph.scope import Scope
from engine.graph.tensor_spec import Dim, TensorSpec
from engine.project.drawing import Drawing
from engine.training.plan import DatasetRef

CONV = {"out_channels": 4, "kernel_size": (3,)}
BRANCHES: dict[str, tuple[tuple[str, dict[str, object]], ...]] = {
    "as it is": (("conv1d", CONV),),
    "valid": (("conv1d", {**CONV, "padding": "none"}),),
    "valid twice": (("conv1d", {**CONV, "kernel_size": (2,), "padding": "none"}),) * 2,
    "padded again": (
        ("conv1d", {**CONV, "padding": "none"}),
        ("conv1d", {**CONV, "padding": "custom", "padding_size": (2,)}),
    ),
    "pooled": (("conv1d", CONV), ("max_pool1d", {"kernel_size": (2,), "stride": (2,)})),
    "averaged": (("conv1d", CONV), ("avg_pool1d", {"kernel_size": (2,), "stride": (2,)})),
    "strided": (("conv1d", {**CONV, "stride": (2,)}),),
    "pooled and enlarged": (
        ("conv1d", CONV),
        ("max_pool1d", {"kernel_size": (2,), "stride": (2,)}),
        ("conv_transpose1d", {**CONV, "stride": (2,)}),
    ),
    "pooled by 7": (("conv1d", CONV), ("max_pool1d", {"kernel_size": (7,), "stride": (7,)})),
    "cut to 20": (("conv1d", CONV), ("slice", {"dim": 2, "stop": 20})),
}
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


def branches(drawing: Drawing, first: str, second: str, steps_first: bool = False) -> tuple[str, str]:
    ends = []
    for side, branch in zip("ab", (first, second), strict=True):
        ids = []
        for number, (type, parameters) in enumerate(BRANCHES[branch]):
            ids.append(drawing.add(f"{side}{number}", type, **parameters))  # type: ignore[arg-type]
        if steps_first:
            ids.append(drawing.add(f"{side}_turned", "permute", dims=(2, 1)))
        drawing.chain("in", *ids)
        ends.append(ids[-1])
    return ends[0], ends[1]


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


def problems_at(analysis: Analysis, block: str = "join") -> list[Problem]:
    return [problem for problem in analysis.problems if problem.path == (block,)]


def really_runs(graph: Graph, steps: int, time: int | None) -> bool:
    """Whether the block "join" takes what the branches really make of sequences of so many steps."""
    record = Analyser(BLOCK_TYPES).records(graph, time)["join"]
    blocks = {id: block for id, block in graph.blocks.items() if id != "join"}
    wires = tuple(wire for wire in graph.wires if wire.target.block != "join")
    network = compile_graph(Graph(blocks=blocks, wires=wires), BLOCK_TYPES, seed=0)
    type = BLOCK_TYPES[record.block.type]
    module = construct(type, record.parameters, record.inputs)
    ports = type.arguments_order(type.ports(record.parameters, None))
    sources = [f"{record.sources[port].block}/{record.sources[port].port}" for port in ports]
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        given = [network.slice((source,)).module(torch.rand(5, 3, steps))[0] for source in sources]
        try:
            module.eval()(*given)
        except (RuntimeError, ValueError):
            return False
    return True


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


def group_of(join: str) -> Graph:
    """Two Entries that are joined inside."""
    body = Drawing(BLOCK_TYPES, inside=True)
    for id, type in (("x", "entry"), ("x2", "entry"), ("join", join), ("y", "exit")):
        body.add(id, type)
    body.chain("x", "join.a")
    body.chain("x2", "join.b")
    body.chain("join", "y")
    return body.graph


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


@pytest.mark.parametrize(("container", "path"), [("group", ("box", "join")), ("recurrent", ("box",))])
@pytest.mark.parametrize(("first", "second", "fits"), [("valid", "pooled", False), ("valid", "valid twice", True)])
def test_lengths_are_told_apart_inside_containers(
    container: str, path: tuple[str, ...], first: str, second: str, fits: bool
) -> None:
    drawing = Drawing(BLOCK_TYPES)
    drawing.add("in", "input", fields=("x: 3×T float32",))
    ends = branches(drawing, first, second, steps_first=True)
    drawing.add("box", container, body=group_of("add"))
    drawing.wire(ends[0], "box.x")
    drawing.wire(ends[1], "box.x2")
    problems = Analyser(BLOCK_TYPES).analyse(drawing.graph, 32).problems
    assert [problem.path for problem in problems] == ([] if fits else [path])
    if not fits:
        assert "(30 steps where T is 32) and N×T′×4 (16 steps where T is 32)" in problems[0].sentence
    network = compile_graph(without(drawing.graph, "box"), BLOCK_TYPES, seed=0)
    one, other = (network.slice((f"{end}/output",)).module(torch.rand(5, 3, 32))[0] for end in ends)
    assert (one.shape == other.shape) is fits
    if fits:
        whole = compile_graph(drawing.graph, BLOCK_TYPES, seed=0).slice(("box/y",)).module
        assert whole(torch.rand(5, 3, 32))[0].shape == one.shape


def without(graph: Graph, id: str) -> Graph:
    blocks = {key: block for key, block in graph.blocks.items() if key != id}
    return Graph(blocks=blocks, wires=tuple(wire for wire in graph.wires if wire.target.block != id))


@pytest.mark.parametrize(("count", "fits"), [(2, False), (3, True)])
def test_each_copy_of_a_repeat_takes_its_steps_away(count: int, fits: bool) -> None:
    """Three windows of 3 behind one another take as many steps away as one of 7."""
    body = Drawing(BLOCK_TYPES, inside=True)
    body.add("x", "entry")
    body.add("c", "conv1d", out_channels=3, kernel_size=(3,), padding="none")
    body.add("y", "exit")
    body.chain("x", "c", "y")
    drawing = Drawing(BLOCK_TYPES)
    drawing.add("in", "input", fields=("x: 3×T float32",))
    drawing.add("many", "repeat", body=body.graph, count=count)
    drawing.add("wide", "conv1d", out_channels=3, kernel_size=(7,), padding="none")
    drawing.add("join", "add")
    drawing.chain("in", "many", "join.a")
    drawing.chain("in", "wide", "join.b")
    analysis = Analyser(BLOCK_TYPES).analyse(drawing.graph, 32)
    assert bool(problems_at(analysis)) is not fits
    assert really_runs(drawing.graph, 32, 32) is fits
    assert [analysis.specs[f"many/{copy}/c/output"].shape[2].at(32) for copy in range(count)] == (  # type: ignore[union-attr]
        [32 - 2 * copy for copy in range(1, count + 1)]
    )


def test_a_layer_that_steps_over_time_keeps_the_changed_length() -> None:
    drawing = Drawing(BLOCK_TYPES)
    drawing.add("in", "input", fields=("x: 3×T float32",))
    one, other = branches(drawing, "valid", "pooled", steps_first=True)
    for side, end, type in (("a", one, "lstm"), ("b", other, "gru")):
        drawing.add(f"{side}_steps", type, hidden_size=4, output="all steps")
        drawing.chain(end, f"{side}_steps")
    drawing.add("join", "add")
    drawing.wire("a_steps", "join.a")
    drawing.wire("b_steps", "join.b")
    analysis = Analyser(BLOCK_TYPES).analyse(drawing.graph, 32)
    assert [problem.code for problem in problems_at(analysis)] == ["time-differs"]
    assert analysis.costs["a_steps"].multiply_adds == 30 * 4 * 4 * (4 + 4)
    assert not really_runs(drawing.graph, 32, 32)


SETS = {"first": ("sine", "sequence: T×1 float32"), "second": ("adding", "sequence: T×2 float32")}


def two_datasets(stop: int | None) -> Graph:
    """The 32 steps of one set beside the 30 of another, cut or not."""
    drawing = Drawing(BLOCK_TYPES)
    drawing.add("join", "concat", dim=2)
    for id, port in zip(SETS, "ab", strict=True):
        name, field = SETS[id]
        drawing.add(id, "input", dataset=name, fields=(field,))
        drawing.add(f"{id}_cut", "slice", dim=1, stop=stop)
        drawing.chain(id, f"{id}_cut", f"join.{port}")
    return drawing.graph


@pytest.mark.parametrize(("stop", "fits"), [(None, False), (30, True), (31, False)])
def test_two_datasets_have_lengths_of_their_own(stop: int | None, fits: bool) -> None:
    problems = Analyser(BLOCK_TYPES).analyse(two_datasets(stop)).problems
    arrays = [load_dataset(DatasetRef(name=name)).arrays["sequence"][:, :stop] for name, _ in SETS.values()]
    assert ([array.shape[1] for array in arrays] == [30, 30]) is fits
    assert bool(problems) is not fits
    if stop is None:
        assert [problem.headline for problem in problems] == [
            "Concat joins sequences of one length but receives N×T×1 and N×T′×2 (30 steps where T is 32)"
        ]
    if fits:
        network = compile_graph(two_datasets(stop), BLOCK_TYPES, seed=0)
        made = network.slice(("join/output",)).module(*map(torch.from_numpy, arrays))[0]
        assert made.shape == (2000, 30, 3)


def test_costs_are_those_of_the_datasets_length() -> None:
    analysis = Analyser(BLOCK_TYPES).analyse(two_datasets(None))
    assert analysis.time_length == 32
    assert analysis.costs["first_cut"].activation_bytes == 32 * 4
    assert analysis.costs["second_cut"].activation_bytes == 30 * 2 * 4


def test_the_order_of_blocks_in_memory_decides_nothing() -> None:
    graph = two_datasets(None)
    turned = Graph(blocks=dict(reversed(graph.blocks.items())), wires=graph.wires)
    assert Analyser(BLOCK_TYPES).analyse(turned) == Analyser(BLOCK_TYPES).analyse(graph)
