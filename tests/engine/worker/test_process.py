"""The real worker in a process of its own, asked everything the window asks."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from engine.graph.graph import Graph, Look
from engine.graph.problem import Problem
from engine.graph.tensor_spec import Dim, TensorSpec
from engine.measurements.results import Ask
from engine.project.project_file import Project, read_project, write_project
from engine.training.commands import Change, Checkpoint, Pause, Resume, SingleStep, Stop
from engine.training.events import (
    Array,
    Checkpointed,
    EpochEnded,
    Failed,
    Finished,
    Losses,
    Marked,
    Measured,
    Paused,
    Resumed,
    Started,
    Stopped,
)
from engine.training.plan import DatasetRef
from engine.worker.protocol import (
    Analyse,
    Analysed,
    AskShapes,
    CancelDownload,
    DatasetDescribed,
    DescribeDataset,
    Done,
    Download,
    Downloaded,
    ExportWeights,
    OpenSession,
    Predict,
    Predicted,
    Run,
    SessionOpened,
    Shapes,
)

from .conftest import DIGITS, Listener, digits_network, plan, request


def _losses(heard: list[Any], run: str) -> np.ndarray:
    parts = [m for m in heard if isinstance(m, Losses) and m.run == run]
    steps = [m.first_step for m in parts]
    ends = np.cumsum([len(m.values) // 4 for m in parts]).tolist()
    assert steps == [steps[0] + end for end in [0, *ends[:-1]]], "losses come without gaps"
    return np.concatenate([np.frombuffer(m.values, np.float32) for m in parts])


def _without(graph: Graph, id: str) -> Graph:
    blocks = {key: block for key, block in graph.blocks.items() if key != id}
    wires = tuple(wire for wire in graph.wires if id not in (wire.source.block, wire.target.block))
    return msgspec.structs.replace(graph, blocks=blocks, wires=wires)


def test_a_drawing_is_analysed_with_its_plan(worker: Listener) -> None:
    client = worker.client
    whole, broken = client.next_id(), client.next_id()
    client.send(Analyse(id=whole, graph=digits_network(), plan=plan(1), datasets=DIGITS))
    answer = worker.until(Analysed, lambda m: m.id == whole)
    assert str(answer.analysis.specs["d/output"]) == "N×10"
    assert answer.analysis.total.parameters > 0
    assert [problem for problem in answer.problems if problem.severity == "error"] == []
    client.send(Analyse(id=broken, graph=_without(digits_network(), "e"), plan=plan(1), datasets=DIGITS))
    answer = worker.until(Analysed, lambda m: m.id == broken)
    assert "no-loss" in [problem.code for problem in answer.problems]


def test_a_dataset_that_is_not_here_has_one_sentence(worker: Listener, tmp_path: Path) -> None:
    client, id = worker.client, worker.client.next_id()
    refs = (DatasetRef(name="digits", folder=str(tmp_path)),)
    client.send(Analyse(id=id, graph=digits_network(), plan=plan(1), datasets=refs))
    answer = worker.until(Analysed, lambda m: m.id == id)
    assert [problem.code for problem in answer.problems if problem.severity == "error"] == ["idx-missing"]


def test_of_analyses_that_wait_only_the_newest_is_done(worker: Listener) -> None:
    client = worker.client
    ids = [client.next_id() for _ in range(200)]
    for id in ids:
        client.send(Analyse(id=id, graph=digits_network(), plan=plan(id), datasets=DIGITS))
    worker.until(Analysed, lambda m: m.id == ids[-1])
    answered = [m.id for m in worker.heard if isinstance(m, Analysed)]
    assert answered == sorted(answered)
    assert len(answered) < len(ids)


def test_shapes_of_candidates_are_told(worker: Listener) -> None:
    id = worker.client.next_id()
    spec = TensorSpec(shape=(Dim("N"), 1, 8, 8), dtype="float32")
    worker.client.send(AskShapes(id=id, spec=spec, candidates=("flatten", "dense", "max_pool2d")))
    specs = worker.until(Shapes, lambda m: m.id == id).specs
    assert str(specs["flatten"]) == "N×64"
    assert "dense" not in specs
    id = worker.client.next_id()
    typed = {"conv2d": {"out_channels": 32, "kernel_size": (3, 3)}}
    worker.client.send(AskShapes(id=id, spec=spec, candidates=("conv2d",), parameters=typed))
    assert str(worker.until(Shapes, lambda m: m.id == id).specs["conv2d"]) == "N×32×8×8"


def test_a_dataset_is_described_with_pictures(worker: Listener) -> None:
    worker.client.send(DescribeDataset(id=(id := worker.client.next_id()), dataset=DIGITS[0], pictures=5))
    answer = worker.until(DatasetDescribed, lambda m: m.id == id)
    assert answer.problem is None
    assert sum(answer.rows) == 1797
    assert answer.pictures is not None
    pictures = answer.pictures.numpy()
    assert pictures.shape == (5, 8, 8)
    assert pictures.min() >= 0
    assert 0.9 < pictures.max() <= 1
    assert answer.labels is not None
    assert len(answer.labels.numpy()) == 5


def test_a_dataset_that_cannot_be_described_is_told(worker: Listener) -> None:
    worker.client.send(DescribeDataset(id=(id := worker.client.next_id()), dataset=DatasetRef(name="nothing")))
    answer = worker.until(DatasetDescribed, lambda m: m.id == id)
    assert answer.problem is not None
    assert answer.problem.code == "unknown-dataset"


def test_a_download_of_nothing_is_refused_and_cancelling_twice_does_no_harm(worker: Listener) -> None:
    worker.client.send(Download(id=(id := worker.client.next_id()), name="nothing"))
    worker.client.send(CancelDownload(id=id))
    worker.client.send(CancelDownload(id=id))
    answer = worker.until(Downloaded, lambda m: m.id == id)
    assert answer.cancelled or (answer.problem is not None and answer.problem.code == "not-downloadable")


def test_a_run_learns_pauses_steps_changes_and_finishes(worker: Listener, tmp_path: Path) -> None:
    client = worker.client
    worker.watch(Ask(id="filters", kind="filters", block="b"))
    client.send(Run(request("learn", 30, str(tmp_path))))
    started = worker.until(Started)
    assert (started.threads, started.stages) == (1, (30,))
    worker.until(EpochEnded)
    client.send(Pause())
    paused = worker.until(Paused)
    worker.until(Checkpointed, lambda m: m.step == paused.step)
    worker.until(Measured, lambda m: m.step == paused.step and m.request == "filters")
    client.send(SingleStep())
    worker.until(Paused, lambda m: m.step == paused.step + 1)
    client.send(Change("learning_rate", 0.01))
    client.send(Change("epochs", 12))
    client.send(Resume())
    worker.until(Resumed)
    marked = worker.until(Marked, lambda m: m.name == "learning_rate")
    assert (marked.step, marked.value) == (paused.step + 1, 0.01)
    finished = worker.until(Finished)
    losses = _losses(worker.heard, "learn")
    assert len(losses) == 12 * started.steps_per_epoch
    assert np.isfinite(losses).all()
    assert losses[-20:].mean() < losses[:20].mean() / 2
    assert finished.test["accuracy"] > 0.8
    assert finished.checkpoint is not None
    measured = [m for m in worker.heard if isinstance(m, Measured)]
    assert all(m.problem is None and m.arrays["filters"].numpy().shape == (4, 3, 3) for m in measured)


def test_losses_do_not_depend_on_views_pauses_and_questions(worker: Listener) -> None:
    client = worker.client
    client.send(Run(request("quiet", 30)))
    worker.until(Finished, lambda m: m.run == "quiet")
    quiet = _losses(worker.heard, "quiet")
    asks = (
        Ask(id="1", kind="filters", block="b"),
        Ask(id="2", kind="latent", block="d"),
        Ask(id="3", kind="predictions", block="e"),
        Ask(id="4", kind="preview", block="b"),
    )
    for ask in asks:
        worker.watch(ask, every_ms=1)
    client.send(Run(request("watched", 30)))
    worker.until(Losses, lambda m: m.run == "watched")
    client.send(Pause())
    client.send(Predict(id=client.next_id(), inputs={"a/image": Array.of(np.ones((3, 1, 8, 8), np.float32))}))
    for number in range(20):
        client.send(Analyse(id=client.next_id(), graph=digits_network(), plan=plan(number + 1), datasets=DIGITS))
    worker.until(Predicted)
    client.send(Resume())
    worker.until(Finished, lambda m: m.run == "watched")
    measured = {m.request for m in worker.heard if isinstance(m, Measured) and m.run == "watched"}
    assert measured == {"1", "2", "3", "4"}
    assert _losses(worker.heard, "watched").tobytes() == quiet.tobytes()


def test_a_finished_run_goes_on_and_a_fresh_one_starts_anew(worker: Listener) -> None:
    client = worker.client
    client.send(Run(request("first", 2)))
    first = worker.until(Started, lambda m: m.run == "first")
    worker.until(Finished, lambda m: m.run == "first")
    client.send(Run(request("more", 2), fresh=False))
    more = worker.until(Started, lambda m: m.run == "more")
    worker.until(Finished, lambda m: m.run == "more")
    assert more.first_step == 2 * first.steps_per_epoch
    assert more.stages == (4,)
    client.send(Run(request("again", 2)))
    worker.until(Finished, lambda m: m.run == "again")
    before, went_on, anew = (_losses(worker.heard, run) for run in ("first", "more", "again"))
    assert anew.tobytes() == before.tobytes()
    assert went_on[:10].mean() < before[-10:].mean() * 1.2


def _changed(**members: Any) -> Graph:
    graph = digits_network()
    block = msgspec.structs.replace(graph.blocks["b"], **members)
    return msgspec.structs.replace(graph, blocks={**graph.blocks, "b": block})


@pytest.mark.parametrize("members", [{"look": Look(x=900)}, {"name": "another"}])
def test_a_drawing_that_means_the_same_goes_on_where_it_was(worker: Listener, members: dict[str, Any]) -> None:
    worker.client.send(Run(request("old", 2)))
    worker.until(Finished, lambda m: m.run == "old")
    worker.client.send(Run(msgspec.structs.replace(request("new", 1), graph=_changed(**members)), fresh=False))
    started = worker.until(Started, lambda m: m.run == "new")
    assert started.first_step == 2 * started.steps_per_epoch
    worker.until(Finished, lambda m: m.run == "new")


def test_another_drawing_starts_with_the_weights_that_fit(worker: Listener) -> None:
    graph = _changed(parameters={"out_channels": 4, "bias": False})
    worker.client.send(Run(request("old", 20)))
    worker.until(Finished, lambda m: m.run == "old")
    worker.client.send(Run(msgspec.structs.replace(request("new", 1), graph=graph), fresh=False))
    worker.until(Finished, lambda m: m.run == "new")
    worker.client.send(Run(msgspec.structs.replace(request("wider", 1), graph=_changed(parameters={})), fresh=False))
    worker.until(Finished, lambda m: m.run == "wider")
    old, new, wider = (_losses(worker.heard, run) for run in ("old", "new", "wider"))
    assert new[0] < old[0] / 3
    assert wider[0] > old[0] / 3


def test_a_new_run_stops_the_one_that_goes_on(worker: Listener) -> None:
    worker.client.send(Run(request("long", 100_000)))
    worker.until(Losses, lambda m: m.run == "long")
    worker.client.send(Run(request("short", 1)))
    worker.until(Stopped, lambda m: m.run == "long")
    worker.until(Finished, lambda m: m.run == "short")


def test_a_stop_that_comes_before_the_first_step_is_heard(worker: Listener) -> None:
    worker.client.send(Run(request("never", 100_000)))
    worker.client.send(Stop())
    assert worker.until(Stopped, lambda m: m.run == "never").step <= 1


def test_a_run_that_cannot_be_is_told_and_the_worker_lives(worker: Listener) -> None:
    worker.client.send(Run(msgspec.structs.replace(request("lossless", 1), graph=_without(digits_network(), "e"))))
    assert worker.until(Failed, lambda m: m.run == "lossless").problem.code == "no-loss"
    worker.client.send(Run(request("weightless", 1, weights="/nowhere/w.safetensors")))
    assert worker.until(Failed, lambda m: m.run == "weightless").problem.code == "file-missing"
    worker.client.send(Run(request("good", 1)))
    worker.until(Finished, lambda m: m.run == "good")


def test_views_are_measured_without_a_loop_and_again_with_every_session(worker: Listener) -> None:
    client = worker.client
    worker.watch(Ask(id="idle", kind="filters", block="b"))
    client.send(OpenSession(id=(id := client.next_id()), graph=digits_network(), plan=plan(1), datasets=DIGITS))
    opened = worker.until(SessionOpened, lambda m: m.id == id)
    assert (opened.trained, opened.problems) == (False, ())
    first = worker.until(Measured, lambda m: m.request == "idle").arrays["filters"].numpy()
    worker.forget()
    seeded = msgspec.structs.replace(plan(1), seed=5)
    client.send(OpenSession(id=client.next_id(), graph=digits_network(), plan=seeded, datasets=DIGITS))
    second = worker.until(Measured, lambda m: m.request == "idle").arrays["filters"].numpy()
    assert not np.array_equal(first, second)
    worker.forget()
    worker.watch(Ask(id="odd", kind="filters", block="nowhere"))
    problem = worker.until(Measured, lambda m: m.request == "odd").problem
    assert isinstance(problem, Problem)


def test_a_session_that_cannot_open_says_why(worker: Listener) -> None:
    id = worker.client.next_id()
    worker.client.send(OpenSession(id=id, graph=Graph(), plan=plan(1), datasets=()))
    assert [p.code for p in worker.until(SessionOpened, lambda m: m.id == id).problems] == ["empty"]
    worker.client.send(Predict(id=(id := worker.client.next_id()), inputs={}))
    assert worker.until(Predicted, lambda m: m.id == id).problem is not None


def test_a_trained_network_predicts_and_leaves_as_weights_and_as_a_project(worker: Listener, tmp_path: Path) -> None:
    client = worker.client
    client.send(Run(request("saved", 15, str(tmp_path))))
    checkpoint = worker.until(Finished, lambda m: m.run == "saved").checkpoint
    assert checkpoint is not None
    samples = Array.of(np.random.default_rng(0).random((6, 1, 8, 8), np.float32))

    def predicted() -> np.ndarray:
        client.send(Predict(id=(id := client.next_id()), inputs={"a/image": samples}))
        answer = worker.until(Predicted, lambda m: m.id == id)
        assert answer.problem is None
        return answer.outputs["Loss"].numpy()

    trained = predicted()
    assert trained.shape == (6, 10)
    np.testing.assert_allclose(trained.sum(1), 1, rtol=1e-5)

    client.send(ExportWeights(id=(id := client.next_id()), path=str(tmp_path / "weights.safetensors")))
    assert worker.until(Done, lambda m: m.id == id).problem is None
    header = (tmp_path / "weights.safetensors").read_bytes()
    (length,) = struct.unpack("<Q", header[:8])
    assert set(json.loads(header[8 : 8 + length])) == {
        "convolution.weight",
        "convolution.bias",
        "classes.weight",
        "classes.bias",
    }

    project = tmp_path / "net.loom"
    write_project(project, Project(graph=digits_network()), Path(checkpoint))
    weights = read_project(project).weights_file(tmp_path)
    assert weights is not None
    client.send(OpenSession(id=client.next_id(), graph=digits_network(), plan=plan(1), datasets=DIGITS))
    assert not np.allclose(predicted(), trained)
    worker.forget()
    message = OpenSession(
        id=client.next_id(), graph=digits_network(), plan=plan(1), datasets=DIGITS, weights=str(weights)
    )
    client.send(message)
    assert worker.until(SessionOpened).trained
    assert np.array_equal(predicted(), trained)


@pytest.mark.parametrize(
    ("inputs", "fragment"),
    [
        ({}, "nothing was given"),
        ({"a/image": np.zeros((2, 8, 8), np.float32)}, "expects N×1×8×8"),
        ({"a/image": np.zeros((2, 1, 8, 9), np.float32)}, "receives 2×1×8×9"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(worker: Listener, inputs: dict[str, np.ndarray], fragment: str) -> None:
    client = worker.client
    client.send(OpenSession(id=client.next_id(), graph=digits_network(), plan=plan(1), datasets=DIGITS))
    arrays = {key: Array.of(array) for key, array in inputs.items()}
    client.send(Predict(id=(id := client.next_id()), inputs=arrays))
    problem = worker.until(Predicted, lambda m: m.id == id).problem
    assert problem is not None
    assert fragment in problem.sentence


def test_weights_that_cannot_be_written_are_told(worker: Listener, tmp_path: Path) -> None:
    client = worker.client
    client.send(OpenSession(id=client.next_id(), graph=digits_network(), plan=plan(1), datasets=DIGITS))
    client.send(ExportWeights(id=(id := client.next_id()), path=str(tmp_path / "nowhere" / "w.safetensors")))
    problem = worker.until(Done, lambda m: m.id == id).problem
    assert problem is not None
    assert problem.code == "save-failed"


def test_a_checkpoint_is_written_when_asked(worker: Listener, tmp_path: Path) -> None:
    worker.client.send(Run(request("kept", 100_000, str(tmp_path))))
    worker.until(Losses, lambda m: m.run == "kept")
    worker.client.send(Checkpoint())
    checkpoint = worker.until(Checkpointed, lambda m: m.run == "kept")
    assert Path(checkpoint.path).is_file()
    worker.client.send(Stop())
    worker.until(Stopped, lambda m: m.run == "kept")
