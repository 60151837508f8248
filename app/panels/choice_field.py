"""ChoiceField: one of some texts, from a menu."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import QMenu, QWidget

from app.panels.buttons import baseline
from app.panels.fields_base import TEXT_INSET, Field, Validate
from graph_editor.letter_search import find_by_letter
from graph_editor.style_sheet import escaped, round_menu
from graph_editor.theme import ICON_IN_FIELD, SPACE_4, Theme

CARET_INSET = 16


class ChoiceField(Field):
    """Shows the chosen text; a click, Space or Alt+Down opens the menu, up and down step, a letter jumps, there too.

    Values are those of `choices`; `labels` says how people read them, else the value in sentence case.
    """

    def __init__(
        self,
        theme: Theme,
        choices: tuple[str, ...],
        *,
        labels: Mapping[str, str] | None = None,
        optional: bool = False,
        validate: Validate | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(theme, validate, parent)
        self._labels = labels or {}
        self._choices: tuple[str | None, ...] = (None, *choices) if optional else choices
        self._source: Callable[[], Mapping[str, str]] | None = None
        self._menu: QMenu | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def forget(self) -> None:
        super().forget()
        if self._menu is not None:
            self._menu.close()

    def set_source(self, source: Callable[[], Mapping[str, str]]) -> None:
        """Ask `source` for labels by value once they are needed; the value stays, even when it is none of them."""
        self._source = source

    def ask(self) -> None:
        """Have the choices of the source, if it was not asked yet."""
        if self._source is not None:
            source, self._source = self._source, None
            labels = source()
            self.set_choices(tuple(labels), labels)

    def set_choices(self, choices: tuple[str, ...], labels: Mapping[str, str] | None = None) -> None:
        """Offer other choices; the value stays, even when it is none of them."""
        self._choices = choices
        self._labels = labels or {}
        self.update()

    def text(self) -> str:
        """What the field shows."""
        return self._label(self._value)

    def menu(self) -> QMenu | None:
        """The open menu, if there is one."""
        return self._menu

    def open_menu(self) -> QMenu:
        """Open the menu below the field, with the value ticked."""
        self.ask()
        menu = find_by_letter(round_menu(QMenu(self)))
        menu.setFont(self._theme.font())
        for choice in self._choices:
            action = menu.addAction(escaped(self._label(choice)))
            action.setData(choice)
            action.setCheckable(True)
            if choice == self._value:
                action.setChecked(True)
                menu.setActiveAction(action)
        menu.setMinimumWidth(self.width())
        menu.triggered.connect(lambda action: self._choose(action.data()))
        menu.aboutToHide.connect(self._menu_closed)
        self._menu = menu
        menu.popup(self.mapToGlobal(QPoint(0, self.height() + 2)))
        self.update()
        return menu

    def _menu_closed(self) -> None:
        if self._menu is not None:
            self._menu.deleteLater()
            self._menu = None
        self.update()

    def _label(self, choice: object) -> str:
        if choice is None:
            return "None"
        text = str(choice)
        known = self._labels.get(text)
        if known is not None:
            return known
        spaced = text.replace("_", " ").replace("-", " ")
        return spaced[:1].upper() + spaced[1:]

    def _choose(self, choice: object) -> None:
        complaint = self._complaint(choice)
        self.set_error(complaint or None)
        if not complaint:
            self._commit(choice)
        self.update()

    def _step(self, steps: int) -> None:
        self.ask()
        if not self._choices:
            return
        here = self._choices.index(self._value) if self._value in self._choices else -steps  # type: ignore[arg-type]
        self._preview(self._choices[min(max(here + steps, 0), len(self._choices) - 1)])
        self.update()

    def _jump(self, letter: str) -> None:
        self.ask()
        count = len(self._choices)
        here = self._choices.index(self._value) if self._value in self._choices else -1  # type: ignore[arg-type]
        for place in range(here + 1, here + 1 + count):
            choice = self._choices[place % count]
            if self._label(choice).lower().startswith(letter.lower()):
                self._choose(choice)
                return

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.open_menu()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        alt = bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
        if key in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_F4) or (
            alt and key == Qt.Key.Key_Down
        ):
            self.open_menu()
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self._step(-1 if key == Qt.Key.Key_Up else 1)
        elif key == Qt.Key.Key_Escape:
            self._restore()
            self.update()
        elif event.text().isalnum() and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._jump(event.text())
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down) and not event.isAutoRepeat():
            self._choose(self._value)
        super().keyReleaseEvent(event)

    def focusInEvent(self, event: QEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QEvent) -> None:
        super().focusOutEvent(event)
        if self._gesture:
            self._choose(self._value)
        self.update()

    def _has_keyboard(self) -> bool:
        return self.hasFocus() or self._menu is not None

    def paintEvent(self, event: QEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_frame(painter)
        caret = "ph.caret-down" if self.isEnabled() else "ph.lock-simple"
        self._paint_icon(painter, caret, self.width() - CARET_INSET, "secondary" if self.isEnabled() else "disabled")
        font = self._theme.font()
        painter.setFont(font)
        painter.setPen(self._theme.color(self._ink()))
        room = self.width() - TEXT_INSET - CARET_INSET - ICON_IN_FIELD / 2 - SPACE_4
        text = QFontMetricsF(font).elidedText(self.text(), Qt.TextElideMode.ElideRight, room)
        painter.drawText(QPointF(TEXT_INSET, baseline(font, self.height() / 2)), text)
        painter.end()
