"""What the status bar says, and for how long."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from app.panels import status_bar
from app.panels.status_bar import StatusBar
from graph_editor.theme import load_theme

LONG = "Wrote net.onnx: logits from image, for any batch size. Its weights are fresh, as it was not trained yet."


@pytest.fixture
def bar(qtbot) -> StatusBar:
    bar = StatusBar(load_theme("light"))
    qtbot.addWidget(bar)
    bar.resize(500, bar.height())
    bar.show()
    return bar


def test_a_message_longer_than_its_room_ends_in_an_ellipsis(bar) -> None:
    bar.show_message(LONG)
    whole = bar.message.grab().toImage()
    room = bar.message.width()
    assert bar.message.fontMetrics().horizontalAdvance(LONG) > room
    bar.show_message(bar.message.fontMetrics().elidedText(LONG, Qt.TextElideMode.ElideRight, room))
    assert bar.message.grab().toImage() == whole
    assert bar.message.text().endswith("…")


def test_a_message_goes_with_its_tip(bar, qtbot, monkeypatch) -> None:
    monkeypatch.setattr(status_bar, "MESSAGE_MS", 20)
    monkeypatch.setattr(status_bar, "READING_MS", 0)
    bar.show_message("Saved")
    assert bar.message.toolTip() == "Saved"
    qtbot.waitUntil(lambda: bar.message.text() == "")
    assert bar.message.toolTip() == ""


def test_what_goes_on_is_said_until_it_is_over_and_messages_stand_before_it_a_while(bar, qtbot, monkeypatch) -> None:
    monkeypatch.setattr(status_bar, "MESSAGE_MS", 20)
    monkeypatch.setattr(status_bar, "READING_MS", 0)
    bar.show_work("Writing net.onnx …")
    qtbot.wait(60)
    assert bar.message.text() == bar.message.toolTip() == "Writing net.onnx …"
    bar.show_message("Saved net.loom")
    assert bar.message.text() == "Saved net.loom"
    qtbot.waitUntil(lambda: bar.message.text() == "Writing net.onnx …")
    bar.show_message("Deleted 2 wires")
    bar.forget_message()
    assert bar.message.text() == "Writing net.onnx …"
    bar.show_work("")
    assert bar.message.text() == bar.message.toolTip() == ""


def test_the_end_of_what_goes_on_takes_no_message_away(bar) -> None:
    bar.show_work("Writing net.onnx …")
    bar.show_message("Saved net.loom")
    bar.show_work("")
    assert bar.message.text() == "Saved net.loom"
    bar.show_work("Writing other.onnx …")
    assert bar.message.text() == "Writing other.onnx …", "the newest is said"
