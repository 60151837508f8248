"""The header of the live views: title, what is going on, Add view, maximise."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QPainter
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from app.panels.buttons import IconButton, PlainButton, baseline
from graph_editor.theme import HEADING_HEIGHT, SEMIBOLD, SIZE_HEADING, SIZE_NORMAL, SPACE_8, SPACE_12, Theme


class ViewsHeader(QWidget):
    """Title, what is going on, Add view, maximise.

    `escaped` when Escape is to give the window back, in whatever part of it that was pressed.
    """

    escaped = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._subtitle = ""
        self.setFixedHeight(HEADING_HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.add = PlainButton("Add view", theme, "ph.plus")
        self.add.height_px = 24
        self.maximise = IconButton("ph.arrows-out-simple", "Fill the window", theme, side=24)
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE_12, 0, SPACE_8, 1)
        row.setSpacing(SPACE_8)
        row.addStretch()
        row.addWidget(self.add)
        row.addWidget(self.maximise)

    def set_subtitle(self, text: str) -> None:
        """Say something else beside the title."""
        if text != self._subtitle:
            self._subtitle = text
            self.update()

    def subtitle(self) -> str:
        """What stands beside the title."""
        return self._subtitle

    def set_lively(self, lively: bool) -> None:
        """Whether there are views to add to and to maximise."""
        self.add.setVisible(lively)
        self.maximise.setVisible(lively)

    def set_maximised(self, maximised: bool) -> None:
        """Whether the button gives the window back; it takes the keyboard, that Escape does so too."""
        self.maximise.set_icon_name("ph.arrows-in-simple" if maximised else "ph.arrows-out-simple")
        words = "Give the window back" if maximised else "Fill the window"
        self.maximise.setToolTip(words)
        self.maximise.setAccessibleName(words)
        if maximised:
            self.window().installEventFilter(self)
        else:
            self.window().removeEventFilter(self)
        # Else the keyboard would go on to Run when the canvas hides.
        self.maximise.setFocus(Qt.FocusReason.MouseFocusReason)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # Only what no part of the window took comes here.
        if event.type() == QEvent.Type.KeyPress and event.key() == Qt.Key.Key_Escape:  # type: ignore[attr-defined]
            self.escaped.emit()
            return True
        return False

    def set_theme(self, theme: Theme) -> None:
        """Take the look of another theme."""
        self._theme = theme
        self.add.set_theme(theme)
        self.maximise.set_theme(theme)
        self.update()

    def paintEvent(self, event: QEvent) -> None:
        theme = self._theme
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.color("panel"))
        painter.fillRect(QRectF(0, self.height() - 1, self.width(), 1), theme.color("line"))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = theme.font(SIZE_HEADING, SEMIBOLD)
        painter.setFont(font)
        painter.setPen(theme.color("text"))
        line = baseline(font, (self.height() - 1) / 2)
        painter.drawText(QPointF(SPACE_12, line), "Live views")
        left = SPACE_12 + QFontMetricsF(font).horizontalAdvance("Live views") + SPACE_12
        font = theme.font(SIZE_NORMAL)
        painter.setFont(font)
        painter.setPen(theme.color("secondary"))
        painter.drawText(QPointF(left, line), self._subtitle)
        painter.end()
