"""Panels slide in and out where motion is wanted; the layout is settled before."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QApplication, QWidget

from app.panel_motion import Slide
from graph_editor import motion


@pytest.fixture
def moving(qapp: QApplication) -> Iterator[None]:
    qapp.setProperty(motion.MOTION, True)
    yield
    qapp.setProperty(motion.MOTION, None)


def test_without_motion_there_is_no_slide(window) -> None:
    window.show_panel("views", False)
    assert window.findChildren(Slide) == []
    assert window.docks["views"].isHidden()


@pytest.mark.parametrize("name", ["views", "palette", "inspector"])
def test_a_toggle_lets_the_panel_slide_out_and_in(window, moving, qtbot, name: str) -> None:
    qtbot.wait(20)
    dock = window.docks[name]
    full, place = window.grab().toImage(), dock.geometry()
    qtbot.mouseClick(window.run_bar.toggles[name], Qt.MouseButton.LeftButton)
    (slide,) = window.findChildren(Slide)
    assert dock.isHidden()
    assert slide.geometry() == place
    assert slide.isVisible()
    qtbot.waitUntil(lambda: not window.findChildren(Slide))
    qtbot.mouseClick(window.run_bar.toggles[name], Qt.MouseButton.LeftButton)
    (slide,) = window.findChildren(Slide)
    assert dock.isVisible()
    assert dock.geometry() == slide.geometry() == place
    qtbot.waitUntil(lambda: not window.findChildren(Slide))
    middle = place.center()
    assert window.grab().toImage().pixelColor(middle) == full.pixelColor(middle)


def test_a_second_press_ends_the_first_motion(window, moving, qtbot) -> None:
    qtbot.wait(20)
    window.show_panel("views", False)
    window.show_panel("views", True)
    assert len([slide for slide in window.findChildren(Slide) if slide.isVisible()]) == 1
    assert window.docks["views"].isVisible()
    window.show_panel("views", True)
    assert not any(slide.isVisible() for slide in window.findChildren(Slide))


@pytest.mark.parametrize("name", ["views", "palette", "inspector"])
def test_a_panel_slides_in_over_its_own_ground_and_nothing_else_is_painted_for_it(
    window, moving, qtbot, monkeypatch, name: str
) -> None:
    qtbot.wait(20)
    dock = window.docks[name]
    window.show_panel(name, False)
    qtbot.waitUntil(lambda: not window.findChildren(Slide))
    grabbed: list[tuple[object, QRect]] = []
    grab = QWidget.grab

    def noted(widget: QWidget, rect: QRect | None = None) -> QPixmap:
        grabbed.append((widget, rect or widget.rect()))
        return grab(widget, rect or widget.rect())

    monkeypatch.setattr(QWidget, "grab", noted)
    window.show_panel(name, True)
    monkeypatch.undo()
    (slide,) = window.findChildren(Slide)
    assert slide.geometry() == dock.geometry()
    assert grabbed == [(dock, dock.rect())]
    at_first = slide.grab().toImage()
    grounds = {
        at_first.pixelColor(x, y).name() for x in range(0, at_first.width(), 7) for y in (0, 40, dock.height() // 2)
    }
    ground = window.theme.color("canvas" if name == "views" else "panel")
    assert grounds == {ground.name()}


def test_a_panel_slides_in_where_the_window_has_another_size_by_now(window, moving, qtbot) -> None:
    qtbot.wait(20)
    dock = window.docks["inspector"]
    window.show_panel("inspector", False)
    qtbot.waitUntil(lambda: not window.findChildren(Slide))
    before = dock.geometry()
    window.resize(window.width() + 120, window.height() + 60)
    qtbot.wait(20)
    window.show_panel("inspector", True)
    (slide,) = window.findChildren(Slide)
    assert slide.geometry() == dock.geometry() != before
    assert slide._panel.size() == dock.size() * slide._panel.devicePixelRatio()
    slide.grab()
    qtbot.waitUntil(lambda: not window.findChildren(Slide))
