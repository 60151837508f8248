"""What the window learns of datasets when they arrive."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from engine.graph.edits import add_block
from engine.graph.problem import Problem
from engine.worker.protocol import DatasetDescribed, DescribeDataset, Download, Downloaded


@pytest.mark.parametrize("cancelled", [False, True])
def test_a_dataset_that_has_arrived_is_described(window, monkeypatch, cancelled: bool) -> None:
    data, sent = window.workspace.data, []
    monkeypatch.setattr(window.workspace.link, "send", sent.append)
    data.download("digits")
    (asked,) = sent
    assert isinstance(asked, Download)
    data._take(Downloaded(id=asked.id - 1))
    assert len(sent) == 1, "that was another download"
    data._take(Downloaded(id=asked.id, cancelled=cancelled))
    named = [message.dataset.name for message in sent if isinstance(message, DescribeDataset)]
    assert named == ([] if cancelled else ["digits"])


def test_a_download_that_failed_describes_nothing(window, monkeypatch) -> None:
    data, sent = window.workspace.data, []
    monkeypatch.setattr(window.workspace.link, "send", sent.append)
    data.download("mnist")
    data._take(Downloaded(id=sent[0].id, problem=Problem("offline", facts={"name": "MNIST", "reason": "no route"})))
    assert not any(isinstance(message, DescribeDataset) for message in sent)


def test_a_folder_is_offered_again_until_it_cannot_be_read(window) -> None:
    workspace = window.workspace
    workspace.data.described.emit(DatasetDescribed(id=1, name="mnist", folder="/data/mnist"))
    assert workspace.remembered.dataset_folders == {"mnist": "/data/mnist"}
    missing = Problem("idx-missing", facts={"folder": "/data/empty", "file": "train-images-idx3-ubyte"})
    workspace.data.described.emit(DatasetDescribed(id=2, name="mnist", folder="/data/empty", problem=missing))
    assert workspace.remembered.dataset_folders == {"mnist": "/data/mnist"}
    gone = Problem("idx-missing", facts={"folder": "/data/mnist", "file": "train-images-idx3-ubyte"})
    workspace.data.described.emit(DatasetDescribed(id=3, name="mnist", folder="/data/mnist", problem=gone))
    assert workspace.remembered.dataset_folders == {}


def test_what_an_input_reads_is_described_though_the_settings_do_not_know_of_it(window, monkeypatch) -> None:
    data, document, sent = window.workspace.data, window.workspace.document, []
    moons = replace(next(block for block in document.graph.blocks.values() if block.type == "input"), id="moons")
    document.edit("Add", add_block, replace(moons, parameters={"dataset": "moons", "fields": ("point: 2 float32",)}))
    assert [dataset.name for dataset in document.settings.datasets] == ["digits"]
    monkeypatch.setattr(window.workspace.link, "send", sent.append)
    data.describe_all()
    assert [message.dataset.name for message in sent] == ["digits", "moons"]
