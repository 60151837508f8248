"""One live view in its frame, with title, menu and a picture to save, and the row of such tiles."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QScrollArea,
    QSizePolicy,
    QSplitter,
    QSplitterHandle,
    QVBoxLayout,
    QWidget,
)

from app.panels.buttons import IconButton, baseline
from graph_editor.theme import (
    FOCUS_WIDTH,
    HEADING_HEIGHT,
    RADIUS_BLOCK,
    SEMIBOLD,
    SIZE_HEADING,
    SIZE_NORMAL,
    SPACE_4,
    SPACE_8,
    SPACE_12,
    TILE_GAP,
    Theme,
)

if TYPE_CHECKING:
    from app.views.view import View

MENU_SIDE = 24
TILE_MIN_WIDTH = 240


class TileHeader(QWidget):
    """Title and subtitle; a double-click or Enter fills the window, the context menu key opens the menu."""

    fill_wanted = Signal()
    menu_wanted = Signal()
    close_wanted = Signal()

    def __init__(self, title: str, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._title = title
        self._subtitle = ""
        self.setFixedHeight(HEADING_HEIGHT)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(title)
        self.more = IconButton("ph.dots-three", f"Menu of {title}", theme, side=MENU_SIDE)
        self.more.clicked.connect(self.menu_wanted)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, SPACE_4, 0)
        row.addStretch()
        row.addWidget(self.more)

    def set_subtitle(self, text: str) -> None:
        """Say something else beside the title."""
        if text != self._subtitle:
            self._subtitle = text
            self.setAccessibleDescription(text)
            self.update()

    def subtitle(self) -> str:
        """What stands beside the title."""
        return self._subtitle

    def set_theme(self, theme: Theme) -> None:
        """Take the look of another theme."""
        self._theme = theme
        self.more.set_theme(theme)
        self.update()

    def paintEvent(self, event: QEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = self._theme.font(SIZE_HEADING, SEMIBOLD)
        painter.setFont(font)
        painter.setPen(self._theme.color("text"))
        line = baseline(font, self.height() / 2 + 1)
        painter.drawText(QPointF(SPACE_12, line), self._title)
        left = SPACE_12 + QFontMetricsF(font).horizontalAdvance(self._title) + SPACE_8
        font = self._theme.font(SIZE_NORMAL)
        room = self.width() - left - MENU_SIDE - SPACE_8
        if room > SPACE_12:
            painter.setFont(font)
            painter.setPen(self._theme.color("secondary"))
            text = QFontMetricsF(font).elidedText(self._subtitle, Qt.TextElideMode.ElideRight, room)
            painter.drawText(QPointF(left, line), text)
        if self.hasFocus():
            painter.setPen(self._theme.pen("accent", FOCUS_WIDTH))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(3, 3, -3, -3), 4, 4)
        painter.end()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.fill_wanted.emit()

    def contextMenuEvent(self, event: QEvent) -> None:
        self.menu_wanted.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.fill_wanted.emit()
        elif event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Menu):
            self.menu_wanted.emit()
        elif event.key() == Qt.Key.Key_Delete:
            self.close_wanted.emit()
        else:
            super().keyPressEvent(event)


class ViewTile(QWidget):
    """A view with its header, in a rounded frame."""

    def __init__(self, view: View, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.view = view
        self.header = TileHeader(view.title, theme)
        self.header.set_subtitle(view.subtitle)
        view.subtitle_changed.connect(self.header.set_subtitle)
        self.setMinimumWidth(TILE_MIN_WIDTH)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 1, 1, RADIUS_BLOCK)
        column.setSpacing(0)
        column.addWidget(self.header)
        column.addWidget(view, 1)

    def set_theme(self, theme: Theme) -> None:
        """Take the look of another theme."""
        self._theme = theme
        self.header.set_theme(theme)
        self.view.set_theme(theme)
        self.update()

    def save_picture(self) -> None:
        """Ask for a file, and write there what the view looks like now."""
        picture = self.view.picture()
        dialog = QFileDialog(self.window(), "Save picture", f"{self.view.kind}.png", "Pictures (*.png)")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("png")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda path: picture.save(path, "PNG"))
        dialog.open()

    def sizeHint(self) -> QSize:
        return QSize(280, 240)

    def paintEvent(self, event: QEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(self._theme.pen("line"))
        painter.setBrush(self._theme.brush("panel"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), RADIUS_BLOCK, RADIUS_BLOCK)
        painter.end()


class _Gap(QSplitterHandle):
    """The gap between two tiles: nothing to see, wide enough to drag."""

    def paintEvent(self, event: QEvent) -> None:
        pass


class TileRow(QSplitter):
    """Tiles side by side; the gaps between them can be dragged."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setHandleWidth(TILE_GAP)
        self.setChildrenCollapsible(False)

    def createHandle(self) -> QSplitterHandle:
        return _Gap(self.orientation(), self)


class TileScroll(QScrollArea):
    """A row of tiles; what does not fit scrolls sideways, and the bar takes the place of the gap below them."""

    def __init__(self, row: TileRow, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._revealed: Callable[[], QWidget | None] = _nothing
        self.setWidgetResizable(True)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inside = QWidget()
        self._around = QVBoxLayout(inside)
        self._around.setContentsMargins(TILE_GAP, TILE_GAP, TILE_GAP, TILE_GAP)
        self._around.addWidget(row)
        self.setWidget(inside)
        self.viewport().setAutoFillBackground(False)
        inside.setAutoFillBackground(False)
        self.horizontalScrollBar().rangeChanged.connect(self._room_changed)

    def reveal(self, tile: Callable[[], QWidget | None]) -> None:
        """Scroll to a tile that was just put in, once the row has made room for it; by then it may be gone."""
        self._revealed = tile

    def shows(self, inside: QWidget) -> bool:
        """Whether some of a widget in the row can be seen."""
        # A visible region would leave out what the chart inside covers, which is all of a view.
        window = self.viewport()
        return inside.isVisible() and window.rect().intersects(QRect(inside.mapTo(window, QPoint()), inside.size()))

    def _room_changed(self, least: int, most: int) -> None:
        self._around.setContentsMargins(TILE_GAP, TILE_GAP, TILE_GAP, TILE_GAP if most <= least else 0)
        tile, self._revealed = self._revealed(), _nothing
        if tile is not None:
            self.ensureWidgetVisible(tile, TILE_GAP, 0)


def _nothing() -> None:
    """No tile."""
