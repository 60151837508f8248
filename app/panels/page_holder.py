"""Where the inspector's pages stay: one shows, the others wait until a block of their form is selected again."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

MOST = 24
"""So many pages are kept; one holds some hundred widgets."""


class PageHolder(QWidget):
    """Making a page takes some ten times as long as filling it again."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pages: dict[object, QWidget] = {}
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(0)

    def page(self, form: object) -> Any:
        """The page of that form, if it was made."""
        return self._pages.get(form)

    def show_page(self, form: object, page: QWidget) -> None:
        """Show a page in place of the one that shows; of too many the one that was not seen for longest goes."""
        if self._pages.pop(form, None) is None:
            self._layout.addWidget(page)
        for other in self._pages.values():
            other.hide()
        page.show()
        self._pages[form] = page
        while len(self._pages) > MOST:
            _let_go(self._pages.pop(next(iter(self._pages))))

    def forget(self) -> None:
        """Let every page go."""
        for page in self._pages.values():
            _let_go(page)
        self._pages.clear()

    def lay_out(self) -> None:
        """Lay the page out at once, from the innermost out: left to itself each level takes a turn of its own."""
        shown = next(reversed(self._pages.values()))
        for widget in (*reversed(shown.findChildren(QWidget)), shown):
            layout = widget.layout() if widget.isVisible() else None
            if layout is not None:
                layout.activate()
        self._layout.activate()
        QCoreApplication.sendEvent(self, QEvent(QEvent.Type.LayoutRequest))
        # Each widget that is shown asks to be painted once more; the canvas paints the window before they are heard.
        QCoreApplication.sendPostedEvents(None, QEvent.Type.UpdateLater.value)


def _let_go(page: QWidget) -> None:
    page.hide()
    page.deleteLater()
