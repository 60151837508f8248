"""The inspector's fields and their rows under a real mouse and keyboard."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from app.panels.fields import (
    BooleanField,
    ChoiceField,
    Field,
    FieldRow,
    FloatField,
    IntegerField,
    ListField,
    TextField,
    TupleField,
    make_field,
)
from engine.graph.block_type import Parameter
from graph_editor.theme import Theme, load_theme
from tests.app.panels.field_hands import Log, click, drag, retype, shown


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
