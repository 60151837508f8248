"""TextField: a line of text."""

from __future__ import annotations

from app.panels.entry_field import EntryField


class TextField(EntryField):
    """A line of text, taken with Enter or when the keyboard goes elsewhere."""

    mono = False

    def _text_of(self, value: object) -> str:
        return "" if value is None else str(value)

    def _read(self, text: str) -> object:
        return text
