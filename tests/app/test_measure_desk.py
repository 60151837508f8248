"""For what the worker's session was opened, and when another one is wanted."""

from __future__ import annotations

import pytest

from app.measure_desk import MeasureDesk
from engine.blocks.catalogue import BLOCK_TYPES
from engine.graph.graph import Block, Graph
from engine.training.plan import Settings, set_device
from graph_editor.document import Document


class Link:
    """Stands where the worker is."""

    alive = True

    def on(self, kind: type, handler: object) -> None: ...

    def next_id(self) -> int:
        return 1

    def send(self, message: object) -> None: ...


def drawing(units: int) -> Graph:
    return Graph(blocks={"d": Block(id="d", type="dense", name="Dense", parameters={"out_features": units})})


@pytest.fixture
def desk(qapp) -> MeasureDesk:
    desk = MeasureDesk(Document(drawing(0), BLOCK_TYPES, Settings()), Link())
    desk.open_session()
    assert desk.is_open_on_drawing
    return desk


def test_another_drawing_wants_another_session_wherever_it_lies_in_memory(desk) -> None:
    for units in range(1, 100):
        desk._document.load(drawing(units), Settings())
        assert not desk.is_open_on_drawing


def test_another_device_wants_another_session(desk) -> None:
    desk._document.edit_settings("Set device", set_device, "cpu")
    assert not desk.is_open_on_drawing
    desk.open_session()
    assert desk.is_open_on_drawing
