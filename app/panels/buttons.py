"""The buttons used everywhere: primary, plain, icon, link, and the header of a section that folds."""

from __future__ import annotations

from abc import abstractmethod

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QKeySequence, QPainter, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from app.abstract_widget import AbstractWidget
from graph_editor.theme import (
    FOCUS_GAP,
    FOCUS_WIDTH,
    HEADING_HEIGHT,
    ICON,
    ICON_IN_FIELD,
    MEDIUM,
    RADIUS_BLOCK,
    RADIUS_FIELD,
    REGULAR,
    ROW_HEIGHT,
    SEMIBOLD,
    SIZE_NORMAL,
    SIZE_SMALL,
    Theme,
    has_icon,
)

PADDING = 12
ICON_GAP = 6
_KEYBOARD = (
    Qt.FocusReason.TabFocusReason,
    Qt.FocusReason.BacktabFocusReason,
    Qt.FocusReason.ShortcutFocusReason,
    Qt.FocusReason.OtherFocusReason,
)


class FocusRing(QWidget):
    """The 2-px accent ring, 3 px outside the widget that has the keyboard; lies on its parent, so it is never cut.

    `gap` is negative for what is as wide as its panel: there the ring lies inside.
    """

    def __init__(self, around: QWidget, radius: int, gap: int = FOCUS_GAP) -> None:
        super().__init__(around.parentWidget())
        self._gap = gap
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._around = around
        self._radius = radius
        self._color = QColor()

    def place(self, color: QColor) -> None:
        """Lie around the widget, in a colour."""
        self._color = color
        if self.parentWidget() is not self._around.parentWidget():
            self.setParent(self._around.parentWidget())
        gap = self._gap
        self.setGeometry(self._around.geometry().adjusted(-gap, -gap, gap, gap))
        self.raise_()
        self.show()

    def paintEvent(self, event: QEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._color, FOCUS_WIDTH))
        half = FOCUS_WIDTH / 2
        radius = max(self._radius + self._gap, self._radius) - half
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(half, half, -half, -half), radius, radius)
        painter.end()


class Button(QAbstractButton, metaclass=AbstractWidget):
    """Base of the buttons: an icon, a text and a key, painted from the theme."""

    weight = MEDIUM
    height_px = ROW_HEIGHT
    radius = RADIUS_BLOCK
    ring_gap = FOCUS_GAP

    def __init__(
        self, text: str, theme: Theme, icon: str | None = None, key: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        assert icon is None or has_icon(icon), f"no icon {icon}"
        self._theme = theme
        self._icon_name = icon
        self._key = key
        self._ring: FocusRing | None = None
        self.setText(text)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        if key:
            self.setShortcut(QKeySequence(key))

    def set_theme(self, theme: Theme) -> None:
        """Take the look of another theme."""
        self._theme = theme
        self.updateGeometry()
        self._show_ring()
        self.update()

    def set_icon_name(self, name: str | None) -> None:
        """Show another icon, or none."""
        assert name is None or has_icon(name), f"no icon {name}"
        if name != self._icon_name:
            self._icon_name = name
            self.updateGeometry()
            self.update()

    def set_label(self, text: str) -> None:
        """Show another text."""
        if text != self.text():
            self.setText(text)
            self.updateGeometry()

    def text_font(self) -> QFont:
        """The font of the text."""
        return self._theme.font(SIZE_NORMAL, self.weight)

    def sizeHint(self) -> QSize:
        return QSize(round(self._content_width()) + 2 * PADDING, self.height_px)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_ground(painter)
        self._paint_content(painter, (self.width() - self._content_width()) / 2)
        painter.end()

    def focusInEvent(self, event: QEvent) -> None:
        super().focusInEvent(event)
        self._show_ring(event.reason() in _KEYBOARD)

    def focusOutEvent(self, event: QEvent) -> None:
        super().focusOutEvent(event)
        if self._ring is not None:
            self._ring.hide()

    def keyPressEvent(self, event: QEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def moveEvent(self, event: QEvent) -> None:
        super().moveEvent(event)
        self._show_ring()

    def resizeEvent(self, event: QEvent) -> None:
        super().resizeEvent(event)
        self._show_ring()

    def hideEvent(self, event: QEvent) -> None:
        super().hideEvent(event)
        if self._ring is not None:
            self._ring.hide()

    def is_ringed(self) -> bool:
        """Whether the ring of the keyboard is around it."""
        return self._ring is not None and self._ring.isVisible()

    def _show_ring(self, new: bool = False) -> None:
        # A ring whose panel is hidden for a moment moves along as well: it would come back at the old place.
        is_wanted = new or (self._ring is not None and not self._ring.isHidden())
        if self.parentWidget() is None or not is_wanted:
            return
        if self._ring is None:
            self._ring = FocusRing(self, self.radius, self.ring_gap)
        self._ring.place(self._theme.color("accent"))

    def _ink(self) -> str:
        return "text" if self.isEnabled() else "disabled"

    @abstractmethod
    def _paint_ground(self, painter: QPainter) -> None:
        """Paint what lies below icon and text."""

    def _paint_under_pointer(self, painter: QPainter, pressed: bool | None = None) -> None:
        """A ground where the pointer is, a darker one where it is `pressed`, which None asks the button."""
        pressed = self.isDown() if pressed is None else pressed
        if pressed or self.underMouse():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._theme.brush("pressed" if pressed else "hover"))
            painter.drawRoundedRect(QRectF(self.rect()), self.radius, self.radius)

    def _content_width(self) -> float:
        parts = [] if self._icon_name is None else [float(ICON)]
        if self.text():
            parts.append(QFontMetricsF(self.text_font()).horizontalAdvance(self.text()))
        if self._key:
            parts.append(self._key_width())
        return sum(parts) + ICON_GAP * (len(parts) - 1)

    def _key_width(self) -> float:
        font = self._theme.font(SIZE_SMALL, mono=True)
        return max(16.0, QFontMetricsF(font).horizontalAdvance(self._key) + 8)

    def _paint_content(self, painter: QPainter, left: float) -> None:
        middle = self.height() / 2
        if self._icon_name is not None:
            pixmap = self._theme.icon_pixmap(self._icon_name, self._ink(), ICON, self.devicePixelRatioF())
            painter.drawPixmap(QPointF(round(left), round(middle - ICON / 2)), pixmap)
            left += ICON + ICON_GAP
        if self.text():
            font = self.text_font()
            painter.setFont(font)
            painter.setPen(self._theme.color(self._ink()))
            width = QFontMetricsF(font).horizontalAdvance(self.text())
            painter.drawText(QPointF(left, baseline(font, middle)), self.text())
            left += width + ICON_GAP
        if self._key:
            self._paint_key(painter, QRectF(left, middle - 8, self._key_width(), 16))

    def _paint_key(self, painter: QPainter, place: QRectF) -> None:
        painter.setPen(self._theme.pen("line"))
        painter.setBrush(self._theme.brush("hover"))
        painter.drawRoundedRect(place.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
        font = self._theme.font(SIZE_SMALL, mono=True)
        painter.setFont(font)
        painter.setPen(self._theme.color("secondary" if self.isEnabled() else "disabled"))
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, self._key)


class PlainButton(Button):
    """A button with an edge and no fill."""

    def _paint_ground(self, painter: QPainter) -> None:
        theme = self._theme
        frame = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(theme.pen("edge" if self.isEnabled() else "line"))
        if self.isEnabled():
            ground = "pressed" if self.isDown() or self.isChecked() else "hover" if self.underMouse() else "panel"
            painter.setBrush(theme.brush(ground))
        painter.drawRoundedRect(frame, self.radius - 0.5, self.radius - 0.5)


class PrimaryButton(Button):
    """The filled button, one in a window: Run. `set_filled(False)` makes it plain (Pause)."""

    weight = SEMIBOLD

    def __init__(
        self, text: str, theme: Theme, icon: str | None = None, key: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(text, theme, icon, key, parent)
        self._filled = True

    def set_filled(self, filled: bool) -> None:
        """Whether the button is filled, or plain."""
        self._filled = filled
        self.update()

    def _ink(self) -> str:
        if not self.isEnabled():
            return "disabled"
        return "on_fill" if self._filled else "text"

    def _paint_ground(self, painter: QPainter) -> None:
        if not (self._filled and self.isEnabled()):
            PlainButton._paint_ground(self, painter)  # type: ignore[arg-type]
            return
        theme = self._theme
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(
            theme.fill_pressed if self.isDown() else theme.fill_hover if self.underMouse() else theme.color("fill")
        )
        painter.drawRoundedRect(QRectF(self.rect()), self.radius, self.radius)


class IconButton(Button):
    """An icon alone; its name for the keyboard and the tooltip is `text`. Checkable where `setCheckable` says so."""

    radius = RADIUS_FIELD

    def __init__(
        self,
        icon: str,
        text: str,
        theme: Theme,
        size: int = ICON,
        colour: str = "secondary",
        side: int = ROW_HEIGHT,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__("", theme, icon, parent=parent)
        self._size = size
        self._colour = colour
        self._side = side
        self.setAccessibleName(text)
        self.setToolTip(text)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(self._side, self._side)

    def set_colour(self, colour: str) -> None:
        """Draw the icon in another token or family."""
        self._colour = colour
        self.update()

    def _paint_ground(self, painter: QPainter) -> None:
        if self.isEnabled():
            self._paint_under_pointer(painter, self.isDown() or self.isChecked())

    def _paint_content(self, painter: QPainter, left: float) -> None:
        assert self._icon_name is not None
        lively = self.underMouse() or self.isChecked()
        ink = "disabled" if not self.isEnabled() else "text" if lively and self._colour == "secondary" else self._colour
        pixmap = self._theme.icon_pixmap(self._icon_name, ink, self._size, self.devicePixelRatioF())
        corner = QPointF(round((self.width() - self._size) / 2), round((self.height() - self._size) / 2))
        painter.drawPixmap(corner, pixmap)


class LinkButton(Button):
    """A word or two in accent that does something; underlined under the pointer."""

    radius = RADIUS_FIELD
    height_px = 20

    def __init__(
        self, text: str, theme: Theme, weight: int = REGULAR, size: int = SIZE_NORMAL, parent: QWidget | None = None
    ) -> None:
        super().__init__(text, theme, parent=parent)
        self.weight = weight
        self._size = size
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def text_font(self) -> QFont:
        font = QFont(self._theme.font(self._size, self.weight))
        font.setUnderline(self.isEnabled() and self.underMouse())
        return font

    def sizeHint(self) -> QSize:
        return QSize(round(self._content_width() + 0.5), self.height_px)

    def _ink(self) -> str:
        return "accent" if self.isEnabled() else "disabled"

    def _paint_ground(self, painter: QPainter) -> None:
        pass


class SectionHeader(Button):
    """The heading of a section: chevron and title; a click or Space folds, and `folded` says so."""

    folded = Signal(bool)
    weight = SEMIBOLD
    radius = RADIUS_FIELD
    ring_gap = -2
    height_px = HEADING_HEIGHT

    def __init__(self, title: str, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(title, theme, parent=parent)
        self._folded = False
        self.setAccessibleName(title)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.clicked.connect(lambda: self.set_folded(not self._folded))

    def is_folded(self) -> bool:
        """Whether the section is folded away."""
        return self._folded

    def set_folded(self, folded: bool) -> None:
        """Fold or unfold; says so when it is a change."""
        if folded != self._folded:
            self._folded = folded
            self.update()
            self.folded.emit(folded)

    def sizeHint(self) -> QSize:
        return QSize(round(self._content_width()) + ICON_IN_FIELD + 3 * ICON_GAP, self.height_px)

    def keyPressEvent(self, event: QEvent) -> None:
        if event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self.set_folded(event.key() == Qt.Key.Key_Left)
        else:
            super().keyPressEvent(event)

    def _paint_ground(self, painter: QPainter) -> None:
        name = "ph.caret-right" if self._folded else "ph.caret-down"
        ink = "text" if self.underMouse() else "secondary"
        pixmap = self._theme.icon_pixmap(name, ink, ICON_IN_FIELD, self.devicePixelRatioF())
        painter.drawPixmap(QPointF(PADDING - 2, round((self.height() - ICON_IN_FIELD) / 2)), pixmap)

    def _paint_content(self, painter: QPainter, left: float) -> None:
        super()._paint_content(painter, PADDING + ICON_IN_FIELD + 4)


def baseline(font: QFont, middle: float) -> float:
    """Where text stands so that its capitals are centred on `middle`; whole px, so that it is sharp."""
    return round(middle + QFontMetricsF(font).capHeight() / 2)
