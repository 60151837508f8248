"""What tests of charts share: both themes, pixels, and a pointer."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from graph_editor.theme import Theme, load_theme


@pytest.fixture(params=["light", "dark"])
def theme(request: pytest.FixtureRequest, qapp) -> Theme:
    return load_theme(request.param, 1.0)


def count_pixels(image: QImage, color: QColor, tolerance: int = 6) -> int:
    """How many pixels of an image are of a colour."""
    found = 0
    for y in range(image.height()):
        for x in range(image.width()):
            other = image.pixelColor(x, y)
            if (
                abs(other.red() - color.red()) <= tolerance
                and abs(other.green() - color.green()) <= tolerance
                and abs(other.blue() - color.blue()) <= tolerance
            ):
                found += 1
    return found


@pytest.fixture
def pixels() -> Callable[..., int]:
    """Counts the pixels of a colour in a widget as it looks now."""
    return lambda widget, color, tolerance=6: count_pixels(widget.grab().toImage(), color, tolerance)


@pytest.fixture
def shown(qtbot) -> Callable[..., QWidget]:
    """Shows a widget at a size, and closes it in the end."""

    def show(widget: QWidget, width: int = 320, height: int = 200) -> QWidget:
        qtbot.addWidget(widget)
        widget.resize(width, height)
        widget.show()
        qtbot.waitExposed(widget)
        return widget

    return show


@pytest.fixture
def point() -> Callable[[QWidget, float, float], None]:
    """Moves the pointer over a widget."""

    def move(widget: QWidget, x: float, y: float) -> None:
        QTest.mouseMove(widget, QPoint(round(x) - 1, round(y)))
        QTest.mouseMove(widget, QPoint(round(x), round(y)))

    return move
