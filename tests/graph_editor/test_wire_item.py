from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPointF, QRectF

from engine.graph.analysis import Analysis
from engine.graph.graph import Block, Graph, Look, PortRef, Wire, sorted_wires
from engine.graph.tensor_spec import Dim, TensorSpec
from graph_editor.block_item import BLOCK_Z
from graph_editor.editor import Editor
from graph_editor.wire_geometry import CASING_FREE, straight, text_place, uprights
from graph_editor.wire_item import WireItem, byte_words, told, wire_width
from tests.graph_editor.conftest import digits_analysis


def spec(*shape: int, dtype: str = "float32") -> TensorSpec:
    return TensorSpec((Dim("N"), *shape), dtype)


def test_under_the_pointer_a_wire_tells_shape_type_and_size() -> None:
    assert told(spec(16, 8, 8)) == "N×16×8×8 · float32 · 4 kB/sample"


@pytest.mark.parametrize(
    ("count", "words"), [(4, "4 B"), (1000, "0.977 kB"), (4096, "4 kB"), (401408, "392 kB"), (3_000_000, "2.93 MB")]
)
def test_sizes_in_words(count: int, words: str) -> None:
    assert byte_words(count) == words


def test_thickness_grows_with_the_tensor_between_its_limits() -> None:
    widths = [
        wire_width(spec(*shape)) for shape in ((1,), (10,), (16, 8, 8), (2048, 7, 7), (64, 56, 56), (512, 512, 512))
    ]
    assert widths == sorted(widths)
    assert (widths[0], widths[1], widths[2], widths[-1]) == (1.5, 2.0, 2.0, 4.0)
    assert wire_width(spec(dtype="int64")) == 2.0


def test_a_label_is_dashed_without_text_and_a_value_is_solid_with_its_shape(editor: Editor) -> None:
    label = editor.scene.wires[PortRef("ce", "target")]
    value = editor.scene.wires[PortRef("re", "input")]
    assert label._pens().line.dashPattern()
    assert label._text is None
    assert not value._pens().line.dashPattern()
    assert value._text is not None
    assert value._text.text() == "16×8×8"
    value.set_state(hovered=True)
    assert value._text.text() == "N×16×8×8 · float32 · 4 kB/sample"
    assert value._pens().line.widthF() == 3.0
    value.set_state(hovered=False)
    editor.scene.pick([], [value.target])
    assert value._pens().line.color() == editor.theme.color("accent")


def test_under_the_pointer_a_wire_between_close_blocks_says_all_above_them(editor: Editor) -> None:
    value, ends = editor.scene.wires[PortRef("re", "input")], [editor.scene.blocks[id] for id in ("cv", "re")]
    value.set_state(hovered=True)
    assert value._card.contains(QRectF(value._text_at, value._text.size()))
    assert all(value._card.bottom() < block.y() for block in ends)
    assert value.zValue() > BLOCK_Z
    value.set_state(hovered=False)
    assert not value._card
    assert value.zValue() < BLOCK_Z


def test_a_new_shape_gives_a_new_text(editor: Editor) -> None:
    specs = {**digits_analysis().specs, "cv/output": spec(32, 8, 8)}
    editor.set_analysis(Analysis(specs=specs))
    text = editor.scene.wires[PortRef("re", "input")]._text
    assert text is not None
    assert text.text() == "32×8×8"


def test_what_becomes_known_while_a_block_is_dragged_leaves_it_in_the_hand(editor: Editor, mouse) -> None:
    mouse.press(380, 120)
    mouse.move(380, 240)
    editor.set_analysis(Analysis(specs={"cv/output": spec(99, 8, 8)}))
    assert editor.scene.blocks["cv"].y() == 224
    mouse.release(380, 240)
    assert editor.document.graph.blocks["cv"].look.y == 224
    assert editor.scene.blocks["cv"].y() == 224


def test_a_shape_makes_way_for_a_wire_that_crosses_it() -> None:
    route = straight((0.0, 50.0), (100.0, 50.0))
    assert text_place(route, 24.0, ()) == 50.0
    assert text_place(route, 24.0, (80.0,)) == 50.0
    beside = text_place(route, 24.0, (45.0,))
    assert beside == 45.0 + 12 + CASING_FREE / 2
    assert text_place(route, 24.0, (45.0, 60.0)) < 45.0
    for width in (24.1, 27.7, 30.6):
        assert abs(text_place(route, width, (45.3,)) - 45.3) == pytest.approx((width + CASING_FREE) / 2)
    assert text_place(route, 24.0, (20.0, 40.0, 60.0, 80.0)) == 50.0


def forecast(make_editor: Callable[..., Editor]) -> Editor:
    """An LSTM's forecast: the wire to the target runs through where the sequence's shape would stand."""
    specs = ("sequence: 32×1 float32", "next: 1 float32")
    blocks = (
        Block("in", "input", "Input", {"fields": specs}, look=Look(0, 0)),
        Block("l", "lstm", "LSTM", look=Look(168, 24)),
        Block("e", "squared_error", "Error", look=Look(440, 0)),
    )
    ends = (("in.sequence", "l.input"), ("l.output", "e.prediction"), ("in.next", "e.target"))
    wires = (Wire(PortRef(*one.split(".")), PortRef(*two.split("."))) for one, two in ends)
    editor = make_editor(Graph({block.id: block for block in blocks}, sorted_wires(wires)))
    editor.set_analysis(Analysis(specs={"in/sequence": spec(32, 1), "in/next": spec(1)}))
    return editor


def test_no_wire_runs_through_a_shape_where_there_is_room_beside_it(make_editor: Callable[..., Editor]) -> None:
    editor = forecast(make_editor)
    item, crossing = (editor.scene.wires[PortRef(*end)] for end in (("l", "input"), ("e", "target")))
    assert item._text is not None
    text = QRectF(item._text_at, item._text.size())
    assert any(top < text.bottom() and bottom > text.top() for _, top, bottom in uprights(crossing.route))
    assert not any(text.left() - 4 < x < text.right() + 4 for x, _, _ in uprights(crossing.route))


def test_a_shape_that_made_way_does_so_while_a_block_is_dragged(make_editor: Callable[..., Editor], mouse_of) -> None:
    editor = forecast(make_editor)
    mouse, item = mouse_of(editor), editor.scene.wires[PortRef("l", "input")]
    at = editor.scene.blocks["l"].pos() + QPointF(60, 12)
    mouse.press(at.x(), at.y())

    def stands_free() -> bool:
        text = QRectF(item._text_at, item._text.size())
        crossing = uprights(editor.scene.wires[PortRef("e", "target")].route)
        assert any(top < text.bottom() and bottom > text.top() for _, top, bottom in crossing)
        return not any(text.left() - 4 < x < text.right() + 4 for x, _, _ in crossing)

    for step in (4, 12, 20, 28):
        mouse.move(at.x() + step, at.y())
        assert stands_free(), step
    held = item._text_at.x()
    mouse.release(at.x() + 28, at.y())
    assert stands_free()
    assert item._text_at.x() == held, "it does not jump when the block is let go"


def test_a_wire_is_prepared_once_for_each_way_it_takes(
    make_editor: Callable[..., Editor], monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = forecast(make_editor)
    scene = editor.scene
    prepared: list[PortRef] = []
    prepare = WireItem._prepare_text
    monkeypatch.setattr(WireItem, "_prepare_text", lambda item: prepared.append(item.target) or prepare(item))
    scene.layer.lay(scene.wires)
    assert prepared == [], "as they were"
    block = scene.blocks["l"]
    scene.drag({"l": (block.x() + 8, block.y() + 8)})
    assert sorted(prepared) == [PortRef("e", "prediction"), PortRef("l", "input")], "of one the shape makes way"
    prepared.clear()
    scene.settle()
    assert sorted(prepared) == [PortRef("e", "prediction"), PortRef("l", "input")]
