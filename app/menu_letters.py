"""The letters of the menus for Alt are underlined from when Alt is pressed until the menus are left, and not before."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
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
        self._menus = tuple(menus)
        # The next menu is open, and the focus where it goes, only after the event that closed one.
        self._settling = QTimer(self, singleShot=True, interval=0)
        self._settling.timeout.connect(self._settle)
        self.take_style()
        for menu in self._menus:
            menu.aboutToHide.connect(self._settling.start)
        bar.installEventFilter(self)
        bar.window().installEventFilter(self)

    def take_style(self) -> None:
        """Underline them; again after another theme, or the style sheet would leave the menus out."""
        for widget in (self._bar, *self._menus):
            widget.setStyle(self._style)

    @property
    def are_shown(self) -> bool:
        """Whether the letters are underlined."""
        return self._style.is_shown

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind not in _WATCHED:
            return False
        if kind == QEvent.Type.WindowDeactivate:
            if QApplication.activePopupWidget() is None:
                self._show(False)
            return False
        is_alt = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Alt
        if is_alt and kind == QEvent.Type.KeyPress:
            self._show(True)
        elif is_alt or watched is self._bar:
            self._settling.start()
        return False

    def _settle(self) -> None:
        held = QGuiApplication.queryKeyboardModifiers() & Qt.KeyboardModifier.AltModifier
        is_open = any(menu.isVisible() for menu in self._menus)
        # A window in which nothing had the focus leaves it in the bar when the menus are left.
        is_in_bar = self._bar.hasFocus() and self._bar.activeAction() is not None
        self._show(bool(held) or (is_open and self._style.is_shown) or (is_in_bar and not is_open))

    def _show(self, shown: bool) -> None:
        if shown != self._style.is_shown:
            self._style.is_shown = shown
            self._bar.update()
