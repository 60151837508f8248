"""The look of a plain label: a font and a colour of the theme."""

from __future__ import annotations

from PySide6.QtGui import QFont
from PySide6.QtWidgets import QWidget

from graph_editor.theme import Theme


def style_label(label: QWidget, font: QFont, ink: str, theme: Theme) -> None:
    """By palette: a style sheet of its own would lose the font when the label gets another parent."""
    label.setFont(font)
    palette = label.palette()
    palette.setColor(label.foregroundRole(), theme.color(ink))
    label.setPalette(palette)
