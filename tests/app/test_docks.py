"""Panels moved with the mouse: by their title bars into windows of their own, and found there again."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.main_window import FIRST_SIZE, MainWindow

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
LEFT = Qt.MouseButton.LeftButton
STEPS = 10


class Shows(QObject):
    """Notes which windows and panels are shown, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Show and not event.spontaneous():
            self.names.append("window" if isinstance(watched, MainWindow) else watched.objectName())
        return False


def drag_bar(window, dock, to: QPoint) -> None:
    """Take a panel by its title bar to a place of the window."""
    bar = dock.titleBarWidget()
    start, end = bar.mapTo(window, QPoint(60, 8)), to
    QTest.mousePress(bar, LEFT, pos=bar.mapFrom(window, start))
    for step in range(1, STEPS + 1):
        place = start + (end - start) * step / STEPS
        QTest.mouseMove(bar, bar.mapFrom(window, place))
        QTest.qWait(10)
    QTest.mouseRelease(bar, LEFT, pos=bar.mapFrom(window, end))
    QTest.qWait(50)


def test_title_bars_do_not_lie_over_what_is_below_them(window, qtbot) -> None:
    window.actions_table["arrange"].trigger()
    qtbot.wait(50)
    for dock in window.docks.values():
        bar = dock.titleBarWidget()
        assert bar.height() == 32
        assert dock.widget().geometry().top() >= bar.geometry().bottom() + 1


def test_a_panel_is_dragged_into_a_window_of_its_own(window, qtbot) -> None:
    window.actions_table["arrange"].trigger()
    qtbot.wait(50)
    dock = window.docks["palette"]
    drag_bar(window, dock, QPoint(600, 300))
    assert dock.isFloating()
    assert dock.isVisible()


def test_a_floating_panel_is_shown_again_over_the_window(open_window, qtbot) -> None:
    first = open_window()
    first.docks["views"].setFloating(True)
    first.close()
    shows = Shows()
    QApplication.instance().installEventFilter(shows)
    second = open_window()
    qtbot.waitUntil(lambda: "views" in shows.names[shows.names.index("window") :])
    QApplication.instance().removeEventFilter(shows)
    assert second.docks["views"].isFloating()
    assert second.docks["views"].isVisible()


def test_the_first_window_fits_on_the_screen_with_its_frame(window) -> None:
    free = window.screen().availableSize()
    window.resize(window.minimumSize())
    window.workspace.remembered.geometry = None
    window._restore()
    assert window.height() <= max(free.height() - 40, window.minimumHeight())
    assert window.width() <= FIRST_SIZE.width()


def test_an_inspector_that_floated_in_a_narrow_window_is_back_in_a_wide_one(open_window, qtbot) -> None:
    first = open_window()
    first.resize(first.minimumSize())
    qtbot.wait(50)
    assert first.inspector_floats
    first.close()
    second = open_window()
    second.resize(second.minimumSize())
    qtbot.wait(50)
    second.editor.select([next(iter(second.workspace.document.graph.blocks))])
    assert second.inspector.isVisible()
    second.close()
    third = open_window()
    qtbot.wait(50)
    assert not third.inspector_floats
    assert third.docks["inspector"].isVisible()
    assert third.run_bar.toggles["inspector"].isChecked()
