"""The inspector where the window is narrow: it lies over the canvas, at the right."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect
from PySide6.QtWidgets import QWidget

from app.panels.popup import POPUP_INSET, Popup
from graph_editor.theme import INSPECTOR_WIDTH_NARROW, SPACE_8, Theme


class FloatingInspector(Popup):
    """Shown while something is selected, or without a selection where it was asked for.

    `allowed` says whether a selection shows it.
    """

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(None, theme, parent)
        self.allowed = True
        self._asked_for = False

    def ask(self, shown: bool, picked: bool) -> None:
        """Show or hide it, while something is selected or not: without a selection hiding allows it for the next."""
        self.allowed, self._asked_for = shown or not picked, shown and not picked

    def lie_over(self, page: QWidget | None, picked: bool) -> bool:
        """Lie at the right of a page of the window, or nowhere; whether it shows then."""
        shown = page is not None and self.allowed and (picked or self._asked_for)
        if page is not None and shown:
            # The panel in it is as wide as where it is docked: its own edge has 1 px.
            width = INSPECTOR_WIDTH_NARROW + 2 * POPUP_INSET + 1
            corner = page.mapTo(self.window(), QPoint(page.width() - width - SPACE_8, SPACE_8))
            self.lie_at(QRect(corner.x(), corner.y(), width, page.height() - 2 * SPACE_8))
            self.raise_()
        self.setVisible(shown)
        return shown
