"""A student without a mouse: from the start page to a trained network with Tab, arrows, Enter and letters."""

from __future__ import annotations

import pytest
from hands import Hands
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QWidget

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support (raise|grabbing)")  # menus, off-screen

Key = Qt.Key
PLAIN, CONTROL = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier
ALT, SHIFT = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ShiftModifier


class Keyboard:
    """Sends keys where the window system would: to the open menu, else to what has the keyboard."""

    def __init__(self, hands: Hands) -> None:
        self.hands = hands

    @property
    def here(self) -> QWidget:
        return QApplication.activePopupWidget() or QApplication.focusWidget() or self.hands.window

    @property
    def words(self) -> str:
        """What the screen reader tells of it."""
        text = getattr(self.here, "text", None)
        return self.here.accessibleName() or (text() if text is not None else "")

    def press(self, *keys: Key, held: Qt.KeyboardModifier = PLAIN) -> None:
        for key in keys:
            QTest.keyClick(self.here, key, held)
            self.hands.rest(30)

    def type(self, text: str) -> None:
        QTest.keyClicks(self.here, text)
        self.hands.rest(30)

    @property
    def menu(self) -> QMenu:
        menu = self.here
        assert isinstance(menu, QMenu), "no menu is open"
        return menu

    def lines(self) -> list[str]:
        return [action.text() for action in self.menu.actions()]


@pytest.mark.timeout(180)
def test_a_network_is_drawn_wired_changed_and_trained_by_keys_alone(warm_hands) -> None:
    hands: Hands = warm_hands
    window, keys = hands.window, Keyboard(hands)
    keys.press(Key.Key_H, held=CONTROL | SHIFT)
    page = window.start_page
    assert window.pages.currentWidget() is page
    seen = []
    for _ in range(4):
        keys.press(Key.Key_Tab)
        seen.append(keys.here)
    assert seen == [page._empty, page._open, page._cross, page.cards[0]], "as one reads"
    assert page.cards[0].is_ringed()
    keys.press(Key.Key_Backtab, Key.Key_Backtab, Key.Key_Backtab, held=SHIFT)
    assert page._empty.is_ringed()
    keys.press(Key.Key_Return)
    hands.wait(lambda: not hands.graph.blocks, "the empty canvas")
    assert keys.here is window.editor.view

    keys.press(Key.Key_Tab)
    keys.type("input")
    keys.press(Key.Key_Return)
    hands.wait_analysed()
    assert keys.here is window.editor.view
    (source,) = hands.graph.blocks
    keys.press(Key.Key_W)
    assert keys.lines() == ["Input image to a new block …", "Input label to a new block …"]
    keys.press(Key.Key_Return)
    keys.type("dense 12")
    keys.press(Key.Key_Return)
    hands.wait_analysed()
    dense, flatten = hands.block("dense"), hands.block("flatten")
    assert window.editor.selected_ids() == (dense,)

    keys.press(Key.Key_E, held=ALT)
    keys.type("w")
    assert keys.lines() == ["Dense to a new block …"]
    keys.press(Key.Key_Return)
    keys.type("cross")
    keys.press(Key.Key_Return)
    hands.wait_analysed()
    loss = hands.block("cross_entropy")
    assert hands.sentences() == ["Cross-entropy has no target. Wire the labels or values of an Input to its target."]
    keys.press(Key.Key_W)
    assert keys.lines()[0] == "Input label to Cross-entropy target"
    assert len(keys.lines()) == 2, "its logits are fed"
    keys.press(Key.Key_Return)
    hands.wait_analysed()
    assert hands.wires() == {
        ((source, "image"), (flatten, "input")),
        ((flatten, "output"), (dense, "input")),
        ((dense, "output"), (loss, "logits")),
        ((source, "label"), (loss, "target")),
    }

    keys.press(Key.Key_Left)
    assert window.editor.selected_ids() == (dense,)
    keys.press(Key.Key_Return)
    assert keys.words == "Units"
    keys.press(Key.Key_A, held=CONTROL)
    keys.type("10")
    keys.press(Key.Key_Return)
    assert hands.graph.blocks[dense].parameters == {"out_features": 10}
    keys.press(Key.Key_F6, Key.Key_F6, Key.Key_F6, held=PLAIN)
    assert keys.here is window.editor.view, "run bar, palette, canvas"
    hands.wait_analysed()
    assert hands.sentences() == []
    keys.press(Key.Key_R, held=CONTROL)
    hands.wait_phase("finished")
    assert hands.workspace.history.test["accuracy"] > 0.7
