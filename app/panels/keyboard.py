"""What becomes of the keyboard, and of what is half typed, where one widget takes another's place."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from app.panels.block_header import NameLine
from app.panels.boolean_field import BooleanField
from app.panels.buttons import Button
from app.panels.fields_base import Field


def reason_of(widget: QWidget | None) -> Qt.FocusReason:
    """As by Tab where `widget` shows the ring of the keyboard; as by the mouse where it could and does not."""
    if not isinstance(widget, Button | BooleanField):
        return Qt.FocusReason.OtherFocusReason
    return Qt.FocusReason.TabFocusReason if widget.is_ringed() else Qt.FocusReason.MouseFocusReason


def forget_typing(focused: QWidget) -> None:
    """Nothing is taken when a page goes with the keyboard in it: that would be an edit in the middle of an undo."""
    for widget in (focused, focused.parentWidget()):
        if isinstance(widget, Field):
            widget.forget()
        elif isinstance(widget, NameLine):
            widget.forget_typing()
