"""Items that are made anew look as those did whose place they take."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage

from engine.graph.analysis import Analysis
from engine.graph.graph import Block, Graph, Look, PortRef, sorted_wires
from engine.graph.problem import Problem
from engine.graph.tensor_spec import Dim, TensorSpec
from graph_editor.block_item import BlockItem
from graph_editor.editor import Editor

DENSE_INPUT = PortRef(block="de", port="input")


def with_bend(graph: Graph) -> Graph:
    """The wire into the Dense runs another way: its item is made anew."""
    bent = (msgspec.structs.replace(wire, bends=((500, 300),)) for wire in graph.wires if wire.target == DENSE_INPUT)
    others = (wire for wire in graph.wires if wire.target != DENSE_INPUT)
    return msgspec.structs.replace(graph, wires=sorted_wires((*others, *bent)))


def with_many_more(graph: Graph) -> Graph:
    """So many more blocks that all items are made anew."""
    more = {f"m{number}": Block(f"m{number}", "relu", "ReLU", look=Look(0, 1000 + number)) for number in range(300)}
    return msgspec.structs.replace(graph, blocks={**graph.blocks, **more})


def assert_stays_picked(editor: Editor, edit: Callable[[Graph], Graph]) -> None:
    scene = editor.scene
    scene.pick(["de", "cv"], [DENSE_INPUT])
    before, told = scene.wires[DENSE_INPUT], []
    scene.picked.connect(lambda: told.append(True))
    editor.document.commit("Edit", edit(editor.document.graph))
    assert scene.wires[DENSE_INPUT] is not before
    assert {id for id, item in scene.blocks.items() if item.selected} == {"de", "cv"}
    assert {target for target, wire in scene.wires.items() if wire.selected} == {DENSE_INPUT}
    assert scene.blocks["de"].zValue() > scene.blocks["fl"].zValue()
    assert not told


def test_a_wire_that_is_made_anew_stays_picked(editor: Editor) -> None:
    assert_stays_picked(editor, with_bend)


def test_a_scene_that_is_made_anew_stays_picked(editor: Editor) -> None:
    assert_stays_picked(editor, with_many_more)


def test_both_ends_of_a_wire_that_goes_show_an_empty_port(editor: Editor) -> None:
    graph = editor.document.graph
    wires = tuple(wire for wire in graph.wires if wire.target != DENSE_INPUT)
    editor.document.commit("Cut", msgspec.structs.replace(graph, wires=wires))
    blocks = editor.scene.blocks
    assert not blocks["de"].port_state("input", True).wired
    assert not blocks["fl"].port_state("output", False).wired
    assert blocks["fl"].port_state("input", True).wired


@pytest.fixture
def shown_anew(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of the blocks whose ports are set from now on."""
    ids: list[str] = []
    set_states = BlockItem.set_port_states

    def told(self: BlockItem, states: object) -> None:
        ids.append(self.id)
        set_states(self, states)  # type: ignore[arg-type]

    monkeypatch.setattr(BlockItem, "set_port_states", told)
    return ids


def flat(width: int) -> dict[str, TensorSpec]:
    return {"fl/output": TensorSpec(shape=(Dim("N"), width), dtype="float32")}


def test_an_analysis_touches_only_what_it_knows_anew(editor: Editor, shown_anew: list[str]) -> None:
    editor.set_analysis(Analysis(specs=flat(8)))
    shown_anew.clear()
    editor.set_analysis(Analysis(specs=flat(8)))
    assert shown_anew == []
    editor.set_analysis(Analysis(specs=flat(16)))
    assert sorted(shown_anew) == ["de", "fl"]
    assert editor.scene.wires[DENSE_INPUT].spec == flat(16)["fl/output"]


def test_a_problem_that_comes_or_goes_touches_its_block(editor: Editor, shown_anew: list[str]) -> None:
    editor.set_analysis(Analysis())
    shown_anew.clear()
    problem = Problem(code="rank", severity="error", path=("de",), port="input")
    editor.set_analysis(Analysis(problems=(problem,)))
    assert shown_anew == ["de"]
    assert editor.scene.blocks["de"].severity == "error"
    assert editor.scene.blocks["de"].port_state("input", True).faulty
    editor.set_analysis(Analysis())
    assert shown_anew == ["de", "de"]
    assert editor.scene.blocks["de"].severity == ""
    assert not editor.scene.blocks["de"].port_state("input", True).faulty


def test_a_wire_in_the_hand_touches_only_the_blocks_that_are_marked(editor: Editor, shown_anew: list[str]) -> None:
    editor.scene.show_hand({("de", "input", True): "accepts"})
    assert shown_anew == ["de"]
    editor.scene.show_hand({("fl", "input", True): "impossible"})
    assert sorted(shown_anew) == ["de", "de", "fl"]
    assert editor.scene.blocks["de"].port_state("input", True).hand == ""
    assert editor.scene.blocks["fl"].port_state("input", True).hand == "impossible"


def test_only_a_picture_that_comes_or_goes_draws_the_whole_anew(editor: Editor) -> None:
    def picture(colour: Qt.GlobalColor) -> QImage:
        image = QImage(8, 8, QImage.Format.Format_RGB32)
        image.fill(colour)
        return image

    def shown() -> QColor:
        item = editor.scene.blocks["cv"]
        image = editor.view.viewport().grab().toImage()
        place = editor.view.mapFromScene(item.mapToScene(item.geometry.preview.center()))
        return image.pixelColor(place * image.devicePixelRatio())

    editor.view.zoom_to(1.0)
    editor.view.centerOn(editor.scene.blocks["cv"])
    redrawn: list[bool] = []
    editor.scene.redrawn.connect(lambda: redrawn.append(True))
    editor.set_previews({"cv": picture(Qt.GlobalColor.red)})
    assert redrawn == [True]
    assert shown() == QColor(Qt.GlobalColor.red)
    editor.set_previews({"cv": picture(Qt.GlobalColor.blue)})
    assert redrawn == [True]
    assert shown() == QColor(Qt.GlobalColor.blue)
    editor.set_previews({})
    assert redrawn == [True, True]
