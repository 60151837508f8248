"""What the canvas shows of the running network belongs to what is drawn now; Inputs are looked for once an edit."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt

from app import shown_data
from app.panels.dataset_edits import bind_dataset, inputs_of
from engine.graph.edits import remove_blocks, rename
from engine.graph.graph import Block, Graph
from engine.graph.problem import Problem
from engine.training.events import Array
from engine.worker.protocol import DatasetDescribed


def test_pictures_of_an_input_go_with_its_dataset(window) -> None:
    feed, workspace = window.feed, window.workspace
    document = workspace.document
    (source,) = (block.id for block in inputs_of(document))
    told = []
    feed.previews_changed.connect(told.append)
    feed.data.hold()
    pictures = {"pictures": np.ones((4, 8, 8), np.float32)}
    feed.data.take_preview(source, pictures)
    feed.data.take_preview("conv", {"filters": np.ones((4, 3, 3), np.float32)})
    feed._pulled()
    assert told[-1].keys() == {source, "conv"}

    document.edit("Rename", rename, source, "Pictures")
    assert told[-1].keys() == {source, "conv"}

    fields = workspace.datasets["mnist"].fields
    bind_dataset(document, window.inspector._context.edits, [source], "mnist", fields)
    assert told[-1].keys() == {"conv"}
    feed.data.take_preview(source, pictures)
    feed._pulled()
    assert told[-1].keys() == {"conv"}, "the worker still holds the old data"
    feed.data.hold()
    feed.data.take_preview(source, pictures)
    feed._pulled()
    assert told[-1].keys() == {source, "conv"}


def test_what_was_measured_on_the_drawing_before_is_not_shown(window) -> None:
    feed, workspace = window.feed, window.workspace
    (source,) = (block.id for block in inputs_of(workspace.document))
    feed.data.hold()
    pictures = {"pictures": np.ones((4, 8, 8), np.float32)}
    feed.data.take_preview(source, pictures)
    assert source in feed._pictures
    workspace.opened.emit()
    feed.data.take_preview(source, pictures)
    assert not feed._pictures
    feed.data.hold()
    feed.data.take_preview(source, pictures)
    assert source in feed._pictures


def described(name: str, shade: float) -> DatasetDescribed:
    return DatasetDescribed(id=1, name=name, pictures=Array.of(np.full((16, 28, 28), shade, np.float32)))


def test_until_the_worker_holds_new_data_its_description_shows(window) -> None:
    feed, workspace = window.feed, window.workspace
    document = workspace.document
    (source,) = (block.id for block in inputs_of(document))
    feed.data.hold()
    workspace.data.described.emit(described("digits", 0.2))
    assert source not in feed.data.arrays, "an Input that never had pictures waits for the worker"
    feed.data.take_preview(source, {"pictures": np.ones((4, 8, 8), np.float32)})

    bind_dataset(document, window.inspector._context.edits, [source], "mnist", workspace.datasets["mnist"].fields)
    assert source not in feed._pictures
    refused = DatasetDescribed(id=1, name="mnist", problem=Problem(code="no-dataset", severity="error", path=()))
    workspace.data.described.emit(refused)
    assert source not in feed._pictures
    workspace.data.described.emit(described("mnist", 0.5))
    assert feed.data.arrays[source]["pictures"].shape == (4, 28, 28)
    assert source in feed._pictures

    document.undo_stack.undo()
    assert feed.data.arrays[source]["pictures"].max() == np.float32(0.2)
    document.undo_stack.redo()
    assert feed.data.arrays[source]["pictures"].max() == np.float32(0.5)
    feed.data.hold()
    feed.data.take_preview(source, {"pictures": np.full((4, 28, 28), 0.9, np.float32)})
    assert feed.data.arrays[source]["pictures"].max() == np.float32(0.9)


def write_pictures(folder: Path) -> None:
    """A folder of IDX files as MNIST has them: 40 black pictures, each with one white row."""
    for part, count in (("train", 32), ("t10k", 8)):
        pictures = np.zeros((count, 28, 28), np.uint8)
        pictures[:, 3] = 255
        labels = (np.arange(count) % 10).astype(np.uint8)
        (folder / f"{part}-images-idx3-ubyte").write_bytes(struct.pack(">4i", 2051, count, 28, 28) + pictures.tobytes())
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(struct.pack(">2i", 2049, count) + labels.tobytes())


def test_a_dataset_chosen_after_a_run_shows_its_pictures_at_once(live, qtbot, tmp_path: Path) -> None:
    feed, workspace = live.feed, live.workspace
    (source,) = (block.id for block in inputs_of(workspace.document))
    qtbot.waitUntil(lambda: source in feed._pictures, timeout=60_000)
    workspace.set_epochs(1)
    qtbot.mouseClick(live.run_bar.slot, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: workspace.runs.state.phase == "finished", timeout=60_000)
    assert feed.data.arrays[source]["pictures"].shape[1:] == (8, 8)
    write_pictures(tmp_path)
    live.inspector.choose_folder("rows", str(tmp_path))
    qtbot.waitUntil(lambda: source in feed.data.arrays and feed.data.arrays[source]["pictures"].shape[1:] == (28, 28))
    assert workspace.runs.state.phase != "starting", "no run was needed"
    assert feed.data.arrays[source]["pictures"][:, 3].min() == 1.0
    assert source in feed._pictures


def test_what_was_computed_from_other_data_goes_with_them_and_is_back_with_the_undo(window) -> None:
    feed, document = window.feed, window.workspace.document
    (source,) = (block.id for block in inputs_of(document))
    feed.data.hold()
    weights = {"pictures": np.ones((4, 3, 3), np.float32), "signed": np.asarray(1)}
    outputs = {"pictures": np.ones((4, 4, 4), np.float32), "signed": np.asarray(0)}
    feed.data.take_preview(source, {"pictures": np.ones((4, 8, 8), np.float32)})
    feed.data.take_preview("conv", weights)
    feed.data.take_preview("pool", outputs)
    fields = window.workspace.datasets["mnist"].fields
    bind_dataset(document, window.inspector._context.edits, [source], "mnist", fields)
    feed.data.take_preview("pool", outputs)
    feed.data.take_preview("conv", weights)
    assert feed._pictures.keys() == {"conv"}
    document.undo_stack.undo()
    assert "pool" in feed._pictures
    document.undo_stack.redo()
    assert feed._pictures.keys() == {"conv"}
    feed.data.hold()
    feed.data.take_preview("pool", outputs)
    assert feed._pictures.keys() == {"conv", "pool"}


def test_an_input_that_was_just_added_shows_its_data_before_anything_can_run(live, qtbot) -> None:
    feed, workspace = live.feed, live.workspace
    workspace.new()
    live.editor.add_block("input")
    live.editor.add_block("conv2d")
    (source,) = (block.id for block in inputs_of(workspace.document))
    qtbot.waitUntil(lambda: source in feed._pictures, timeout=60_000)
    qtbot.waitUntil(lambda: workspace.analysis.errors > 0, timeout=60_000)
    assert feed.data.arrays[source]["pictures"].shape == (4, 8, 8)


def test_an_unfinished_drawing_that_is_opened_shows_the_data_of_its_inputs(live, qtbot, tmp_path: Path) -> None:
    feed, workspace = live.feed, live.workspace
    document = workspace.document
    qtbot.waitUntil(lambda: bool(feed._pictures), timeout=60_000)
    losses = tuple(id for id, block in document.graph.blocks.items() if block.type == "cross_entropy")
    document.edit("Delete", remove_blocks, losses)
    workspace.save(tmp_path / "unfinished.loom")
    qtbot.waitUntil(lambda: workspace.path is not None)
    shown_at_opening = []
    workspace.opened.connect(lambda: shown_at_opening.append(dict(feed._pictures)))
    workspace.open(workspace.path)
    qtbot.waitUntil(lambda: shown_at_opening == [{}])
    (source,) = (block.id for block in inputs_of(document))
    qtbot.waitUntil(lambda: source in feed._pictures, timeout=60_000)
    qtbot.waitUntil(lambda: workspace.analysis.errors > 0, timeout=60_000)


def test_inputs_are_looked_for_once_an_edit(window, monkeypatch: pytest.MonkeyPatch) -> None:
    feed, document = window.feed, window.workspace.document
    (source,) = (block.id for block in inputs_of(document))
    asked = []
    monkeypatch.setattr(shown_data, "inputs_of", lambda document: (asked.append(True), inputs_of(document))[1])
    feed.data.hold()
    pictures = {"pictures": np.ones((4, 8, 8), np.float32)}
    for _ in range(3):
        feed.data.take_preview(source, pictures)
    assert len(asked) <= 1
    asked.clear()
    document.edit("Rename", rename, source, "Pictures")
    feed.data.take_preview(source, pictures)
    assert asked == [True]


def test_pictures_go_with_their_blocks_in_containers_too(window) -> None:
    feed, document = window.feed, window.workspace.document
    inner = Graph(blocks={"inner": Block("inner", "conv2d", "Conv")})
    blocks = {"outer": Block("outer", "residual", "Residual", body=inner), "alone": Block("alone", "conv2d", "Conv")}
    document.load(Graph(blocks=blocks), document.settings)
    feed.data.hold()
    filters = {"filters": np.ones((4, 3, 3), np.float32)}
    for path in ("outer/inner", "alone", "outer/inner/deeper"):
        feed.data.take_preview(path, filters)
    told = []
    feed.previews_changed.connect(told.append)
    document.edit("Rename", rename, "alone", "One")
    assert told[-1].keys() == {"outer/inner", "alone"}
    document.edit("Delete", remove_blocks, ("outer",))
    assert told[-1].keys() == {"alone"}
    told.clear()
    document.edit("Rename", rename, "alone", "Two")
    assert told == []
