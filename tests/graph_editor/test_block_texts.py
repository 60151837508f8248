"""The name of a block at the middle level of detail: laid out once, and drawn as any text is."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QImage, QPainter, QStaticText
from PySide6.QtWidgets import QGraphicsRectItem

from graph_editor.block_geometry import BlockContent
from graph_editor.block_item import BlockItem
from graph_editor.block_texts import NAME_SIZES, large_name
from graph_editor.canvas_look import CanvasLook
from graph_editor.theme import load_theme
from graph_editor.wire_item import WireItem


@pytest.mark.parametrize("name", ["ReLU", "Größe", "A first convolution", "第一层 conv", "שכבה a"])
def test_the_large_name_looks_as_any_text(qapp: object, name: str) -> None:
    look = CanvasLook(load_theme("light", 1.0))
    geometry = look.geometry(BlockContent(name, ""))
    place, runs = large_name(name, geometry, look)
    room = geometry.width - place.x() - 6
    fonts = [look.name_font_at(size) for size in NAME_SIZES]
    font, _ = next((one for one in fonts if one[1].horizontalAdvance(name) <= room), fonts[-1])
    empty = QImage(400, 60, QImage.Format.Format_RGB32)
    empty.fill(look.block.color())
    drawn, expected = QImage(empty), QImage(empty)
    painter = QPainter(drawn)
    painter.setPen(look.text)
    for run in runs:
        painter.drawGlyphRun(QPointF(10, 10), run)
    painter.end()
    painter = QPainter(expected)
    painter.setPen(look.text)
    painter.setFont(font)
    painter.drawStaticText(QPointF(10, 10), QStaticText(name))
    painter.end()
    assert drawn == expected != empty


def test_qt_knows_what_an_item_may_paint_on_without_asking() -> None:
    assert BlockItem.boundingRect is QGraphicsRectItem.boundingRect
    assert WireItem.boundingRect is QGraphicsRectItem.boundingRect
