"""What the run says, at the right of the run bar."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.panels.buttons import LinkButton, baseline
from app.run_state import Part
from graph_editor.theme import ICON, MEDIUM, REGULAR, SEMIBOLD, SIZE_NORMAL, SPACE_8, SPACE_16, Theme


class MessageLine(QWidget):
    """What the run says, at the right: an icon, parts in their colours, a link. Too long, it ends in an ellipsis."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._parts: tuple[Part, ...] = ()
        self._icon = ""
        self.link = LinkButton("", theme, weight=SEMIBOLD, parent=self)
        self.link.hide()
        self.setMinimumWidth(24)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)

    def set_theme(self, theme: Theme) -> None:
        """Take the look of another theme."""
        self._theme = theme
        self.link.set_theme(theme)
        self.update()

    def show_message(self, parts: tuple[Part, ...], icon: str, link: str) -> None:
        """Say something; a screen reader hears all of it."""
        text = "  ".join(part.text for part in parts)
        if text != self.accessibleName():
            self.setAccessibleName(text)
        self._parts, self._icon = parts, icon
        self.link.set_label(link)
        self.link.setVisible(bool(link))
        self._place_link()
        self.update()

    def text(self) -> str:
        """All that stands there, the link left out."""
        return self.accessibleName()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_link()

    def _place_link(self) -> None:
        size = self.link.sizeHint()
        self.link.setGeometry(
            self.width() - size.width(), (self.height() - size.height()) // 2, size.width(), size.height()
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        theme = self._theme
        fonts = [theme.font(SIZE_NORMAL, _weight(part)) for part in self._parts]
        widths = [
            QFontMetricsF(font).horizontalAdvance(part.text) for font, part in zip(fonts, self._parts, strict=True)
        ]
        end = self.width() - (self.link.sizeHint().width() + SPACE_16 if not self.link.isHidden() else 0)
        total = sum(widths) + SPACE_16 * max(len(widths) - 1, 0) + (ICON + SPACE_8 if self._icon else 0)
        # What does not fit is left away from the last part on; the first ends in an ellipsis.
        shown = len(widths)
        while shown > 1 and total > end:
            shown -= 1
            total -= widths[shown] + SPACE_16
        left = max(end - total, 0.0)
        if self._icon and self._parts:
            ink = self._parts[0].colour
            pixmap = theme.icon_pixmap(self._icon, ink, ICON, self.devicePixelRatioF())
            painter.drawPixmap(round(left), round((self.height() - ICON) / 2), pixmap)
            left += ICON + SPACE_8
        for part, font, width in zip(self._parts[:shown], fonts, widths, strict=False):
            room = max(end - left, 0.0)
            text = part.text
            if width > room + 0.5:
                text = QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, room)
            painter.setFont(font)
            painter.setPen(theme.color(part.colour))
            painter.drawText(round(left), baseline(font, self.height() / 2), text)
            left += width + SPACE_16
        painter.end()
        self.setToolTip(self.text() if total > end + 0.5 or shown < len(widths) else "")


def _weight(part: Part) -> int:
    return SEMIBOLD if part.bold else MEDIUM if part.colour in ("error", "warning") else REGULAR
