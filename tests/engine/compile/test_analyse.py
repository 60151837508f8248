"""What analysis tells of a drawing: shapes, costs, all problems."""

from __future__ import annotations

import msgspec
import pytest

from engine.blocks.catalogue import BLOCK_TYPES
from engine.compile.analyse import Analyser
from engine.graph import edits
from engine.graph.analysis import Analysis
from engine.graph.graph import Block, Graph, PortRef, Weights, Wire, sorted_wires
from engine.graph.scope import Scope
from engine.graph.tensor_spec import Dim, TensorSpec
from engine.graph.values import Formula
from tests.engine.compile.analysed import SCOPE, classifier, drawing, only, residual_of_another_width, shapes


def test_every_port_has_its_shape_and_cost(analyser: Analyser) -> None:
    analysis = analyser.analyse(classifier().graph)
    assert not analysis.problems
    assert shapes(analysis) == {
        "in/image": "N×1×8×8",
        "in/label": "N",
        "conv/input": "N×1×8×8",
        "conv/output": "N×16×8×8",
        "flat/input": "N×16×8×8",
        "flat/output": "N×1024",
        "dense/input": "N×1024",
        "dense/output": "N×10",
        "loss/logits": "N×10",
        "loss/target": "N",
        "loss/loss": "scalar",
    }
    assert analysis.specs["in/label"].dtype == "int64"
    assert analysis.costs["conv"].parameters == 16 * 9 + 16
    assert analysis.costs["conv"].multiply_adds == 16 * 9 * 64
    assert analysis.costs["conv"].activation_bytes == 16 * 64 * 4
    assert analysis.costs["dense"].multiply_adds == 10 * 1024
    assert analysis.total.parameters == 16 * 9 + 16 + 1024 * 10 + 10
    assert analysis.time_length is None


@pytest.mark.parametrize(("output", "shape"), [("all steps", "N×T×7"), ("last step", "N×7")])
def test_time_stays_a_symbol(analyser: Analyser, output: str, shape: str) -> None:
    drawn = drawing("sequence: T×3", "next: 1")
    drawn.add("lstm", "lstm", hidden_size=7, output=output)
    drawn.add("dense", "dense", out_features=2)
    drawn.chain("in.sequence", "lstm", "dense")
    analysis = analyser.analyse(drawn.graph)
    assert not analysis.problems
    assert shapes(analysis)["in/sequence"] == "N×T×3"
    assert shapes(analysis)["lstm/output"] == shape
    assert shapes(analysis)["dense/output"] == shape.replace("7", "2")
    assert analysis.time_length == 100
    at_20 = analyser.analyse(drawn.graph, 20)
    assert at_20.time_length == 20
    assert at_20.costs["lstm"].multiply_adds == 20 * 4 * 7 * (3 + 7)
    assert analysis.costs["lstm"].multiply_adds == 100 * 4 * 7 * (3 + 7)


def test_two_time_axes_that_are_joined_are_a_time_of_another_length(analyser: Analyser) -> None:
    drawn = drawing("a: T×3", "b: T×3")
    drawn.add("join", "concat", dim=1)
    drawn.wire("in.a", "join.a")
    drawn.wire("in.b", "join.b")
    assert shapes(analyser.analyse(drawn.graph))["join/output"] == "N×2T×3"


def test_time_laid_into_one_row_is_refused_by_weights(analyser: Analyser) -> None:
    drawn = drawing("sequence: T×3")
    drawn.add("flat", "flatten")
    drawn.add("dense", "dense")
    drawn.chain("in.sequence", "flat", "dense")
    problem = only(analyser.analyse(drawn.graph))
    assert problem.sentence == (
        "Dense expects a fixed number of features but receives N×3T from “Flatten”. Use an LSTM to read a sequence."
    )


def test_all_problems_are_collected(analyser: Analyser) -> None:
    drawn = classifier()
    for id, type in (("lone", "relu"), ("odd", "dense"), ("norm", "batch_norm1d"), ("second", "squared_error")):
        drawn.add(id, type)
    drawn.wire("conv", "odd")
    drawn.wire("conv", "norm")
    drawn.wire("in.image", "second.prediction")
    graph = Graph(
        blocks={
            **drawn.graph.blocks,
            "holo": Block("holo", "hologram", "Holo"),
            "wrong": Block("wrong", "dense", "Wrong", {"out_features": -1, "colour": "red"}),
        },
        wires=drawn.graph.wires,
    )
    problems = analyser.analyse(graph).problems
    assert {(problem.path, problem.code) for problem in problems} == {
        (("lone",), "input-open"),
        (("odd",), "rank"),
        (("norm",), "rank"),
        (("second",), "no-target"),
        (("holo",), "unknown-type"),
        (("wrong",), "parameter-range"),
        (("wrong",), "parameter-unknown"),
        (("wrong",), "input-open"),
    }
    assert not [problem.sentence for problem in problems if "?" in problem.sentence]


def test_what_waits_for_a_repair_upstream_says_nothing(analyser: Analyser) -> None:
    drawn = drawing()
    drawn.add("dense", "dense")
    drawn.add("relu", "relu")
    drawn.add("next", "dense")
    drawn.chain("in.image", "dense", "relu", "next")
    assert only(analyser.analyse(drawn.graph)).path == ("dense",)


def test_an_empty_drawing_is_told_so(analyser: Analyser) -> None:
    assert only(analyser.analyse(Graph())).code == "empty"


def test_unknown_types_keep_the_rest_alive(analyser: Analyser) -> None:
    graph = classifier().graph
    blocks = {**graph.blocks, "dense": Block("dense", "hologram", "Holo")}
    analysis = analyser.analyse(Graph(blocks=blocks, wires=graph.wires))
    assert only(analysis).code == "unknown-type"
    assert shapes(analysis)["flat/output"] == "N×1024"


def test_loops_from_elsewhere_are_told(analyser: Analyser) -> None:
    blocks = {id: Block(id, "relu", id) for id in "abc"}
    wires = [Wire(PortRef(a, "output"), PortRef(b, "input")) for a, b in ("ab", "ba")]
    problems = analyser.analyse(Graph(blocks=blocks, wires=sorted_wires(wires))).problems
    assert {(problem.path, problem.code) for problem in problems} == {
        (("a",), "loops"),
        (("b",), "loops"),
        (("c",), "input-open"),
    }


@pytest.mark.parametrize(
    ("fields", "code", "words"),
    [
        ((), "no-fields", "Input has no fields. Choose a dataset for it."),
        (("image: 0×3",), "promise", "Input cannot read the field “image: 0×3”."),
        (("nonsense",), "promise", "Input cannot read the field “nonsense”."),
    ],
)
def test_promises_that_cannot_be_read(analyser: Analyser, fields: tuple[str, ...], code: str, words: str) -> None:
    graph = edits.set_parameter(drawing().graph, SCOPE, "in", "fields", fields)
    problem = only(analyser.analyse(graph))
    assert problem.code == code
    assert problem.sentence.startswith(words)


def test_a_bypassed_block_hands_its_first_input_on(analyser: Analyser) -> None:
    graph = edits.set_bypassed(classifier().graph, SCOPE, ("conv",), True)
    analysis = analyser.analyse(graph)
    assert not analysis.problems
    assert shapes(analysis)["conv/output"] == "N×1×8×8"
    assert analysis.costs["conv"].parameters == 0
    graph = edits.set_bypassed(classifier().graph, SCOPE, ("flat",), True)
    assert only(analyser.analyse(graph)).code == "rank"


def test_formulas_and_variables_decide_shapes(analyser: Analyser) -> None:
    graph = edits.set_variable(classifier().graph, SCOPE, "k", 3)
    scope = Scope(types=BLOCK_TYPES, variables=graph.variables)
    graph = edits.set_parameter(graph, scope, "conv", "out_channels", Formula("2**k"))
    assert shapes(analyser.analyse(graph))["conv/output"] == "N×8×8×8"
    assert shapes(analyser.analyse(edits.set_variable(graph, SCOPE, "k", 2)))["conv/output"] == "N×4×8×8"
    gone = analyser.analyse(edits.set_variable(graph, SCOPE, "k", None))
    assert only(gone).code == "formula"


def test_a_module_that_refuses_is_told_in_its_own_words() -> None:
    trusting = msgspec.structs.replace(BLOCK_TYPES["conv2d"], expect=lambda parameters, inputs: None)
    analyser = Analyser({**BLOCK_TYPES, "conv2d": trusting})
    drawn = drawing()
    drawn.add("conv", "conv2d", kernel_size=(3, 3), padding="custom", padding_size=(9, 9), padding_mode="reflect")
    drawn.wire("in.image", "conv")
    problem = only(analyser.analyse(drawn.graph))
    assert problem.code == "module"
    assert problem.sentence.startswith("Convolution refuses its input N×1×8×8: ")
    assert "1000003" not in problem.sentence


def test_a_module_that_refuses_several_inputs_names_all_of_them() -> None:
    drawn = drawing("signal: 3×16")
    drawn.add("pool", "max_pool1d", kernel_size=(2,), return_indices=True)
    drawn.add("short", "slice", dim=2, stop=12)
    drawn.add("back", "max_unpool1d", kernel_size=(2,))
    drawn.wire("pool.output", "back.input")
    drawn.wire("pool.indices", "back.indices")
    drawn.chain("in.signal", "pool")
    drawn.chain("in.signal", "short", "back.like")
    problem = only(Analyser(BLOCK_TYPES).analyse(drawn.graph))
    assert problem.headline == (
        "Max unpool 1-D refuses its inputs N×3×8 (input), N×3×8 (indices) and N×3×12 (like): "
        'invalid output_size "[12]" (dim 0 must be between 14 and 18)'
    )


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({}, None),
        ({"weights": Weights("gone")}, "It is not in this drawing."),
        ({"weights": Weights("dense", transposed=True)}, "It needs 10×1024 weights, and they are 1024×10."),
        ({"weights": Weights("conv", transposed=True)}, "It cannot use those of the type conv2d transposed."),
        ({"weights": Weights("conv")}, "It is of another type, conv2d."),
        ({"parameters": {"out_features": 11}}, "It needs 11×1024 weights, and they are 10×1024."),
        (
            {"parameters": {"out_features": 10, "bias": False}},
            "They are made with other parameters; give both the same.",
        ),
    ],
)
def test_shared_weights_are_checked(analyser: Analyser, change: dict[str, object], reason: str | None) -> None:
    graph = classifier().graph
    facts: dict[str, object] = {"parameters": {"out_features": 10}, "weights": Weights("dense"), **change}
    twin = Block("twin", "dense", "Twin", **facts)  # type: ignore[arg-type]
    graph = edits.connect(
        edits.add_block(graph, SCOPE, twin), SCOPE, PortRef("flat", "output"), PortRef("twin", "input")
    )
    analysis = analyser.analyse(graph)
    if reason is None:
        assert not analysis.problems
        assert analysis.total.parameters == analyser.analyse(classifier().graph).total.parameters
        without = analyser.analyse(edits.set_bypassed(graph, SCOPE, ("dense",), True))
        assert only(without).advice == "It is bypassed."
    else:
        problem = only(analysis)
        assert problem.code == "weights-owner"
        assert problem.path == ("twin",)
        assert problem.advice == reason


def test_shapes_for_the_search_popup(analyser: Analyser) -> None:
    picture = TensorSpec((Dim("N"), 1, 8, 8), "float32")
    found = analyser.shapes(
        picture, ("conv2d", "dense", "flatten", "relu", "add", "nothing", "residual", "cross_entropy")
    )
    assert {id: str(spec) for id, spec in found.items()} == {
        "conv2d": "N×16×8×8",
        "flatten": "N×64",
        "relu": "N×1×8×8",
        "add": "N×1×8×8",
    }
    typed = {"conv2d": {"out_channels": 32, "kernel_size": (5, 5), "padding": "none"}}
    found = analyser.shapes(picture, ("conv2d", "flatten"), typed)
    assert {id: str(spec) for id, spec in found.items()} == {"conv2d": "N×32×4×4", "flatten": "N×64"}


def test_an_analysis_can_be_sent(analyser: Analyser) -> None:
    analysis = analyser.analyse(residual_of_another_width())
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(analysis), type=Analysis) == analysis
