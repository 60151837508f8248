"""The texts of a block, laid out once and painted often; of one size and font in every theme."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QFont, QGlyphRun, QStaticText, QTextLayout

from graph_editor.block_geometry import BlockGeometry
from graph_editor.canvas_look import CanvasLook
from graph_editor.theme import BLOCK_NAME_AT, DETAIL_NAME_SIZE

NAME_BASELINE, SECOND_BASELINE, ALONE_BASELINE, LABEL_BASELINE = 21.0, 36.5, 28.5, 4.5
LARGE_NAME_AT = 40.0
NAME_SIZES = (DETAIL_NAME_SIZE, 18, 16, 14)

Text = tuple[QPointF, QStaticText, bool]
"""Where, what, and whether in secondary."""


def texts_of(geometry: BlockGeometry, look: CanvasLook) -> tuple[Text, ...]:
    """Name, second line and labels of ports."""
    rise, second_rise = look.name_metrics.ascent(), look.second_metrics.ascent()
    baseline = NAME_BASELINE if geometry.second else ALONE_BASELINE
    texts = [(QPointF(BLOCK_NAME_AT, baseline - rise), _static(geometry.name), False)]
    if geometry.second:
        texts.append((QPointF(BLOCK_NAME_AT, SECOND_BASELINE - second_rise), _static(geometry.second), True))
    else:
        texts.append((QPointF(), _static(""), True))
    for place in geometry.ports:
        if place.label:
            width = look.second_metrics.horizontalAdvance(place.label)
            x = 12.0 if place.is_input else geometry.width - 12.0 - width
            texts.append((QPointF(x, place.y + LABEL_BASELINE - second_rise), _static(place.label), True))
    for _, text, secondary in texts:
        text.prepare(font=look.second_font if secondary else look.name_font)
    return tuple(texts)


def large_name(name: str, geometry: BlockGeometry, look: CanvasLook) -> tuple[QPointF, tuple[QGlyphRun, ...]]:
    """The name as large as fits, for the middle level of detail: where, and what."""
    room = geometry.width - LARGE_NAME_AT - 6
    natural = look.name_metrics.horizontalAdvance(name) / look.name_font.pixelSize()
    size = next((size for size in NAME_SIZES if natural * size <= room), NAME_SIZES[-1])
    font, metrics = look.name_font_at(size)
    shown = metrics.elidedText(name, Qt.TextElideMode.ElideRight, room)
    top = geometry.height / 2 + metrics.capHeight() / 2 - metrics.ascent()
    return QPointF(LARGE_NAME_AT, top), _glyphs(shown, font)


def _glyphs(text: str, font: QFont) -> tuple[QGlyphRun, ...]:
    """A text of one line, laid out for every zoom: a QStaticText is laid out anew at each, 10 µs a name."""
    layout = QTextLayout(text, font)
    layout.beginLayout()
    layout.createLine()
    layout.endLayout()
    return tuple(layout.glyphRuns())


def _static(text: str) -> QStaticText:
    """A text that is laid out once and painted often."""
    static = QStaticText(text)
    static.setTextFormat(Qt.TextFormat.PlainText)
    static.setPerformanceHint(QStaticText.PerformanceHint.AggressiveCaching)
    return static
