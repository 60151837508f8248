"""What the window learns of datasets when they arrive."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from app.wording import LOADS, MENDS
from app.worker_link import WorkerLink
from engine.graph.edits import add_block
from engine.graph.problem import Problem
from engine.project.project_file import Project, write_project
from engine.training.plan import DatasetRef, Plan, Settings, Supervised, ViewSpec
from engine.worker.client import WorkerClient
from engine.worker.protocol import (
    DatasetDescribed,
    DescribeDataset,
    Download,
    Downloaded,
    FromWorker,
    SessionOpened,
)
from tests.app.live_hands import RUN_MS, press, wait_for
from tests.journeys.broken_files import drawn, idx_folder


@pytest.mark.parametrize("cancelled", [False, True])
def test_a_dataset_that_has_arrived_is_described(window, monkeypatch, cancelled: bool) -> None:
    data, sent = window.workspace.data, []
    monkeypatch.setattr(WorkerLink, "alive", True)
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
    monkeypatch.setattr(WorkerLink, "alive", True)
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


def test_data_that_were_missing_are_looked_for_again_once_they_are_described(window, monkeypatch) -> None:
    data, arrived = window.workspace.data, []
    data.arrived.connect(lambda: arrived.append("arrived"))
    gone = Problem("idx-missing", facts={"folder": "/data/mnist", "file": "train-images-idx3-ubyte"})
    here = DatasetDescribed(id=1, name="mnist", folder="/data/mnist")
    told = (here, replace(here, folder="/data/old", problem=gone), replace(here, problem=gone), here, here)
    counts = []
    for message in told:
        data._take_described(message)
        counts.append(len(arrived))
    assert counts == [0, 0, 0, 1, 1]


def trained_on_a_folder(open_window, qtbot, tmp_path: Path) -> tuple[Path, Path]:
    """A trained project with a view, saved and closed, and the folder of its data."""
    file, place = tmp_path / "net.loom", idx_folder(tmp_path / "data")
    drawing = drawn("loss", dataset="mnist", fields=("image: 1×28×28 float32", "label: 10 classes"))
    settings = Settings(
        plan=Plan(stages=(Supervised(epochs=1),), device="cpu"),
        datasets=(DatasetRef("mnist", folder=str(place)),),
        views=(ViewSpec(id="latent", kind="latent"),),
    )
    write_project(file, Project(graph=drawing.graph, settings=settings))
    window = open_window(file, worker=True)
    press(qtbot, window.run_bar.slot)
    wait_for(qtbot, window, "finished")
    with qtbot.waitSignal(window.workspace.store.saved):
        window.workspace.save(file)
    assert window.close()
    return file, place


def wait_for_what_is_missing(window, qtbot) -> None:
    """Until the worker has looked for the data in each of its ways, and found none."""
    data, runs = window.workspace.data, window.workspace.runs
    qtbot.waitUntil(lambda: bool(data._missing and runs.state.errors), timeout=RUN_MS)


@pytest.mark.parametrize("folder", ["data", "elsewhere"])
def test_what_was_trained_shows_once_its_missing_data_are_found(open_window, qtbot, tmp_path: Path, folder) -> None:
    file, place = trained_on_a_folder(open_window, qtbot, tmp_path)
    away = place.rename(tmp_path / "away")
    again = open_window(file, worker=True)
    view = again.live_views.tile("latent").view
    wait_for_what_is_missing(again, qtbot)
    qtbot.waitUntil(lambda: view.message() == MENDS, timeout=RUN_MS)
    said: list[str] = []
    again.workspace.measures.session_opened.connect(lambda message: said.append(view.message()))
    again.inspector.choose_folder("mnist", str(away.rename(tmp_path / folder)))
    qtbot.waitUntil(lambda: not view.message(), timeout=RUN_MS)
    assert said == [LOADS]


def test_data_found_while_the_answer_that_they_are_missing_is_on_its_way_show_what_was_trained(
    open_window, qtbot, tmp_path: Path, monkeypatch
) -> None:
    file, place = trained_on_a_folder(open_window, qtbot, tmp_path)
    take, refusals = WorkerClient.take, []

    def take_refusals_late(client: WorkerClient) -> Iterator[FromWorker]:
        """Sessions are opened on one thread of the worker, data described on another: the latter is first here."""
        for message in take(client):
            if isinstance(message, SessionOpened) and message.problems:
                refusals.append(message)
                continue
            yield message
            if isinstance(message, DatasetDescribed) and message.problem is None:
                yield from refusals

    monkeypatch.setattr(WorkerClient, "take", take_refusals_late)
    away = place.rename(tmp_path / "away")
    again = open_window(file, worker=True)
    view = again.live_views.tile("latent").view
    wait_for_what_is_missing(again, qtbot)
    assert len(refusals) == 1
    assert not again.workspace.measures.is_refused
    again.inspector.choose_folder("mnist", str(away.rename(place)))
    qtbot.waitUntil(lambda: not view.message(), timeout=RUN_MS)
    assert again.workspace.measures.has_session
