"""Drawing a loop with the mouse: through a Delay it is taken, without one it is refused."""

from __future__ import annotations

import pytest

from engine.graph.graph import Block, Graph, Look, PortRef, Wire
from graph_editor.editor import Editor


@pytest.fixture
def loop(make_editor) -> Editor:
    """A Delay that feeds a tanh, which feeds a ReLU: nothing leads back yet."""
    blocks = [
        Block("z", "delay", "Delay", look=Look(80, 80)),
        Block("h", "tanh", "Tanh", look=Look(320, 80)),
        Block("r", "relu", "ReLU", look=Look(560, 80)),
    ]
    wires = (
        Wire(PortRef("z", "output"), PortRef("h", "input")),
        Wire(PortRef("h", "output"), PortRef("r", "input")),
    )
    return make_editor(Graph(blocks={block.id: block for block in blocks}, wires=wires))


def wires(editor: Editor) -> set[tuple[str, str]]:
    return {(wire.source.block, wire.target.block) for wire in editor.document.graph.wires}


def test_a_delay_lights_up_for_what_it_feeds(loop: Editor, mouse_of) -> None:
    mouse = mouse_of(loop)
    mouse.press(*mouse.port("r", "output", False))
    mouse.move(300, 250)
    assert loop.scene.blocks["z"].port_state("input", True).hand == "accepts"
    assert loop.scene.blocks["h"].port_state("input", True).hand == "impossible"
    mouse.release(300, 250)


@pytest.mark.parametrize("backwards", [False, True])
def test_a_wire_back_into_a_delay_closes_the_loop(loop: Editor, mouse_of, backwards: bool) -> None:
    mouse = mouse_of(loop)
    ends = [mouse.port("r", "output", False), mouse.port("z", "input", True)]
    mouse.drag(*(reversed(ends) if backwards else ends))
    assert wires(loop) == {("z", "h"), ("h", "r"), ("r", "z")}


def test_a_wire_back_into_anything_else_is_refused(loop: Editor, mouse_of) -> None:
    loop.document.edit("Disconnect", _without_first_wire)
    mouse = mouse_of(loop)
    mouse.drag(mouse.port("r", "output", False), mouse.port("h", "input", True))
    assert wires(loop) == {("h", "r")}
    assert loop.refusal.problem.code == "cycle"


def _without_first_wire(graph: Graph, scope: object) -> Graph:
    return Graph(blocks=graph.blocks, wires=tuple(wire for wire in graph.wires if wire.source.block != "z"))
