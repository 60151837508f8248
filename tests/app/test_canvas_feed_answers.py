"""What the inspector is told belongs to the block that is selected now; Inputs are looked for once an edit."""

from __future__ import annotations

import numpy as np
import pytest

from app import canvas_feed
from app.panels.dataset_edits import inputs_of
from engine.graph.edits import remove_blocks, rename
from engine.graph.graph import Block, Graph


def test_an_answer_for_the_block_selected_before_is_not_shown_as_the_new_one_s(window) -> None:
    feed = window.feed
    curves, weights = [], []
    feed.curve_changed.connect(lambda path, arrays: curves.append((path, arrays)))
    feed.weights_changed.connect(lambda path, picture, words: weights.append((path, words)))
    old, new = feed.trace("one"), feed.trace("two")
    feed._take_measured(old.id, {"x": np.zeros(3)}, 0, None)
    assert curves[-1] == ("two", None)
    feed._take_measured(new.id, {"x": np.ones(3)}, 0, None)
    assert curves[-1][0] == "two"
    assert curves[-1][1]["x"].tolist() == [1, 1, 1]
    old, new = feed.look_at("one"), feed.look_at("two")
    filters = np.ones((4, 3, 3), np.float32)
    feed._take_measured(old.id, {"filters": filters, "norm": np.float32(1)}, 0, None)
    assert weights == []
    feed._take_measured(new.id, {"filters": filters, "norm": np.float32(2)}, 0, None)
    assert weights == [("two", "Norm 2")]


def test_inputs_are_looked_for_once_an_edit(window, monkeypatch: pytest.MonkeyPatch) -> None:
    feed, document = window.feed, window.workspace.document
    (source,) = (block.id for block in inputs_of(document))
    asked = []
    monkeypatch.setattr(canvas_feed, "inputs_of", lambda document: (asked.append(True), inputs_of(document))[1])
    feed._hold_data()
    pictures = {"pictures": np.ones((4, 8, 8), np.float32)}
    for _ in range(3):
        feed._take_preview(source, pictures)
    assert len(asked) <= 1
    asked.clear()
    document.edit("Rename", rename, source, "Pictures")
    feed._take_preview(source, pictures)
    assert asked == [True]


def test_pictures_go_with_their_blocks_in_containers_too(window) -> None:
    feed, document = window.feed, window.workspace.document
    inner = Graph(blocks={"inner": Block("inner", "conv2d", "Conv")})
    blocks = {"outer": Block("outer", "residual", "Residual", body=inner), "alone": Block("alone", "conv2d", "Conv")}
    document.load(Graph(blocks=blocks), document.settings)
    feed._hold_data()
    filters = {"filters": np.ones((4, 3, 3), np.float32)}
    for path in ("outer/inner", "alone", "outer/inner/deeper"):
        feed._take_preview(path, filters)
    told = []
    feed.previews_changed.connect(told.append)
    document.edit("Rename", rename, "alone", "One")
    assert told[-1].keys() == {"outer/inner", "alone"}
    document.edit("Delete", remove_blocks, ("outer",))
    assert told[-1].keys() == {"alone"}
    told.clear()
    document.edit("Rename", rename, "alone", "Two")
    assert told == []
