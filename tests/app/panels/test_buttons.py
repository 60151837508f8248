"""Buttons, section headers and empty states under a real mouse and keyboard."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot

from app.panels.buttons import Button, FocusRing, IconButton, LinkButton, PlainButton, PrimaryButton, SectionHeader
from app.panels.empty_state import EmptyState
from graph_editor.theme import Theme, load_theme

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture(params=["light", "dark"])
def theme(request: pytest.FixtureRequest, qapp: object) -> Theme:
    return load_theme(request.param, 1.0)


@pytest.fixture
def window(qtbot: QtBot) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    made.resize(240, 120)
    QPushButton("elsewhere", made).move(10, 90)
    return made


def show(qtbot: QtBot, window: QWidget) -> None:
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()


def ground(button: Button) -> str:
    return button.grab().toImage().pixelColor(6, button.height() // 2).name()


def test_the_primary_button_is_filled_and_darker_when_pressed(theme: Theme, window: QWidget) -> None:
    run = PrimaryButton("Run", theme, "ph.play-fill", parent=window)
    run.resize(104, 28)
    assert ground(run) == theme.color("fill").name()
    run.setDown(True)
    assert ground(run) == theme.fill_pressed.name()
    run.setDown(False)
    run.setEnabled(False)
    assert ground(run) != theme.color("fill").name()
    run.setEnabled(True)
    run.set_filled(False)
    assert ground(run) == theme.color("panel").name()


def test_a_click_space_and_enter_press(qtbot: QtBot, theme: Theme, window: QWidget) -> None:
    button = PlainButton("Add view", theme, "ph.plus", parent=window)
    button.resize(button.sizeHint())
    pressed: list[int] = []
    button.clicked.connect(lambda: pressed.append(1))
    show(qtbot, window)
    qtbot.mouseClick(button, LEFT)
    qtbot.keyClick(button, Qt.Key.Key_Space)
    qtbot.keyClick(button, Qt.Key.Key_Return)
    assert len(pressed) == 3
    button.setEnabled(False)
    qtbot.mouseClick(button, LEFT)
    assert len(pressed) == 3


def test_a_key_presses_its_button(qtbot: QtBot, theme: Theme, window: QWidget) -> None:
    button = PlainButton("Insert Flatten", theme, key="F", parent=window)
    plain = PlainButton("Insert Flatten", theme, parent=window)
    assert button.sizeHint().width() >= plain.sizeHint().width() + 16
    pressed: list[int] = []
    button.clicked.connect(lambda: pressed.append(1))
    show(qtbot, window)
    qtbot.keyClick(window, Qt.Key.Key_F)
    qtbot.waitUntil(lambda: pressed == [1])


def test_only_the_keyboard_draws_a_ring_around_the_button(qtbot: QtBot, theme: Theme, window: QWidget) -> None:
    button = PrimaryButton("Run", theme, parent=window)
    button.setGeometry(20, 20, 72, 28)
    show(qtbot, window)
    elsewhere = window.findChildren(QPushButton)[0]
    elsewhere.setFocus()
    qtbot.mouseClick(button, LEFT)
    assert [ring for ring in window.findChildren(FocusRing) if ring.isVisible()] == []
    elsewhere.setFocus()
    button.setFocus(Qt.FocusReason.TabFocusReason)
    (ring,) = window.findChildren(FocusRing)
    assert ring.isVisible()
    assert ring.geometry() == button.geometry().adjusted(-3, -3, 3, 3)
    assert window.grab().toImage().pixelColor(18, 34).name() == theme.color("accent").name()
    button.move(40, 20)
    assert ring.geometry() == button.geometry().adjusted(-3, -3, 3, 3)
    elsewhere.setFocus()
    assert not ring.isVisible()


def test_an_icon_button_keeps_its_check(qtbot: QtBot, theme: Theme, window: QWidget) -> None:
    button = IconButton("own.panel-left", "Toggle the palette", theme, parent=window)
    button.setCheckable(True)
    button.resize(button.sizeHint())
    assert button.sizeHint() == QSize(28, 28)
    assert button.accessibleName() == "Toggle the palette"
    show(qtbot, window)
    seen: list[bool] = []
    button.toggled.connect(seen.append)
    qtbot.mouseClick(button, LEFT)
    qtbot.mouseClick(button, LEFT)
    assert seen == [True, False]


def test_a_section_folds_by_mouse_and_keyboard(qtbot: QtBot, theme: Theme, window: QWidget) -> None:
    header = SectionHeader("Parameters", theme, window)
    header.resize(200, 32)
    seen: list[bool] = []
    header.folded.connect(seen.append)
    show(qtbot, window)
    open_picture = header.grab().toImage()
    qtbot.mouseClick(header, LEFT, pos=QPoint(100, 16))
    assert header.is_folded()
    assert header.grab().toImage() != open_picture
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Left, Qt.Key.Key_Space):
        qtbot.keyClick(header, key)
    assert seen == [True, False, True, False]


def test_an_empty_state_offers_one_thing_to_do(qtbot: QtBot, theme: Theme, window: QWidget) -> None:
    state = EmptyState("Its block was deleted", "Choose another", theme, window)
    state.resize(240, 120)
    followed: list[int] = []
    state.activated.connect(lambda: followed.append(1))
    show(qtbot, window)
    (link,) = state.findChildren(LinkButton)
    qtbot.mouseClick(link, LEFT)
    assert followed == [1]
    state.set_sentence("Waits for the first epoch")
    assert not link.isVisible()


def test_buttons_take_another_theme(theme: Theme, window: QWidget) -> None:
    other = load_theme("light" if theme.is_dark else "dark", 1.0)
    button = PlainButton("Open", theme, parent=window)
    button.resize(80, 28)
    button.set_theme(other)
    assert ground(button) == other.color("panel").name()


def test_the_ring_of_a_heading_lies_inside_the_panel(qtbot: QtBot, theme: Theme, window: QWidget) -> None:
    header = SectionHeader("Data", theme, window)
    header.setGeometry(0, 20, window.width(), 32)
    show(qtbot, window)
    header.setFocus(Qt.FocusReason.TabFocusReason)
    (ring,) = (ring for ring in window.findChildren(FocusRing) if ring.isVisible())
    assert window.rect().contains(ring.geometry())
    assert header.geometry().contains(ring.geometry())
