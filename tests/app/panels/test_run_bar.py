"""The run bar as a widget: what it draws of a view, what presses tell, the one button of a narrow window."""

from __future__ import annotations

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QToolTip, QVBoxLayout, QWidget

from app import run_state
from app.panels.run_bar import RunBar, RunFields
from app.run_state import Part, RunBarView, RunState
from engine.training.events import Progress, Started, Stopped
from graph_editor.theme import SPACE_16, load_theme

FIELDS = RunFields(epochs=20, learning_rate=0.001, batch_size=64, device="auto", devices=("auto", "cpu", "cuda:0"))


@pytest.fixture
def bar(qtbot):
    window = QWidget()
    column = QVBoxLayout(window)
    column.setContentsMargins(0, 0, 0, 0)
    made = RunBar(load_theme("dark"), window)
    column.addWidget(made)
    column.addStretch()
    qtbot.addWidget(window)
    window.resize(1440, 400)
    window.show()
    made.show_fields(FIELDS)
    made.show_view(run_state.view(RunState(), 20))
    yield made
    window.close()


def training() -> RunBarView:
    state = run_state.requested(RunState(), "a")
    started = Started(run="a", device="cpu", threads=1, steps_per_epoch=20, samples=1257, stages=(20,))
    progress = Progress(run="a", stage=0, epoch=10, step=200, samples_per_second=20_000, seconds_left=2)
    return run_state.view(run_state.took(run_state.took(state, started), progress), 20)


def test_presses_tell_what_they_mean(bar, qtbot) -> None:
    with qtbot.waitSignal(bar.slot_pressed) as pressed:
        qtbot.mouseClick(bar.slot, Qt.MouseButton.LeftButton)
    assert pressed.args == ["run"]
    bar.show_view(training())
    with qtbot.waitSignal(bar.slot_pressed) as pressed:
        qtbot.mouseClick(bar.slot, Qt.MouseButton.LeftButton)
    assert pressed.args == ["pause"]
    with qtbot.waitSignal(bar.stop_pressed):
        qtbot.mouseClick(bar.stop, Qt.MouseButton.LeftButton)


def test_long_numbers_are_shown_whole(bar) -> None:
    assert bar.epochs.width() == bar.batch_size.width() == 44
    bar.show_fields(msgspec.structs.replace(FIELDS, epochs=100_000, learning_rate=0.000123456, batch_size=65_536))
    for field in (bar.epochs, bar.learning_rate, bar.batch_size):
        entry = field.focusProxy()
        entry.end(False)
        end = entry.cursorRect().center().x()
        assert end >= entry.fontMetrics().horizontalAdvance(entry.text()), "its beginning is not scrolled out"
        assert end < entry.width()
    bar.show_fields(FIELDS)
    assert bar.epochs.width() == 44


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_what_is_wrong_with_a_number_stands_below_it_at_once(bar, qtbot) -> None:
    entry = bar.epochs.focusProxy()
    qtbot.mouseClick(entry, Qt.MouseButton.LeftButton)
    qtbot.keyClicks(entry, "2020000")
    assert not QToolTip.isVisible()
    qtbot.keyClick(entry, Qt.Key.Key_Return)
    qtbot.waitUntil(QToolTip.isVisible)
    assert QToolTip.text() == "out of range: 1 to 100\u2009000"
    (tip,) = (widget for widget in QApplication.topLevelWidgets() if widget.inherits("QTipLabel"))
    below = tip.pos().y() - bar.epochs.mapToGlobal(bar.epochs.rect().bottomLeft()).y()
    assert 0 < below < 12
    qtbot.keyClicks(entry, "30")
    qtbot.keyClick(entry, Qt.Key.Key_Return)
    assert bar.epochs.toolTip().startswith("Epochs\nHow often")
    QToolTip.hideText()


@pytest.mark.parametrize("keyboard", [False, True])
def test_the_slot_keeps_the_keyboard_through_a_start_and_its_ring_only_where_it_had_one(bar, qtbot, keyboard) -> None:
    bar.window().activateWindow()
    qtbot.waitUntil(bar.isActiveWindow)
    bar.setFocus()
    if keyboard:
        bar.slot.setFocus(Qt.FocusReason.TabFocusReason)
    else:
        qtbot.mouseClick(bar.slot, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(bar.slot.hasFocus)
    bar.show_view(run_state.view(run_state.requested(RunState(), "a"), 20))
    assert not bar.slot.isEnabled()
    bar.show_view(training())
    assert bar.slot.hasFocus()
    assert bar.slot.is_ringed() is keyboard


def test_stop_never_hands_the_keyboard_to_reset(bar, qtbot) -> None:
    bar.window().activateWindow()
    qtbot.waitUntil(bar.isActiveWindow)
    bar.show_view(training())
    bar.stop.setFocus()
    stopped = Stopped(run="a", stage=0, epoch=10, step=200)
    bar.show_view(run_state.view(run_state.took(run_state.requested(RunState(), "a"), stopped), 20))
    assert not bar.stop.isEnabled()
    assert bar.reset.isEnabled()
    assert bar.slot.hasFocus()


def test_a_link_that_goes_hands_the_keyboard_to_run_and_to_no_panel(bar, qtbot) -> None:
    bar.window().activateWindow()
    qtbot.waitUntil(bar.isActiveWindow)
    died = run_state.view(run_state.died(RunState(), "gone"), 20)
    assert died.link
    bar.show_view(died)
    qtbot.mouseClick(bar.message.link, Qt.MouseButton.LeftButton)
    bar.message.link.setFocus(Qt.FocusReason.MouseFocusReason)
    bar.show_view(run_state.view(RunState(), 20))
    assert bar.message.link.isHidden()
    assert bar.slot.hasFocus()
    assert not bar.slot.is_ringed()
    bar.show_view(died)
    bar.message.link.setFocus(Qt.FocusReason.TabFocusReason)
    bar.show_view(run_state.view(RunState(), 20))
    assert bar.slot.hasFocus()


def test_the_first_slot_stays_put_whatever_it_says(bar) -> None:
    places = set()
    for view in (run_state.view(RunState(), 20), training(), run_state.view(run_state.died(RunState(), "gone"), 20)):
        bar.show_view(view)
        places.add((bar.slot.x(), bar.slot.width(), bar.step.x(), bar.epochs.x()))
    assert len(places) == 1
    assert next(iter(places))[:2] == (12, 104)


def test_the_progress_reaches_its_share_on_the_lower_edge(bar, qtbot) -> None:
    bar.show_view(training())
    image = bar.grab().toImage()
    accent = load_theme("dark").color("accent")
    assert image.pixelColor(700, 43) == accent
    assert image.pixelColor(700, 42) == accent
    assert image.pixelColor(740, 43) != accent
    assert image.pixelColor(700, 41) != accent


def test_a_typed_rate_is_told_once(bar, qtbot) -> None:
    told: list[object] = []
    bar.learning_rate_edited.connect(told.append)
    entry = bar.learning_rate._entry
    qtbot.mouseClick(entry, Qt.MouseButton.LeftButton)
    qtbot.keyClicks(entry, "0.02")
    qtbot.keyClick(entry, Qt.Key.Key_Return)
    assert told == [0.02]


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_a_field_in_error_says_on_hover_what_is_wrong(bar, qtbot) -> None:
    what_it_is = bar.learning_rate.toolTip()
    entry = bar.learning_rate._entry
    qtbot.mouseClick(entry, Qt.MouseButton.LeftButton)
    qtbot.keyClicks(entry, "0.0.02")
    qtbot.keyClick(entry, Qt.Key.Key_Return)
    assert bar.learning_rate.error()
    assert bar.learning_rate.toolTip() == bar.learning_rate.error()
    bar.show_fields(msgspec.structs.replace(FIELDS, epochs=30))
    assert bar.learning_rate.toolTip() == bar.learning_rate.error()
    qtbot.keyClick(entry, Qt.Key.Key_Escape)
    assert bar.learning_rate.toolTip() == what_it_is


def test_the_device_menu_names_what_is_there(bar) -> None:
    assert bar.device.text() == "Auto"
    assert FIELDS.labels == {"auto": "Auto", "cpu": "CPU", "cuda:0": "GPU"}
    bar.show_fields(RunFields(epochs=20, learning_rate=0.001, batch_size=64, device="auto", devices=("cpu",)))
    assert bar.device.text() == "CPU"


def test_a_narrow_bar_has_one_button_with_the_same_fields(bar, qtbot) -> None:
    told: list[object] = []
    bar.epochs_edited.connect(told.append)
    bar.window().resize(1100, 400)
    assert not bar.epochs.isVisible()
    assert bar.plan_button.text() == "20 epochs · 0.001 · batch 64 · CPU"
    qtbot.mouseClick(bar.plan_button, Qt.MouseButton.LeftButton)
    popup = bar._popup
    assert popup.isVisible()
    entry = popup.epochs._entry
    entry.selectAll()
    qtbot.keyClicks(entry, "7")
    qtbot.keyClick(entry, Qt.Key.Key_Return)
    assert told == [7]
    qtbot.keyClick(entry, Qt.Key.Key_Escape)
    qtbot.mouseClick(bar, Qt.MouseButton.LeftButton)
    assert not popup.isVisible()


def test_escape_in_the_fields_of_a_narrow_bar_takes_nothing_that_is_half_typed(bar, qtbot) -> None:
    bar.window().resize(1100, 400)
    qtbot.mouseClick(bar.plan_button, Qt.MouseButton.LeftButton)
    entry = bar._popup.epochs._entry
    assert entry.hasFocus()
    entry.selectAll()
    qtbot.keyClicks(entry, "93")
    with qtbot.assertNotEmitted(bar.epochs_edited):
        qtbot.keyClick(entry, Qt.Key.Key_Escape)
    assert not bar._popup.isVisible()
    qtbot.mouseClick(bar.plan_button, Qt.MouseButton.LeftButton)
    assert entry.text() == "20"


def test_a_long_message_is_cut_and_told_on_hover(bar) -> None:
    parts = (Part("Loss became NaN in a block whose name is far too long for any bar " * 3, colour="error"),)
    bar.message.show_message(parts, "ph.x-circle-fill", "Try 0.0003")
    bar.grab()
    assert bar.message.toolTip().startswith("Loss became NaN")
    assert bar.message.link.geometry().right() <= bar.message.width()
    bar.message.show_message((Part("Ready"),), "", "")
    bar.grab()
    assert bar.message.toolTip() == ""


def test_a_word_too_long_for_the_bar_ends_before_the_link(bar) -> None:
    message = bar.message
    message.show_message((Part("Unbreakable" * 40, colour="error"),), "", "Try 0.0003")
    image = message.grab().toImage()
    ratio = image.devicePixelRatio()
    ground = image.pixelColor(image.width() - 1, 0)
    gap = range(round((message.link.x() - SPACE_16 + 2) * ratio), round((message.link.x() - 1) * ratio))
    assert len(gap) > 8
    assert all(image.pixelColor(x, y) == ground for x in gap for y in range(image.height()))
    assert message.toolTip().startswith("Unbreakable")


def test_the_keyboard_comes_back_when_run_is_enabled_again(bar, qtbot) -> None:
    bar.slot.setFocus()
    qtbot.waitUntil(bar.slot.hasFocus)
    bar.show_view(run_state.view(run_state.requested(RunState(), "a"), 20))
    assert not bar.epochs._entry.hasFocus()
    bar.show_view(training())
    assert bar.slot.hasFocus()


def test_a_killed_worker_is_told_whole_on_a_small_screen(bar) -> None:
    words = "The training process ended unexpectedly: it was killed (signal 9)"
    bar.window().resize(1280, 400)
    bar.show_view(run_state.view(run_state.died(RunState(), words), 20))
    bar.grab()
    message = bar.message
    room = message.width() - message.link.width() - 40
    assert message.lines(2000) == (words,)
    assert len(message.lines(room)) == 2
    assert " ".join(message.lines(room)) == words
    assert message.toolTip() == ""
    assert message.lines(120)[-1].endswith("…")
