"""What the run says, at the right of the run bar."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.panels.buttons import LinkButton, baseline
from app.run_state import Part
from graph_editor.theme import ICON, MEDIUM, REGULAR, SEMIBOLD, SIZE_NORMAL, SPACE_8, SPACE_16, Theme

LINE = 15


class MessageLine(QWidget):
    """What the run says, at the right: an icon, parts in their colours, a link. Too long, it breaks into two lines."""

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
        lead = ICON + SPACE_8 if self._icon else 0
        total = sum(widths) + SPACE_16 * max(len(widths) - 1, 0) + lead
        # What does not fit is left away from the last part on; the first breaks into two lines.
        shown = len(widths)
        while shown > 1 and total > end:
            shown -= 1
            total -= widths[shown] + SPACE_16
        lines = self.lines(end - lead) if shown == 1 else ()
        if lines:
            total = max(QFontMetricsF(fonts[0]).horizontalAdvance(line) for line in lines) + lead
        left = max(end - total, 0.0)
        if self._icon and self._parts:
            ink = self._parts[0].colour
            pixmap = theme.icon_pixmap(self._icon, ink, ICON, self.devicePixelRatioF())
            painter.drawPixmap(round(left), round((self.height() - ICON) / 2), pixmap)
            left += lead
        for part, font, width in zip(self._parts[:shown], fonts, widths, strict=False):
            painter.setFont(font)
            painter.setPen(theme.color(part.colour))
            rows = lines or (part.text,)
            for row, text in enumerate(rows):
                middle = self.height() / 2 + theme.scaled(LINE) * (row - (len(rows) - 1) / 2)
                painter.drawText(round(left), baseline(font, middle), text)
            left += width + SPACE_16
        painter.end()
        cut = "".join(lines).endswith("…") and not self._parts[0].text.endswith("…")
        self.setToolTip(self.text() if cut or shown < len(widths) else "")

    def lines(self, room: float) -> tuple[str, ...]:
        """The first part in at most two lines of `room` px; what fits in neither is an ellipsis."""
        if not self._parts:
            return ()
        text = self._parts[0].text
        metrics = QFontMetricsF(self._theme.font(SIZE_NORMAL, _weight(self._parts[0])))
        if metrics.horizontalAdvance(text) <= room + 0.5:
            return (text,)
        words = text.split(" ")
        breaks = [at for at in range(1, len(words)) if _width(metrics, words[:at]) <= room]
        if not breaks:
            return (metrics.elidedText(text, Qt.TextElideMode.ElideRight, max(room, 0.0)),)
        # Lines of about equal length read best, and leave the rest of the bar in peace.
        at = min(breaks, key=lambda at: max(_width(metrics, words[:at]), _width(metrics, words[at:])))
        return " ".join(words[:at]), metrics.elidedText(" ".join(words[at:]), Qt.TextElideMode.ElideRight, room)


def _width(metrics: QFontMetricsF, words: list[str]) -> float:
    return metrics.horizontalAdvance(" ".join(words))


def _weight(part: Part) -> int:
    return SEMIBOLD if part.bold else MEDIUM if part.colour in ("error", "warning") else REGULAR
