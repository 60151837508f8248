from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from engine.blocks.catalogue import BLOCK_TYPES
from engine.compile.analyse import Analyser
from engine.compile.records import Place, Record
from engine.graph import edits
from engine.graph.analysis import Analysis
from engine.graph.graph import Block, Graph, PortRef, Weights, Wire, decode_graph, encode_graph, sorted_wires
from engine.graph.paths import within
from engine.graph.problem import Fix, Problem
from engine.graph.scope import Scope
from engine.graph.tensor_spec import Dim, TensorSpec
from engine.graph.values import Formula
from engine.project.drawing import Drawing

SCOPE = Scope(types=BLOCK_TYPES)


@pytest.fixture
def analyser() -> Analyser:
    return Analyser(BLOCK_TYPES)


def drawing(*fields: str) -> Drawing:
    drawn = Drawing(BLOCK_TYPES)
    drawn.add("in", "input", **({"fields": fields} if fields else {}))
    return drawn


def classifier() -> Drawing:
    drawn = drawing()
    drawn.add("conv", "conv2d")
    drawn.add("flat", "flatten")
    drawn.add("dense", "dense", out_features=10)
    drawn.add("loss", "cross_entropy")
    drawn.chain("in.image", "conv", "flat", "dense", "loss.logits")
    drawn.wire("in.label", "loss.target")
    return drawn


def shapes(analysis: Analysis) -> dict[str, str]:
    return {key: str(spec) for key, spec in analysis.specs.items()}


def only(analysis: Analysis) -> Problem:
    assert len(analysis.problems) == 1, [problem.sentence for problem in analysis.problems]
    assert "?" not in analysis.problems[0].sentence
    return analysis.problems[0]


def apply(graph: Graph, fix: Fix) -> Graph:
    ids = (tuple(f"fix{number}" for number in range(fix.new_blocks)),) if fix.new_blocks else ()
    return within(graph, fix.body, getattr(edits, fix.edit), SCOPE, *ids, *fix.arguments)


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


def flat_dense() -> Graph:
    drawn = drawing()
    drawn.add("dense", "dense")
    drawn.chain("in.image", "dense")
    return drawn.graph


def flat_rbm() -> Graph:
    drawn = drawing()
    drawn.add("rbm", "rbm")
    drawn.chain("in.image", "rbm")
    return drawn.graph


def rows_into_pictures() -> Graph:
    drawn = drawing("row: 64")
    drawn.add("conv", "conv2d")
    drawn.chain("in.row", "conv")
    return drawn.graph


def pictures_into_rows() -> Graph:
    drawn = drawing()
    drawn.add("norm", "batch_norm1d")
    drawn.chain("in.image", "norm")
    return drawn.graph


def pictures_into_logits() -> Graph:
    drawn = drawing()
    drawn.add("loss", "cross_entropy")
    drawn.wire("in.image", "loss.logits")
    drawn.wire("in.label", "loss.target")
    return drawn.graph


def residual_of_another_width() -> Graph:
    drawn = drawing()
    drawn.add("box", "residual")
    entry = next(id for id, block in drawn.graph.blocks["box"].body.blocks.items() if block.type == "entry")
    drawn.wire("in.image", f"box.{entry}")
    return drawn.graph


def dense_in_a_container() -> Graph:
    graph = residual_of_another_width()
    body = graph.blocks["box"].body
    conv = next(id for id, block in body.blocks.items() if block.type == "conv2d")
    return within(
        graph,
        ("box",),
        lambda body, scope: edits._with_block(body, Block(conv, "dense", "Inner dense", {"out_features": 8})),
        SCOPE,
    )


FAULTY: list[Callable[[], Graph]] = [
    flat_dense,
    flat_rbm,
    rows_into_pictures,
    pictures_into_rows,
    pictures_into_logits,
    residual_of_another_width,
]


@pytest.mark.parametrize("faulty", FAULTY)
def test_every_offered_repair_mends_its_problem(analyser: Analyser, faulty: Callable[[], Graph]) -> None:
    graph = faulty()
    problem = only(analyser.analyse(graph))
    assert problem.fixes
    for fix in problem.fixes:
        assert "?" not in fix.label
        after = analyser.analyse(apply(graph, fix))
        assert not [left for left in after.problems if left.path == problem.path and left.code == problem.code], (
            fix.label
        )
    assert not [left.sentence for left in analyser.analyse(apply(graph, problem.fixes[0])).problems]


def test_a_repair_inside_a_container_edits_its_body(analyser: Analyser) -> None:
    graph = dense_in_a_container()
    problem = next(problem for problem in analyser.analyse(graph).problems if problem.code == "rank")
    assert problem.path[0] == "box"
    assert problem.fixes[0].body == ("box",)
    after = analyser.analyse(apply(graph, problem.fixes[0]))
    assert problem.path not in [left.path for left in after.problems]


def test_a_residual_whose_shapes_differ_offers_its_projection(analyser: Analyser) -> None:
    problem = only(analyser.analyse(residual_of_another_width()))
    assert problem.code == "residual"
    assert problem.path == ("box",)
    assert problem.sentence.startswith("Residual adds its input N×1×8×8 to its body’s result N×16×8×8.")
    assert [fix.label for fix in problem.fixes] == ["Set Skip to projection"]
    after = analyser.analyse(apply(residual_of_another_width(), problem.fixes[0]))
    assert not after.problems
    assert after.costs["box"].parameters == (16 * 9 + 16) + (16 * 16 * 9 + 16) + 16
    assert after.costs["box/projection"].parameters == 16


def test_a_body_block_may_have_the_id_of_an_added_one(analyser: Analyser) -> None:
    body = Drawing(BLOCK_TYPES)
    body._scope = Scope(types=BLOCK_TYPES, ancestors=(Graph(),))
    body.add("entry", "entry")
    body.add("add", "relu")
    body.add("exit", "exit")
    body.chain("entry", "add", "exit")
    drawn = drawing()
    drawn.add("box", "residual", body=body.graph)
    drawn.wire("in.image", "box.entry")
    analysis = analyser.analyse(drawn.graph)
    assert not analysis.problems
    assert shapes(analysis)["box/add/output"] == "N×1×8×8"
    assert shapes(analysis)["box/add-2/b"] == "N×1×8×8"


def test_faults_inside_a_container_are_told_before_it_is_wired(analyser: Analyser) -> None:
    graph = residual_of_another_width()
    body = graph.blocks["box"].body
    first = next(wire for wire in body.wires if body.blocks[wire.target.block].type == "relu")
    graph = within(graph, ("box",), edits.disconnect, SCOPE, (first.target,))
    graph = edits.disconnect(graph, SCOPE, tuple(wire.target for wire in graph.wires))
    assert {(problem.path, problem.code) for problem in analyser.analyse(graph).problems} == {
        (("box",), "input-open"),
        (("box", first.target.block), "input-open"),
    }


def test_a_container_without_a_body_is_no_crash(analyser: Analyser) -> None:
    graph = Graph(blocks={"box": Block("box", "residual", "Box")})
    assert not analyser.analyse(graph).problems


def nested(levels: int) -> Graph:
    """Residual in residual …, the innermost a ReLU."""
    body = Graph(blocks={"deep": Block("deep", "relu", "Deep")})
    for level in range(levels, 0, -1):
        inner = "deep" if level == levels else f"box{level + 1}"
        ports = ("input", "output") if inner == "deep" else (f"entry{level + 1}", f"exit{level + 1}")
        entry, exit = f"entry{level}", f"exit{level}"
        blocks = {**body.blocks, entry: Block(entry, "entry", "Entry"), exit: Block(exit, "exit", "Exit")}
        wires = [
            *body.wires,
            Wire(PortRef(entry, "output"), PortRef(inner, ports[0])),
            Wire(PortRef(inner, ports[1]), PortRef(exit, "input")),
        ]
        box = Block(f"box{level}", "residual", f"Box {level}", body=Graph(blocks=blocks, wires=sorted_wires(wires)))
        body = Graph(blocks={box.id: box})
    wire = Wire(PortRef("in", "image"), PortRef("box1", "entry1"))
    return Graph(blocks={"in": drawing().graph.blocks["in"], **body.blocks}, wires=(wire,))


def test_thirty_two_containers_deep_costs_no_more_than_its_depth(
    analyser: Analyser, monkeypatch: pytest.MonkeyPatch
) -> None:
    visits = 0
    original = Analyser._record

    def counted(self: Analyser, *arguments: object) -> object:
        nonlocal visits
        visits += 1
        return original(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Analyser, "_record", counted)
    graph = nested(32)
    analysis = analyser.analyse(graph)
    assert not analysis.problems
    path = tuple(f"box{level}" for level in range(1, 33))
    assert shapes(analysis)["/".join((*path, "deep", "output"))] == "N×1×8×8"
    assert visits < 600
    visits = 0
    edited = within(graph, path, lambda body, scope: edits._with_block(body, Block("deep", "elu", "Deep")), SCOPE)
    assert not analyser.analyse(edited).problems
    assert visits < 600


@pytest.mark.parametrize("sent", [False, True], ids=["same values", "decoded anew"])
def test_an_edit_costs_what_it_changed(sent: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    analyser, graph = Analyser(BLOCK_TYPES), classifier().graph
    analyser.analyse(graph)
    seen: list[str] = []
    original = Analyser._record

    def noted(self: Analyser, place: Place, record: Record, before: Record | None) -> Record:
        seen.append(record.block.id)
        return original(self, place, record, before)

    monkeypatch.setattr(Analyser, "_record", noted)
    graph = edits.set_parameter(graph, SCOPE, "dense", "bias", False)
    analyser.analyse(decode_graph(encode_graph(graph)) if sent else graph)
    assert seen == ["dense"]


def edit_sequence() -> list[Graph]:
    """Drawings one edit apart, good and bad by turns."""
    first = classifier().graph
    found = [first, edits.disconnect(first, SCOPE, (PortRef("flat", "input"),))]
    found.append(edits.disconnect(found[-1], SCOPE, (PortRef("dense", "input"),)))
    found.append(edits.connect(found[-1], SCOPE, PortRef("flat", "output"), PortRef("dense", "input")))
    found.append(edits.connect(found[-1], SCOPE, PortRef("conv", "output"), PortRef("flat", "input")))
    found.append(edits.set_bypassed(found[-1], SCOPE, ("conv",), True))
    found.append(edits.set_parameter(found[-1], SCOPE, "conv", "out_channels", 3))
    found.append(edits.set_bypassed(found[-1], SCOPE, ("conv",), False))
    found.append(edits.remove_blocks(found[-1], SCOPE, ("flat",)))
    found.append(edits.disconnect(found[-1], SCOPE, (PortRef("loss", "target"),)))
    found += [residual_of_another_width(), dense_in_a_container(), nested(3)]
    return found + found[::-1]


def test_what_is_remembered_never_changes_an_answer() -> None:
    remembering = Analyser(BLOCK_TYPES)
    for graph in edit_sequence():
        assert remembering.analyse(graph) == Analyser(BLOCK_TYPES).analyse(graph)


def test_what_a_container_adds_sees_what_enters_now(analyser: Analyser) -> None:
    drawn = drawing("x: 64 float32", "y: 12 float32")
    drawn.add("box", "highway")
    entry = next(id for id, block in drawn.graph.blocks["box"].body.blocks.items() if block.type == "entry")
    drawn.wire("in.x", f"box.{entry}")
    assert not analyser.analyse(drawn.graph).problems
    unplugged = edits.disconnect(drawn.graph, SCOPE, (PortRef("box", entry),))
    narrow = edits.connect(unplugged, SCOPE, PortRef("in", "y"), PortRef("box", entry))
    problem = only(analyser.analyse(narrow))
    assert "Highway mixes its input N×12 with its body’s result N×64" in problem.sentence


def test_a_wire_taken_away_from_what_waited_is_told(analyser: Analyser) -> None:
    drawn = drawing()
    drawn.add("dense", "dense")
    drawn.add("relu", "relu")
    drawn.chain("in.image", "dense", "relu")
    analyser.analyse(drawn.graph)
    cut = edits.disconnect(drawn.graph, SCOPE, (PortRef("relu", "input"),))
    assert (("relu",), "input-open") in [(problem.path, problem.code) for problem in analyser.analyse(cut).problems]


def test_wires_to_ports_that_are_no_more_are_told(analyser: Analyser) -> None:
    graph = classifier().graph
    wires = [
        Wire(PortRef("in", "picture"), wire.target) if wire.target.block == "conv" else wire for wire in graph.wires
    ]
    wires.append(Wire(PortRef("in", "label"), PortRef("flat", "second")))
    problems = analyser.analyse(Graph(blocks=graph.blocks, wires=sorted_wires(wires))).problems
    assert [problem.sentence for problem in problems] == [
        "Input has no port picture. Its ports are image, label.",
        "Flatten has no port second. Its ports are input.",
    ]


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
