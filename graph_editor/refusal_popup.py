"""Why something was refused, at the pointer: the sentence, and each fix as a button with a key."""

from __future__ import annotations

import math

from PySide6.QtCore import QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QKeyEvent, QPainter, QPaintEvent, QTextLayout, QTextOption
from PySide6.QtWidgets import QWidget

from engine.graph.problem import Fix, Problem
from graph_editor.overlay import ActionButton
from graph_editor.theme import (
    RADIUS_POPUP,
    ROW_HEIGHT,
    SEMIBOLD,
    SHADOW_POPUP,
    SIZE_NORMAL,
    SPACE_8,
    SPACE_12,
    SPACE_16,
    Theme,
    icon_path,
)

TEXT_AT = 36
WIDEST = 400
BELOW_POINTER = QPoint(14, 22)


class RefusalPopup(QWidget):
    """Follows the pointer while a wire is in the hand; `offer` makes it stay, with buttons. `fix_chosen(Fix)`.

    `closed` tells whether it had the keyboard.
    """

    fix_chosen = Signal(object)
    closed = Signal(bool)

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._problem: Problem | None = None
        self._rest = 0
        self._lines: list[tuple[str, bool]] = []
        self.buttons: tuple[ActionButton, ...] = ()
        self._keys: dict[str, Fix] = {}
        self._first: ActionButton | None = None
        self._beside: QWidget | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.hide()

    @property
    def problem(self) -> Problem | None:
        """What is being said, or None."""
        return self._problem if self.isVisible() else None

    @property
    def offers(self) -> bool:
        """Whether it stays and takes keys."""
        return self.isVisible() and not self.testAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def keep_clear_of(self, panel: QWidget) -> None:
        """Lie left of `panel` while that lies over the right side of the parent."""
        self._beside = panel

    def set_theme(self, theme: Theme) -> None:
        """Take the look of another theme."""
        self._theme = theme
        self.update()

    def show_problem(self, problem: Problem, at: QPoint, offer: bool, more: int = 0) -> None:
        """Say `problem` near a place of the parent; `more` counts other problems of the block."""
        if problem is not self._problem or offer or not self.isVisible() or more != self._rest:
            self._problem, self._rest = problem, more
            self._build(problem, offer)
        self._place(at)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents, not offer)
        self.show()
        self.raise_()
        if offer:
            self.setFocus(Qt.FocusReason.PopupFocusReason)

    def close_popup(self) -> None:
        """Go away."""
        if self.isVisible():
            had_focus = self.hasFocus() or any(button.hasFocus() for button in self.buttons)
            self.hide()
            self.closed.emit(had_focus)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        fix = self._keys.get(event.text().casefold())
        if event.key() == Qt.Key.Key_Escape:
            self.close_popup()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.buttons:
            focused = next((button for button in self.buttons if button.hasFocus()), self._first)
            if focused is not None:
                focused.click()
        elif fix is not None:
            self._choose(fix)
        else:
            super().keyPressEvent(event)

    def _choose(self, fix: Fix) -> None:
        self.close_popup()
        self.fix_chosen.emit(fix)

    def _build(self, problem: Problem, offer: bool) -> None:
        theme = self._theme
        for button in self.buttons:
            button.hide()
            button.deleteLater()
        self._keys = {}
        self.buttons = ()
        bold, plain = theme.font(SIZE_NORMAL, SEMIBOLD), theme.font(SIZE_NORMAL)
        room = WIDEST - TEXT_AT - SPACE_16
        advice = problem.advice
        if self._rest:
            advice = " ".join((advice, f"{self._rest} more at this block.")).strip()
        self._lines = [(line, True) for line in wrapped(problem.headline, bold, room)]
        self._lines += [(line, False) for line in wrapped(advice, plain, room)]
        widths = [QFontMetricsF(bold if strong else plain).horizontalAdvance(line) for line, strong in self._lines]
        width = TEXT_AT + max(widths, default=0.0) + SPACE_16
        height = SPACE_12 + len(self._lines) * self._line_height() + SPACE_12
        if offer and problem.fixes:
            x, y = SHADOW_POPUP + TEXT_AT, round(SHADOW_POPUP + height)
            buttons = []
            self._first = None
            for fix in sorted(problem.fixes, key=removes_several):
                key = fix.key if fix.key.casefold() not in self._keys else ""
                button = ActionButton(fix.label, key, theme, self)
                button.clicked.connect(lambda _=False, fix=fix: self._choose(fix))
                button.resize(button.sizeHint())
                button.move(x, y)
                button.show()
                x += button.width() + SPACE_8
                buttons.append(button)
                if self._first is None and not removes_several(fix):
                    self._first = button
                if key:
                    self._keys[key.casefold()] = fix
            self.buttons = tuple(buttons)
            width = max(width, x - SHADOW_POPUP - SPACE_8 + SPACE_16)
            height += ROW_HEIGHT + SPACE_12
        self.setAccessibleName(problem.sentence)
        self.resize(math.ceil(width) + 2 * SHADOW_POPUP, math.ceil(height) + 2 * SHADOW_POPUP)
        self.update()

    def _line_height(self) -> int:
        return round(self._theme.scaled(SIZE_NORMAL) * 1.55)

    def _place(self, at: QPoint) -> None:
        place = at + BELOW_POINTER - QPoint(SHADOW_POPUP, SHADOW_POPUP)
        parent = self.parentWidget()
        assert parent is not None
        if place.y() + self.height() > parent.height():
            place.setY(at.y() - self.height())
        right = parent.width()
        if self._beside is not None and self._beside.isVisible():
            right = min(right, parent.mapFromGlobal(self._beside.mapToGlobal(QPoint(SHADOW_POPUP, 0))).x())
        x = min(max(place.x(), 0), max(right - self.width(), 0))
        self.move(x, min(max(place.y(), 0), max(parent.height() - self.height(), 0)))

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._problem is None:
            return
        theme = self._theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        panel = QRectF(self.rect()).adjusted(SHADOW_POPUP, SHADOW_POPUP, -SHADOW_POPUP, -SHADOW_POPUP)
        shadow = QColor(theme.shadow_color())
        shadow.setAlphaF(shadow.alphaF() / 5)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(shadow)
        for grow in range(SHADOW_POPUP - 2, 0, -2):
            radius = RADIUS_POPUP + grow
            painter.drawRoundedRect(panel.adjusted(-grow, 2 - grow, grow, 2 + grow), radius, radius)
        token = "error" if self._problem.severity == "error" else "warning"
        painter.setPen(theme.pen(token))
        painter.setBrush(theme.brush("panel"))
        painter.drawRoundedRect(panel.adjusted(0.5, 0.5, -0.5, -0.5), RADIUS_POPUP, RADIUS_POPUP)
        step = self._line_height()
        painter.translate(panel.topLeft())
        icon = "ph.x-circle-fill" if token == "error" else "ph.warning-fill"
        painter.translate(SPACE_12, SPACE_12 + step / 2 - 8)
        painter.fillPath(icon_path(icon, 16), theme.brush(token))
        painter.translate(-SPACE_12, 8 - SPACE_12 - step / 2)
        y = float(SPACE_12)
        for line, strong in self._lines:
            font = theme.font(SIZE_NORMAL, SEMIBOLD) if strong else theme.font(SIZE_NORMAL)
            painter.setFont(font)
            painter.setPen(theme.pen("text" if strong else "secondary"))
            painter.drawText(QPointF(TEXT_AT, y + step / 2 + QFontMetricsF(font).capHeight() / 2), line)
            y += step
        painter.end()


def removes_several(fix: Fix) -> bool:
    """Whether a repair deletes more than one block: it comes last, and Enter alone does not make it."""
    ids = fix.arguments[0] if fix.edit == "remove_blocks" and fix.arguments else ()
    return isinstance(ids, tuple) and len(ids) > 1


def wrapped(text: str, font: QFont, room: float) -> list[str]:
    """`text` in lines that fit `room` px, broken between words."""
    if not text:
        return []
    layout = QTextLayout(text, font)
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    layout.setTextOption(option)
    layout.beginLayout()
    lines = []
    while True:
        line = layout.createLine()
        if not line.isValid():
            break
        line.setLineWidth(room)
        lines.append(text[line.textStart() : line.textStart() + line.textLength()].strip())
    layout.endLayout()
    return lines
