"""Colours of Python source: words of the language, names that are defined, texts, numbers, remarks."""

from __future__ import annotations

import keyword
import re

from PySide6.QtGui import QColor, QFont, QSyntaxHighlighter, QTextCharFormat, QTextDocument

from graph_editor.theme import Theme

PLAIN, IN_TEXT = 0, 1
"""What a line leaves behind it: nothing, or a text in three quotes that goes on."""
_QUOTES = '"""'
_WORDS = "|".join(keyword.kwlist)
_PARTS = re.compile(
    rf"""(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<remark>\#.*)|\b(?:def|class)\s+(?P<defined>\w+)"""
    rf"""|\b(?P<word>{_WORDS})\b|\b(?P<self>self)\b|(?P<number>\b\d[\w.]*)"""
)


class PythonColours(QSyntaxHighlighter):
    """Colours the lines of a document from the theme's tokens."""

    def __init__(self, document: QTextDocument, theme: Theme) -> None:
        super().__init__(document)
        self._formats = _formats(theme)

    def set_theme(self, theme: Theme) -> None:
        """Take the look of another theme."""
        self._formats = _formats(theme)
        self.rehighlight()

    def highlightBlock(self, text: str) -> None:
        start = 0
        if self.previousBlockState() == IN_TEXT:
            end = text.find(_QUOTES)
            start = len(text) if end < 0 else end + 3
            self.setFormat(0, start, self._formats["text"])
            if end < 0:
                self.setCurrentBlockState(IN_TEXT)
                return
        self.setCurrentBlockState(PLAIN)
        opening = text.find(_QUOTES, start)
        stop = opening if opening >= 0 else len(text)
        for found in _PARTS.finditer(text, start, stop):
            for name in ("text", "remark", "defined", "word", "self", "number"):
                if found[name] is not None:
                    self.setFormat(found.start(name), found.end(name) - found.start(name), self._formats[name])
            if found["defined"] is not None:
                self.setFormat(found.start(), found.start("defined") - found.start(), self._formats["word"])
        if opening >= 0:
            end = text.find(_QUOTES, opening + 3)
            stop = len(text) if end < 0 else end + 3
            self.setFormat(opening, stop - opening, self._formats["text"])
            self.setCurrentBlockState(IN_TEXT if end < 0 else PLAIN)


def _formats(theme: Theme) -> dict[str, QTextCharFormat]:
    inks = {
        "text": theme.color("good"),
        "remark": theme.color("secondary"),
        "defined": theme.color("text"),
        "word": theme.color("accent"),
        "self": theme.color("secondary"),
        "number": theme.color("warning"),
    }
    formats = {name: _ink(ink) for name, ink in inks.items()}
    formats["defined"].setFontWeight(QFont.Weight.DemiBold)
    return formats


def _ink(color: QColor) -> QTextCharFormat:
    format = QTextCharFormat()
    format.setForeground(color)
    return format
