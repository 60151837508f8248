"""The style sheet: every name in it is known, and Qt's own widgets take the theme's looks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QPoint
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QApplication, QMainWindow, QMenu, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from graph_editor.style_sheet import apply_theme, palette, round_menu, rounded_region, style_sheet
from graph_editor.theme import MENU_HEIGHT, RADIUS_POPUP, Theme, load_theme


class Telling(QWidget):
    """Counts how often it hears that its style is another."""

    told = 0

    def changeEvent(self, event: QEvent) -> None:
        self.told += event.type() == QEvent.Type.StyleChange
        super().changeEvent(event)


@pytest.fixture(params=["light", "dark"])
def theme(request: pytest.FixtureRequest, qapp: QApplication) -> Iterator[Theme]:
    old_palette, old_font = qapp.palette(), qapp.font()
    yield load_theme(request.param, 1.0)
    qapp.setStyleSheet("")
    qapp.setPalette(old_palette)
    qapp.setFont(old_font)


def test_nothing_is_left_to_fill_in(theme: Theme) -> None:
    sheet = style_sheet(theme)
    assert "$" not in sheet
    assert "font" not in sheet, "a font here would drop the figures of equal width"


def test_every_picture_exists_for_fine_screens_too(theme: Theme) -> None:
    pictures = re.findall(r'url\("([^"]+)"\)', style_sheet(theme))
    assert pictures
    for picture in pictures:
        for suffix in ("", "@2x", "@3x"):
            assert Path(picture.replace(".png", f"{suffix}.png")).stat().st_size > 0


def test_the_application_takes_the_look(qapp: QApplication, qtbot: QtBot, theme: Theme) -> None:
    apply_theme(qapp, theme)
    assert qapp.font().family() == "Inter"
    window = QWidget()
    qtbot.addWidget(window)
    button = QPushButton("Run", window)
    button.setProperty("primary", True)
    button.resize(100, 28)
    assert button.sizeHint().height() == 28
    assert window.grab().toImage().pixelColor(8, 14).name() == theme.color("fill").name()
    button.setEnabled(False)
    assert window.grab().toImage().pixelColor(8, 14).name() == theme.color("panel").name()


def test_the_menu_bar_is_28_high(qapp: QApplication, qtbot: QtBot, theme: Theme) -> None:
    apply_theme(qapp, theme)
    window = QMainWindow()
    qtbot.addWidget(window)
    for title in ("File", "Edit"):
        window.menuBar().addMenu(title)
    window.resize(400, 200)
    window.show()
    qtbot.waitExposed(window)
    assert window.menuBar().height() == MENU_HEIGHT
    assert window.menuBar().actionGeometry(window.menuBar().actions()[1]).left() > 20


def test_the_palette_speaks_of_the_theme(theme: Theme) -> None:
    made = palette(theme)
    assert made.color(QPalette.ColorRole.Window) == theme.color("panel")
    assert made.color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.Text) == theme.color("disabled")


def test_the_style_below_the_sheet_is_set_once(qapp: QApplication, theme: Theme, monkeypatch) -> None:
    apply_theme(qapp, theme)
    asked: list[object] = []
    monkeypatch.setattr(QApplication, "setStyle", asked.append)
    apply_theme(qapp, load_theme("dark" if theme.name == "light" else "light", 1.0))
    assert asked == []
    assert qapp.palette().color(QPalette.ColorRole.Window).name() != theme.color("panel").name()


def test_a_widget_is_told_of_another_theme_no_oftener_deep_inside(
    qapp: QApplication, qtbot: QtBot, theme: Theme
) -> None:
    apply_theme(qapp, theme)
    outer = Telling()
    qtbot.addWidget(outer)
    inner = outer
    for _ in range(12):
        inner = Telling(inner)
    outer.show()
    qtbot.waitExposed(outer)
    outer.told = inner.told = 0
    apply_theme(qapp, load_theme("dark" if theme.name == "light" else "light", 1.0))
    assert 1 <= inner.told <= outer.told + 1


@pytest.mark.qt_log_ignore("This plugin does not support (raise|grabbing)")
def test_what_is_cut_off_a_menu_is_nothing_that_it_paints(theme: Theme, qapp: QApplication, qtbot: QtBot) -> None:
    apply_theme(qapp, theme)
    menu = round_menu(QMenu())
    qtbot.addWidget(menu)
    for title in ("Run", "Pause", "Stop"):
        menu.addAction(title)
    menu.popup(QPoint(20, 20))
    qtbot.waitUntil(menu.isVisible)
    right, below = menu.width() - 1, menu.height() - 1
    kept = rounded_region(menu.rect(), RADIUS_POPUP - 1)
    assert kept.boundingRect() == menu.rect()
    assert not any(kept.contains(QPoint(x, y)) for x in (0, right) for y in (0, below))
    painted = menu.grab().toImage()
    places = [(x, y) for x in range(menu.width()) for y in range(menu.height())]
    cut = [place for place in places if not kept.contains(QPoint(*place))]
    assert 8 <= len(cut) <= 80
    assert all(painted.pixelColor(*place).alpha() < 128 for place in cut)
