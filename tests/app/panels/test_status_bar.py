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
