"""The window from project to project: start page, new, save, open, close."""

from __future__ import annotations

import re
import threading
from pathlib import Path

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication

from app.panels.project_panel import ProjectPanel
from engine.graph.analysis import Analysis
from engine.graph.edits import remove_blocks, rename
from engine.graph.problem import Problem


def test_a_refusal_does_not_outlive_its_drawing(window, qtbot) -> None:
    QGuiApplication.clipboard().setText("no blocks")
    window.editor.paste()
    assert window.editor.refusal.problem is not None
    with qtbot.waitSignal(window.workspace.opened):
        window.workspace.open_example("moons-boundary")
    assert window.editor.refusal.problem is None


def test_a_refusal_goes_with_the_next_edit_and_with_a_run(window, qtbot) -> None:
    document, runs = window.workspace.document, window.workspace.runs
    gone = next(iter(document.graph.blocks))
    for then in (lambda: document.edit("Delete", remove_blocks, (gone,)), document.undo_stack.undo, runs.began.emit):
        QGuiApplication.clipboard().setText("no blocks")
        window.editor.paste()
        assert window.editor.refusal.problem is not None
        then()
        assert window.editor.refusal.problem is None


def test_the_start_page_begins_with_what_was_open_last(window, tmp_path) -> None:
    path = tmp_path / "mine.loom"
    path.write_bytes(b"")
    window.workspace.remembered.add_recent(path)
    page = window.start_page
    window.show_start_page(True)
    assert page.files[0].path == path
    page.grab()
    assert page._recent.heading.isVisible()
    assert page.files[0].mapTo(page, page.files[0].rect().bottomLeft()).y() < page.cards[0].mapTo(page, QPoint()).y()
    for index in range(7):
        (tmp_path / f"{index}.loom").write_bytes(b"")
        window.workspace.remembered.add_recent(tmp_path / f"{index}.loom")
    window.show_start_page(True)
    assert [row.path.stem for row in page.files] == ["6", "5", "4", "3", "2"], "the examples stay in sight"
    window.commands.forget_recent()
    assert page.files == ()
    assert not page._recent.heading.isVisible()
    assert window.workspace.remembered.recent_files == ()


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


def test_a_new_canvas_keeps_unsaved_work_among_the_unsaved_drawings(window, qtbot) -> None:
    document = window.workspace.document
    gone = next(iter(document.graph.blocks))
    document.edit("Delete", remove_blocks, (gone,))
    left = document.graph
    window.actions_table["new"].trigger()
    assert not document.graph.blocks
    window.workspace.store.wait()
    (kept,) = (drawing.path for drawing in window.workspace.files.aside.drawings)
    assert window.workspace.remembered.recent_files == ()
    with qtbot.waitSignal(window.workspace.opened):
        window.workspace.open(kept)
    assert document.graph == left


def test_dialogs_do_not_open_where_unsaved_work_is_kept(window, qtbot, tmp_path: Path) -> None:
    workspace, remembered = window.workspace, window.workspace.remembered
    with qtbot.waitSignal(workspace.store.saved):
        workspace.save(tmp_path / "net.loom")
    workspace.set_epochs(7)
    workspace.new()
    workspace.store.wait()
    kept = workspace.files.aside.drawings[0].path
    assert kept.parent != tmp_path
    with qtbot.waitSignal(workspace.opened):
        workspace.open(kept)
    assert workspace.path == kept
    assert remembered.folder == tmp_path
    with qtbot.waitSignal(workspace.store.saved):
        workspace.save(kept)
    assert remembered.folder == tmp_path


def test_what_is_put_aside_again_has_one_time_in_its_name(window, qtbot, tmp_path: Path) -> None:
    workspace = window.workspace
    with qtbot.waitSignal(workspace.store.saved):
        workspace.save(tmp_path / "net 2026-01-02 03.04.05")
    workspace.set_epochs(7)
    workspace.new()
    workspace.store.wait()
    name = workspace.files.aside.drawings[0].path.stem
    assert re.fullmatch(r"net \d{4}-\d\d-\d\d \d\d\.\d\d\.\d\d", name)
    assert name != "net 2026-01-02 03.04.05"


def test_a_drawing_with_the_longest_of_names_is_put_aside_too(window, qtbot, tmp_path: Path) -> None:
    workspace = window.workspace
    with qtbot.waitSignal(workspace.store.saved):
        workspace.save(tmp_path / ("é" * 113))
    workspace.set_epochs(7)
    workspace.new()
    workspace.store.wait()
    kept = workspace.files.aside.drawings[0].path
    assert workspace.store.read_now(kept).project.settings.plan.stages[0].epochs == 7
    assert kept.stem.startswith("é" * 90 + " 2")


def test_saving_and_opening_again(window, qtbot, tmp_path: Path) -> None:
    workspace = window.workspace
    workspace.set_epochs(7)
    assert workspace.is_changed
    with qtbot.waitSignal(workspace.store.saved):
        workspace.save(tmp_path / "net")
    assert (workspace.path, workspace.is_changed) == (tmp_path / "net.loom", False)
    assert window.status.saved.text() == "Saved just now"
    assert "net" in window.windowTitle()
    assert window.inspector.page.header.title() == "net", "no title of the example any more"
    graph = workspace.document.graph
    workspace.new()
    with qtbot.waitSignal(workspace.opened):
        workspace.open(tmp_path / "net.loom")
    assert workspace.document.graph == graph
    assert workspace.document.settings.plan.stages[0].epochs == 7


def test_a_drawing_that_comes_while_another_is_being_saved_has_no_file(window, qtbot, tmp_path: Path) -> None:
    workspace = window.workspace
    with qtbot.waitSignal(workspace.store.saved):
        workspace.save(tmp_path / "net.loom")
        workspace.new()
    assert workspace.path is None
    assert workspace.remembered.recent_files[0] == tmp_path / "net.loom"


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


def test_an_edit_made_while_a_save_is_written_is_not_taken_for_saved(window, qtbot, tmp_path: Path) -> None:
    workspace, document = window.workspace, window.workspace.document
    id = next(iter(document.graph.blocks))
    document.edit("Rename", rename, id, "saved")
    slow_disk = threading.Event()
    workspace.store._submit(slow_disk.wait)
    workspace.save(tmp_path / "net.loom")
    document.undo_stack.undo()
    document.edit("Rename", rename, id, "later")
    slow_disk.set()
    qtbot.waitUntil(lambda: workspace.path is not None)
    assert workspace.files.is_changed
    document.undo_stack.undo()
    document.edit("Rename", rename, id, "saved")
    workspace.save(tmp_path / "net.loom")
    qtbot.waitUntil(lambda: not workspace.files.is_changed)


def test_a_drawing_from_before_a_save_is_not_taken_for_what_the_file_has(window, qtbot, tmp_path: Path) -> None:
    workspace = window.workspace
    workspace.set_epochs(7)
    with qtbot.waitSignal(workspace.store.saved):
        workspace.save(tmp_path / "net.loom")
        workspace.set_epochs(8)
    workspace.document.undo_stack.undo()
    workspace.document.undo_stack.undo()
    assert workspace.document.settings.plan.stages[0].epochs != 7
    assert workspace.is_changed


def test_a_save_that_still_waits_is_not_of_the_next_project(window, qtbot, tmp_path: Path) -> None:
    workspace, files = window.workspace, window.workspace.files
    graph = workspace.document.graph
    # As it does for two seconds when the run that was to bring its weights fails.
    files.checkpoint_wait.add(lambda: files._write(tmp_path / "net.loom"))
    workspace.new()
    with qtbot.waitSignal(workspace.store.saved):
        files.checkpoint_wait.settle()
    qtbot.waitUntil(lambda: not workspace.document.graph.blocks)
    assert workspace.store.read_now(tmp_path / "net.loom").project.graph == graph


def test_an_empty_canvas_has_no_name_of_an_example_that_was_wanted_just_before(window, qtbot) -> None:
    workspace = window.workspace
    workspace.open_example("moons-boundary")
    workspace.new()
    assert workspace.title == "Untitled"
    qtbot.waitUntil(lambda: workspace.title == "moons-boundary")
