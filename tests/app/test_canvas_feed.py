"""What the canvas shows of the running network belongs to what is drawn now."""

from __future__ import annotations

import numpy as np

from app.panels.dataset_edits import bind_dataset, inputs_of
from engine.graph.edits import rename


def test_pictures_of_an_input_go_with_its_dataset(window) -> None:
    feed, workspace = window.feed, window.workspace
    document = workspace.document
    (source,) = (block.id for block in inputs_of(document))
    told = []
    feed.previews_changed.connect(told.append)
    feed._hold_data()
    pictures = {"pictures": np.ones((4, 8, 8), np.float32)}
    feed._take_preview(source, pictures)
    feed._take_preview("conv", {"filters": np.ones((4, 3, 3), np.float32)})
    feed._pulled()
    assert told[-1].keys() == {source, "conv"}

    document.edit("Rename", rename, source, "Pictures")
    assert told[-1].keys() == {source, "conv"}

    fields = workspace.datasets["mnist"].fields
    bind_dataset(document, window.inspector._context.edits, [source], "mnist", fields)
    assert told[-1].keys() == {"conv"}
    feed._take_preview(source, pictures)
    feed._pulled()
    assert told[-1].keys() == {"conv"}, "the worker still holds the old data"
    feed._hold_data()
    feed._take_preview(source, pictures)
    feed._pulled()
    assert told[-1].keys() == {source, "conv"}
