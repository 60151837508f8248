"""A run in the window, its views open, and the same run on the command line come to the same bits."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

from app.curves import histories_of
from app.views.history import RunHistory
from engine.blocks.catalogue import BLOCK_TYPES
from engine.project.drawing import Drawing
from engine.project.project_file import Project, read_project, write_project
from engine.training.plan import DatasetRef, Plan, Settings, Supervised, ViewSpec
from tests.app.live_hands import RUN_MS, press, wait_for

EPOCHS = 2
LOOKS = 3
VIEWS = ("filters", "latent")


def saved(file: Path) -> Path:
    """A digits network in two branches, which draws random numbers at every step, and two views that measure."""
    drawing = Drawing(BLOCK_TYPES)
    drawing.add("input", "input", (0, 0))
    drawing.add("flatten", "flatten", (224, 0))
    drawing.add("hidden", "dense", (416, 0), out_features=32)
    drawing.add("dropout", "dropout", (608, 0))
    drawing.add("split", "split", (0, 240))
    drawing.add("tanh", "tanh", (224, 240))
    drawing.add("relu", "relu", (224, 360))
    drawing.add("join", "concat", (416, 240))
    drawing.add("output", "dense", (608, 240), out_features=10)
    drawing.add("loss", "cross_entropy", (800, 240))
    drawing.chain("input.image", "flatten", "hidden", "dropout", "split")
    drawing.chain("split.a", "tanh", "join.a")
    drawing.chain("split.b", "relu", "join.b")
    drawing.chain("join", "output", "loss.logits")
    drawing.wire("input.label", "loss.target")
    settings = Settings(
        plan=Plan(stages=(Supervised(EPOCHS, learning_rate=0.003),), batch_size=32, seed=5, device="cpu"),
        datasets=(DatasetRef("digits", split=(0.6, 0.2, 0.2), split_seed=7),),
        views=(ViewSpec("filters", "filters", "hidden"), ViewSpec("latent", "latent", "dropout")),
    )
    write_project(file, Project(drawing.graph, settings))
    return file


def trained(file: Path, folder: Path) -> tuple[RunHistory, dict[str, np.ndarray]]:
    """The curves and the weights, with all that goes on with them, that a file holds."""
    project = read_project(file, BLOCK_TYPES)
    history, _ = histories_of(project.curves)
    weights = project.weights_file(folder)
    assert history is not None
    assert weights is not None
    return history, load_file(weights)


def told(history: RunHistory, part: str) -> list[dict[str, float]]:
    """The metrics of one part, an epoch each."""
    curves = {name: history.curve(part, name)[1].tolist() for name in history.metrics()}
    return [dict(zip(curves, values, strict=True)) for values in zip(*curves.values(), strict=True)]


def test_a_run_has_the_same_bits_in_the_window_and_on_the_command_line(open_window, qtbot, tmp_path: Path) -> None:
    file, by_command, by_window = saved(tmp_path / "own.loom"), tmp_path / "command.loom", tmp_path / "window.loom"
    command = [sys.executable, "-P", "-m", "app", "train", str(file), "--device", "cpu", "--json", "--out"]
    done = subprocess.run(
        [*command, str(by_command)], capture_output=True, text=True, encoding="utf-8", timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr
    *epochs, end = (json.loads(line) for line in done.stdout.splitlines())
    history, weights = trained(by_command, tmp_path)
    steps = EPOCHS * history.steps_per_epoch

    window = open_window(file, worker=True)
    workspace, measured = window.workspace, dict.fromkeys(VIEWS, 0)
    workspace.measures.measured.connect(
        lambda view, arrays, step, problem: measured.update({view: step} if arrays else {})
    )
    for step in range(1, LOOKS + 2):
        press(qtbot, window.run_bar.step)
        qtbot.waitUntil(
            lambda step=step: workspace.runs.state.phase == "paused" and workspace.runs.state.step == step,
            timeout=RUN_MS,
        )
    qtbot.waitUntil(lambda: min(measured[view] for view in VIEWS) >= LOOKS, timeout=RUN_MS)
    press(qtbot, window.run_bar.slot)
    wait_for(qtbot, window, "finished")
    qtbot.waitUntil(lambda: [measured[view] for view in VIEWS] == [steps, steps], timeout=RUN_MS)
    assert [window.live_views.tile(view).view.message() for view in VIEWS] == ["", ""]
    workspace.save(by_window)
    qtbot.waitUntil(lambda: workspace.path == by_window and not workspace.is_changed, timeout=RUN_MS)
    shown = workspace.history
    kept, weights_of_window = trained(by_window, tmp_path)

    assert len(epochs) == EPOCHS
    for run in (history, shown, kept):
        assert len(run.losses) == steps
        assert run.losses.array().tobytes() == history.losses.array().tobytes()
        assert told(run, "train") == [epoch["train"] for epoch in epochs]
        assert told(run, "validation") == [epoch["validation"] for epoch in epochs]
        assert run.test == end["test"]
        assert {"loss", "accuracy"} == run.test.keys()
        assert (run.device, run.threads) == (end["device"], end["threads"])
    assert weights_of_window.keys() == weights.keys()
    assert [name for name in weights if weights[name].tobytes() != weights_of_window[name].tobytes()] == []
