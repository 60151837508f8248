"""Closing in the middle of a run asks nothing and loses nothing; the next start goes on."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from broken_files import sound_file
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from engine.training.events import Started

TOO_MANY = 100_000
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def is_running(process: int) -> bool:
    """Whether a process of this machine lives (one that has ended and was waited for does not)."""
    try:
        os.kill(process, 0)
    except OSError:
        return False
    return True


def test_the_close_button_in_the_middle_of_training(open_hands) -> None:
    hands = open_hands()
    hands.wait_ready()
    hands.type_into(hands.window.run_bar.epochs, str(TOO_MANY))
    hands.press_run_button("Run")
    hands.wait(lambda: hands.losses > 200, "two hundred loss points")
    graph, settings = hands.graph, hands.workspace.document.settings
    process = hands.workspace.link.client.process_id
    received = hands.losses
    curve = hands.workspace.history.losses.array().copy()
    assert hands.window.close()
    assert not hands.window.isVisible()
    assert not is_running(process), "the worker has ended with the window"
    assert hands.workspace.link.client.exit_words == "it was closed", "in the two seconds that it has"
    checkpoint = hands.workspace.runs.checkpoint
    assert checkpoint is not None
    assert checkpoint.is_file()
    hands.close()

    again = open_hands()
    assert again.graph == graph
    assert again.workspace.document.settings == settings
    assert again.notice == "", "closing in order is nothing to speak of"
    assert again.losses >= received
    assert np.array_equal(again.workspace.history.losses.array()[:received], curve)
    assert again.workspace.runs.checkpoint == checkpoint
    assert again.window.run_bar.slot.accessibleName() == "Continue"
    again.wait_ready()
    again.wait(lambda: again.workspace.measures.has_session, "the session with the weights")
    started: list[Started] = []
    again.workspace.runs.event.connect(lambda event: started.append(event) if isinstance(event, Started) else None)
    held = again.losses
    again.press_run_button("Continue")
    again.wait(lambda: started and again.losses > held + 20, "further loss points")
    assert started[0].first_step >= received, "it goes on where the checkpoint was"
    assert np.array_equal(again.workspace.history.losses.array()[:received], curve)
    assert float(np.mean(again.workspace.history.losses.array()[-20:])) < float(curve[0])
    again.click(again.window.run_bar.stop)
    again.wait_phase("stopped")


def test_unsaved_work_is_put_aside_when_another_file_is_given_at_the_start(open_hands, tmp_path: Path) -> None:
    hands = open_hands()
    hands.menu("File", "New")
    hands.show_place(300, 100)
    hands.drag_from_palette("lstm", 300, 100)
    graph = hands.graph
    hands.close()
    file = sound_file(tmp_path / "other.loom")
    again = open_hands(file)
    assert "kept under File, Open recent" in again.notice
    assert again.workspace.path == file
    aside = [drawing.path for drawing in again.workspace.files.aside.drawings]
    again.workspace.store.wait()
    aside = aside or [drawing.path for drawing in again.workspace.files.aside.drawings]
    assert len(aside) == 1
    again.open_file(aside[0])
    assert again.graph == graph


def test_undo_and_redo_by_keys_and_copies_between_two_windows(open_hands) -> None:
    first = open_hands()
    second = open_hands()
    second.menu("File", "New")
    assert not second.graph.blocks
    first.activate()
    before = first.graph
    (convolution, *_) = (id for id, block in before.blocks.items() if block.type == "conv2d")
    first.pick(convolution)
    first.key(Qt.Key.Key_Delete)
    assert convolution not in first.graph.blocks
    after = first.graph
    first.key(Qt.Key.Key_Z, CTRL)
    assert first.graph == before
    first.key(Qt.Key.Key_Z, CTRL | SHIFT)
    assert first.graph == after
    first.key(Qt.Key.Key_Z, CTRL)
    assert first.graph == before

    first.key(Qt.Key.Key_A, CTRL)
    assert len(first.window.editor.selected_ids()) == len(before.blocks)
    first.key(Qt.Key.Key_C, CTRL)
    second.activate()
    second.click(second.window.editor.empty, QPoint(20, 20))
    second.key(Qt.Key.Key_V, CTRL)
    pasted = second.graph
    assert sorted(block.type for block in pasted.blocks.values()) == sorted(
        block.type for block in before.blocks.values()
    )
    assert not set(pasted.blocks) & set(before.blocks), "pasted blocks have ids of their own"
    assert len(pasted.wires) == len(before.wires)
    second.key(Qt.Key.Key_Z, CTRL)
    assert not second.graph.blocks, "a paste is one step"
    assert first.graph == before


def test_the_empty_canvas_takes_the_mouse_through_its_words(open_hands) -> None:
    hands = open_hands()
    hands.menu("File", "New")
    empty, editor = hands.window.editor.empty, hands.window.editor
    assert empty.isVisible()
    place = QPoint(empty.width() // 2, empty.height() // 4)
    QTest.mouseMove(empty, place)
    QTest.mouseDClick(empty, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
    hands.wait(lambda: editor.search_popup().isVisible(), "the search")
    QTest.keyClicks(editor.search_popup().line(), "input")
    QTest.keyClick(editor.search_popup().line(), Qt.Key.Key_Return)
    input = hands.block("input")
    x, y = hands.middle(input)
    spot = hands.viewport.mapToGlobal(hands.spot(x, y)) - empty.mapToGlobal(place)
    assert abs(spot.x()) < 90
    assert abs(spot.y()) < 40
    assert not empty.isVisible()


def test_into_a_residual_an_edit_inside_and_out_by_the_breadcrumb(open_hands) -> None:
    hands = open_hands()
    hands.menu("Help", "Examples", "Residual digits")
    hands.wait(lambda: hands.workspace.example == "digits-residual", "the example")
    hands.rest()
    editor = hands.window.editor
    (residual, *_) = (id for id, block in hands.graph.blocks.items() if block.type == "residual")
    hands.double_click(residual)
    assert editor.body_path() == (residual,)
    inside = {id: block.type for id, block in hands.body.blocks.items()}
    assert {"entry", "exit"} <= set(inside.values())
    wire = next(wire for wire in hands.body.wires if inside[wire.target.block] == "exit")
    start = hands.port((wire.source.block, wire.source.port), False)
    end = hands.port((wire.target.block, wire.target.port), True)
    hands.window.show_panel("palette", True)
    new = hands.drag_from_palette("dropout", (start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
    assert ((wire.source.block, wire.source.port), (new, "input")) in hands.wires(), "dropped on a wire it is inserted"
    assert ((new, "output"), (wire.target.block, wire.target.port)) in hands.wires()
    hands.set_parameter(new, "p", "0.25")
    assert hands.graph.blocks[residual].body.blocks[new].parameters["p"] == 0.25

    crumb = editor.breadcrumb
    hands.click(crumb, crumb.step_rect(0).center().toPoint())
    assert editor.body_path() == ()
    assert editor.selected_ids() == (residual,)
    assert new not in hands.body.blocks
    hands.wait_ready()
    assert not [problem for problem in hands.problems if problem.severity == "error"]
    hands.activate()
    hands.key(Qt.Key.Key_Z, CTRL)
    hands.key(Qt.Key.Key_Z, CTRL)
    assert new not in hands.graph.blocks[residual].body.blocks


def test_views_are_added_and_closed_by_their_menus(open_hands) -> None:
    hands = open_hands()
    hands.wait_ready()
    hands.press_run_button("Run")
    hands.wait_phase("finished")
    views = hands.window.live_views
    before = [spec.kind for spec in views.views()]
    hands.click(views._header.add)
    hands.wait(lambda: hands.open_menu() is not None, "the menu of views")
    hands.choose(hands.open_menu(), "Accuracy")
    assert [spec.kind for spec in views.views()] == [*before, "accuracy"]
    added = views.views()[-1]
    assert hands.workspace.document.settings.views[-1] == added
    hands.wait(lambda: views.tile(added.id) is not None and views.tile(added.id).isVisible(), "the tile")
    assert views.tile(added.id).view.message() == ""
    hands.click(views.tile(added.id).header.more)
    hands.wait(lambda: hands.open_menu() is not None, "the menu of the view")
    hands.choose(hands.open_menu(), "Close view")
    assert [spec.kind for spec in views.views()] == before


@pytest.mark.parametrize("training", [False, True], ids=["idle", "training"])
def test_the_dark_theme_at_once(open_hands, training: bool) -> None:
    hands = open_hands()
    hands.menu("View", "Theme", "Light")
    if training:
        hands.wait_ready()
        hands.type_into(hands.window.run_bar.epochs, str(TOO_MANY))
        hands.press_run_button("Run")
        hands.wait(lambda: hands.losses > 0, "loss points")
    lights = [hands.brightness(part) for part in hands.panels()]
    assert all(light > 0.8 for light in lights), lights
    hands.menu("View", "Theme", "Dark")
    assert hands.window.theme.name == "dark"
    assert hands.workspace.remembered.theme_choice == "dark"
    darks = [hands.brightness(part) for part in hands.panels()]
    assert all(dark < 0.35 for dark in darks), darks
    if training:
        hands.click(hands.window.run_bar.stop)
        hands.wait_phase("stopped")
