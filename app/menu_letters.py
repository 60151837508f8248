"""The letters of the menus for Alt are underlined from when Alt is pressed until the menus are left, and not before."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent
from PySide6.QtWidgets import (
    QApplication,
    QMenu,
    QMenuBar,
    QProxyStyle,
    QStyle,
    QStyleHintReturn,
    QStyleOption,
    QWidget,
)

BASE = "Fusion"
_WATCHED = (
    QEvent.Type.KeyPress,
    QEvent.Type.KeyRelease,
    QEvent.Type.WindowDeactivate,
    QEvent.Type.FocusIn,
    QEvent.Type.FocusOut,
)


class LettersStyle(QProxyStyle):
    """The style of menus alone: each of its calls passes through Python, which the whole window would feel."""

    def __init__(self, application: QApplication) -> None:
        super().__init__(BASE)
        # Widgets do not own their style: it must outlive them all.
        self.setParent(application)
        self.is_shown = False

    def styleHint(
        self,
        hint: QStyle.StyleHint,
        option: QStyleOption | None = None,
        widget: QWidget | None = None,
        returnData: QStyleHintReturn | None = None,
    ) -> int:
        if hint == QStyle.StyleHint.SH_UnderlineShortcut:
            return int(self.is_shown)
        return super().styleHint(hint, option, widget, returnData)


class MenuLetters(QObject):
    """Watches the window of a menu bar for Alt."""

    def __init__(self, bar: QMenuBar, menus: Iterable[QMenu]) -> None:
        super().__init__(bar)
        application = QApplication.instance()
        assert isinstance(application, QApplication), "a menu bar needs an application"
        found = application.findChildren(LettersStyle, options=Qt.FindChildOption.FindDirectChildrenOnly)
        self._style = found[0] if found else LettersStyle(application)
        self._bar = bar
        bar.setStyle(self._style)
        for menu in menus:
            menu.setStyle(self._style)
            menu.aboutToHide.connect(self._left)
        bar.installEventFilter(self)
        bar.window().installEventFilter(self)

    @property
    def are_shown(self) -> bool:
        """Whether the letters are underlined."""
        return self._style.is_shown

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind not in _WATCHED:
            return False
        if kind in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            if watched is self._bar:
                self._show(kind == QEvent.Type.FocusIn)
        elif kind == QEvent.Type.WindowDeactivate:
            if QApplication.activePopupWidget() is None:
                self._show(False)
        elif isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Alt:
            self._show(kind == QEvent.Type.KeyPress or self._bar.hasFocus())
        return False

    def _left(self) -> None:
        held = QGuiApplication.keyboardModifiers() & Qt.KeyboardModifier.AltModifier
        self._show(bool(held) or self._bar.hasFocus())

    def _show(self, shown: bool) -> None:
        if shown != self._style.is_shown:
            self._style.is_shown = shown
            self._bar.update()
