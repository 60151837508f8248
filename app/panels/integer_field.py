"""IntegerField: a whole number with − and +."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QMouseEvent, QPainter
from PySide6.QtWidgets import QWidget

from app.panels.fields_base import Validate
from app.panels.number_field import Compute, NumberField, is_formula, without_variables
from graph_editor.theme import Theme

STEPPER_WIDTH = 20
STEPPERS_FROM_WIDTH = 96
REPEAT_AFTER_MS, REPEAT_EVERY_MS = 400, 60
PX_PER_STEP = 4


class IntegerField(NumberField):
    """A whole number with − and +; dragging sideways scrubs, 4 px a step, ten times as far with Shift."""

    def __init__(
        self,
        theme: Theme,
        minimum: float | None = None,
        maximum: float | None = None,
        *,
        optional: bool = False,
        compute: Compute = without_variables,
        validate: Validate | None = None,
        steppers: bool = True,
        parent: QWidget | None = None,
    ) -> None:
        self._steppers = steppers
        self._held = 0
        super().__init__(theme, minimum, maximum, optional=optional, compute=compute, validate=validate, parent=parent)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._repeat)

    def _plain(self, number: float) -> int:
        return round(number)

    def _number_text(self, number: int | float) -> str:
        return str(number)

    def _number(self, text: str) -> int | None:
        compact = "".join(text.split())
        if compact.removeprefix("-").removeprefix("+").isdecimal():
            return int(compact)
        try:
            number = float(compact)
        except ValueError:
            return None
        if not number.is_integer():
            raise ValueError("needs a whole number")
        return int(number)

    def _check_range(self, number: float) -> None:
        super()._check_range(number)
        if not float(number).is_integer():
            raise ValueError("needs a whole number")

    def _stepped(self, number: int | float, steps: int) -> int | float:
        return number + steps

    def _scrubbed(self, number: int | float, distance: int, fine: bool) -> int | float:
        return number + int(distance / PX_PER_STEP) * (10 if fine else 1)

    def _has_steppers(self) -> bool:
        wide = self.width() >= STEPPERS_FROM_WIDTH
        return self._steppers and wide and self.isEnabled() and not self._computed and not is_formula(self._value)

    def _inset_behind_unit(self) -> int:
        return 2 * STEPPER_WIDTH + 6 if self._has_steppers() else super()._inset_behind_unit()

    def _stepper_at(self, x: float) -> int:
        if not self._has_steppers():
            return 0
        from_right = self.width() - 4 - x
        if 0 <= from_right < STEPPER_WIDTH:
            return 1
        return -1 if STEPPER_WIDTH <= from_right < 2 * STEPPER_WIDTH else 0

    def paintEvent(self, event: QEvent) -> None:
        super().paintEvent(event)
        if not self._has_steppers():
            return
        painter = QPainter(self)
        right = self.width() - 4
        for direction, icon, middle in ((-1, "ph.minus", right - 1.5 * STEPPER_WIDTH), (1, "ph.plus", right - 10)):
            end = self._minimum if direction < 0 else self._maximum
            done = end is not None and self._value == end
            ink = "disabled" if done else "text" if direction == self._held else "secondary"
            self._paint_icon(painter, icon, middle, ink)
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._held = self._stepper_at(event.position().x()) if event.button() == Qt.MouseButton.LeftButton else 0
        if self._held:
            self._step(self._held)
            self._timer.start(REPEAT_AFTER_MS)
            self.update()
        elif event.button() == Qt.MouseButton.LeftButton:
            self._entry.setFocus(Qt.FocusReason.MouseFocusReason)
            self._entry.selectAll()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._held and event.button() == Qt.MouseButton.LeftButton:
            self._held = 0
            self._timer.stop()
            self._end_gesture()
            self.update()

    def forget(self) -> None:
        super().forget()
        self._let_go()

    def hideEvent(self, event: QEvent) -> None:
        super().hideEvent(event)
        self._let_go()

    def _let_go(self) -> None:
        self._held = 0
        self._timer.stop()

    def _repeat(self) -> None:
        self._timer.setInterval(REPEAT_EVERY_MS)
        self._step(self._held)
