"""No label of the inspector is cut off or touches its edge."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QMargins
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from app.panels.fields import BooleanField, FieldRow
from app.panels.inspector import Inspector
from app.panels.learning_section import has_weights
from app.panels.section import Folded, Sentence
from engine.blocks.catalogue import BLOCK_TYPES
from engine.graph.graph import Block, Graph
from engine.training.plan import Settings
from graph_editor.document import Document
from graph_editor.theme import INSPECTOR_WIDTH, load_theme
from tests.app.panels.inspecting import page, shown

FAMILIES = sorted({type.family for type in BLOCK_TYPES.values()})


def rows_of(widget: QWidget) -> list[FieldRow]:
    """All rows inside, those behind links made."""
    for folded in widget.findChildren(Folded):
        folded.make()
    return widget.findChildren(FieldRow)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_label_of_the_inspector_has_room(qtbot: QtBot, family: str) -> None:
    types = [type for type in BLOCK_TYPES.values() if type.family == family]
    blocks = {type.id: Block(type.id, type.id, type.title) for type in types}
    document = Document(Graph(blocks=blocks), BLOCK_TYPES, Settings())
    inspector = shown(Inspector(document, BLOCK_TYPES, {}, load_theme("light")), qtbot)
    assert inspector.width() == INSPECTOR_WIDTH
    for type in types:
        inspector.show_selection((), (type.id,))
        panel = page(inspector)
        rows = rows_of(panel)
        labels = {row.label() for row in rows}
        if panel.parameters is not None:
            assert {type.parameter(id).label for id in panel.parameters.ids()} <= labels  # type: ignore[union-attr]
        if has_weights(type, blocks[type.id], {}):
            assert "Rate factor" in labels
        for row in rows:
            for changed in (False, True):
                assert row.shown_label(changed) == row.label()


def test_a_label_without_room_ends_in_an_ellipsis(qtbot: QtBot) -> None:
    theme = load_theme("light")
    row = FieldRow("Predicts the logarithm", BooleanField(theme), theme, default=False, purpose="All of it.")
    qtbot.addWidget(row)
    assert row.shown_label(False).endswith("…")
    assert len(row.shown_label(True)) <= len(row.shown_label(False))


def test_a_sentence_that_has_no_room_yet_keeps_its_margins_in_another_style(qtbot: QtBot) -> None:
    sentence = Sentence("Reads pictures of handwritten digits", load_theme("light"))
    qtbot.addWidget(sentence)
    sentence.setContentsMargins(16, 8, 16, 12)
    sentence.resize(200, 10)
    QApplication.sendEvent(sentence, QEvent(QEvent.Type.StyleChange))
    assert sentence.contentsMargins() == QMargins(16, 8, 16, 12)
