"""The window: first start, room, panels, menus, theme, start page, closing."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QMenuBar

from app.actions import MENUS
from app.panels.block_help import BlockHelp
from app.panels.overlay_scroll import OverlayScroll
from app.panels.project_panel import ProjectPanel
from engine.graph.analysis import Analysis
from engine.graph.edits import remove_blocks, rename
from engine.graph.problem import Problem
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


def test_every_menu_action_has_a_name_and_no_key_twice(window) -> None:
    keys = [
        sequence.toString() for action in window.actions() if action.objectName() for sequence in action.shortcuts()
    ]
    assert len(keys) == len(set(keys))
    assert [menu.title() for menu in (window.actions_table.menus[name] for name in ("File", "Run", "Help"))] == [
        "&File",
        "&Run",
        "&Help",
    ]


def letters(menu: QMenu | QMenuBar) -> list[str]:
    lines = [action for action in menu.actions() if not action.isSeparator()]
    return [action.text().partition("&")[2][:1].lower() for action in lines]


def test_every_line_of_a_menu_has_an_alt_letter_of_its_own(window) -> None:
    window.workspace.remembered.add_recent(Path(__file__))
    window.commands.refresh()
    menus = window.actions_table.menus
    assert letters(window._menu_bar) == ["f", "e", "v", "i", "r", "h"]
    for name in (*MENUS, "View/Theme"):
        found = letters(menus[name])
        assert all(found), name
        assert len(found) == len(set(found)), (name, found)


@pytest.mark.qt_log_ignore("This plugin does not support (raise|grabbing)")  # menus, off-screen
def test_the_menus_are_used_with_alt_and_letters(window, qtbot) -> None:
    window.activateWindow()
    window.editor.setFocus()
    assert window.workspace.document.graph.blocks
    QTest.keyClick(window, Qt.Key.Key_F, Qt.KeyboardModifier.AltModifier)
    menu = window.actions_table.menus["File"]
    qtbot.waitUntil(menu.isVisible)
    QTest.keyClick(menu, Qt.Key.Key_N)
    qtbot.waitUntil(lambda: not window.workspace.document.graph.blocks)


def test_a_recent_file_keeps_the_ampersand_of_its_name(window, tmp_path) -> None:
    path = tmp_path / "cats & dogs.loom"
    path.write_bytes(b"")
    window.workspace.remembered.add_recent(path)
    window.commands.fill_recent()
    assert window.actions_table.menus["File/Open recent"].actions()[0].text() == "cats && dogs"


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


def test_a_refusal_does_not_outlive_its_drawing(window, qtbot) -> None:
    QGuiApplication.clipboard().setText("no blocks")
    window.editor.paste()
    assert window.editor.refusal.problem is not None
    with qtbot.waitSignal(window.workspace.opened):
        window.workspace.open_example("moons-boundary")
    assert window.editor.refusal.problem is None


def test_the_start_page_begins_with_what_was_open_last(window, tmp_path) -> None:
    path = tmp_path / "mine.loom"
    path.write_bytes(b"")
    window.workspace.remembered.add_recent(path)
    page = window.start_page
    window.show_start_page(True)
    assert page.files[0].path == path
    page.grab()
    assert page._recent.isVisible()
    assert page.files[0].mapTo(page, page.files[0].rect().bottomLeft()).y() < page.cards[0].mapTo(page, QPoint()).y()
    for index in range(7):
        (tmp_path / f"{index}.loom").write_bytes(b"")
        window.workspace.remembered.add_recent(tmp_path / f"{index}.loom")
    window.show_start_page(True)
    assert [row.path.stem for row in page.files] == ["6", "5", "4", "3", "2"], "the examples stay in sight"
    window.commands.forget_recent()
    assert page.files == ()
    assert not page._recent.isVisible()
    assert window.workspace.remembered.recent_files == ()


def test_actions_are_enabled_when_they_can_be_used(window) -> None:
    table = window.actions_table
    assert not table["undo"].isEnabled()
    assert not table["cut"].isEnabled()
    block = next(iter(window.workspace.document.graph.blocks))
    window.editor.select([block])
    window.commands.refresh()
    assert table["cut"].isEnabled()
    window.editor.delete_selection()
    window.commands.refresh()
    assert table["undo"].isEnabled()
    assert table["undo"].text().startswith("&Undo delete")
    table["undo"].trigger()
    assert block in window.workspace.document.graph.blocks


def test_the_theme_is_chosen_and_remembered(open_window) -> None:
    window = open_window()
    window.actions_table["theme_dark"].trigger()
    assert window.theme is load_theme("dark")
    assert window.run_bar.grab().toImage().pixelColor(700, 4) == load_theme("dark").color("panel")
    window.actions_table["theme_light"].trigger()
    assert window.run_bar.grab().toImage().pixelColor(700, 4) == load_theme("light").color("panel")
    window.close()
    assert open_window().workspace.remembered.theme_choice == "light"


def test_the_theme_follows_the_system(window, monkeypatch) -> None:
    # The off-screen platform has no colour scheme of its own: only what Qt tells is played.
    hints = QGuiApplication.styleHints()
    assert window.workspace.remembered.theme_choice == "system"
    for scheme, name in ((Qt.ColorScheme.Dark, "dark"), (Qt.ColorScheme.Light, "light")):
        monkeypatch.setattr("app.main_window.system_theme_name", lambda name=name: name)
        hints.colorSchemeChanged.emit(scheme)
        assert window.theme.name == name


def test_the_start_page_stands_in_the_canvas_place(window, qtbot) -> None:
    window.actions_table["start_page"].trigger()
    assert window.start_page.isVisible()
    assert window.start_page._title.font().pixelSize() == 22
    assert window.status.blocks.font().pixelSize() == 11
    assert window.gallery._heading.font().weight() == 600
    assert not window.editor.isVisible()
    assert not window.actions_table["cut"].isEnabled()
    card = next(card for card in window.start_page.cards if card.facts.id == "moons-boundary")
    with qtbot.waitSignal(window.workspace.opened):
        qtbot.mouseClick(card, Qt.MouseButton.LeftButton)
    assert window.workspace.title == "moons-boundary"
    assert window.editor.isVisible()


def test_a_new_canvas_keeps_unsaved_work_among_the_recent_files(window, qtbot) -> None:
    document = window.workspace.document
    gone = next(iter(document.graph.blocks))
    document.edit("Delete", remove_blocks, (gone,))
    left = document.graph
    window.actions_table["new"].trigger()
    assert not document.graph.blocks
    window.workspace.store.wait()
    (kept,) = window.workspace.remembered.recent_files
    with qtbot.waitSignal(window.workspace.opened):
        window.workspace.open(kept)
    assert document.graph == left


def test_saving_and_opening_again(window, qtbot, tmp_path: Path) -> None:
    workspace = window.workspace
    workspace.set_epochs(7)
    assert workspace.is_changed
    with qtbot.waitSignal(workspace.store.saved):
        workspace.save(tmp_path / "net")
    assert (workspace.path, workspace.is_changed) == (tmp_path / "net.loom", False)
    assert window.status.saved.text() == "Saved just now"
    assert "net" in window.windowTitle()
    graph = workspace.document.graph
    workspace.new()
    with qtbot.waitSignal(workspace.opened):
        workspace.open(tmp_path / "net.loom")
    assert workspace.document.graph == graph
    assert workspace.document.settings.plan.stages[0].epochs == 7


def test_a_damaged_file_is_told_over_the_canvas_and_leaves_the_work_alone(window, qtbot, tmp_path: Path) -> None:
    file = tmp_path / "broken.loom"
    file.write_bytes(b"PK\x03\x04 and then nothing")
    graph = window.workspace.document.graph
    with qtbot.waitSignal(window.workspace.refused):
        window.workspace.open(file)
    assert "broken.loom" in window.notice.text()
    assert window.notice.isVisible()
    assert window.workspace.document.graph is graph


def test_what_was_told_of_one_file_goes_when_another_opens(window, qtbot, tmp_path: Path) -> None:
    workspace = window.workspace
    workspace.save(tmp_path / "net.loom")
    file = tmp_path / "broken.loom"
    file.write_bytes(b"")
    with qtbot.waitSignal(workspace.refused):
        workspace.open(file)
    assert window.notice.isVisible()
    with qtbot.waitSignal(workspace.opened):
        workspace.open(tmp_path / "net.loom")
    assert not window.notice.isVisible()


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


def test_closing_asks_nothing_and_the_next_start_brings_it_back(open_window) -> None:
    first = open_window()
    document = first.workspace.document
    document.edit("Delete", remove_blocks, (next(iter(document.graph.blocks)),))
    first.workspace.set_learning_rate(0.02)
    graph = document.graph
    first.close()
    second = open_window()
    assert second.workspace.document.graph == graph
    assert second.workspace.document.settings.plan.stages[0].learning_rate == 0.02
    assert second.workspace.is_changed
    assert second.workspace.title == "digits-convnet", "it is still a copy of the example"


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


def test_an_empty_canvas_is_inviting_not_faulty(window) -> None:
    window.commands.new()
    assert window.run_bar.message.text() == "Nothing to run yet"
    assert not window.run_bar.slot.isEnabled()
    window.status.show_analysis(Analysis(problems=(Problem("empty"),)))
    window.status.show_problems((Problem("empty"),))
    assert window.status.problems.text() == "Empty drawing"
    assert window.status.parameters.text() == ""
    assert not window.status.blocks.text()
    assert "problem" not in window.run_bar.message.text()


def test_another_project_begins_with_nothing_selected_at_its_root(window, qtbot) -> None:
    graph = window.workspace.document.graph
    residual = next(id for id, block in graph.blocks.items() if block.type == "residual")
    source = next(id for id, block in graph.blocks.items() if block.type == "input")
    window.editor.select([source])
    window.editor.enter(residual)
    window.editor.select(list(graph.blocks[residual].body.blocks)[:1])
    with qtbot.waitSignal(window.workspace.opened):
        window.commands.open_example("digits-residual")
    assert window.editor.body_path() == ()
    assert window.editor.selected_ids() == ()
    assert isinstance(window.inspector.page, ProjectPanel)
    window.editor.select([source])
    assert window.editor.selected_ids() == (source,)
    with qtbot.waitSignal(window.workspace.opened):
        window.commands.open_example("digits-autoencoder")
    assert window.editor.selected_ids() == ()
    assert isinstance(window.inspector.page, ProjectPanel)
