"""Help in a window of its own that stands in nobody's way: a block, the keys, about."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QTextBrowser, QVBoxLayout, QWidget

from graph_editor.theme import SIZE_NORMAL, SIZE_SMALL, SIZE_TITLE, SPACE_16, Theme


class HelpPage(QWidget):
    """One page of rich text."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Dialog)
        self._text = QTextBrowser(self)
        self._text.setOpenExternalLinks(True)
        self._text.setFrameShape(QTextBrowser.Shape.NoFrame)
        self._content = ("", "")
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE_16, SPACE_16, 4, SPACE_16)
        column.addWidget(self._text)
        self.resize(440, 520)
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Take the look of another theme."""
        self._text.setFont(theme.font(SIZE_NORMAL))
        self._text.setStyleSheet(f"QTextBrowser {{ background: {theme.hex('panel')}; border: none; padding: 0; }}")
        mono = theme.font(mono=True).family()
        self._text.document().setDefaultStyleSheet(
            f"h2 {{ font-size: {SIZE_TITLE}px; }} code, .key {{ font-family: '{mono}'; }}"
            f" .secondary {{ color: {theme.hex('secondary')}; }} td {{ padding: 3px 16px 3px 0; }}"
            f" .small {{ font-size: {SIZE_SMALL}px; }} a {{ color: {theme.hex('accent')}; }}"
        )
        if self._content[1]:
            self._text.setHtml(self._content[1])

    def show_text(self, title: str, html: str) -> None:
        """Show a page."""
        self._content = (title, html)
        self.setWindowTitle(title)
        self._text.setHtml(html)
        self.show()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close()
        else:
            super().keyPressEvent(event)

    def text(self) -> str:
        """What it says, without markup."""
        return self._text.toPlainText()


def keys_text(keys: tuple[tuple[str, str, str], ...]) -> str:
    """All actions with their keys, and those of the mouse."""
    rows = "".join(
        f"<tr><td>{escape(title.rstrip(' …'))}</td><td class='key'>{escape(key)}</td></tr>" for _, title, key in keys
    )
    more = "".join(
        f"<tr><td>{escape(what)}</td><td class='key'>{escape(how)}</td></tr>"
        for what, how in (
            ("Run, pause, resume", "Space on the canvas"),
            ("Pan", "Middle button, or Space and drag"),
            ("Zoom", "Ctrl and wheel"),
            ("Into a container", "Double-click"),
        )
    )
    return f"<h2>Keys</h2><table>{rows}{more}</table>"


def about_text(versions: str) -> str:
    """What the program is."""
    return (
        "<h2>Tensorloom</h2><p>A desktop workbench for neural networks: draw the graph, watch it learn, take the"
        f" PyTorch away.</p><p class='secondary'>{escape(versions)}</p><p class='secondary'>MIT licence. Inter and"
        " JetBrains Mono under the SIL Open Font License. Phosphor icons under the MIT licence.</p>"
    )
