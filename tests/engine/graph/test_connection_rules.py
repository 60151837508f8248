from __future__ import annotations

import pytest

from engine.blocks.catalogue import BLOCK_TYPES
from engine.graph.connection_rules import port_label, refusal, why_not
from engine.graph.edits import connect, insert_between, replace_wire
from engine.graph.graph import Block, Graph, PortRef
from engine.graph.paths import ancestors_of, body_at
from engine.graph.problem import Problem, Refused
from engine.graph.scope import Scope
from engine.graph.tensor_spec import Dim, TensorSpec
from engine.project.drawing import Drawing

SCOPE = Scope(types=BLOCK_TYPES)
N = Dim("N")


def drawing() -> Drawing:
    drawn = Drawing(BLOCK_TYPES)
    drawn.add("in", "input", name="Image")
    drawn.add("conv", "conv2d")
    drawn.add("relu", "relu")
    drawn.add("dense", "dense", name="hidden")
    drawn.add("sum", "add")
    drawn.add("loss", "cross_entropy")
    drawn.add("box", "residual")
    drawn.chain("in.image", "conv", "relu")
    return drawn


GRAPH = drawing().graph


def port(text: str) -> PortRef:
    block, _, name = text.partition(".")
    return PortRef(block, name)


@pytest.mark.parametrize(
    ("source", "target", "code", "words"),
    [
        ("relu.output", "gone.input", "unknown-block", "There is no block gone here."),
        ("relu.nothing", "dense.input", "unknown-port", "ReLU has no port nothing. Its ports are output."),
        ("relu.output", "sum.z", "unknown-port", "Add has no port z. Its ports are a, b."),
        ("relu.output", "in.input", "unknown-port", "Input “Image” has no port input. Its ports are none."),
        ("relu.input", "dense.input", "direction", "Two inputs cannot be joined."),
        ("relu.output", "dense.output", "direction", "Two outputs cannot be joined."),
        ("relu.output", "relu.input", "cycle", "This wire would close a loop through ReLU."),
        ("relu.output", "conv.input", "cycle", "This wire would close a loop through Convolution."),
        ("in.image", "relu.input", "occupied", "ReLU already receives input from “Convolution”."),
        ("conv.output", "relu.input", "already-connected", "ReLU already receives input from there."),
    ],
)
def test_structure_is_refused_with_a_sentence(source: str, target: str, code: str, words: str) -> None:
    problem = refusal(GRAPH, SCOPE, port(source), port(target))
    assert problem is not None
    assert problem.code == code
    assert problem.sentence.startswith(words)
    with pytest.raises(Refused):
        connect(GRAPH, SCOPE, port(source), port(target))


@pytest.mark.parametrize(
    ("source", "target"), [("relu.output", "dense.input"), ("in.label", "loss.target"), ("in.image", "sum.a")]
)
def test_what_fits_by_structure_is_allowed(source: str, target: str) -> None:
    assert refusal(GRAPH, SCOPE, port(source), port(target)) is None


def test_no_wire_crosses_the_border_of_a_container() -> None:
    body = body_at(GRAPH, ("box",))
    inside = Scope(types=BLOCK_TYPES, ancestors=ancestors_of(GRAPH, ("box",)))
    exit = next(id for id, block in body.blocks.items() if block.type == "exit")
    problem = refusal(body, inside, PortRef("relu", "output"), PortRef(exit, "input"))
    assert problem is not None
    assert problem.code == "another-body"


def test_an_unknown_type_takes_no_wire() -> None:
    graph = Graph(blocks={**GRAPH.blocks, "odd": Block("odd", "hologram", "Odd")}, wires=GRAPH.wires)
    problem = refusal(graph, SCOPE, port("relu.output"), port("odd.input"))
    assert problem is not None
    assert problem.code == "unknown-type"
    assert "hologram “Odd” is of the type hologram" in problem.sentence


def specs(**known: tuple[int | Dim, ...]) -> dict[str, TensorSpec]:
    return {f"{id}/output": TensorSpec(shape, "float32") for id, shape in known.items()}


def found(source: str, target: str, known: dict[str, TensorSpec], graph: Graph = GRAPH) -> Problem:
    problem = why_not(graph, SCOPE, known, port(source), port(target))
    assert problem is not None
    return problem


def test_the_wire_in_the_hand_is_told_the_shape_that_does_not_fit() -> None:
    problem = found("relu.output", "dense.input", specs(relu=(N, 16, 8, 8)))
    assert problem.sentence == (
        "Dense “hidden” expects N×features but receives N×16×8×8 from “ReLU”. "
        "It reads one flat row per sample. Put a Flatten between them."
    )
    assert [fix.label for fix in problem.fixes] == ["Insert Flatten", "Insert Global average pool"]
    mended = insert_between(GRAPH, SCOPE, ("new",), *problem.fixes[0].arguments)
    assert mended.blocks["new"].type == "flatten"
    assert {wire.source.block for wire in mended.wires if wire.target.block == "dense"} == {"new"}


def test_a_wire_in_the_way_can_be_replaced_where_the_new_one_fits() -> None:
    problem = found("in.image", "relu.input", {})
    assert [fix.label for fix in problem.fixes] == ["Replace the wire"]
    mended = replace_wire(GRAPH, SCOPE, *problem.fixes[0].arguments)
    assert {wire.source.block for wire in mended.wires if wire.target.block == "relu"} == {"in"}
    graph = connect(GRAPH, SCOPE, port("in.image"), port("dense.input"))
    problem = found("relu.output", "dense.input", specs(relu=(N, 16, 8, 8)), graph)
    assert (problem.code, problem.fixes) == ("occupied", ())


def test_structure_comes_before_shape() -> None:
    assert found("relu.output", "conv.input", specs(relu=(N, 3))).code == "cycle"


def test_other_wires_of_the_block_are_asked_too() -> None:
    graph = connect(GRAPH, SCOPE, port("conv.output"), port("sum.a"))
    known = specs(conv=(N, 16, 8, 8), relu=(N, 16, 4, 4))
    problem = found("relu.output", "sum.b", known, graph)
    assert problem.code == "shapes-differ"
    assert "N×16×8×8" in problem.sentence
    assert "N×16×4×4" in problem.sentence
    assert why_not(graph, SCOPE, specs(conv=(N, 3), relu=(N, 3)), port("relu.output"), port("sum.b")) is None


def test_what_is_not_known_is_no_reason() -> None:
    assert why_not(GRAPH, SCOPE, {}, port("relu.output"), port("dense.input")) is None


def test_inside_a_container_specs_are_found_by_the_path_of_the_body() -> None:
    body = Drawing(BLOCK_TYPES)
    body.add("give", "relu")
    body.add("take", "dense")
    graph = Graph(blocks={"box": Block("box", "residual", "Box", body=body.graph)})
    scope = Scope(types=BLOCK_TYPES, ancestors=(graph,))
    known = {"box/give/output": TensorSpec((N, 1, 8, 8), "float32")}
    problem = why_not(body.graph, scope, known, port("give.output"), port("take.input"), ("box",))
    assert problem is not None
    assert problem.path == ("box", "take")
    assert problem.fixes[0].body == ("box",)


def test_labels_are_what_people_read() -> None:
    box = GRAPH.blocks["box"]
    entry = next(id for id, block in box.body.blocks.items() if block.type == "entry")
    assert port_label(box, entry, SCOPE) == "Entry"
    assert port_label(GRAPH.blocks["dense"], "input", SCOPE) == "input"
    assert port_label(Block("odd", "hologram", "Odd"), "input", SCOPE) == "input"
