"""Numbers, formulas and tuples under a real mouse and keyboard: typed, stepped, scrubbed."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from app.panels.fields import FloatField, IntegerField, NumberField, TupleField
from app.panels.number_field import float_text, group
from engine.graph.values import Formula, evaluate
from graph_editor.theme import Theme
from tests.app.panels.field_hands import LEFT, click, drag, retype, shown


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
    qtbot.waitUntil(lambda: len(log.previewed) >= 3)
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


@pytest.mark.parametrize("focused", [False, True])
def test_three_clicks_select_the_whole_number(qtbot: QtBot, theme: Theme, focused: bool) -> None:
    field = FloatField(theme, 0.0, None)
    field.set_value(0.375)
    shown(qtbot, field)
    entry = field.focusProxy()
    place = QPoint(12, entry.height() // 2)
    if focused:
        entry.setFocus()
    qtbot.mouseClick(entry, LEFT, pos=place)
    qtbot.mouseDClick(entry, LEFT, pos=place)
    qtbot.mousePress(entry, LEFT, pos=place)
    qtbot.mouseRelease(entry, LEFT, pos=place)
    assert entry.selectedText() == "0.375"


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


@pytest.mark.parametrize("kind", [FloatField, IntegerField])
@pytest.mark.parametrize("value", [(1, 2), "wide"])
def test_what_a_damaged_file_has_in_place_of_a_number_is_shown(
    qtbot: QtBot, theme: Theme, kind: type[NumberField], value: object
) -> None:
    field = kind(theme)
    shown(qtbot, field)
    field.set_value(value)
    assert field._entry.text() == str(value)
    field.grab()
    for key in (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Return):
        field.setFocus()
        qtbot.keyClick(field._entry, key)


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
