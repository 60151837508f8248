"""The scene always shows exactly what the document holds."""

from __future__ import annotations

import gc
import random

import msgspec
import pytest
from PySide6.QtGui import QImage

from engine.graph import edits
from engine.graph.analysis import Analysis
from engine.graph.graph import Block, Graph, Look, PortRef
from engine.graph.problem import Problem, Refused
from graph_editor.document import Document
from graph_editor.editor import Editor
from graph_editor.scene import GraphScene

TYPES = ("dense", "relu", "conv2d", "add", "flatten", "dropout", "cross_entropy", "residual", "mystery")


def assert_mirrors(scene: GraphScene) -> None:
    """Items, places, texts, ports, wires, index and lanes are those of the document."""
    body = scene.body
    assert scene.blocks.keys() == body.blocks.keys()
    assert {target: item.wire for target, item in scene.wires.items()} == {wire.target: wire for wire in body.wires}
    for id, block in body.blocks.items():
        item = scene.blocks[id]
        assert (item.x(), item.y()) == (block.look.x, block.look.y)
        assert item.content.name == block.name
        assert item.bypassed == block.bypassed
        assert scene.index.rectangle(id) == item.rectangle()
        type = scene.document.types.get(block.type)
        if type is not None:
            ports = type.ports_of(block, scene.document.graph.variables)
            assert [port.id for port in item.content.inputs] == [port.id for port in ports.inputs]
        for place in item.geometry.ports:
            end = PortRef(block=id, port=place.id)
            wired = end in scene.wires if place.is_input else any(wire.source == end for wire in body.wires)
            assert item.port_state(place.id, place.is_input).wired == wired
    assert len(scene.index) == len(body.blocks)
    for target, wire in scene.wires.items():
        source = scene.blocks[wire.wire.source.block]
        assert wire.route.points[0] == source.port_point(wire.wire.source.port, False)
        assert wire.route.points[-1] == scene.blocks[target.block].port_point(target.port, True)
    assert scene.picked_blocks <= scene.blocks.keys()
    assert {id for id, item in scene.blocks.items() if item.selected} == scene.picked_blocks
    assert {target for target, item in scene.wires.items() if item.selected} == scene.picked_wires
    assert len([item for item in scene.items() if item.parentItem() is None]) == len(body.blocks) + len(body.wires)


def random_edit(document: Document, scene: GraphScene, dice: random.Random) -> None:
    body, path = scene.body, scene.path
    ids = sorted(body.blocks)
    kind = dice.randrange(9)
    if kind <= 1 or not ids:
        type = dice.choice(TYPES)
        made = iter(document.new_ids(12))
        id = next(made)
        known = document.types.get(type)
        inner = known.body(lambda: next(made)) if known is not None and known.body is not None else None
        look = Look(dice.randrange(-50, 200) * 8, dice.randrange(-50, 100) * 8)
        document.edit("Add", edits.add_block, Block(id, type, type, body=inner, look=look), path=path)
    elif kind == 2:
        document.edit("Remove", edits.remove_blocks, tuple(dice.sample(ids, min(2, len(ids)))), path=path)
    elif kind == 3:
        places = {id: (dice.randrange(200) * 8, dice.randrange(100) * 8) for id in dice.sample(ids, min(3, len(ids)))}
        document.edit("Move", edits.move, places, path=path)
    elif kind == 4:
        document.edit("Rename", edits.rename, dice.choice(ids), f"name {dice.randrange(9)}", path=path)
    elif kind == 5:
        document.edit("Bypass", edits.set_bypassed, (dice.choice(ids),), dice.random() < 0.5, path=path)
    elif kind == 6 and body.wires:
        document.edit("Cut", edits.disconnect, (dice.choice(body.wires).target,), path=path)
    elif kind == 7:
        adds = [id for id in ids if body.blocks[id].type == "add"]
        if adds:
            count = dice.randrange(2, 5)
            document.edit("Ports", edits.set_parameter, dice.choice(adds), "inputs", count, path=path)
    else:
        outs = [(id, place.id) for id in ids for place in scene.blocks[id].geometry.ports if not place.is_input]
        ins = [(id, place.id) for id in ids for place in scene.blocks[id].geometry.ports if place.is_input]
        if outs and ins:
            document.edit("Wire", edits.connect, PortRef(*dice.choice(outs)), PortRef(*dice.choice(ins)), path=path)


@pytest.mark.parametrize("seed", range(6))
def test_after_any_edits_undos_and_redos_the_scene_is_the_document(editor: Editor, seed: int) -> None:
    dice = random.Random(seed)
    document, scene = editor.document, editor.scene
    for _ in range(120):
        roll = dice.random()
        if roll < 0.12:
            document.undo_stack.undo()
        elif roll < 0.2:
            document.undo_stack.redo()
        elif roll < 0.26:
            inside = [id for id, block in scene.body.blocks.items() if block.body is not None]
            editor.leave() if scene.path or not inside else editor.enter(dice.choice(sorted(inside)))
        elif roll < 0.32:
            scene.pick(
                dice.sample(sorted(scene.blocks), min(2, len(scene.blocks))),
                dice.sample(sorted(scene.wires), min(1, len(scene.wires))),
            )
        else:
            try:
                random_edit(document, scene, dice)
            except Refused:
                continue
        assert_mirrors(scene)
    while document.undo_stack.canUndo():
        document.undo_stack.undo()
    assert_mirrors(scene)
    while document.undo_stack.canRedo():
        document.undo_stack.redo()
    assert_mirrors(scene)


def test_loading_another_drawing_shows_it(editor: Editor) -> None:
    editor.enter("rs")
    editor.document.load(Graph(blocks={"a": Block("a", "dense", "Dense")}), None)
    assert editor.body_path() == ()
    assert_mirrors(editor.scene)


def test_many_blocks_at_once_are_loaded_in_bulk(editor: Editor) -> None:
    blocks = {f"b{n}": Block(f"b{n}", "relu", f"r{n}", look=Look(n * 100, 0)) for n in range(500)}
    editor.document.commit("Many", Graph(blocks=blocks))
    assert_mirrors(editor.scene)
    editor.document.undo_stack.undo()
    # What was shown before goes a few at a time.
    editor.scene.moves.finish()
    assert_mirrors(editor.scene)


def test_an_analysis_puts_shapes_on_wires_and_colours_label_ports(editor: Editor) -> None:
    scene = editor.scene
    wire = scene.wires[PortRef(block="re", port="input")]
    assert wire.spec is not None
    assert wire.spec.per_sample == "16×8×8"
    assert scene.wires[PortRef(block="ce", port="target")].is_label
    assert scene.blocks["in"].port_state("label", False).label
    assert scene.blocks["ce"].port_state("target", True).label
    assert scene.blocks["ce"].content.second == "10 classes"


def test_problems_become_badges_and_faulty_ports_also_from_inside_containers(editor: Editor) -> None:
    facts = {"title": "Dense", "name": "hidden", "expected": "a", "received": "b", "source": "", "hint": ""}
    problems = (
        Problem(code="rank", path=("de",), port="input", facts=facts),
        Problem(code="rank", path=("rs", "rsc1"), port="input", facts=facts),
        Problem(code="not-connected", severity="warning", path=("re",), facts=facts),
        Problem(code="not-connected", severity="advice", path=("fl",), facts=facts),
    )
    editor.set_analysis(Analysis(problems=problems))
    blocks = editor.scene.blocks
    assert {id: item.severity for id, item in blocks.items() if item.severity} == {
        "de": "error",
        "rs": "error",
        "re": "warning",
    }
    assert blocks["de"].port_state("input", True).faulty
    editor.enter("rs")
    assert editor.scene.blocks["rsc1"].severity == "error"
    editor.set_analysis(Analysis())
    assert editor.scene.blocks["rsc1"].severity == ""


def test_a_loss_shows_its_output_only_when_it_is_used(editor: Editor) -> None:
    assert editor.scene.blocks["ce"].geometry.port("loss", False) is None


def test_hits_are_found_by_arithmetic(editor: Editor) -> None:
    scene = editor.scene
    assert scene.block_at(380, 128).id == "cv"
    assert scene.block_at(500, 300) is None
    hit = scene.port_at(450, 130, 12)
    assert hit is not None
    assert hit.ref == PortRef(block="cv", port="output")
    wire = scene.wire_at(500, 131, 6)
    assert wire is not None
    assert wire.target == PortRef(block="re", port="input")


def test_texts_are_written_for_what_is_seen_and_anew_after_an_edit(make_editor, qtbot) -> None:
    blocks = [Block(f"b{i:03}", "dense", f"Layer {i}", look=Look(240 * (i % 20), 160 * (i // 20))) for i in range(400)]
    editor = make_editor(Graph(blocks={block.id: block for block in blocks}))
    assert gc.isenabled()
    near, far = editor.scene.blocks["b000"], editor.scene.blocks["b399"]
    editor.grab()
    assert near._texts is not None
    assert far._texts is None
    assert far.geometry.name == "Layer 399", "where it stands and what it says is known all the same"
    before = editor.grab().toImage()
    editor.document.edit("Rename", edits.rename, "b000", "Other")
    assert near._texts is None
    assert editor.grab().toImage() != before
    assert near._texts[0][1].text() == "Other"
    editor.jump_to(("b399",))
    editor.grab()
    assert far._texts is not None


def test_a_port_that_gets_a_wire_is_painted_filled(make_editor, qtbot) -> None:
    blocks = [Block("a", "relu", "A", look=Look(80, 80)), Block("b", "relu", "B", look=Look(320, 80))]
    editor = make_editor(Graph(blocks={block.id: block for block in blocks}))

    def dot() -> str:
        place = editor.view.mapFromScene(*editor.scene.blocks["b"].port_point("input", True))
        return editor.view.viewport().grab().toImage().pixelColor(place).name()

    hollow = dot()
    editor.document.edit("Connect", edits.connect, PortRef("a", "output"), PortRef("b", "input"))
    assert dot() != hollow
    editor.document.undo_stack.undo()
    assert dot() == hollow


def test_label_wires_lie_in_their_lanes_before_the_first_analysis(editor: Editor) -> None:
    scene = editor.scene
    analysed = scene.known.analysis
    scene.set_analysis(Analysis())
    target = PortRef(block="ce", port="target")
    wire = scene.wires[target]
    assert wire.is_label
    assert not any(other.is_label for end, other in scene.wires.items() if end != target)
    assert scene.blocks["in"].port_state("label", False).label
    before = wire.route.points
    scene.set_analysis(analysed)
    assert wire.route.points == before
    numbers = ("image: 1×8×8 float32", "label: 1 float32")
    scene.document.edit("Promise numbers", edits.set_parameter, "in", "fields", numbers)
    scene.set_analysis(Analysis())
    assert not wire.is_label


def test_pictures_that_go_before_the_new_drawing_is_told_are_no_trouble(editor: Editor) -> None:
    """A document tells of its settings first: what listens may take pictures away while the old blocks still stand."""
    scene, document = editor.scene, editor.document
    picture = QImage(8, 8, QImage.Format.Format_Grayscale8)
    scene.set_previews({"cv": picture, "re": picture})
    document.settings_changed.connect(lambda: scene.set_previews({}))
    document.load(Graph(blocks={"re": document.graph.blocks["re"]}), "other")
    assert_mirrors(scene)
    assert scene.known.previews == {}


def test_pictures_may_go_while_the_shown_body_is_no_longer_in_the_drawing(editor: Editor) -> None:
    """Another drawing is opened from inside a container: the pictures go before the canvas has left that body."""
    scene, document = editor.scene, editor.document
    scene.show_body(("rs",))
    scene.set_previews({"rs/rsc1": QImage(8, 8, QImage.Format.Format_Grayscale8)})
    document.settings_changed.connect(lambda: scene.set_previews({}))
    document.load(Graph(blocks={"re": document.graph.blocks["re"]}), "other")
    assert_mirrors(scene)
    assert scene.path == ()
    assert scene.known.previews == {}


def test_a_block_under_a_container_s_id_in_another_drawing_has_no_miniature(editor: Editor) -> None:
    document = editor.document
    assert editor.scene.blocks["rs"]._miniature is not None
    plain = msgspec.structs.replace(document.graph.blocks["re"], id="rs")
    document.load(Graph(blocks={"rs": plain}), "other")
    assert editor.scene.blocks["rs"]._miniature is None
