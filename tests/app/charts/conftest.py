"""What tests of charts share: both themes, pixels, and a pointer."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
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
    image = image.convertToFormat(QImage.Format.Format_ARGB32)
    rows = np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), image.bytesPerLine() // 4)
    words = rows[:, : image.width()].astype(np.int64)
    found = np.ones(words.shape, bool)
    for shift, wanted in ((16, color.red()), (8, color.green()), (0, color.blue())):
        found &= np.abs((words >> shift & 255) - wanted) <= tolerance
    return int(found.sum())


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
