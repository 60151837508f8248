"""What a place says while it has nothing to show: one sentence and one thing to do."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from app.panels.buttons import LinkButton
from graph_editor.theme import SPACE_4, SPACE_16, Theme


class EmptyState(QWidget):
    """A sentence in secondary text, centred, with a link below it; `activated` when the link is followed."""

    activated = Signal()

    def __init__(self, sentence: str, action: str, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sentence = QLabel(sentence, self)
        self._sentence.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._sentence.setWordWrap(True)
        self._link = LinkButton(action, theme, parent=self)
        self._link.clicked.connect(self.activated)
        self._link.setVisible(bool(action))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE_16, SPACE_16, SPACE_16, SPACE_16)
        layout.setSpacing(SPACE_4)
        layout.addStretch()
        layout.addWidget(self._sentence)
        layout.addWidget(self._link, alignment=Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch()
        self.set_theme(theme)

    def set_sentence(self, sentence: str, action: str = "") -> None:
        """Say something else; without an action there is no link."""
        self._sentence.setText(sentence)
        self._link.set_label(action)
        self._link.setVisible(bool(action))

    def set_theme(self, theme: Theme) -> None:
        """Take the look of another theme."""
        self._sentence.setFont(theme.font())
        palette = self._sentence.palette()
        palette.setColor(self._sentence.foregroundRole(), theme.color("secondary"))
        self._sentence.setPalette(palette)
        self._link.set_theme(theme)
