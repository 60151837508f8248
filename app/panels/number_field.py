"""NumberField: what integers and floats have in common, and how numbers are written."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable

from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter
from PySide6.QtWidgets import QWidget

from app.panels.buttons import baseline
from app.panels.entry_field import LINE_MARGINS, EntryField
from app.panels.fields_base import TEXT_INSET, Validate
from engine.graph.values import Formula, evaluate, singular
from graph_editor.theme import Theme

UNIT_GAP = 4

Compute = Callable[[str], int | float]
"""The number that a formula's text stands for; ValueError carries what is wrong with it."""


def without_variables(text: str) -> int | float:
    """The value of a formula that knows no project variables."""
    return evaluate(text, {})


class NumberField(EntryField):
    """What integers and floats have in common: range, formula, steps and scrubbing."""

    def __init__(
        self,
        theme: Theme,
        minimum: float | None = None,
        maximum: float | None = None,
        *,
        optional: bool = False,
        compute: Compute = without_variables,
        validate: Validate | None = None,
        parent: QWidget | None = None,
    ) -> None:
        self._minimum = minimum
        self._maximum = maximum
        self._optional = optional
        self._compute = compute
        self._computed = ""
        self._unit = ""
        self._scrub_from: int | float = 0
        super().__init__(theme, validate, parent)
        self._entry.scrubs = self._entry.steps = True
        self._entry.setCursor(Qt.CursorShape.SizeHorCursor)
        self._entry.stepped.connect(self._step)
        self._entry.step_ended.connect(self._end_gesture)
        self._entry.scrub_began.connect(self._begin_scrub)
        self._entry.scrubbed.connect(self._scrub)
        self._entry.scrub_ended.connect(self._end_gesture)
        if optional:
            self.set_placeholder("none")

    def set_compute(self, compute: Compute) -> None:
        """Compute formulas with other project variables from now on."""
        self._compute = compute
        self._show_value()

    def set_unit(self, unit: str) -> None:
        """What the number counts, `px` or `steps`: it stands behind it where there is room."""
        self._unit = unit
        self._lay_out()
        self.update()

    def shown_unit(self) -> str:
        """The unit that stands behind the number now; "" where there is none, no number, or no room."""
        return self._unit_words() if self._unit_width() else ""

    def computed(self) -> str:
        """The number that the formula stands for, as shown at the right; "" for a plain number."""
        return self._computed

    def step_by(self, steps: int) -> None:
        """Go some steps up or down, as one edit."""
        self._step(steps)
        self._end_gesture()

    @abstractmethod
    def _plain(self, number: float) -> int | float:
        """The nearest number of the kind."""

    @abstractmethod
    def _number_text(self, number: int | float) -> str:
        """How a plain number is written."""

    @abstractmethod
    def _number(self, text: str) -> int | float | None:
        """The plain number that a text is, None for anything else; ValueError where the kind is wrong."""

    @abstractmethod
    def _stepped(self, number: int | float, steps: int) -> int | float:
        """The number some steps up or down."""

    @abstractmethod
    def _scrubbed(self, number: int | float, distance: int, fine: bool) -> int | float:
        """The number after a drag of `distance` px from where it was `number`."""

    def _text_of(self, value: object) -> str:
        if value is None:
            return ""
        if is_formula(value):
            return formula_text(value)  # type: ignore[arg-type]
        return self._number_text(value) if isinstance(value, int | float) else str(value)

    def _read(self, text: str) -> object:
        if not text:
            if self._optional:
                return None
            raise ValueError(f"needs a number: {self.range_text()}" if self.range_text() else "needs a number")
        number = self._number(text)
        if number is not None:
            self._check_range(number)
            return number
        self._check_range(self._compute(text))
        return Formula(text)

    def range_text(self) -> str:
        """The range as people write it: "1 to 65 536", "at least 1", "" without one."""
        low, high = (None if end is None else group(self._number_text(self._plain(end))) for end in self._ends())
        if low is not None and high is not None:
            return f"{low} to {high}"
        return f"at least {low}" if low is not None else f"at most {high}" if high is not None else ""

    def _ends(self) -> tuple[float | None, float | None]:
        return self._minimum, self._maximum

    def _check_range(self, number: float) -> None:
        below = self._minimum is not None and number < self._minimum
        above = self._maximum is not None and number > self._maximum
        if below or above or not math.isfinite(number):
            raise ValueError(f"out of range: {self.range_text()}" if self.range_text() else "out of range")

    def _clamped(self, number: float) -> int | float:
        if self._minimum is not None:
            number = max(number, self._minimum)
        if self._maximum is not None:
            number = min(number, self._maximum)
        return self._plain(number)

    def _show_value(self) -> None:
        self._computed = ""
        if is_formula(self._value):
            try:
                self._computed = group(f"{self._compute(formula_text(self._value)):.6g}")
            except ValueError as fault:
                self.set_error(str(fault))
        super()._show_value()

    def _text_edited(self, text: str) -> None:
        self._computed = ""
        stripped = text.strip()
        try:
            if stripped and self._number(stripped) is None:
                self._computed = group(f"{self._compute(stripped):.6g}")
        except ValueError:
            pass  # half a formula has no value yet; the sentence comes when it is confirmed
        super()._text_edited(text)
        self.update()

    def _current(self) -> int | float | None:
        """The number to step or scrub from; None for a formula, which does neither."""
        value = self._value
        if isinstance(value, bool) or is_formula(value):
            return None
        if isinstance(value, int | float):
            return value
        return self._clamped(0) if value is None else None

    def _step(self, steps: int) -> None:
        self._take_text()
        number = self._current()
        if number is not None and not self._error:
            self._show_preview(self._clamped(self._stepped(number, steps)))

    def _begin_scrub(self) -> None:
        self._scrub_from = self._current() or 0

    def _scrub(self, distance: int, fine: bool) -> None:
        if self._current() is not None:
            self._show_preview(self._clamped(self._scrubbed(self._scrub_from, distance, fine)))

    def _show_preview(self, number: int | float) -> None:
        complaint = self._complaint(number)
        if complaint:
            return
        self.set_error(None)
        self._preview(number)
        self._show_value()

    def _end_gesture(self) -> None:
        self._commit(self._value)

    def _right_inset(self) -> int:
        return self._inset_behind_unit() + self._unit_width()

    def _unit_words(self) -> str:
        return singular(self._unit) if self._entry.text() == "1" else self._unit

    def _unit_width(self) -> int:
        text = self._entry.text()
        if not self._unit or not text or self._computed:
            return 0
        metrics = QFontMetricsF(self._theme.font(mono=True))
        width = UNIT_GAP + math.ceil(metrics.horizontalAdvance(self._unit_words()))
        taken = TEXT_INSET + LINE_MARGINS + math.ceil(metrics.horizontalAdvance(text)) + self._inset_behind_unit()
        return width if taken + width <= self.width() else 0

    def _inset_behind_unit(self) -> int:
        if self._computed and self.isEnabled():
            return TEXT_INSET + 6 + math.ceil(self._computed_width())
        return super()._right_inset()

    def _computed_width(self) -> float:
        return QFontMetricsF(self._theme.font(mono=True)).horizontalAdvance(self._computed)

    def paintEvent(self, event: QEvent) -> None:
        super().paintEvent(event)
        if self._computed and self.isEnabled():
            painter = QPainter(self)
            font = self._theme.font(mono=True)
            painter.setFont(font)
            painter.setPen(self._theme.color("secondary"))
            left = self.width() - TEXT_INSET - self._computed_width()
            painter.drawText(QPointF(left, baseline(font, self.height() / 2)), self._computed)
            painter.end()
        elif self.shown_unit():
            painter = QPainter(self)
            font = self._theme.font(mono=True)
            painter.setFont(font)
            painter.setPen(self._theme.color("secondary" if self.isEnabled() else "disabled"))
            left = self.width() - self._right_inset() + UNIT_GAP
            painter.drawText(QPointF(left, baseline(font, self.height() / 2)), self._unit_words())
            painter.end()


def is_formula(value: object) -> bool:
    """Whether a value is a Formula."""
    return isinstance(getattr(value, "text", None), str)


def formula_text(value: object) -> str:
    """The text of a Formula."""
    text = getattr(value, "text", None)
    assert isinstance(text, str), "not a formula"
    return text


def group(digits: str) -> str:
    """A number's text with thin spaces between thousands, from five digits on: 65 536."""
    whole, point, rest = digits.partition(".")
    if "e" in digits or len(whole.lstrip("-")) < 5:
        return digits
    return f"{int(whole):,}".replace(",", "\N{THIN SPACE}") + point + rest


def rounded(number: float, digits: int) -> float:
    """A number to some significant digits."""
    return float(f"{number:.{digits - 1}e}")


def float_text(number: float) -> str:
    """A float as people write it: 0.001, 1.0, 1e-5."""
    text = repr(number)
    mantissa, e, exponent = text.partition("e")
    if not e:
        return text
    return f"{mantissa}e{int(exponent)}"
