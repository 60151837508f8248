"""The narrow palette: a rail of family icons 48 px wide, and what flies out of it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QPoint, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from app.panels.buttons import IconButton
from graph_editor.popup_look import paint_popup
from graph_editor.theme import PALETTE_RAIL_WIDTH, PALETTE_WIDTH, SHADOW_POPUP, SPACE_4, Theme

BUTTON = 36


class RailButton(IconButton):
    """A family on the rail; on the select colour while its blocks fly out."""

    def _paint_ground(self, painter: QPainter) -> None:
        if self.isChecked():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._theme.brush("select"))
            painter.drawRoundedRect(QRectF(self.rect()), self.radius, self.radius)
        else:
            super()._paint_ground(painter)


class Rail(QWidget):
    """The search icon and one icon a family. `wanted` carries a family, "" for the search, as its button is pressed."""

    wanted = Signal(str)

    def __init__(self, families: Sequence[tuple[str, str]], theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setFixedWidth(PALETTE_RAIL_WIDTH)
        layout = QVBoxLayout(self)
        layout.setContentsMargins((PALETTE_RAIL_WIDTH - BUTTON) // 2, SPACE_4, 0, SPACE_4)
        layout.setSpacing(0)
        self._buttons: dict[str, RailButton] = {}
        for family, title in (("", "Search blocks"), *families):
            icon = theme.family_icon(family) if family else "ph.magnifying-glass"
            button = RailButton(icon, title, theme, colour=family or "text", side=BUTTON, parent=self)
            button.setCheckable(True)
            button.clicked.connect(lambda _checked=False, family=family: self.wanted.emit(family))
            self._buttons[family] = button
            layout.addWidget(button)
            if not family:
                layout.addSpacing(13)
        layout.addStretch()

    def button(self, family: str) -> RailButton:
        """The button of a family; "" is the search."""
        return self._buttons[family]

    def set_open(self, family: str | None) -> None:
        """Mark the family whose blocks fly out."""
        for known, button in self._buttons.items():
            button.setChecked(known == family)

    def set_theme(self, theme: Theme) -> None:
        """Take the look of another theme."""
        self._theme = theme
        for button in self._buttons.values():
            button.set_theme(theme)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(6, SPACE_4 + BUTTON + 6, BUTTON, 1, self._theme.color("line"))
        painter.end()


class Flyout(QWidget):
    """A popup beside the rail that holds one widget; a press elsewhere or Esc closes it."""

    closed = Signal()

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._content: QWidget | None = None
        self._layout = QVBoxLayout(self)
        margin = SHADOW_POPUP + 1
        self._layout.setContentsMargins(margin, margin + SPACE_4, margin, margin + SPACE_4)
        self.hide()

    def open_with(self, content: QWidget, beside: QWidget) -> None:
        """Show `content` at the right of `beside`, inside the window."""
        host = beside.window()
        if self.parentWidget() is not host:
            self.setParent(host)
        self._drop_content()
        self._content = content
        self._layout.addWidget(content)
        corner = beside.mapTo(host, QPoint(beside.width() + 4 - SHADOW_POPUP + 6, -SHADOW_POPUP - SPACE_4))
        self.resize(PALETTE_WIDTH + 2 * SHADOW_POPUP, self.sizeHint().height())
        corner.setY(max(min(corner.y(), host.height() - self.height() + SHADOW_POPUP), -SHADOW_POPUP))
        self.move(corner)
        self.show()
        self.raise_()
        application = QApplication.instance()
        assert application is not None, "a popup needs an application"
        application.installEventFilter(self)

    def close_now(self) -> None:
        """Close; `closed` says so once."""
        if self.isVisible() or self._content is not None:
            self.hide()
            self._drop_content()
            self.closed.emit()

    def set_theme(self, theme: Theme) -> None:
        """Take the look of another theme."""
        self._theme = theme
        self.close_now()

    def content(self) -> QWidget | None:
        """What it holds."""
        return self._content

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if not self.isVisible() or not isinstance(watched, QWidget):
            return False
        if isinstance(event, QMouseEvent) and event.type() == QEvent.Type.MouseButtonPress:
            inside = watched is self or self.isAncestorOf(watched)
            if not inside and not isinstance(watched, RailButton):
                self.close_now()
        elif (
            isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.KeyPress
            and event.key() == Qt.Key.Key_Escape
            and (watched is self or self.isAncestorOf(watched))
        ):
            self.close_now()
            return True
        return False

    def hideEvent(self, event: QEvent) -> None:
        application = QApplication.instance()
        if application is not None:
            application.removeEventFilter(self)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        panel = self.rect().adjusted(SHADOW_POPUP, SHADOW_POPUP, -SHADOW_POPUP, -SHADOW_POPUP)
        paint_popup(painter, self._theme, QRectF(panel))
        painter.end()

    def _drop_content(self) -> None:
        if self._content is not None:
            self._layout.removeWidget(self._content)
            self._content.hide()
            self._content.deleteLater()
            self._content = None
