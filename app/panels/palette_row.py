"""The rows of the palette: a block that can be chosen or dragged, and a family that folds."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QEnterEvent, QFocusEvent, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from app.panels.buttons import baseline
from app.panels.palette_drag import PaletteDrag
from engine.graph.block_type import BlockType
from graph_editor.block_search import pytorch_name
from graph_editor.popup_look import paint_type_icon
from graph_editor.theme import (
    ICON,
    ICON_IN_FIELD,
    RADIUS_FIELD,
    REGULAR,
    ROW_HEIGHT,
    SEMIBOLD,
    SIZE_NORMAL,
    SIZE_SMALL,
    TOOLTIP_DELAY_MS,
    Theme,
)

ICON_AT, ICON_AT_IN_FAMILY, ICON_AT_IN_FLYOUT = 32, 58, 16
NAME_GAP = 10
TIP_WIDTH = 264


class PaletteRow(QWidget):
    """A row 28 px high. `stepped` asks the list for the row above or below."""

    activated = Signal()
    stepped = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._current = False
        self._ringed = False
        self.setFixedHeight(ROW_HEIGHT)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_theme(self, theme: Theme) -> None:
        """Take the look of another theme."""
        self._theme = theme
        self.update()

    def set_current(self, current: bool) -> None:
        """Draw it as the row that Enter in the search field takes."""
        if current != self._current:
            self._current = current
            self.update()

    def is_current(self) -> bool:
        """Whether Enter in the search field takes it."""
        return self._current

    def sizeHint(self) -> QSize:
        return QSize(160, ROW_HEIGHT)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        self._ringed = True
        self.update()
        if key in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            self.stepped.emit(1 if key == Qt.Key.Key_Down else -1)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.activated.emit()
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._ringed = event.reason() != Qt.FocusReason.MouseFocusReason
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def _paint_ground(self, painter: QPainter) -> None:
        place = QRectF(self.rect()).adjusted(8, 0, -8, 0)
        if self.underMouse() or self._current:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._theme.brush("select" if self._current else "hover"))
            painter.drawRoundedRect(place, RADIUS_FIELD, RADIUS_FIELD)
        if self.hasFocus() and self._ringed:
            painter.setPen(self._theme.pen("accent", 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(place.adjusted(1, 1, -1, -1), RADIUS_FIELD - 1, RADIUS_FIELD - 1)

    def _paint_name(self, painter: QPainter, name: str, left: float, right: float, weight: int = REGULAR) -> None:
        font = self._theme.font(SIZE_NORMAL, weight)
        painter.setFont(font)
        painter.setPen(self._theme.color("text"))
        text = elided(name, QFontMetricsF(font), right - left)
        painter.drawText(QPointF(left, baseline(font, self.height() / 2)), text)


def elided(name: str, metrics: QFontMetricsF, room: float) -> str:
    """A name that fits; its dimension stays, as neighbours differ in that alone: `Transposed c… 1-D`."""
    start, _, end = name.rpartition(" ")
    if not start or not end.endswith("-D") or metrics.horizontalAdvance(name) <= room:
        return metrics.elidedText(name, Qt.TextElideMode.ElideRight, room)
    end = f" {end}"
    return metrics.elidedText(start, Qt.TextElideMode.ElideRight, room - metrics.horizontalAdvance(end)) + end


class BlockRow(PaletteRow):
    """A block type. A double-click or Enter takes it (`activated`), a drag goes to the `PaletteDrag`."""

    help_wanted = Signal()

    def __init__(
        self, type: BlockType, theme: Theme, drag: PaletteDrag, icon_at: int = ICON_AT, parent: QWidget | None = None
    ) -> None:
        super().__init__(theme, parent)
        self._type = type
        self._drag = drag
        self._icon_at = icon_at
        self._tip = QTimer(self)
        self._tip.setSingleShot(True)
        self._tip.setInterval(TOOLTIP_DELAY_MS)
        self._tip.timeout.connect(self._show_tip)
        self.setAccessibleName(type.title)
        self.setAccessibleDescription(type.purpose)

    @property
    def type_id(self) -> str:
        """The block type."""
        return self._type.id

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        self._hide_tip()
        if event.button() == Qt.MouseButton.LeftButton:
            self._drag.press(self._type.id, event.globalPosition().toPoint())
            event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._drag.move(event.globalPosition().toPoint())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._drag.release(event.globalPosition().toPoint())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.activated.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_F1:
            self.help_wanted.emit()
        else:
            super().keyPressEvent(event)

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        if not self._drag.is_running():
            self._tip.start()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._hide_tip()

    def hideEvent(self, event: QEvent) -> None:
        self._tip.stop()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip:
            return True  # ours comes after its own delay
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_ground(painter)
        paint_type_icon(painter, self._theme, self._type, self._icon_at, (self.height() - ICON) / 2)
        right = self.width() - 16
        if self.underMouse():
            dots = self._theme.icon_pixmap("ph.dots-six-vertical", "secondary", ICON, self.devicePixelRatioF())
            painter.drawPixmap(QPointF(right - ICON + 4, (self.height() - ICON) / 2), dots)
            right -= ICON + 4
        self._paint_name(painter, self._type.title, self._icon_at + ICON + NAME_GAP, right)
        painter.end()

    def _show_tip(self) -> None:
        place = self.mapToGlobal(QPoint(self.width() - 4, -6))
        QToolTip.showText(place, type_tip(self._type), self)

    def _hide_tip(self) -> None:
        self._tip.stop()
        if QToolTip.isVisible():
            QToolTip.hideText()


class FamilyRow(PaletteRow):
    """A family with its count; a click folds or unfolds it, `toggled` says so."""

    toggled = Signal(bool)

    def __init__(self, family: str, title: str, count: int, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self.family = family
        self._title = title
        self._count = count
        self._open = False
        self.setAccessibleName(f"{title}, {count} blocks")
        self.activated.connect(lambda: self.set_open(not self._open))

    def is_open(self) -> bool:
        """Whether its blocks show."""
        return self._open

    def set_open(self, open: bool) -> None:
        """Show or fold away its blocks."""
        if open != self._open:
            self._open = open
            self.update()
            self.toggled.emit(open)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        if event.button() == Qt.MouseButton.LeftButton:
            self.set_open(not self._open)
            event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Right, Qt.Key.Key_Left):
            self.set_open(event.key() == Qt.Key.Key_Right)
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_ground(painter)
        theme, ratio = self._theme, self.devicePixelRatioF()
        caret = "ph.caret-down" if self._open else "ph.caret-right"
        middle = self.height() / 2
        painter.drawPixmap(
            QPointF(11, middle - ICON_IN_FIELD / 2), theme.icon_pixmap(caret, "secondary", ICON_IN_FIELD, ratio)
        )
        icon = theme.icon_pixmap(theme.family_icon(self.family), self.family, ICON, ratio)
        painter.drawPixmap(QPointF(ICON_AT, middle - ICON / 2), icon)
        mono = theme.font(SIZE_SMALL, mono=True)
        count = str(self._count)
        width = QFontMetricsF(mono).horizontalAdvance(count)
        painter.setFont(mono)
        painter.setPen(theme.color("secondary"))
        painter.drawText(QPointF(self.width() - 16 - width, baseline(theme.font(SIZE_NORMAL), middle)), count)
        weight = SEMIBOLD if self._open else REGULAR
        self._paint_name(painter, self._title, ICON_AT + ICON + NAME_GAP, self.width() - 24 - width, weight)
        painter.end()


def type_tip(type: BlockType) -> str:
    """The tooltip of a block type: its name, PyTorch's name, one sentence."""
    name = pytorch_name(type)
    second = f"&nbsp;&nbsp;&nbsp;{escape(name)}" if name not in ("", type.title) else ""
    return (
        f"<table width='{TIP_WIDTH}' cellspacing='0' cellpadding='0'><tr><td>"
        # Not <b>: that is 700, which no font here has; Qt would smear the letters of another weight.
        f"<span style='font-weight: 600'>{escape(type.title)}</span>{second}<br>{escape(type.purpose)}"
        "</td></tr></table>"
    )
