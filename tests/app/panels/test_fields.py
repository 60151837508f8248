"""The inspector's fields under a real mouse and keyboard."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app.panels.fields import (
    BooleanField,
    ChoiceField,
    Field,
    FieldRow,
    FloatField,
    IntegerField,
    ListField,
    NumberField,
    TextField,
    TupleField,
    make_field,
)
from app.panels.number_field import float_text, group
from engine.graph.block_type import Parameter
from engine.graph.values import Formula, evaluate
from graph_editor.theme import Theme, load_theme

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def theme(qapp: object) -> Theme:
    return load_theme("light", 1.0)


class Log:
    """What a field said, in order."""

    def __init__(self, field: Field | FieldRow) -> None:
        self.edited: list[object] = []
        self.previewed: list[object] = []
        field.edited.connect(self.edited.append)
        field.previewed.connect(self.previewed.append)


def shown(qtbot: QtBot, *widgets: QWidget) -> Log:
    """Show widgets below each other in an active window; the log of the first."""
    window = QWidget()
    qtbot.addWidget(window)
    layout = QVBoxLayout(window)
    for widget in widgets:
        layout.addWidget(widget)
    window.resize(320, 60 + 40 * len(widgets))
    for widget in widgets:
        widget.window_of_test = window  # type: ignore[attr-defined]
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    if window.focusWidget() is not None:
        window.focusWidget().clearFocus()
    first = widgets[0]
    assert isinstance(first, Field | FieldRow)
    return Log(first)


def click(qtbot: QtBot, widget: QWidget, x: int | None = None) -> None:
    place = QPoint(widget.width() // 2 if x is None else x, widget.height() // 2)
    qtbot.mouseClick(widget, LEFT, pos=place)


def drag(qtbot: QtBot, widget: QWidget, distance: int, modifier: Qt.KeyboardModifier | None = None) -> None:
    """Press, move in three steps, release."""
    keys = modifier or Qt.KeyboardModifier.NoModifier
    start = QPoint(10, widget.height() // 2)
    qtbot.mousePress(widget, LEFT, keys, start)
    for part in (1, 2, 3):
        move(widget, start + QPoint(distance * part // 3, 0), keys)
    qtbot.mouseRelease(widget, LEFT, keys, start + QPoint(distance, 0))


def move(widget: QWidget, place: QPoint, keys: Qt.KeyboardModifier) -> None:
    from PySide6.QtCore import QEvent, QPointF
    from PySide6.QtGui import QMouseEvent
    from PySide6.QtWidgets import QApplication

    spot = QPointF(place)
    event = QMouseEvent(
        QEvent.Type.MouseMove, spot, QPointF(widget.mapToGlobal(place)), Qt.MouseButton.NoButton, LEFT, keys
    )
    QApplication.sendEvent(widget, event)


def retype(qtbot: QtBot, field: Field, text: str, confirm: bool = True) -> None:
    """Click into a field, which selects all, type, and press Enter."""
    entry = field.focusProxy()
    if entry.hasFocus():
        qtbot.keyClick(entry, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    else:
        click(qtbot, entry, 8)
    assert entry.hasFocus()
    qtbot.keyClicks(entry, text)
    if confirm:
        qtbot.keyClick(entry, Qt.Key.Key_Return)


def test_typing_a_number_and_enter_is_one_edit(qtbot: QtBot, theme: Theme) -> None:
    field = IntegerField(theme, 1, 65536)
    field.set_value(16)
    log = shown(qtbot, field)
    retype(qtbot, field, "32")
    assert field.value() == 32
    assert log.edited == [32]
    qtbot.keyClick(field.focusProxy(), Qt.Key.Key_Return)
    assert log.edited == [32], "the same value again is no edit"


def test_escape_restores(qtbot: QtBot, theme: Theme) -> None:
    field = IntegerField(theme, 1, 65536)
    field.set_value(16)
    log = shown(qtbot, field)
    retype(qtbot, field, "99", confirm=False)
    qtbot.keyClick(field.focusProxy(), Qt.Key.Key_Escape)
    assert field.focusProxy().text() == "16"
    field.focusProxy().clearFocus()
    assert log.edited == []


def test_tab_commits_and_moves_on(qtbot: QtBot, theme: Theme) -> None:
    first, second = IntegerField(theme), FloatField(theme)
    first.set_value(1)
    second.set_value(0.5)
    log = shown(qtbot, first, second)
    retype(qtbot, first, "7", confirm=False)
    qtbot.keyClick(first.focusProxy(), Qt.Key.Key_Tab)
    assert second.focusProxy().hasFocus()
    assert log.edited == [7]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("0", "out of range: 1 to 65\N{THIN SPACE}536"),
        ("70000", "out of range: 1 to 65\N{THIN SPACE}536"),
        ("2.5", "needs a whole number"),
        ("width * 2", "there is no project variable width (known: none)"),
        ("3 / 2", "needs a whole number"),
        ("10 - 10", "out of range: 1 to 65\N{THIN SPACE}536"),
    ],
)
def test_what_cannot_be_taken_is_said(qtbot: QtBot, theme: Theme, text: str, sentence: str) -> None:
    field = IntegerField(theme, 1, 65536)
    field.set_value(16)
    log = shown(qtbot, field)
    retype(qtbot, field, text)
    assert field.error() == sentence
    assert (field.value(), log.edited) == (16, [])
    qtbot.keyClick(field.focusProxy(), Qt.Key.Key_Escape)
    assert field.error() == ""
    assert field.focusProxy().text() == "16"


def test_an_error_has_an_edge_two_px_wide(qtbot: QtBot, theme: Theme) -> None:
    field = IntegerField(theme, 1, 9)
    field.set_value(5)
    shown(qtbot, field)
    assert edge_at(field, 1) != theme.color("error").name()
    field.set_error("out of range: 1 to 9")
    assert edge_at(field, 0) == edge_at(field, 1) == theme.color("error").name()
    assert edge_at(field, 2) == theme.color("field").name()


def test_keyboard_focus_has_an_edge_two_px_wide(qtbot: QtBot, theme: Theme) -> None:
    field = ChoiceField(theme, ("same", "valid"))
    field.set_value("same")
    shown(qtbot, field)
    field.setFocus(Qt.FocusReason.TabFocusReason)
    assert edge_at(field, 0) == edge_at(field, 1) == theme.color("accent").name()


def edge_at(field: Field, x: int) -> str:
    image = field.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    return image.pixelColor(x, image.height() // 2).name()


@pytest.mark.parametrize("text", ["64*2**i", " 64 * 2**i "])
def test_a_formula_is_kept_and_its_number_shown(qtbot: QtBot, theme: Theme, text: str) -> None:
    field = IntegerField(theme, 1, 65536, compute=lambda formula: evaluate(formula, {"i": 2}))
    field.set_value(64)
    log = shown(qtbot, field)
    retype(qtbot, field, text)
    assert log.edited == [Formula(text.strip())]
    assert field.computed() == "256"
    field.set_compute(lambda formula: evaluate(formula, {"i": 0}))
    assert field.computed() == "64"


def test_a_formula_that_no_longer_has_a_value_says_so(qtbot: QtBot, theme: Theme) -> None:
    field = FloatField(theme)
    field.set_value(Formula("rate / 2"))
    assert "no project variable rate" in field.error()
    assert field.value() == Formula("rate / 2")


def test_arrows_step_and_count_as_one_edit_a_stroke(qtbot: QtBot, theme: Theme) -> None:
    field = IntegerField(theme, 1, 20)
    field.set_value(16)
    log = shown(qtbot, field)
    entry = field.focusProxy()
    click(qtbot, entry, 8)
    qtbot.keyClick(entry, Qt.Key.Key_Up)
    qtbot.keyClick(entry, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert log.edited == [17, 7]
    qtbot.keyPress(entry, Qt.Key.Key_Up)
    qtbot.keyPress(entry, Qt.Key.Key_Up)
    qtbot.keyRelease(entry, Qt.Key.Key_Up)
    assert log.edited == [17, 7, 9]
    qtbot.keyClick(entry, Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClick(entry, Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    assert log.edited == [17, 7, 9, 19, 20], "steps end at the maximum"


def test_plus_and_minus(qtbot: QtBot, theme: Theme) -> None:
    field = IntegerField(theme, 0, 9)
    field.set_value(8)
    log = shown(qtbot, field)
    plus, minus = field.width() - 12, field.width() - 34
    click(qtbot, field, plus)
    click(qtbot, field, plus)
    click(qtbot, field, minus)
    assert log.edited == [9, 8]


def test_holding_plus_repeats_and_is_one_edit(qtbot: QtBot, theme: Theme) -> None:
    field = IntegerField(theme, 0, 1000)
    field.set_value(8)
    log = shown(qtbot, field)
    place = QPoint(field.width() - 12, 14)
    qtbot.mousePress(field, LEFT, pos=place)
    qtbot.waitUntil(lambda: len(log.previewed) >= 3, timeout=3000)
    assert log.edited == []
    qtbot.mouseRelease(field, LEFT, pos=place)
    assert log.edited == [log.previewed[-1]]


def test_a_double_click_selects_the_whole_number(qtbot: QtBot, theme: Theme) -> None:
    field = FloatField(theme, 0, None)
    field.set_value(0.003)
    log = shown(qtbot, field)
    entry = field.focusProxy()
    place = QPoint(entry.fontMetrics().horizontalAdvance("0.00"), entry.height() // 2)
    for _ in range(2):
        qtbot.mouseClick(entry, LEFT, pos=place)
        qtbot.mouseDClick(entry, LEFT, pos=place)
        assert entry.selectedText() == entry.text()
    qtbot.keyClicks(entry, "0.0005")
    qtbot.keyClick(entry, Qt.Key.Key_Return)
    assert log.edited == [0.0005]
    assert field.error() == ""


def test_scrubbing_previews_on_the_way_and_edits_once(qtbot: QtBot, theme: Theme) -> None:
    field = IntegerField(theme, 1, 100)
    field.set_value(16)
    log = shown(qtbot, field)
    drag(qtbot, field.focusProxy(), 60)
    assert log.previewed == [21, 26, 31]
    assert log.edited == [31]
    assert not field.focusProxy().hasFocus(), "a drag does not begin to type"
    drag(qtbot, field.focusProxy(), -400)
    assert log.edited == [31, 1]


def test_a_logarithmic_float_scrubs_along_its_bar(qtbot: QtBot, theme: Theme) -> None:
    field = FloatField(theme, 0, None, logarithmic=True, bar=(1e-5, 1.0))
    field.set_value(0.001)
    log = shown(qtbot, field)
    fifth = round(field.width() / 5)
    drag(qtbot, field.focusProxy(), fifth)
    assert log.edited[0] == pytest.approx(0.01, rel=0.05)
    assert len(log.edited) == 1
    drag(qtbot, field.focusProxy(), -2000)
    assert log.edited[-1] == 1e-5
    assert field.focusProxy().text() == "1e-5"


def test_the_bar_of_a_float_is_three_px_of_accent(qtbot: QtBot, theme: Theme) -> None:
    field = FloatField(theme, 0, 1)
    field.set_value(0.5)
    shown(qtbot, field)
    image = field.grab().toImage()
    accent = theme.color("accent").name()
    heights = [y for y in range(image.height()) if image.pixelColor(image.width() // 4, y).name() == accent]
    assert heights == [24, 25, 26]
    assert image.pixelColor(image.width() * 3 // 4, 25).name() == theme.color("field").name()


@pytest.mark.parametrize(("text", "value"), [("0,001", 0.001), ("1e-3", 0.001), ("3", 3.0), ("1 000.5", 1000.5)])
def test_floats_as_people_write_them(qtbot: QtBot, theme: Theme, text: str, value: float) -> None:
    field = FloatField(theme)
    field.set_value(0.5)
    log = shown(qtbot, field)
    retype(qtbot, field, text)
    assert log.edited == [value]
    assert isinstance(log.edited[0], float)


def test_arrows_step_a_small_float_in_its_second_digit(qtbot: QtBot, theme: Theme) -> None:
    field = FloatField(theme, 0, 1, logarithmic=True, bar=(1e-5, 1))
    field.set_value(0.001)
    log = shown(qtbot, field)
    click(qtbot, field.focusProxy(), 8)
    for key in (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Down):
        qtbot.keyClick(field.focusProxy(), key)
    assert log.edited == [0.0011, 0.001, 0.00099]


def test_a_linked_tuple_changes_as_one(qtbot: QtBot, theme: Theme) -> None:
    field = TupleField(theme, 2, 1, 99)
    field.set_value(3)
    assert field.value() == (3, 3)
    log = shown(qtbot, field)
    retype(qtbot, field.items()[1], "5")
    assert log.edited == [(5, 5)]
    click(qtbot, field.link_button())
    retype(qtbot, field.items()[0], "7")
    assert log.edited == [(5, 5), (7, 5)]
    field.set_value((2, 4))
    assert not field.is_linked()
    field.set_value((2, 2))
    assert field.is_linked()
    field.set_linked(False)
    field.set_value((2, 2))
    assert not field.is_linked(), "the same value again links nothing"


def test_a_tuple_says_what_is_wrong_with_an_item(qtbot: QtBot, theme: Theme) -> None:
    field = TupleField(theme, 2, 1, 9)
    field.set_value((3, 3))
    log = shown(qtbot, field)
    retype(qtbot, field.items()[0], "0")
    assert field.error() == "out of range: 1 to 9"
    assert (log.edited, field.value()) == ([], (3, 3))
    retype(qtbot, field.items()[0], "4")
    assert (field.error(), log.edited) == ("", [(4, 4)])


def test_an_optional_tuple_is_whole_or_none(qtbot: QtBot, theme: Theme) -> None:
    field = TupleField(theme, 2, 1, 9, optional=True)
    field.set_value(None)
    log = shown(qtbot, field)
    retype(qtbot, field.items()[0], "2")
    field.set_linked(False)
    click(qtbot, field.items()[1].focusProxy(), 8)
    qtbot.keyClick(field.items()[1].focusProxy(), Qt.Key.Key_Delete)
    qtbot.keyClick(field.items()[1].focusProxy(), Qt.Key.Key_Return)
    assert log.edited == [(2, 2), None]


def test_a_switch_turns_by_mouse_and_space(qtbot: QtBot, theme: Theme) -> None:
    field = BooleanField(theme)
    field.set_value(True)
    log = shown(qtbot, field)
    click(qtbot, field, 18)
    field.setFocus()
    qtbot.keyClick(field, Qt.Key.Key_Space)
    assert log.edited == [False, True]


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_a_choice_from_the_menu(qtbot: QtBot, theme: Theme) -> None:
    field = ChoiceField(theme, ("same", "valid", "he-normal"))
    field.set_value("same")
    log = shown(qtbot, field)
    assert field.text() == "Same"
    click(qtbot, field)
    menu = field.menu()
    assert menu is not None
    assert [action.text() for action in menu.actions()] == ["Same", "Valid", "He normal"]
    assert menu.actions()[0].isChecked()
    qtbot.mouseClick(menu, LEFT, pos=menu.actionGeometry(menu.actions()[2]).center())
    assert log.edited == ["he-normal"]
    assert field.menu() is None


def test_a_choice_by_keyboard(qtbot: QtBot, theme: Theme) -> None:
    field = ChoiceField(theme, ("same", "valid", "full"))
    field.set_value("same")
    log = shown(qtbot, field)
    field.setFocus()
    qtbot.keyClick(field, Qt.Key.Key_Down)
    qtbot.keyClick(field, Qt.Key.Key_Up)
    qtbot.keyClick(field, Qt.Key.Key_Up)
    qtbot.keyClicks(field, "f")
    assert log.edited == ["valid", "same", "full"]


def test_a_switch_tells_both_its_error_and_what_stands_beside_it(qtbot: QtBot, theme: Theme) -> None:
    field = BooleanField(theme, validate=lambda value: "needs more rows" if value else None)
    field.set_value(None)
    field.set_placeholder("differ")
    log = shown(qtbot, field)
    assert field.accessibleDescription() == "differ"
    qtbot.mouseClick(field, LEFT, pos=QPoint(14, 14))
    assert field.error() == "needs more rows"
    assert field.accessibleDescription() == "needs more rows. differ"
    field.set_error(None)
    assert field.accessibleDescription() == "differ", "an error that is mended takes nothing else away"
    field.set_error("needs more rows")
    field.set_placeholder("")
    assert field.accessibleDescription() == "needs more rows", "nor does a value take the error away"
    assert log.edited == []


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_a_letter_in_the_open_menu_moves_to_the_next_choice_beginning_with_it(qtbot: QtBot, theme: Theme) -> None:
    field = ChoiceField(theme, ("adam", "sgd", "adamw", "rmsprop"))
    field.set_value("sgd")
    log = shown(qtbot, field)
    field.setFocus()
    qtbot.keyClick(field, Qt.Key.Key_Space)
    menu = field.menu()
    assert menu is not None
    seen = []
    for letter in "aaax":
        qtbot.keyClicks(menu, letter)
        seen.append(menu.activeAction().text())
    assert seen == ["Adamw", "Adam", "Adamw", "Adamw"]
    assert log.edited == [], "nothing is chosen yet"
    qtbot.keyClick(menu, Qt.Key.Key_R, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClick(menu, Qt.Key.Key_Return)
    assert log.edited == ["rmsprop"]
    assert field.menu() is None


def test_texts_and_lists(qtbot: QtBot, theme: Theme) -> None:
    text, numbers = TextField(theme), ListField(theme)
    text.set_value("conv1")
    numbers.set_value((32, 64))
    log = shown(qtbot, text, numbers)
    other = Log(numbers)
    retype(qtbot, text, "stem")
    retype(qtbot, numbers, "16, 0.5")
    retype(qtbot, numbers, "16, many")
    assert log.edited == ["stem"]
    assert other.edited == [(16, 0.5)]
    assert numbers.error() == "needs numbers with commas between them: “many” is none"


def test_texts_longer_than_their_field_are_told_on_hover(qtbot: QtBot, theme: Theme) -> None:
    field = ListField(theme, texts=True)
    field.set_value(("image: 1×8×8 float32", "label: 10 classes"))
    shown(qtbot, field)
    entry = field.focusProxy()
    assert entry is not None
    assert entry.toolTip() == "image: 1×8×8 float32\nlabel: 10 classes"
    field.set_value(None)
    assert entry.toolTip() == ""


def test_what_is_handed_in_may_refuse(qtbot: QtBot, theme: Theme) -> None:
    field = IntegerField(theme, validate=lambda value: "must be even" if value % 2 else None)  # type: ignore[operator]
    field.set_value(4)
    log = shown(qtbot, field)
    retype(qtbot, field, "5")
    assert (field.error(), log.edited) == ("must be even", [])
    retype(qtbot, field, "6")
    assert (field.error(), log.edited) == ("", [6])


def test_a_locked_field_takes_nothing(qtbot: QtBot, theme: Theme) -> None:
    row = FieldRow("Filters", IntegerField(theme, 1, 99), theme, default=8)
    row.set_value(16)
    log = shown(qtbot, row)
    row.set_locked(True)
    field = row.field()
    click(qtbot, field, field.width() - 12)
    drag(qtbot, field.focusProxy(), 60)
    assert (field.value(), log.edited) == (16, [])
    assert not row.reset_button().isVisible()


def test_a_row_marks_a_change_and_goes_back(qtbot: QtBot, theme: Theme) -> None:
    row = FieldRow("Filters", IntegerField(theme, 1, 99), theme, default=16)
    row.set_value(16)
    log = shown(qtbot, row)
    assert not row.is_changed()
    assert not row.reset_button().isVisible()
    before = row.grab().toImage()
    retype(qtbot, row.field(), "32")
    assert row.is_changed()
    assert row.reset_button().isVisible()
    click(qtbot, row.reset_button())
    assert (row.field().value(), log.edited) == (16, [32, 16])
    row.field().focusProxy().clearFocus()
    assert not row.reset_button().isVisible()
    assert row.grab().toImage().copy(0, 0, 100, 28) == before.copy(0, 0, 100, 28)


def test_a_row_makes_room_for_the_sentence_of_an_error(qtbot: QtBot, theme: Theme) -> None:
    row = FieldRow("Filters", IntegerField(theme, 1, 99), theme, default=16, purpose="How many filters")
    row.set_value(16)
    shown(qtbot, row)
    assert row.sizeHint().height() == 28
    row.field().set_error("out of range: 1 to 99")
    assert row.sizeHint().height() == 44
    row.field().set_error(None)
    assert (row.sizeHint().height(), row.toolTip()) == (28, "How many filters")


def test_fields_begin_at_124_and_end_before_the_reset_button(qtbot: QtBot, theme: Theme) -> None:
    row = FieldRow("Bias", BooleanField(theme), theme, default=True)
    other = FieldRow("Filters", IntegerField(theme), theme, default=1)
    for each in (row, other):
        qtbot.addWidget(each)
        each.resize(288, 28)
        each.grab()
    assert row.field().x() + row.field().left_bleed == 124
    assert (other.field().x(), other.field().width(), other.field().height()) == (124, 132, 28)


def test_setting_silently_is_no_edit_and_loudly_is(qtbot: QtBot, theme: Theme) -> None:
    field = FloatField(theme)
    log = shown(qtbot, field)
    field.set_value(0.5, silently=True)
    field.set_value(0.25, silently=False)
    assert log.edited == [0.25]


def test_the_echo_of_a_preview_leaves_the_gesture_alone(qtbot: QtBot, theme: Theme) -> None:
    field = IntegerField(theme, 1, 100)
    field.set_value(16)
    log = shown(qtbot, field)
    field.previewed.connect(field.set_value)
    drag(qtbot, field.focusProxy(), 60)
    assert log.edited == [31]


def test_a_refresh_leaves_what_is_being_typed(qtbot: QtBot, theme: Theme) -> None:
    field = IntegerField(theme, 1, 100)
    field.set_value(16)
    log = shown(qtbot, field)
    retype(qtbot, field, "3", confirm=False)
    field.set_value(16)
    qtbot.keyClicks(field.focusProxy(), "2")
    qtbot.keyClick(field.focusProxy(), Qt.Key.Key_Return)
    assert log.edited == [32]
    retype(qtbot, field, "5", confirm=False)
    field.set_value(64)
    assert field.focusProxy().text() == "64", "a value that changed elsewhere wins"


def test_escape_takes_steps_back(qtbot: QtBot, theme: Theme) -> None:
    field, choice = IntegerField(theme, 1, 100), ChoiceField(theme, ("same", "valid"))
    field.set_value(16)
    choice.set_value("same")
    log = shown(qtbot, field, choice)
    other = Log(choice)
    for widget, seen in ((field.focusProxy(), log), (choice, other)):
        widget.setFocus()
        qtbot.keyPress(widget, Qt.Key.Key_Down)
        qtbot.keyClick(widget, Qt.Key.Key_Escape)
        qtbot.keyRelease(widget, Qt.Key.Key_Down)
        assert len(seen.previewed) == 2
        assert seen.edited == []
    assert (field.value(), choice.value()) == (16, "same")


def test_leaving_in_the_middle_of_a_step_commits_it(qtbot: QtBot, theme: Theme) -> None:
    field, choice = IntegerField(theme, 1, 100), ChoiceField(theme, ("same", "valid"))
    field.set_value(16)
    choice.set_value("same")
    log = shown(qtbot, field, choice)
    field.focusProxy().setFocus()
    qtbot.keyPress(field.focusProxy(), Qt.Key.Key_Up)
    choice.setFocus()
    assert log.edited == [17]


def test_every_field_takes_another_theme(qtbot: QtBot, theme: Theme) -> None:
    fields: list[Field] = [
        IntegerField(theme),
        FloatField(theme, 0, 1),
        TupleField(theme, 2),
        ChoiceField(theme, ("same",)),
        TextField(theme),
    ]
    values = (1, 0.5, (1, 2), "same", "name")
    dark = load_theme("dark", 1.0)
    for field, value in zip(fields, values, strict=True):
        qtbot.addWidget(field)
        field.set_value(value)
        field.resize(132, 28)
        light_picture = field.grab().toImage()
        field.set_theme(dark)
        picture = field.grab().toImage()
        assert picture != light_picture
        assert picture.pixelColor(20, 3).name() in (dark.color("field").name(), dark.color("select").name())


@pytest.mark.parametrize(
    ("kind", "extra", "expected"),
    [
        ("integer", {"default": 3}, IntegerField),
        ("float", {"default": 0.1, "logarithmic": True}, FloatField),
        ("choice", {"default": "same", "choices": ("same", "valid")}, ChoiceField),
        ("boolean", {"default": True}, BooleanField),
        ("tuple", {"default": (3, 3), "length": 2}, TupleField),
        ("tuple", {"default": (32, 64)}, ListField),
        ("text", {"default": ""}, TextField),
    ],
)
def test_each_kind_of_parameter_has_its_field(
    qtbot: QtBot, theme: Theme, kind: str, extra: dict[str, object], expected: type[Field]
) -> None:
    parameter = Parameter(id="x", label="X", kind=kind, help="", **extra)  # type: ignore[arg-type]
    field = make_field(parameter, theme)
    qtbot.addWidget(field)
    assert type(field) is expected
    field.set_value(parameter.default)
    assert field.value() == parameter.default


def test_numbers_are_grouped_with_thin_spaces() -> None:
    assert [group(text) for text in ("4096", "65536", "-1234567.5", "1e-05")] == [
        "4096",
        "65\N{THIN SPACE}536",
        "-1\N{THIN SPACE}234\N{THIN SPACE}567.5",
        "1e-05",
    ]
    assert [float_text(number) for number in (1.0, 1e-5, 0.001)] == ["1.0", "1e-5", "0.001"]


def test_ranges_are_said_as_people_say_them(theme: Theme, qtbot: QtBot) -> None:
    fields: list[NumberField] = [IntegerField(theme, 1), IntegerField(theme, None, 9), FloatField(theme, 0, 1)]
    for field in fields:
        qtbot.addWidget(field)
    assert [field.range_text() for field in fields] == ["at least 1", "at most 9", "0.0 to 1.0"]
