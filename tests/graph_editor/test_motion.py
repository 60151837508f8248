"""Motion is 120 ms, ends where it should, gives way to the hand, and is left out where nobody wants it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from graph_editor import motion
from graph_editor.editor import Editor


@pytest.fixture
def moving(qapp: QApplication) -> Iterator[None]:
    qapp.setProperty(motion.MOTION, True)
    yield
    qapp.setProperty(motion.MOTION, None)


@pytest.fixture
def watched(editor: Editor) -> list[float]:
    """The zooms that were shown."""
    zooms: list[float] = []
    editor.view.moved.connect(lambda: zooms.append(editor.view.zoom))
    return zooms


def place(editor: Editor) -> tuple[float, float, float]:
    middle = editor.view.middle()
    return editor.view.zoom, middle.x(), middle.y()


def test_off_screen_and_where_the_environment_asks_nothing_moves(qapp: QApplication, monkeypatch) -> None:
    assert not motion.is_wanted(), "the off-screen platform"
    monkeypatch.setattr(motion, "_NOBODY_LOOKS", ())
    usual = motion.is_wanted()
    monkeypatch.setenv(motion.REDUCED, "1")
    assert not motion.is_wanted()
    monkeypatch.setenv(motion.REDUCED, "0")
    assert motion.is_wanted() == usual
    qapp.setProperty(motion.MOTION, False)
    assert not motion.is_wanted()
    qapp.setProperty(motion.MOTION, None)


def test_without_motion_fit_is_there_at_once(editor: Editor) -> None:
    editor.view.zoom_to(2.0)
    editor.fit()
    assert not editor.view.glide.is_running
    assert editor.view.visible_area().contains(editor.scene.bounds())


def test_fit_glides_to_where_it_would_have_jumped(editor: Editor, watched, moving, qtbot) -> None:
    editor.fit(soft=False)
    there = place(editor)
    editor.view.zoom_to(3.0)
    editor.view.centerOn(900, 500)
    watched.clear()
    editor.fit()
    assert editor.view.glide.is_running
    assert editor.view.zoom > 2.5
    qtbot.waitUntil(lambda: not editor.view.glide.is_running)
    assert place(editor) == pytest.approx(there, abs=1.5)
    assert watched[-1] == pytest.approx(there[0])
    assert sorted(watched, reverse=True) == watched, "it goes one way"


def test_two_presses_of_zoom_go_twice_as_far(editor: Editor, moving, qtbot) -> None:
    before = place(editor)
    editor.zoom_by(1.25)
    editor.zoom_by(1.25)
    qtbot.waitUntil(lambda: not editor.view.glide.is_running)
    assert editor.view.zoom == pytest.approx(before[0] * 1.5625)
    assert place(editor)[1:] == pytest.approx(before[1:], abs=1.5)


@pytest.mark.parametrize("what", ["press", "pan", "zoom"])
def test_the_hand_stops_it(editor: Editor, moving, qtbot, what: str) -> None:
    editor.view.zoom_to(3.0)
    editor.fit()
    assert editor.view.glide.is_running
    if what == "press":
        QTest.mousePress(editor.view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(5, 5))
    elif what == "pan":
        editor.view.pan_by(10, 0)
    else:
        editor.view.zoom_to(2.0)
    assert not editor.view.glide.is_running
    shown = editor.view.zoom
    qtbot.wait(160)
    assert editor.view.zoom == shown
    if what == "press":
        QTest.mouseRelease(editor.view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(5, 5))


def test_another_body_is_there_at_once(editor: Editor, moving) -> None:
    editor.enter("rs")
    assert not editor.view.glide.is_running
    assert editor.view.visible_area().contains(editor.scene.bounds())
