"""The window's panels as docks: without title bars in their places, with one while they float or are being moved."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from PySide6.QtCore import QPointF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QDockWidget, QHBoxLayout, QLabel, QMainWindow, QSizePolicy, QWidget

from app.panels.buttons import IconButton
from graph_editor.theme import HEADING_HEIGHT, ICON, SEMIBOLD, SIZE_NORMAL, SPACE_8, Theme

LAID_OUT_MS = 50
"""When a panel that was shown has its place."""


class PanelDock(QDockWidget):
    """A panel that can stand at any side or float. `shown_changed` when a person shows or hides it."""

    shown_changed = Signal(bool)

    def __init__(self, name: str, title: str, panel: QWidget, theme: Theme, parent: QWidget) -> None:
        super().__init__(title, parent)
        self.setObjectName(name)
        self.width_beside = 0
        self._arranging = False
        self._bar = _TitleBar(title, theme, self)
        self._bar.cross.clicked.connect(lambda: self.set_shown(False))
        self._none = QWidget(self)
        self._none.setFixedHeight(0)
        self.setFeatures(
            QDockWidget.DockWidgetFeature.DockWidgetMovable
            | QDockWidget.DockWidgetFeature.DockWidgetFloatable
            | QDockWidget.DockWidgetFeature.DockWidgetClosable
        )
        self.setWidget(panel)
        self.topLevelChanged.connect(lambda floating: self._show_bar())
        self._show_bar()

    def set_theme(self, theme: Theme) -> None:
        """Take the look of another theme."""
        self._bar.set_theme(theme)

    def set_arranging(self, arranging: bool) -> None:
        """Show a title bar to drag the panel by."""
        self._arranging = arranging
        self._show_bar()

    def set_shown(self, shown: bool) -> None:
        """Show or hide it, and say so."""
        self.setVisible(shown)
        self.shown_changed.emit(shown)

    def closeEvent(self, event: QCloseEvent) -> None:
        super().closeEvent(event)
        self.shown_changed.emit(False)

    def _show_bar(self) -> None:
        bar = self._bar if self._arranging or self.isFloating() else self._none
        if self.titleBarWidget() is not bar:
            self.setTitleBarWidget(bar)
            bar.show()
            (self._none if bar is self._bar else self._bar).hide()


def toggle_beside(window: QMainWindow, dock: PanelDock, neighbour: PanelDock, width: int) -> None:
    """Show `dock`, about as wide as `width`, or hide it; then the neighbour in its area is as wide as before."""
    if dock.isHidden():
        dock.width_beside = neighbour.width()
    widths = {dock: width, neighbour: dock.width_beside or neighbour.width()}
    dock.set_shown(dock.isHidden())
    QTimer.singleShot(LAID_OUT_MS, window, partial(_share, window, widths))


def lift_floating(docks: Iterable[PanelDock]) -> None:
    """Show floating panels anew: those that were shown before their window lie behind it on some desktops, for good."""
    for dock in docks:
        if dock.isFloating() and dock.isVisible():
            dock.hide()
            dock.show()


def _share(window: QMainWindow, widths: dict[PanelDock, int]) -> None:
    seen = [part for part in widths if not part.isHidden() and not part.isFloating()]
    window.resizeDocks(seen, [widths[part] for part in seen], Qt.Orientation.Horizontal)


class _TitleBar(QWidget):
    """Dots to grip, the panel's name, a cross."""

    def __init__(self, title: str, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._label = QLabel(title, self)
        self.cross = IconButton("ph.x", f"Hide {title}", theme, side=24, parent=self)
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE_8 + ICON + SPACE_8, 0, SPACE_8, 0)
        row.addWidget(self._label)
        row.addStretch()
        row.addWidget(self.cross)
        self.setFixedHeight(HEADING_HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.SizeAllCursor)
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self._label.setFont(theme.font(SIZE_NORMAL, SEMIBOLD))
        self.cross.set_theme(theme)
        self.update()

    def sizeHint(self) -> QSize:
        # A dock gives its bar this height, whatever is fixed.
        return QSize(super().sizeHint().width(), HEADING_HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(48, HEADING_HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._theme.color("hover"))
        painter.fillRect(0, self.height() - 1, self.width(), 1, self._theme.color("line"))
        pixmap = self._theme.icon_pixmap("ph.dots-six-vertical", "secondary", ICON, self.devicePixelRatioF())
        painter.drawPixmap(QPointF(SPACE_8, round((self.height() - ICON) / 2)), pixmap)
        painter.end()
