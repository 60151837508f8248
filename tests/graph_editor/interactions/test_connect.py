from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from engine.graph.analysis import Analysis
from engine.graph.graph import Block, Graph, Look, PortRef, Wire
from engine.graph.tensor_spec import Dim, TensorSpec
from graph_editor.editor import Editor


@pytest.fixture
def pair(make_editor) -> Editor:
    """A convolution that gives 16×4×4, a dense block, and a ReLU, not wired."""
    blocks = [
        Block("cv", "conv2d", "Convolution", look=Look(80, 80)),
        Block("de", "dense", "hidden", look=Look(400, 80)),
        Block("re", "relu", "ReLU", look=Look(400, 240)),
        Block("ad", "add", "Add", look=Look(640, 80)),
    ]
    editor = make_editor(Graph(blocks={block.id: block for block in blocks}))
    editor.set_analysis(Analysis(specs={"cv/output": TensorSpec((Dim("N"), 16, 4, 4), "float32")}))
    return editor


def wires(editor: Editor) -> set[tuple[str, str]]:
    return {(wire.source.block, wire.target.block) for wire in editor.document.graph.wires}


def test_a_drag_from_port_to_port_connects(pair: Editor, mouse_of) -> None:
    mouse = mouse_of(pair)
    mouse.drag(mouse.port("cv", "output", False), mouse.port("re", "input", True))
    assert wires(pair) == {("cv", "re")}
    assert pair.document.undo_stack.count() == 1


def test_it_connects_from_the_input_backwards_too(pair: Editor, mouse_of) -> None:
    mouse = mouse_of(pair)
    mouse.drag(mouse.port("re", "input", True), mouse.port("cv", "output", False))
    assert wires(pair) == {("cv", "re")}


def test_the_body_of_a_block_takes_the_wire_at_the_port_that_fits(pair: Editor, mouse_of) -> None:
    mouse = mouse_of(pair)
    mouse.drag(mouse.port("cv", "output", False), (450, 270))
    assert wires(pair) == {("cv", "re")}


def test_ports_that_accept_light_up_and_the_others_fade(pair: Editor, mouse_of) -> None:
    mouse = mouse_of(pair)
    mouse.press(*mouse.port("cv", "output", False))
    mouse.move(300, 200)
    blocks = pair.scene.blocks
    assert blocks["re"].port_state("input", True).hand == "accepts"
    assert blocks["de"].port_state("input", True).hand == "impossible"
    assert blocks["re"].port_state("output", False).hand == "impossible"
    mouse.release(300, 200)
    assert blocks["re"].port_state("input", True).hand == ""


def test_the_wire_in_the_hand_tells_its_shape_unless_one_from_the_same_port_does(pair: Editor, mouse_of) -> None:
    mouse = mouse_of(pair)
    mouse.press(*mouse.port("cv", "output", False))
    mouse.move(300, 200)
    assert pair.view.gesture.spec_words == "16×4×4"
    mouse.move(*mouse.port("ad", "a", True))
    mouse.release(*mouse.port("ad", "a", True))
    pair.set_analysis(pair.scene.analysis)
    assert pair.scene.wires[PortRef("ad", "a")].tells_shape
    mouse.press(*mouse.port("cv", "output", False))
    mouse.move(300, 200)
    assert pair.view.gesture.spec_words == ""
    mouse.release(300, 200)


def test_a_port_that_does_not_fit_says_why_and_the_key_inserts_the_repair(pair: Editor, mouse_of, qtbot) -> None:
    mouse = mouse_of(pair)
    mouse.press(*mouse.port("cv", "output", False))
    mouse.move(*mouse.port("de", "input", True))
    assert pair.refusal.isVisible()
    assert not pair.refusal.offers
    assert "16×4×4" in pair.refusal.problem.sentence
    mouse.release(*mouse.port("de", "input", True))
    assert pair.refusal.offers
    assert wires(pair) == set()
    assert [button.text() for button in pair.refusal.buttons][0] == "Insert Flatten"
    QTest.keyClick(pair.refusal, Qt.Key.Key_F)
    assert not pair.refusal.isVisible()
    assert pair.document.undo_stack.count() == 1
    (flatten,) = [id for id, block in pair.document.graph.blocks.items() if block.type == "flatten"]
    assert wires(pair) == {("cv", flatten), (flatten, "de")}


def test_the_repair_can_be_clicked_and_escape_closes_without_one(pair: Editor, mouse_of, qtbot) -> None:
    mouse = mouse_of(pair)
    mouse.drag(mouse.port("cv", "output", False), mouse.port("de", "input", True))
    QTest.keyClick(pair.refusal, Qt.Key.Key_Escape)
    assert not pair.refusal.isVisible()
    assert pair.document.undo_stack.count() == 0
    mouse.drag(mouse.port("cv", "output", False), mouse.port("de", "input", True))
    qtbot.mouseClick(pair.refusal.buttons[0], Qt.MouseButton.LeftButton)
    assert len(pair.document.graph.wires) == 2


def test_a_loop_is_refused_at_the_pointer(pair: Editor, mouse_of) -> None:
    mouse = mouse_of(pair)
    mouse.drag(mouse.port("cv", "output", False), mouse.port("re", "input", True))
    mouse.drag(mouse.port("re", "output", False), mouse.port("cv", "input", True))
    assert "loop" in pair.refusal.problem.sentence
    assert wires(pair) == {("cv", "re")}


def test_an_occupied_port_is_refused(editor: Editor, mouse) -> None:
    count = len(editor.document.graph.wires)
    mouse.drag(mouse.port("in", "image", False), mouse.port("mp", "input", True))
    assert "already receives" in editor.refusal.problem.sentence
    assert len(editor.document.graph.wires) == count


def test_the_key_replaces_the_wire_of_an_occupied_port_in_one_step(editor: Editor, mouse) -> None:
    count = len(editor.document.graph.wires)
    mouse.drag(mouse.port("in", "image", False), mouse.port("mp", "input", True))
    assert [button.text() for button in editor.refusal.buttons] == ["Replace the wire"]
    QTest.keyClick(editor.refusal, Qt.Key.Key_R)
    assert not editor.refusal.isVisible()
    assert ("in", "mp") in wires(editor)
    assert ("re", "mp") not in wires(editor)
    assert len(editor.document.graph.wires) == count
    assert editor.document.undo_stack.count() == 1
    assert editor.document.undo_stack.undoText() == "Replace the wire"
    editor.document.undo_stack.undo()
    assert ("re", "mp") in wires(editor)


def test_a_moved_end_that_replaces_a_wire_leaves_its_old_port(pair: Editor, mouse_of, qtbot) -> None:
    mouse = mouse_of(pair)
    mouse.drag(mouse.port("cv", "output", False), mouse.port("ad", "a", True))
    mouse.drag(mouse.port("re", "output", False), mouse.port("ad", "b", True))
    mouse.drag(mouse.port("ad", "a", True), mouse.port("ad", "b", True))
    qtbot.mouseClick(pair.refusal.buttons[0], Qt.MouseButton.LeftButton)
    assert [(w.source.block, w.target.port) for w in pair.document.graph.wires] == [("cv", "b")]


def test_inside_a_container_the_wire_is_replaced_there(editor: Editor, mouse_of, qtbot) -> None:
    editor.enter("rs")
    editor.view.zoom_to(1.0)
    mouse = mouse_of(editor)
    mouse.drag(mouse.port("rse", "output", False), mouse.port("rsc2", "input", True))
    QTest.keyClick(editor.refusal, Qt.Key.Key_R)
    body = editor.document.graph.blocks["rs"].body
    assert {wire.source.block for wire in body.wires if wire.target.block == "rsc2"} == {"rse"}


def test_a_wire_that_would_not_fit_replaces_none(editor: Editor, mouse) -> None:
    mouse.drag(mouse.port("in", "image", False), mouse.port("de", "input", True))
    assert "already receives" in editor.refusal.problem.sentence
    assert editor.refusal.buttons == ()


def test_the_end_of_a_wire_can_be_moved(pair: Editor, mouse_of) -> None:
    mouse = mouse_of(pair)
    mouse.drag(mouse.port("cv", "output", False), mouse.port("re", "input", True))
    mouse.drag(mouse.port("re", "input", True), mouse.port("ad", "b", True))
    assert [(w.source.block, w.target) for w in pair.document.graph.wires] == [("cv", PortRef(block="ad", port="b"))]
    assert pair.document.undo_stack.count() == 2


def test_the_end_dropped_on_nothing_removes_the_wire_and_put_back_nothing_happens(pair: Editor, mouse_of) -> None:
    mouse = mouse_of(pair)
    mouse.drag(mouse.port("cv", "output", False), mouse.port("re", "input", True))
    start = mouse.port("re", "input", True)
    mouse.press(*start)
    mouse.move(300, 400)
    mouse.move(*start)
    mouse.release(*start)
    assert wires(pair) == {("cv", "re")}
    assert pair.document.undo_stack.count() == 1
    assert pair.scene.wires[PortRef(block="re", port="input")].isVisible()
    mouse.drag(start, (300, 450))
    assert wires(pair) == set()


def test_escape_lets_the_wire_go(pair: Editor, mouse_of, qtbot) -> None:
    mouse = mouse_of(pair)
    mouse.press(*mouse.port("cv", "output", False))
    mouse.move(*mouse.port("de", "input", True))
    QTest.keyClick(pair.view, Qt.Key.Key_Escape)
    assert pair.view.gesture is None
    assert not pair.refusal.isVisible()
    mouse.release(*mouse.port("de", "input", True))
    assert pair.document.undo_stack.count() == 0


def test_a_wire_dropped_on_nothing_opens_search_and_the_block_is_wired_in_one_step(pair: Editor, mouse_of) -> None:
    mouse = mouse_of(pair)
    asked = []
    pair.shapes_wanted.connect(lambda *told: asked.append(told))
    mouse.drag(mouse.port("cv", "output", False), (300, 420))
    popup = pair.search_popup()
    assert popup.isVisible()
    request, spec, candidates, parameters = asked[0]
    assert parameters == {}
    assert spec.per_sample == "16×4×4"
    assert "max_pool2d" in candidates
    assert "dense" not in candidates
    QTest.keyClicks(popup.line(), "conv 32 5")
    last, _, _, typed = asked[-1]
    assert typed["conv2d"] == {"out_channels": 32, "kernel_size": (5, 5)}
    pair.set_shapes(request, {"conv2d": pair.scene.analysis.specs["cv/output"]})
    assert popup.shape_words(popup.current()) == "", "an answer to an earlier question"
    pair.set_shapes(last, {"conv2d": TensorSpec((Dim("N"), 32, 4, 4), "float32")})
    assert popup.shape_words(popup.current()) == "→ 32×4×4"
    popup.line().clear()
    QTest.keyClicks(popup.line(), "relu")
    QTest.keyClick(popup.line(), Qt.Key.Key_Return)
    (new,) = pair.selected_ids()
    assert pair.document.graph.blocks[new].type == "relu"
    assert wires(pair) == {("cv", new)}
    assert pair.document.undo_stack.count() == 1


@pytest.fixture
def sequence(make_editor) -> Editor:
    """An LSTM that gives T×1, and the picture of a convolution."""
    blocks = [
        Block("ls", "lstm", "LSTM", look=Look(80, 80)),
        Block("cv", "conv2d", "Convolution", look=Look(80, 240)),
    ]
    editor = make_editor(Graph(blocks={block.id: block for block in blocks}))
    specs = {
        "ls/output": TensorSpec((Dim("N"), Dim("T"), 1), "float32"),
        "cv/output": TensorSpec((Dim("N"), 16, 4, 4), "float32"),
    }
    editor.set_analysis(Analysis(specs=specs))
    return editor


def test_search_finds_what_fits_after_another_block_and_puts_both_in_one_step(sequence: Editor, mouse_of) -> None:
    editor, mouse = sequence, mouse_of(sequence)
    mouse.drag(mouse.port("ls", "output", False), (340, 120))
    popup = editor.search_popup()
    QTest.keyClicks(popup.line(), "conv")
    first = popup.matches()[0]
    assert (first.type_id, first.before) == ("conv1d", "permute")
    assert popup.shape_words(first) == "after Permute"
    assert "conv2d" not in [match.type_id for match in popup.matches()], "no block alone mends that"
    QTest.keyClicks(popup.line(), " 8")
    QTest.keyClick(popup.line(), Qt.Key.Key_Return)
    blocks = editor.document.graph.blocks
    (conv,) = editor.selected_ids()
    assert (blocks[conv].type, blocks[conv].parameters) == ("conv1d", {"out_channels": 8})
    (permute,) = (id for id, block in blocks.items() if block.type == "permute")
    assert wires(editor) == {("ls", permute), (permute, conv)}
    left, right = (editor.scene.blocks[id].sceneBoundingRect() for id in (permute, conv))
    assert right.left() >= left.right()
    assert mouse.port(permute, "output", False)[1] == mouse.port(conv, "input", True)[1], "the wire runs straight"
    assert editor.document.undo_stack.count() == 1
    editor.document.undo_stack.undo()
    assert set(editor.document.graph.blocks) == {"ls", "cv"}


def test_a_container_takes_what_the_blocks_behind_its_entry_take(sequence: Editor, mouse_of) -> None:
    mouse, popup = mouse_of(sequence), sequence.search_popup()
    mouse.drag(mouse.port("cv", "output", False), (340, 320))
    for name, before in (("residual", ""), ("highway", "flatten"), ("group", "")):
        popup.line().clear()
        QTest.keyClicks(popup.line(), name)
        assert (popup.matches()[0].type_id, popup.matches()[0].before) == (name, before)
    popup.line().clear()
    QTest.keyClicks(popup.line(), "highway")
    QTest.keyClick(popup.line(), Qt.Key.Key_Return)
    types = {id: block.type for id, block in sequence.document.graph.blocks.items()}
    assert {(types[source], types[target]) for source, target in wires(sequence)} == {
        ("conv2d", "flatten"),
        ("flatten", "highway"),
    }


def test_what_fits_comes_before_what_needs_another_block_and_needs_no_name(sequence: Editor, mouse_of) -> None:
    mouse, popup = mouse_of(sequence), sequence.search_popup()
    mouse.drag(mouse.port("cv", "output", False), (340, 320))
    assert all(not match.before for match in popup.matches())
    QTest.keyClicks(popup.line(), "dense")
    assert (popup.matches()[0].type_id, popup.matches()[0].before) == ("dense", "flatten")
    popup.line().clear()
    QTest.keyClicks(popup.line(), "pool")
    needing = [bool(match.before) for match in popup.matches()]
    assert not needing[0]
    popup.line().clear()
    QTest.keyClicks(popup.line(), "lstm")
    assert [match.type_id for match in popup.matches()] == ["lstm_cell"]
    assert popup.heading() == ("LSTM does not accept ", "16×4×4")
    popup.line().clear()
    QTest.keyClicks(popup.line(), "gru")
    assert popup.heading() == ("GRU does not accept ", "16×4×4")
    popup.line().clear()
    QTest.keyClicks(popup.line(), "layer norm")
    assert popup.heading() == ("Accepts ", "16×4×4")
    popup.line().clear()
    QTest.keyClicks(popup.line(), "convolution 1-d")
    assert popup.matches() == ()
    assert popup.message() == "Convolution 1-D does not accept 16×4×4"


def test_a_far_port_is_found_from_within_reach(pair: Editor, mouse_of) -> None:
    mouse = mouse_of(pair)
    x, y = mouse.port("re", "input", True)
    mouse.drag(mouse.port("cv", "output", False), (x - 18, y + 6))
    assert wires(pair) == {("cv", "re")}


def test_inside_a_container_edits_reach_the_document(editor: Editor, mouse_of) -> None:
    editor.enter("rs")
    editor.view.zoom_to(0.8)
    mouse = mouse_of(editor)
    editor.scene.pick((), [PortRef(block="rsr", port="input")])
    editor.delete_selection()
    body = editor.document.graph.blocks["rs"].body
    assert "rsr" not in {wire.target.block for wire in body.wires}
    mouse.drag(mouse.port("rsc1", "output", False), mouse.port("rsr", "input", True))
    body = editor.document.graph.blocks["rs"].body
    assert Wire(PortRef("rsc1", "output"), PortRef("rsr", "input")) in body.wires
