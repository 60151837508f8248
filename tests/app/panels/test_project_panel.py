"""What stands in the inspector while nothing is selected."""

from __future__ import annotations

from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from app.panels.project_panel import Try
from app.panels.section import Section
from graph_editor.theme import load_theme


def test_a_long_thing_to_try_is_wholly_seen(qtbot):
    theme = load_theme("light")
    section = Section("Try", theme)
    words = "Drag Dropout behind the flattened picture. What does it do to the pictures that come out at the end of it?"
    row = section.add(Try(1, words, theme))
    page = QWidget()
    layout = QVBoxLayout(page)
    layout.addWidget(section)
    layout.addStretch()
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setWidget(page)
    qtbot.addWidget(area)
    area.resize(264, 400)
    area.show()
    qtbot.waitExposed(area)
    qtbot.waitUntil(lambda: row.sentence.height() >= row.sentence.heightForWidth(row.sentence.width()))
    assert row.height() > 40
