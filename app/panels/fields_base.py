"""Field: the common ground of the inspector's fields."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from graph_editor.theme import FIELD_WIDTH, FOCUS_WIDTH, ICON_IN_FIELD, RADIUS_FIELD, ROW_HEIGHT, Theme

Validate = Callable[[object], str | None]
"""Says what is wrong with a value, in a sentence, or None."""

TEXT_INSET = 8


class Field(QWidget):
    """A value that can be edited: a frame 28 px high in which a subclass shows it.

    `edited` comes once for each committed edit of the user, `previewed` with each value on the way there;
    `error_changed` carries the sentence below the field, "" without one.
    """

    edited = Signal(object)
    previewed = Signal(object)
    error_changed = Signal(str)

    left_bleed = 0
    """How many px the field reaches left of where it seems to begin."""

    def __init__(self, theme: Theme, validate: Validate | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._validate = validate
        self._value: object = None
        self._committed: object = None
        self._gesture = False
        self._changed = True
        self._error = ""
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def value(self) -> object:
        """The last good value."""
        return self._value

    def set_value(self, value: object, silently: bool = True) -> None:
        """Show a value; loud, it counts as an edit of the user.

        A silent value that comes while the user steps, scrubs or types (the echo of a preview, an unrelated refresh)
        disturbs nothing: it is the user's edit that counts, and Escape goes back to the value before it.
        """
        if silently and self._busy(value):
            return
        self._gesture = False
        self._value = value
        self.set_error(None)
        self._show_value()
        if silently:
            self._committed = value
        else:
            self._commit(value)

    def forget(self) -> None:
        """Be as one that was just made: no error, nothing half-typed, no value; another block's comes next."""
        self._gesture = False
        self._value = self._committed = None
        self.set_error(None)

    def error(self) -> str:
        """The sentence below the field, "" without one."""
        return self._error

    def set_error(self, text: str | None) -> None:
        """Draw the field's edge in error, with a sentence for below it; None takes both away."""
        text = text or ""
        if text != self._error:
            self._error = text
            self._describe()
            self.error_changed.emit(text)
            self.update()

    def _describe(self) -> None:
        """Tell a screen reader what stands beside or below the value."""
        self.setAccessibleDescription(self._error)

    def set_changed(self, changed: bool) -> None:
        """Whether the value differs from its default: defaults are written in secondary text."""
        if changed != self._changed:
            self._changed = changed
            self._restyle()

    def set_theme(self, theme: Theme) -> None:
        """Take the look of another theme."""
        self._theme = theme
        self._restyle()

    def sizeHint(self) -> QSize:
        return QSize(FIELD_WIDTH, ROW_HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(48, ROW_HEIGHT)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.EnabledChange:
            self._restyle()

    def hideEvent(self, event: QEvent) -> None:
        super().hideEvent(event)
        self._gesture = False

    def wheelEvent(self, event: QEvent) -> None:
        # The wheel scrolls the panel; it never changes a value that happens to pass under the pointer.
        event.ignore()

    def _show_value(self) -> None:
        self.update()

    def _restyle(self) -> None:
        self.update()

    def _preview(self, value: object) -> None:
        if not same(value, self._value):
            self._gesture = True
            self._value = value
            self.previewed.emit(value)

    def _busy(self, value: object) -> bool:
        """Whether a silent value is to be left aside, because the user is in the middle of an edit."""
        return self._gesture

    def _restore(self) -> None:
        """Back to the value before the edit in progress, which may have been previewed."""
        self._preview(self._committed)
        self._gesture = False

    def _commit(self, value: object) -> None:
        self._gesture = False
        self._value = value
        if not same(value, self._committed):
            self._committed = value
            self.edited.emit(value)

    def _complaint(self, value: object) -> str:
        return (self._validate(value) or "") if self._validate is not None else ""

    def _has_keyboard(self) -> bool:
        return self.hasFocus()

    def _ink(self) -> str:
        if not self.isEnabled():
            return "disabled"
        return "text" if self._changed or self._has_keyboard() else "secondary"

    def _frame(self) -> QRectF:
        return QRectF(self.rect())

    def _paint_frame(self, painter: QPainter) -> None:
        paint_frame(
            painter,
            self._theme,
            self._frame(),
            enabled=self.isEnabled(),
            hover=self.underMouse(),
            focus=self._has_keyboard(),
            error=bool(self._error),
        )

    def _paint_icon(self, painter: QPainter, name: str, middle_x: float, ink: str) -> None:
        pixmap = self._theme.icon_pixmap(name, ink, ICON_IN_FIELD, self.devicePixelRatioF())
        corner = QPointF(round(middle_x - ICON_IN_FIELD / 2), round((self.height() - ICON_IN_FIELD) / 2))
        painter.drawPixmap(corner, pixmap)


def paint_frame(
    painter: QPainter,
    theme: Theme,
    place: QRectF,
    *,
    enabled: bool = True,
    hover: bool = False,
    focus: bool = False,
    error: bool = False,
) -> None:
    """Paint a field's ground and edge."""
    strong = enabled and (focus or error)
    width = FOCUS_WIDTH if strong else 1
    name = "line" if not enabled else "error" if error else "accent" if focus else "secondary" if hover else "edge"
    half = width / 2
    painter.setPen(theme.pen(name, width))
    painter.setBrush(theme.brush("field"))
    painter.drawRoundedRect(place.adjusted(half, half, -half, -half), RADIUS_FIELD - half, RADIUS_FIELD - half)


def same(one: object, other: object) -> bool:
    """Whether two values are the same; True, 1 and 1.0 are three."""
    return type(one) is type(other) and one == other
