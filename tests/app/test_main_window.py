"""The window: first start, room, panels, theme, keyboard."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from shiboken6 import isValid

from app.panels.block_help import BlockHelp
from app.panels.fields import FieldRow
from app.panels.overlay_scroll import OverlayScroll
from engine.graph.edits import rename
from engine.graph.problem import Problem
from engine.training.plan import Supervised
from graph_editor.theme import load_theme


def test_the_first_start_shows_the_convnet_as_a_copy_and_one_filled_button(window) -> None:
    assert window.workspace.title == "digits-convnet"
    assert window.workspace.path is None
    assert not window.workspace.is_changed
    assert window.run_bar.slot.text() == "Run"
    assert window.run_bar.slot.isEnabled()
    assert window.status.saved.text() == "Not saved yet"
    assert window.status.problems.text() == "Checking …"
    assert window.status.parameters.text() == ""
    assert window.gallery.isVisible()
    assert len(window.gallery.cards) == 7


def test_the_room_is_shared_as_drawn(window, qtbot) -> None:
    qtbot.wait(50)
    assert window.palette_panel.width() == 216
    assert window.docks["inspector"].width() == pytest.approx(288, abs=2)
    assert window.docks["views"].height() == pytest.approx(288, abs=2)
    assert window.run_bar.height() == 44
    assert window.menuWidget().height() == 72
    assert window.status.height() == 24
    window.resize(1280, 720)
    qtbot.wait(50)
    assert window.palette_panel.is_rail()
    assert window.docks["inspector"].width() == pytest.approx(264, abs=2)
    assert window.docks["views"].height() == pytest.approx(224, abs=2)
    assert window.editor.width() == pytest.approx(968, abs=3)


def test_the_smallest_window_floats_the_inspector_and_folds_the_fields(window, qtbot) -> None:
    window.resize(100, 100)
    qtbot.wait(50)
    assert (window.width(), window.height()) == (1024, 640)
    assert window.inspector_floats
    assert not window.inspector.isVisible()
    assert window.run_bar.plan_button.isVisible()
    assert not window.run_bar.epochs.isVisible()
    window.editor.select([next(iter(window.workspace.document.graph.blocks))])
    assert window.inspector.isVisible()
    window.editor.select([])
    assert not window.inspector.isVisible()
    window.resize(1440, 900)
    qtbot.wait(50)
    assert window.inspector.isVisible()
    assert not window.inspector_floats


@pytest.mark.parametrize("name", ["palette", "views", "inspector"])
def test_the_toggles_of_the_run_bar_show_and_hide_panels(window, qtbot, name: str) -> None:
    toggle = window.run_bar.toggles[name]
    qtbot.mouseClick(toggle, Qt.MouseButton.LeftButton)
    assert not window.docks[name].isVisible()
    assert not window.actions_table[name].isChecked()
    window.actions_table[name].trigger()
    assert window.docks[name].isVisible()
    assert toggle.isChecked()


def test_the_layout_is_remembered(open_window, qtbot) -> None:
    first = open_window()
    first.show_panel("palette", False)
    first.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, first.docks["inspector"])
    first.close()
    second = open_window()
    assert not second.docks["palette"].isVisible()
    assert not second.run_bar.toggles["palette"].isChecked()
    assert second.dockWidgetArea(second.docks["inspector"]) == Qt.DockWidgetArea.LeftDockWidgetArea
    second.actions_table["reset_layout"].trigger()
    assert second.docks["palette"].isVisible()
    assert second.dockWidgetArea(second.docks["inspector"]) == Qt.DockWidgetArea.RightDockWidgetArea


def test_panels_get_title_bars_while_they_are_moved(window) -> None:
    dock = window.docks["inspector"]
    assert dock.titleBarWidget().height() == 0
    window.actions_table["arrange"].trigger()
    assert dock.titleBarWidget().isVisible()
    window.actions_table["arrange"].trigger()
    assert dock.titleBarWidget().height() == 0


def test_what_is_said_of_an_edit_goes_when_it_is_undone(window) -> None:
    document = window.workspace.document
    id = next(iter(document.graph.blocks))
    document.edit("Rename", rename, id, "pictures")
    document.edit("Rename", rename, id, "digits")
    window.status.show_message("Renamed to digits")
    document.undo_stack.undo()
    assert window.status.message.text() == ""
    window.status.show_message("Saved digits.loom")
    document.edit("Rename", rename, id, "images")
    assert window.status.message.text() == "Saved digits.loom"


def test_escape_gives_the_window_back_wherever_the_keyboard_is(window, qtbot) -> None:
    window.activateWindow()
    window.live_views.set_gallery(None)
    window.live_views.set_maximised(True)
    assert not window.pages.isVisible()
    window.run_bar.step.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(window.run_bar.step, Qt.Key.Key_Escape)
    assert window.pages.isVisible()
    # Then the key is the canvas' own again.
    window.editor.enter("residual")
    window.editor.setFocus()
    QTest.keyClick(window.editor.view, Qt.Key.Key_Escape)
    assert window.editor.body_path() == ()


def test_f1_helps_with_the_selected_block_and_without_one_shows_the_keys(window, qtbot) -> None:
    window.activateWindow()
    helped = []
    window.editor.help_wanted.connect(helped.append)
    window.editor.select(["conv"])
    window.commands.refresh()
    assert window.actions_table["help"].text() == "&Help on Convolution"
    QTest.keyClick(window.editor.view, Qt.Key.Key_F1)
    assert helped == ["conv2d"]
    window.editor.select([])
    window.commands.refresh()
    window.activateWindow()
    QTest.keyClick(window.editor.view, Qt.Key.Key_F1)
    page = window.commands._help
    assert page.isVisible()
    assert "Duplicate" in page.text()
    assert helped == ["conv2d"]
    QTest.keyClick(page, Qt.Key.Key_Escape)
    assert not page.isVisible()


def test_each_block_that_is_added_counts_once_and_no_undo_does(window) -> None:
    workspace = window.workspace
    workspace.new()
    window.editor.add_block("input")
    window.editor.add_block("dense")
    stack = workspace.document.undo_stack
    stack.undo()
    stack.redo()
    window.editor.delete_selection()
    stack.undo()
    assert workspace.remembered.usage == {"input": 1, "dense": 1}


def test_the_list_of_problems_shrinks_with_them_and_keeps_the_keyboard(window, qtbot) -> None:
    window.activateWindow()
    path = ("conv",)
    facts = ({"title": "Dense", "name": f"Dense {index}"} for index in range(3))
    problems = tuple(Problem("dead-branch", "advice", path, facts=told) for told in facts)
    window.workspace.analysis.problems_changed.emit(problems)
    window.show_problem_list()
    high = window.problem_popup.height()
    window.problem_list.rows()[1].setFocus()
    window.workspace.analysis.problems_changed.emit(problems[:1])
    assert window.problem_popup.height() < high
    assert len(window.problem_list.rows()) == 1
    assert window.problem_list.hasFocus()


def test_the_theme_is_chosen_and_remembered(open_window) -> None:
    window = open_window()
    window.actions_table["theme_dark"].trigger()
    assert window.theme is load_theme("dark")
    assert window.run_bar.grab().toImage().pixelColor(700, 4) == load_theme("dark").color("panel")
    window.actions_table["theme_light"].trigger()
    assert window.run_bar.grab().toImage().pixelColor(700, 4) == load_theme("light").color("panel")
    window.close()
    assert open_window().workspace.remembered.theme_choice == "light"


def test_menus_outlive_the_pages_of_the_inspector(window, qtbot) -> None:
    editor = window.editor
    for type in ("conv2d", "dense"):
        editor.select([next(id for id, block in editor.scene.body.blocks.items() if block.type == type)])
        row = window.inspector.page.findChild(FieldRow)
        row.reset_button()
    editor.select([])
    window.actions_table["theme_dark"].trigger()
    qtbot.wait(50)
    assert not isValid(row), "the theme has pages made anew"
    assert all(isValid(menu) for menu in window.actions_table.menus.values())


def test_the_theme_follows_the_system(window, monkeypatch) -> None:
    # The off-screen platform has no colour scheme of its own: only what Qt tells is played.
    hints = QGuiApplication.styleHints()
    assert window.workspace.remembered.theme_choice == "system"
    for scheme, name in ((Qt.ColorScheme.Dark, "dark"), (Qt.ColorScheme.Light, "light")):
        monkeypatch.setattr("app.main_window.system_theme_name", lambda name=name: name)
        hints.colorSchemeChanged.emit(scheme)
        assert window.theme.name == name


def test_escape_gives_the_window_back_from_a_view_that_fills_it(window, qtbot) -> None:
    window.activateWindow()
    window.editor.setFocus()
    window.live_views.set_gallery(None)
    window.live_views.add_view("loss")
    view = window.live_views.views()[-1].id
    qtbot.wait(50)
    header = window.live_views.tile(view).header
    qtbot.mouseDClick(header, Qt.MouseButton.LeftButton, pos=header.rect().center())
    assert window.live_views.filled() == view
    assert not window.pages.isVisible()
    assert not window.run_bar.slot.hasFocus()
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Escape)
    assert window.live_views.filled() is None
    assert window.pages.isVisible()
    assert window.pages.isAncestorOf(QApplication.focusWidget())


def test_the_run_bar_edits_the_plan_as_undo_steps(window, qtbot) -> None:
    field = window.run_bar.epochs
    qtbot.mouseClick(field._entry, Qt.MouseButton.LeftButton)
    qtbot.keyClicks(field._entry, "35")
    qtbot.keyClick(field._entry, Qt.Key.Key_Return)
    plan = window.workspace.document.settings.plan
    assert plan.stages[0].epochs == 35
    window.commands.refresh()
    window.actions_table["undo"].trigger()
    assert window.workspace.document.settings.plan.stages[0].epochs == 20
    assert field.value() == 20


def test_the_problem_list_opens_over_the_status_bar(window, qtbot) -> None:
    qtbot.mouseClick(window.status.problems, Qt.MouseButton.LeftButton)
    assert window.problem_popup.isVisible()
    qtbot.mouseClick(window.run_bar, Qt.MouseButton.LeftButton)
    assert not window.problem_popup.isVisible()


def test_help_pages_say_keys_and_blocks(window) -> None:
    window.actions_table["keys"].trigger()
    page = window.commands._help
    assert "Ctrl+R" in page.text()
    page.close()
    window.editor.help_wanted.emit("conv2d")
    (help,) = window.findChildren(BlockHelp)
    assert help.isVisible()
    assert any("PyTorch" in text or "Conv2d" in text for text in help.texts())
    help.close_now()


def test_panels_are_as_large_as_before_after_a_view_filled_the_window(window, qtbot) -> None:
    qtbot.wait(50)
    window.resizeDocks([window.docks["views"]], [330], Qt.Orientation.Vertical)
    window.resizeDocks([window.docks["inspector"]], [300], Qt.Orientation.Horizontal)
    qtbot.wait(20)
    before = {name: dock.size() for name, dock in window.docks.items()}
    window.fill_with_views(True)
    qtbot.wait(50)
    assert window.docks["views"].width() == window.width()
    window.fill_with_views(False)
    qtbot.wait(50)
    assert {name: dock.size() for name, dock in window.docks.items()} == before


def test_f6_leads_the_keyboard_from_panel_to_panel_and_back(window, qtbot) -> None:
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    window.editor.setFocus()
    panels = (window.live_views, window.inspector, window.run_bar, window.palette_panel, window.editor)
    for panel in panels:
        qtbot.keyClick(window, Qt.Key.Key_F6)
        assert panel.isAncestorOf(QApplication.focusWidget())
        assert not isinstance(QApplication.focusWidget(), OverlayScroll)
    for panel in (*reversed(panels[:-1]), panels[-1]):
        qtbot.keyClick(window, Qt.Key.Key_F6, Qt.KeyboardModifier.ShiftModifier)
        assert panel.isAncestorOf(QApplication.focusWidget())
    window.show_panel("inspector", False)
    window.editor.setFocus()
    qtbot.keyClick(window, Qt.Key.Key_F6)
    qtbot.keyClick(window, Qt.Key.Key_F6)
    assert window.run_bar.isAncestorOf(QApplication.focusWidget()), "a hidden panel is passed over"


def test_the_run_bar_edits_the_stage_that_is_chosen(window, qtbot) -> None:
    workspace, bar = window.workspace, window.run_bar
    finer = Supervised(epochs=7, learning_rate=0.01)

    def add(settings):
        return replace(settings, plan=replace(settings.plan, stages=(*settings.plan.stages, finer)))

    first = workspace.document.settings.plan.stages[0]
    assert bar.epochs_label.text() == "Epochs"
    workspace.document.edit_settings("Add a stage", add)
    headings = window.inspector.page.plan.headings
    assert [heading.accessibleDescription() for heading in headings] == ["in the run bar", ""]
    assert (bar.epochs_label.text(), bar.epochs.value()) == ("Stage 1: Epochs", first.epochs)
    qtbot.mouseClick(headings[1], Qt.MouseButton.LeftButton)
    assert [heading.accessibleDescription() for heading in headings] == ["", "in the run bar"]
    assert (bar.epochs_label.text(), bar.epochs.value(), bar.learning_rate.value()) == ("Stage 2: Epochs", 7, 0.01)
    qtbot.mouseClick(bar.epochs._entry, Qt.MouseButton.LeftButton)
    qtbot.keyClicks(bar.epochs._entry, "9")
    qtbot.keyClick(bar.epochs._entry, Qt.Key.Key_Return)
    assert workspace.document.settings.plan.stages == (first, replace(finer, epochs=9))
    workspace.runs._set(replace(workspace.runs.state, phase="training", stage=0))
    assert (bar.epochs_label.text(), bar.epochs.value()) == ("Stage 1: Epochs", first.epochs), "it runs"
    workspace.runs._set(replace(workspace.runs.state, phase="idle"))
    assert bar.epochs.value() == 9
    qtbot.mouseClick(headings[1].remove, Qt.MouseButton.LeftButton)
    assert (bar.epochs_label.text(), bar.epochs.value()) == ("Epochs", first.epochs)
