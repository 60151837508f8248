"""Where in the drawing the canvas is: the project, then each container entered; a click leads back out."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from graph_editor.overlay import Panel
from graph_editor.theme import MEDIUM, ROW_HEIGHT, SEMIBOLD, SIZE_HEADING, Theme, icon_path

PADDING, ICON_WIDTH, BETWEEN, DOT = 10, 14, 20, 5


class Breadcrumb(Panel):
    """A panel that says `digits-convnet ● › Residual`; `chosen(depth)` when a step is clicked."""

    chosen = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._steps: tuple[str, ...] = ("Untitled",)
        self._dirty = False
        self._hovered: int | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.set_steps(self._steps, False)

    def set_steps(self, steps: tuple[str, ...], dirty: bool) -> None:
        """Show the names from the project inwards, and whether there are unsaved changes."""
        self._steps, self._dirty = steps, dirty
        self.setAccessibleName(" › ".join(steps) + (", unsaved changes" if dirty else ""))
        self.resize(self.sizeHint())
        self.update()

    @property
    def steps(self) -> tuple[str, ...]:
        """The names shown."""
        return self._steps

    def step_rect(self, number: int) -> QRectF:
        """Where a step stands."""
        x = PADDING + ICON_WIDTH + 8.0
        for at, step in enumerate(self._steps):
            width = QFontMetricsF(self._font(at)).horizontalAdvance(step)
            if at == number:
                return QRectF(x - 4, 0, width + 8, self.height())
            x += width + BETWEEN + (DOT + 6 if at == 0 and self._dirty else 0)
        return QRectF()

    def sizeHint(self) -> QSize:
        last = self.step_rect(len(self._steps) - 1)
        dot = DOT + 6 if self._dirty and len(self._steps) == 1 else 0
        return QSize(round(last.right() + PADDING - 4 + dot), ROW_HEIGHT)

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        self.resize(self.sizeHint())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hovered = self._step_at(event.position().toPoint())
        back = self._hovered is not None and self._hovered < len(self._steps) - 1
        self.setCursor(Qt.CursorShape.PointingHandCursor if back else Qt.CursorShape.ArrowCursor)
        self.update()

    def leaveEvent(self, event: object) -> None:
        self._hovered = None
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        step = self._step_at(event.position().toPoint())
        if step is not None and step < len(self._steps) - 1:
            self.chosen.emit(step)
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Left) and len(self._steps) > 1:
            self.chosen.emit(len(self._steps) - 2)
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        theme = self.theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = self.height() / 2
        painter.translate(PADDING, middle - ICON_WIDTH / 2)
        painter.fillPath(icon_path("ph.tree-structure", ICON_WIDTH), theme.brush("secondary"))
        painter.translate(-PADDING, ICON_WIDTH / 2 - middle)
        for number, step in enumerate(self._steps):
            place = self.step_rect(number)
            last = number == len(self._steps) - 1
            painter.setFont(self._font(number))
            painter.setPen(theme.pen("text" if last else "accent" if number == self._hovered else "secondary"))
            metrics = QFontMetricsF(painter.font())
            painter.drawText(QPointF(place.left() + 4, middle + metrics.capHeight() / 2), step)
            right = place.right() - 4
            if number == 0 and self._dirty:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(theme.brush("secondary"))
                painter.drawEllipse(QPointF(right + 8, middle), DOT / 2, DOT / 2)
                right += DOT + 6
            if not last:
                painter.translate(right + BETWEEN / 2 - 5, middle - 5)
                painter.fillPath(icon_path("ph.caret-right", 10), theme.brush("secondary"))
                painter.translate(-right - BETWEEN / 2 + 5, 5 - middle)
        if self.hasFocus():
            painter.setPen(theme.pen("accent", 2.0))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), self.radius, self.radius)
        painter.end()

    def _font(self, number: int) -> QFont:
        last = number == len(self._steps) - 1
        return self.theme.font(SIZE_HEADING, SEMIBOLD if last and number else MEDIUM)

    def _step_at(self, point: QPoint) -> int | None:
        return next((at for at in range(len(self._steps)) if self.step_rect(at).contains(QPointF(point))), None)
