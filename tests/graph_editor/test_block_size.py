"""What the layout takes a block for is what the canvas draws: ports at the same heights, sizes about the same."""

from __future__ import annotations

import itertools

import pytest

from engine.blocks.catalogue import BLOCK_TYPES
from engine.graph.block_size import Drawn
from engine.graph.block_type import Port, Ports
from engine.graph.graph import Block
from graph_editor.block_content import content_of
from graph_editor.canvas_look import CanvasLook
from graph_editor.theme import load_theme

USED = Ports(outputs=(Port("loss", "loss"),))


@pytest.mark.parametrize("id", BLOCK_TYPES)
def test_ports_stand_where_the_canvas_draws_them(qapp: object, id: str) -> None:
    type = BLOCK_TYPES[id]
    numbers = itertools.count()
    body = type.body(lambda: f"b{next(numbers)}") if type.body is not None else None
    block = Block("block", id, type.title, body=body)
    shown = CanvasLook(load_theme("light", 1.0)).geometry(content_of(block, type, {}, {}, USED, False))
    drawn = Drawn(block, type, {}, None)
    for rows, is_input in ((drawn.inputs, True), (drawn.outputs, False)):
        assert rows == {port.id: int(port.y) for port in shown.ports if port.is_input == is_input}
    assert 0 <= drawn.size[1] - shown.height < 8
    # Texts are not measured without fonts, and the estimate knows no shapes.
    assert abs(drawn.size[0] - shown.width) <= 40
