"""FloatField: a number with a bar along its base."""

from __future__ import annotations

import math

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QPainterPath
from PySide6.QtWidgets import QWidget

from app.panels.fields_base import Validate
from app.panels.number_field import Compute, NumberField, float_text, rounded, without_variables
from graph_editor.theme import RADIUS_FIELD, Theme

PX_PER_DECADE = 100
BAR_HEIGHT = 3


class FloatField(NumberField):
    """A number with a bar of 3 px along its base; dragging sideways scrubs along the bar, ten times finer with Shift.

    The bar and the scrubbing reach over `bar`, or over the range; `logarithmic` makes both go by ratio.
    """

    def __init__(
        self,
        theme: Theme,
        minimum: float | None = None,
        maximum: float | None = None,
        *,
        logarithmic: bool = False,
        bar: tuple[float, float] | None = None,
        optional: bool = False,
        compute: Compute = without_variables,
        validate: Validate | None = None,
        parent: QWidget | None = None,
    ) -> None:
        self._logarithmic = logarithmic
        if bar is None and minimum is not None and maximum is not None and (minimum > 0 or not logarithmic):
            bar = (minimum, maximum)
        assert bar is None or bar[0] < bar[1], "a bar reaches upwards"
        assert bar is None or not logarithmic or bar[0] > 0, "a logarithmic bar begins above 0"
        self._bar = bar
        super().__init__(theme, minimum, maximum, optional=optional, compute=compute, validate=validate, parent=parent)

    def _plain(self, number: float) -> float:
        return float(number)

    def _number_text(self, number: int | float) -> str:
        return float_text(float(number))

    def _number(self, text: str) -> float | None:
        compact = "".join(text.split())
        if compact.count(",") == 1 and "." not in compact and "(" not in compact:
            compact = compact.replace(",", ".")
        try:
            number = float(compact)
        except ValueError:
            return None
        if not math.isfinite(number):
            raise ValueError("needs a finite number")
        return number

    def _stepped(self, number: int | float, steps: int) -> int | float:
        # One step is one unit of the second digit, so that 0.001 goes to 0.0011.
        if number == 0 or not self._logarithmic:
            low, high = self._bar or (0.0, 1.0)
            unit = 10.0 ** math.floor(math.log10((high - low) / 50))
        else:
            down = steps < 0 and math.log10(abs(number)).is_integer()
            unit = 10.0 ** (math.floor(math.log10(abs(number))) - 1 - down)
        return rounded(number + steps * unit, 6)

    def _scrubbed(self, number: int | float, distance: int, fine: bool) -> int | float:
        digits = 3 if fine else 2
        moved = distance / (10 if fine else 1)
        if self._bar is not None:
            share = min(max(self._share(number) + moved / max(self.width(), 1), 0.0), 1.0)
            low, high = self._bar
            if self._logarithmic:
                return rounded(low * (high / low) ** share, digits)
            step = 10.0 ** (math.floor(math.log10(high - low)) - digits)
            return rounded(round((low + (high - low) * share) / step) * step, 6)
        if self._logarithmic and number != 0:
            return rounded(number * 10 ** (moved / PX_PER_DECADE), digits)
        size = 10.0 ** math.floor(math.log10(abs(number))) if number else 0.1
        return rounded(number + moved / PX_PER_DECADE * size * 5, digits + 1)

    def _share(self, number: float) -> float:
        assert self._bar is not None
        low, high = self._bar
        if self._logarithmic:
            share = math.log(max(number, low) / low) / math.log(high / low)
        else:
            share = (number - low) / (high - low)
        return min(max(share, 0.0), 1.0)

    def _paint_frame(self, painter: QPainter) -> None:
        super()._paint_frame(painter)
        number = self._current()
        if self._bar is None or number is None or self._value is None or not self.isEnabled() or self._error:
            return
        edge = 2.0 if self._has_keyboard() else 1.0
        inside = self._frame().adjusted(edge, edge, -edge, -edge)
        length = inside.width() * self._share(number)
        clip = QPainterPath()
        clip.addRoundedRect(inside, RADIUS_FIELD - edge, RADIUS_FIELD - edge)
        painter.save()
        painter.setClipPath(clip)
        painter.fillRect(QRectF(inside.left(), inside.top(), length, inside.height()), self._theme.color("select"))
        base = QRectF(inside.left(), inside.bottom() - BAR_HEIGHT, length, BAR_HEIGHT)
        painter.fillRect(base, self._theme.color("accent"))
        painter.restore()
