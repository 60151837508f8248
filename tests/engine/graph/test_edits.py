from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.blocks.catalogue import BLOCK_TYPES
from engine.graph import edits
from engine.graph.graph import Block, Frame, Graph, Learning, Look, Note, PortRef, Weights
from engine.graph.paths import body_at, within
from engine.graph.problem import Refused
from engine.graph.scope import Scope
from engine.graph.values import Formula
from engine.project.drawing import Drawing

SCOPE = Scope(types=BLOCK_TYPES)


def drawing() -> Drawing:
    """Image → first → relu → second → loss ← label."""
    drawn = Drawing(BLOCK_TYPES)
    drawn.add("in", "input", at=(0, 0))
    drawn.add("first", "dense", at=(160, 0))
    drawn.add("relu", "relu", at=(320, 0))
    drawn.add("second", "dense", at=(480, 80), out_features=10)
    drawn.add("loss", "cross_entropy", at=(640, 0))
    drawn.chain("in.image", "first", "relu", "second", "loss.logits")
    drawn.wire("in.label", "loss.target")
    return drawn


GRAPH = drawing().graph


def inner(name: str) -> Scope:
    """The scope of a body one container down."""
    return Scope(types=BLOCK_TYPES, ancestors=(Graph(blocks={name: Block(name, "residual", name)}),))


def refused_code(run: Callable[[], Graph]) -> str:
    with pytest.raises(Refused) as caught:
        run()
    assert "?" not in caught.value.problem.sentence
    return caught.value.problem.code


def wires(graph: Graph) -> list[tuple[str, str]]:
    return [(wire.source.block, f"{wire.target.block}.{wire.target.port}") for wire in graph.wires]


def test_names_in_a_body_stay_different() -> None:
    graph = GRAPH
    for id in ("a", "b", "c"):
        graph = edits.add_block(graph, SCOPE, Block(id, "relu", "ReLU"))
    assert [graph.blocks[id].name for id in ("relu", "a", "b", "c")] == ["ReLU", "ReLU 2", "ReLU 3", "ReLU 4"]
    assert list(GRAPH.blocks) == ["in", "first", "relu", "second", "loss"]


def test_an_id_is_taken_once_here_and_in_the_bodies_around() -> None:
    assert refused_code(lambda: edits.add_block(GRAPH, SCOPE, Block("relu", "relu", "R"))) == "id-taken"
    assert refused_code(lambda: edits.add_block(Graph(), inner("box"), Block("box", "relu", "R"))) == "id-taken"


def test_inputs_stand_outside_and_borders_inside() -> None:
    assert refused_code(lambda: edits.add_block(Graph(), inner("box"), Block("i", "input", "I"))) == "input-in-body"
    assert refused_code(lambda: edits.add_block(Graph(), SCOPE, Block("e", "entry", "E"))) == "boundary-at-root"
    assert "e" in edits.add_block(Graph(), inner("box"), Block("e", "entry", "E")).blocks


def test_containers_nest_as_deep_as_a_file_may_be() -> None:
    around = Scope(types=BLOCK_TYPES, ancestors=tuple(Graph() for _ in range(31)))
    thirty_second = Block("box", "residual", "Box", body=Graph())
    assert "box" in edits.add_block(Graph(), around, thirty_second).blocks
    deeper = Block("outer", "residual", "Outer", body=Graph(blocks={"box": thirty_second}))
    assert refused_code(lambda: edits.add_block(Graph(), around, deeper)) == "nested"


def test_removing_takes_the_wires_along_and_hands_weights_on() -> None:
    drawn = drawing()
    drawn.add("box", "residual")
    graph = edits.add_block(drawn.graph, SCOPE, Block("twin", "dense", "Twin"))
    graph = edits.set_weights(graph, SCOPE, "twin", Weights("first"))
    child = Block("deep", "dense", "Deep", weights=Weights("first"))
    graph = within(graph, ("box",), edits.add_block, SCOPE, child)
    after = edits.remove_blocks(graph, SCOPE, ("first", "relu", "nowhere"))
    assert wires(after) == [("second", "loss.logits"), ("in", "loss.target")]
    assert after.blocks["twin"].weights is None
    assert body_at(after, ("box",)).blocks["deep"].weights == Weights("twin")
    assert body_at(graph, ("box",)).blocks["deep"].weights == Weights("first")
    assert edits.remove_blocks(graph, SCOPE, ("nowhere",)) is graph


def test_wires_are_kept_sorted_by_target() -> None:
    assert [wire.target for wire in GRAPH.wires] == sorted(wire.target for wire in GRAPH.wires)


def test_a_wire_moves_to_another_port_in_one_edit() -> None:
    graph = edits.add_block(GRAPH, SCOPE, Block("other", "dense", "Other"))
    moved = edits.move_wire(
        graph, SCOPE, PortRef("second", "input"), PortRef("relu", "output"), PortRef("other", "input")
    )
    assert ("relu", "other.input") in wires(moved)
    assert ("relu", "second.input") not in wires(moved)


def test_a_wire_takes_the_place_of_another() -> None:
    replaced = edits.replace_wire(GRAPH, SCOPE, PortRef("in", "image"), PortRef("relu", "input"))
    assert ("in", "relu.input") in wires(replaced)
    assert len(replaced.wires) == len(GRAPH.wires)
    moved = edits.replace_wire(
        GRAPH, SCOPE, PortRef("in", "image"), PortRef("relu", "input"), PortRef("first", "input")
    )
    assert len(moved.wires) == len(GRAPH.wires) - 1


def test_disconnecting_what_is_not_wired_changes_nothing() -> None:
    assert edits.disconnect(GRAPH, SCOPE, (PortRef("in", "image"),)) is GRAPH
    assert wires(edits.disconnect(GRAPH, SCOPE, (PortRef("loss", "target"), PortRef("relu", "input")))) == [
        ("in", "first.input"),
        ("second", "loss.logits"),
        ("relu", "second.input"),
    ]


def test_bends_belong_to_one_wire() -> None:
    graph = edits.bend_wire(GRAPH, SCOPE, PortRef("relu", "input"), ((8, 16),))
    assert [wire.bends for wire in graph.wires] == [((8, 16),) if w.target.block == "relu" else () for w in graph.wires]


@pytest.mark.parametrize("wired", [True, False])
def test_insert_between_mends_a_wire_or_makes_it(wired: bool) -> None:
    graph = GRAPH if wired else edits.disconnect(GRAPH, SCOPE, (PortRef("second", "input"),))
    source, target = PortRef("relu", "output"), PortRef("second", "input")
    after = edits.insert_between(graph, SCOPE, ("new",), "dropout", source, target, (("p", 0.25),))
    assert ("relu", "new.input") in wires(after)
    assert ("new", "second.input") in wires(after)
    assert ("relu", "second.input") not in wires(after)
    assert after.blocks["new"].parameters == {"p": 0.25}
    assert after.blocks["new"].look == Look(400, 40)


def test_insert_between_refuses_what_cannot_stand_on_a_wire() -> None:
    source, target = PortRef("relu", "output"), PortRef("second", "input")

    def insert(type: str, source: PortRef = source) -> Callable[[], Graph]:
        return lambda: edits.insert_between(GRAPH, SCOPE, ("new",), type, source, target)

    assert refused_code(insert("input")) == "unknown-port"
    assert refused_code(insert("nothing")) == "unknown-type"
    assert refused_code(insert("relu", PortRef("gone", "output"))) == "unknown-block"


def test_put_on_wire_needs_a_wire() -> None:
    graph = edits.add_block(GRAPH, SCOPE, Block("new", "relu", "New"))
    assert refused_code(lambda: edits.put_on_wire(graph, SCOPE, "new", PortRef("new", "input"))) == "unknown-block"


def test_moving_and_opening_touch_looks_alone() -> None:
    graph = edits.move(GRAPH, SCOPE, {"relu": (1, 2), "gone": (3, 4)})
    assert graph.blocks["relu"].look == Look(1, 2)
    assert graph.blocks["first"] is GRAPH.blocks["first"]
    drawn = drawing()
    drawn.add("box", "residual")
    assert edits.set_open(drawn.graph, SCOPE, "box", True).blocks["box"].look.open


@pytest.mark.parametrize(
    ("name", "kept"),
    [("  hidden   layer ", "hidden layer"), ("", "Dense 2"), ("ReLU", "ReLU 2"), ("Dense 2", "Dense 2")],
)
def test_renaming_tidies_the_name(name: str, kept: str) -> None:
    assert edits.rename(GRAPH, SCOPE, "second", name).blocks["second"].name == kept


def test_defaults_are_not_kept_but_formulas_are() -> None:
    graph = edits.set_parameter(GRAPH, SCOPE, "first", "out_features", 32)
    assert graph.blocks["first"].parameters == {"out_features": 32}
    assert edits.set_parameter(graph, SCOPE, "first", "out_features", 64).blocks["first"].parameters == {}
    formula = edits.set_parameter(graph, SCOPE, "first", "out_features", Formula("8 * 8"))
    assert formula.blocks["first"].parameters == {"out_features": Formula("8 * 8")}
    listed = edits.set_parameter(drawing().graph, SCOPE, "in", "fields", ["x: 2 float32"])
    assert listed.blocks["in"].parameters["fields"] == ("x: 2 float32",)


@pytest.mark.parametrize(
    ("id", "parameter", "value", "code"),
    [
        ("first", "out_features", 0, "parameter-range"),
        ("first", "out_features", "many", "parameter-type"),
        ("first", "out_features", Formula("k"), "formula"),
        ("first", "units", 3, "parameter-unknown"),
        ("gone", "out_features", 3, "unknown-block"),
    ],
)
def test_parameters_out_of_the_question_are_refused(id: str, parameter: str, value: object, code: str) -> None:
    assert refused_code(lambda: edits.set_parameter(GRAPH, SCOPE, id, parameter, value)) == code


def test_fewer_inputs_take_their_wires_along() -> None:
    drawn = drawing()
    drawn.add("sum", "add", inputs=3)
    for port in "abc":
        drawn.wire("relu", f"sum.{port}")
    after = edits.set_parameter(drawn.graph, SCOPE, "sum", "inputs", 2)
    assert [wire for wire in wires(after) if wire[1].startswith("sum")] == [("relu", "sum.a"), ("relu", "sum.b")]


def test_a_lost_exit_takes_its_wire_along() -> None:
    drawn = drawing()
    drawn.add("box", "residual")
    exit = next(id for id, block in drawn.graph.blocks["box"].body.blocks.items() if block.type == "exit")
    drawn.add("after", "relu")
    drawn.wire(f"box.{exit}", "after")
    graph = within(drawn.graph, ("box",), edits.remove_blocks, SCOPE, (exit,))
    assert ("box", "after.input") in wires(graph)
    assert ("box", "after.input") not in wires(edits.remove_lost_wires(graph, SCOPE, "box"))
    assert edits.remove_lost_wires(drawn.graph, SCOPE, "box") is drawn.graph


@pytest.mark.parametrize(
    ("id", "owner", "reason"),
    [
        ("second", "nowhere", "It is not in this drawing."),
        ("second", "relu", "It is of another type, relu."),
        ("first", "second", "It comes after this block."),
        ("first", "first", "It comes after this block."),
        ("twin", "user", "It uses another block’s weights itself."),
        ("first", "twin", "Other blocks use its own weights."),
    ],
)
def test_weights_are_shared_only_where_it_makes_sense(id: str, owner: str, reason: str) -> None:
    graph = edits.add_block(GRAPH, SCOPE, Block("twin", "dense", "Twin"))
    graph = edits.add_block(graph, SCOPE, Block("user", "dense", "User"))
    graph = edits.set_weights(graph, SCOPE, "user", Weights("first"))
    with pytest.raises(Refused) as caught:
        edits.set_weights(graph, SCOPE, id, Weights(owner))
    assert caught.value.problem.advice == reason


def test_a_container_keeps_weights_of_its_own() -> None:
    drawn = Drawing(BLOCK_TYPES)
    drawn.add("a", "residual")
    drawn.add("b", "residual")
    with pytest.raises(Refused, match="A container keeps weights of its own"):
        edits.set_weights(drawn.graph, SCOPE, "b", Weights("a"))


def test_weights_may_come_from_an_enclosing_body() -> None:
    drawn = drawing()
    drawn.add("box", "residual")
    graph = within(drawn.graph, ("box",), edits.add_block, SCOPE, Block("deep", "dense", "Deep"))
    graph = within(graph, ("box",), edits.set_weights, SCOPE, "deep", Weights("first"))
    assert body_at(graph, ("box",)).blocks["deep"].weights == Weights("first")
    back = within(graph, ("box",), edits.set_weights, SCOPE, "deep", None)
    assert body_at(back, ("box",)).blocks["deep"].weights is None


def test_bypass_and_learning_are_set() -> None:
    assert edits.set_bypassed(GRAPH, SCOPE, ("relu", "first"), True).blocks["first"].bypassed
    assert refused_code(lambda: edits.set_bypassed(GRAPH, SCOPE, ("gone",), True)) == "unknown-block"
    learning = Learning(frozen=True, rate_factor=0.1, decay=0.0)
    assert edits.set_learning(GRAPH, SCOPE, "first", learning).blocks["first"].learning == learning


def test_paste_renews_ids_at_every_depth_and_keeps_what_is_shared() -> None:
    drawn = drawing()
    drawn.add("box", "residual")
    entry = next(id for id, block in drawn.graph.blocks["box"].body.blocks.items() if block.type == "entry")
    drawn.wire("relu", f"box.{entry}")
    graph = edits.add_block(drawn.graph, SCOPE, Block("twin", "dense", "Twin", weights=Weights("first")))
    fragment = edits.fragment_of(graph, ("relu", "box", "twin"))
    old = ["relu", "box", "twin", *graph.blocks["box"].body.blocks]
    ids = {id: f"new-{id}" for id in old}
    after = edits.paste(graph, SCOPE, fragment, ids, (16, 24))
    assert set(after.blocks) - set(graph.blocks) == {"new-relu", "new-box", "new-twin"}
    assert ("new-relu", f"new-box.new-{entry}") in wires(after)
    assert set(after.blocks["new-box"].body.blocks) == {ids[id] for id in graph.blocks["box"].body.blocks}
    assert all(id == block.id for id, block in after.blocks["new-box"].body.blocks.items())
    assert after.blocks["new-relu"].name == "ReLU 2"
    assert after.blocks["new-relu"].look == Look(336, 24)
    assert after.blocks["new-twin"].weights == Weights("first")
    elsewhere = edits.paste(Graph(), SCOPE, fragment, ids, (0, 0))
    assert elsewhere.blocks["new-twin"].weights is None
    again = edits.paste(
        Graph(), SCOPE, edits.fragment_of(graph, ("first", "twin")), {"first": "f", "twin": "t"}, (0, 0)
    )
    assert again.blocks["t"].weights == Weights("f")


def test_paste_renews_no_port_for_a_block_that_is_called_alike() -> None:
    drawn = drawing()
    drawn.add("input", "dense")
    drawn.wire("first", "input")
    fragment = edits.fragment_of(drawn.graph, ("first", "input", "relu"))
    ids = {id: f"new-{id}" for id in fragment.blocks}
    after = edits.paste(drawn.graph, SCOPE, fragment, ids, (0, 0))
    pasted = [wire for wire in after.wires if wire.target.block in ids.values()]
    assert {wire.target.port for wire in pasted} == {"input"}
    assert {(wire.source.block, wire.target.block) for wire in pasted} == {
        (f"new-{wire.source.block}", f"new-{wire.target.block}") for wire in fragment.wires
    }


def test_variables_are_numbers_or_formulas_that_have_one() -> None:
    graph = edits.set_variable(GRAPH, SCOPE, "width", 64)
    graph = edits.set_variable(graph, SCOPE, "half", Formula("width // 2"))
    assert graph.variables == {"width": 64, "half": Formula("width // 2")}
    assert edits.set_variable(graph, SCOPE, "half", None).variables == {"width": 64}
    for name, value in (("2x", 1), ("", 1), ("half", Formula("half")), ("x", Formula("nothing")), ("x", "text")):
        assert refused_code(lambda name=name, value=value: edits.set_variable(graph, SCOPE, name, value)) == "variable"


def test_notes_and_frames_are_replaced_by_id() -> None:
    note, frame = Note("n", "Hello", (0, 0, 80, 40)), Frame("f", "Encoder", "dense", (0, 0, 80, 40))
    graph = edits.set_frame(edits.set_note(GRAPH, SCOPE, note), SCOPE, frame)
    assert (graph.notes, graph.frames) == ((note,), (frame,))
    graph = edits.set_note(graph, SCOPE, Note("n", "Changed", (0, 0, 80, 40)))
    assert [note.text for note in graph.notes] == ["Changed"]
    assert edits.remove_frames(edits.remove_notes(graph, SCOPE, ("n",)), SCOPE, ("f",)) == GRAPH


def test_a_whole_body_can_be_replaced() -> None:
    assert edits.replace_graph(GRAPH, SCOPE, Graph()) == Graph()
