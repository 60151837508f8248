"""The inspector's fields, the row that holds one, and the field that fits a parameter."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.panels.boolean_field import BooleanField
from app.panels.buttons import IconButton, baseline
from app.panels.choice_field import ChoiceField
from app.panels.fields_base import Field, Validate
from app.panels.float_field import FloatField
from app.panels.integer_field import IntegerField
from app.panels.number_field import Compute, NumberField, without_variables
from app.panels.section import stops
from app.panels.text_field import TextField
from app.panels.tuple_field import ListField, TupleField
from engine.graph.block_type import Parameter
from graph_editor.theme import (
    FIELD_AT,
    FIELD_WIDTH,
    ICON_IN_FIELD,
    REGULAR,
    ROW_HEIGHT,
    SEMIBOLD,
    SIZE_NORMAL,
    SIZE_SMALL,
    SPACE_16,
    Theme,
)

__all__ = [
    "BooleanField",
    "ChoiceField",
    "Field",
    "FieldRow",
    "FloatField",
    "IntegerField",
    "ListField",
    "NumberField",
    "TextField",
    "TupleField",
    "make_field",
]

RESET_WIDTH = 24
ERROR_HEIGHT = 16


class FieldRow(QWidget):
    """A label at the left, a field at `field_at`, and, where the value differs from its default, a reset button.

    `edited` and `previewed` pass the field's on. Below the field stands the sentence of its error.
    """

    edited = Signal(object)
    previewed = Signal(object)

    def __init__(
        self,
        label: str,
        field: Field,
        theme: Theme,
        *,
        default: object = None,
        resettable: bool = True,
        purpose: str = "",
        field_at: int = FIELD_AT,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._label = label
        self._field = field
        self._theme = theme
        self._default = default
        self._resettable = resettable
        self._purpose = purpose
        self._field_at = field_at
        self._reset: IconButton | None = None
        field.setParent(self)
        field.setAccessibleName(label)
        self.setToolTip(purpose)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        field.edited.connect(self._edited)
        field.previewed.connect(self._previewed)
        field.error_changed.connect(self._error_changed)
        self._mark_change()

    def label(self) -> str:
        """What stands beside the field."""
        return self._label

    def shown_label(self, changed: bool) -> str:
        """What has room of the label, which is semibold where the value is `changed`."""
        metrics = QFontMetricsF(self._theme.font(SIZE_NORMAL, SEMIBOLD if changed else REGULAR))
        return metrics.elidedText(self._label, Qt.TextElideMode.ElideRight, self._field_at - SPACE_16 - 8)

    def field(self) -> Field:
        """The field."""
        return self._field

    def reset_button(self) -> IconButton:
        """The button that goes back to the default; visible while there is a change, and made for the first."""
        if self._reset is None:
            before = stops(self)
            words = "Back to the default"
            self._reset = IconButton(
                "ph.arrow-counter-clockwise", words, self._theme, ICON_IN_FIELD, side=RESET_WIDTH, parent=self
            )
            self._reset.hide()
            self._reset.clicked.connect(self._to_default)
            self._place_reset(self._reset)
            if before:
                QWidget.setTabOrder(before[-1], self._reset)
        return self._reset

    def is_changed(self) -> bool:
        """Whether the value differs from the default; one number as the default of a tuple stands for equal items."""
        value, default = self._field.value(), self._default
        if isinstance(value, tuple) and default is not None and not isinstance(default, tuple):
            default = (default,) * len(value)
        return self._resettable and value != default

    def set_value(self, value: object) -> None:
        """Show a value that comes from elsewhere."""
        self._field.set_value(value)
        self._mark_change()

    def forget(self) -> None:
        """Be as one that was just made, before another block's value comes."""
        self._field.forget()

    def set_default(self, default: object) -> None:
        """Compare with another default."""
        self._default = default
        self._mark_change()

    def set_locked(self, locked: bool) -> None:
        """Let the value be read only: a lock in the field, and no way back to the default."""
        self._field.setEnabled(not locked)
        self._mark_change()

    def set_theme(self, theme: Theme) -> None:
        """Take the look of another theme."""
        self._theme = theme
        self._field.set_theme(theme)
        if self._reset is not None:
            self._reset.set_theme(theme)
        self.update()

    def sizeHint(self) -> QSize:
        height = ROW_HEIGHT + (ERROR_HEIGHT if self._field.error() else 0)
        return QSize(self._field_at + FIELD_WIDTH + RESET_WIDTH + 8, height)

    def minimumSizeHint(self) -> QSize:
        return QSize(self._field_at + 64 + RESET_WIDTH + 8, self.sizeHint().height())

    def resizeEvent(self, event: QEvent) -> None:
        super().resizeEvent(event)
        left = self._field_at - self._field.left_bleed
        room = self.width() - left - RESET_WIDTH - 8
        fixed = self._field.sizePolicy().horizontalPolicy() == QSizePolicy.Policy.Fixed
        width = min(room, self._field.sizeHint().width()) if fixed else room
        self._field.setGeometry(left, 0, max(width, 1), ROW_HEIGHT)
        if self._reset is not None:
            self._place_reset(self._reset)

    def paintEvent(self, event: QEvent) -> None:
        painter = QPainter(self)
        font = self._theme.font(SIZE_NORMAL, SEMIBOLD if self.is_changed() else REGULAR)
        painter.setFont(font)
        painter.setPen(self._theme.color("text" if self._field.isEnabled() else "secondary"))
        painter.drawText(QPointF(SPACE_16, baseline(font, ROW_HEIGHT / 2)), self.shown_label(self.is_changed()))
        if self._field.error():
            font = self._theme.font(SIZE_SMALL)
            painter.setFont(font)
            painter.setPen(self._theme.color("error"))
            place = QRectF(SPACE_16, ROW_HEIGHT, self.width() - 2 * SPACE_16, ERROR_HEIGHT)
            text = QFontMetricsF(font).elidedText(self._field.error(), Qt.TextElideMode.ElideRight, place.width())
            wide = QFontMetricsF(font).horizontalAdvance(text) > place.right() - self._field_at
            if not wide:
                place.setLeft(self._field_at)
            painter.drawText(place, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
        painter.end()

    def _edited(self, value: object) -> None:
        self._mark_change()
        self.edited.emit(value)

    def _previewed(self, value: object) -> None:
        self._mark_change()
        self.previewed.emit(value)

    def _to_default(self) -> None:
        self._field.set_value(self._default, silently=False)
        self._field.setFocus(Qt.FocusReason.OtherFocusReason)

    def _place_reset(self, button: IconButton) -> None:
        button.setGeometry(self.width() - RESET_WIDTH - 4, (ROW_HEIGHT - RESET_WIDTH) // 2, RESET_WIDTH, RESET_WIDTH)

    def _mark_change(self) -> None:
        changed = self.is_changed()
        self._field.set_changed(changed or not self._resettable)
        resets = changed and self._field.isEnabled()
        if resets or self._reset is not None:
            self.reset_button().setVisible(resets)
        self.update()

    def _error_changed(self, text: str) -> None:
        self.setToolTip(text or self._purpose)
        self.updateGeometry()
        self.update()


def make_field(
    parameter: Parameter,
    theme: Theme,
    *,
    labels: Mapping[str, str] | None = None,
    compute: Compute = without_variables,
    validate: Validate | None = None,
) -> Field:
    """The field for a parameter of a block type; `compute` gives its formulas their numbers, `labels` names choices."""
    field = _make_field(parameter, theme, labels, compute, validate)
    if parameter.unit and isinstance(field, NumberField | TupleField):
        field.set_unit(parameter.unit)
    return field


def _make_field(
    parameter: Parameter, theme: Theme, labels: Mapping[str, str] | None, compute: Compute, validate: Validate | None
) -> Field:
    low, high, optional = parameter.minimum, parameter.maximum, parameter.optional
    match parameter.kind:
        case "integer":
            return IntegerField(theme, low, high, optional=optional, compute=compute, validate=validate)
        case "float":
            bar = logarithmic_bar(low, high) if parameter.logarithmic else None
            return FloatField(
                theme,
                low,
                high,
                logarithmic=parameter.logarithmic,
                bar=bar,
                optional=optional,
                compute=compute,
                validate=validate,
            )
        case "choice":
            return ChoiceField(theme, parameter.choices, labels=labels, optional=optional, validate=validate)
        case "boolean":
            return BooleanField(theme, validate)
        case "tuple":
            items = parameter.default if isinstance(parameter.default, tuple) else (parameter.default,)
            if parameter.length is None:
                return ListField(theme, texts=any(isinstance(item, str) for item in items), validate=validate)
            return TupleField(
                theme,
                parameter.length,
                low,
                high,
                floats=any(isinstance(item, float) for item in items),
                optional=optional,
                compute=compute,
                validate=validate,
            )
        case "text":
            return TextField(theme, validate)


def logarithmic_bar(minimum: float | None, maximum: float | None) -> tuple[float, float]:
    """What a logarithmic bar spans when the range does not say: five decades up to 1, or to the maximum."""
    high = maximum if maximum is not None and maximum > 0 else 1.0
    return (minimum if minimum is not None and minimum > 0 else high * 1e-5), high
