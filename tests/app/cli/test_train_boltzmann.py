"""`tensorloom check` and `train` on drawings of energy-based machines."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.cli.commands import main
from engine.blocks.catalogue import BLOCK_TYPES
from engine.project.drawing import Drawing
from engine.project.project_file import Project, write_project
from engine.training.plan import ContrastiveDivergence, DatasetRef, Plan, Settings, Stage, Supervised


def written(path: Path, drawing: Drawing, *stages: Stage) -> Path:
    settings = Settings(Plan(stages, batch_size=50), (DatasetRef("digits"),))
    write_project(path, Project(drawing.graph, settings))
    return path


def commands(capfd: pytest.CaptureFixture[str], file: Path, *more: str) -> list[dict[str, object]]:
    """The lines of `train --json`, after `check` found nothing wrong."""
    assert main(["check", str(file)]) == 0
    capfd.readouterr()
    code = main(["train", str(file), "--device", "cpu", "--json", *more])
    told = capfd.readouterr()
    assert code == 0, told.err
    return [json.loads(line) for line in told.out.splitlines()]


def test_a_convolutional_rbm(capfd, tmp_path: Path) -> None:
    drawing = Drawing(BLOCK_TYPES)
    drawing.add("input", "input")
    drawing.add("crbm", "conv_rbm", hidden=8)
    drawing.chain("input.image", "crbm")
    file = written(tmp_path / "crbm.loom", drawing, ContrastiveDivergence("crbm", epochs=4, learning_rate=0.5))
    lines = commands(capfd, file)
    errors = [line["validation"]["reconstruction_error"] for line in lines[:-1]]
    assert len(errors) == 4
    assert errors[-1] < errors[0]
    assert lines[-1]["finished"]
    assert set(lines[-1]["test"]) == {"reconstruction_error"}
    again = commands(capfd, file)
    assert [line.get("train") for line in again] == [line.get("train") for line in lines]


def test_a_convolutional_deep_belief_network(capfd, tmp_path: Path) -> None:
    """Two machines that pool: checked with their shapes, trained one after the other, saved, evaluated."""
    drawing = Drawing(BLOCK_TYPES)
    drawing.add("input", "input")
    drawing.add("first", "conv_rbm", hidden=12, pool=2)
    drawing.add("second", "conv_rbm", hidden=8, kernel_size=(2, 2), pool=2)
    drawing.chain("input.image", "first", "second")
    stages = [ContrastiveDivergence(block, epochs=6, learning_rate=1.0) for block in ("first", "second")]
    file = written(tmp_path / "cdbn.loom", drawing, *stages)
    assert main(["check", str(file), "--json"]) == 0
    shapes = [block["outputs"] for block in json.loads(capfd.readouterr().out)["blocks"]]
    assert shapes[1:] == [{"output": ["N", 12, 3, 3]}, {"output": ["N", 8, 1, 1]}]
    lines = commands(capfd, file, "--out", str(tmp_path / "trained.loom"))
    errors = [line["validation"]["reconstruction_error"] for line in lines[:-1]]
    assert [line["stage"] for line in lines[:-1]] == [0] * 6 + [1] * 6
    assert errors[5] < 0.75 * errors[0]
    assert errors[11] < errors[6]
    assert main(["evaluate", str(tmp_path / "trained.loom"), "--json"]) == 0
    told = json.loads(capfd.readouterr().out.splitlines()[-1])
    assert told["reconstruction_error"] == pytest.approx(lines[-1]["test"]["reconstruction_error"], rel=1e-4), told
    assert main(["train", str(file), "--set", "first.pool=4"]) == 1
    said = capfd.readouterr().err
    assert "a multiple of 4" in said
    assert "Crop or pad the picture to 6×6" in said


def test_a_deep_boltzmann_machine_layer_by_layer_then_together(capfd, tmp_path: Path) -> None:
    drawing = Drawing(BLOCK_TYPES)
    drawing.add("input", "input")
    drawing.add("flatten", "flatten")
    drawing.add("deep", "deep_boltzmann_machine", hidden=(32, 16))
    drawing.chain("input.image", "flatten", "deep")
    stages = (
        ContrastiveDivergence("deep", epochs=12),
        ContrastiveDivergence("deep", epochs=3, learning_rate=0.01, persistent=True),
    )
    file = written(tmp_path / "deep.loom", drawing, *stages)
    lines = commands(capfd, file, "--out", str(tmp_path / "trained.loom"))
    errors = [line["validation"]["reconstruction_error"] for line in lines[:-1]]
    assert [line["stage"] for line in lines[:-1]] == [0] * 12 + [1] * 3
    assert errors[5] < errors[0]
    assert errors[14] < errors[11] < errors[6]
    assert lines[-1]["finished"]
    again = commands(capfd, file)
    assert [line.get("train") for line in again] == [line.get("train") for line in lines]
    assert main(["evaluate", str(tmp_path / "trained.loom"), "--json"]) == 0
    told = json.loads(capfd.readouterr().out.splitlines()[-1])
    assert told["reconstruction_error"] == pytest.approx(lines[-1]["test"]["reconstruction_error"], rel=1e-4), told


@pytest.mark.parametrize("kind", ["modern", "classic"])
def test_a_hopfield_layer_inside_a_classifier(capfd, tmp_path: Path, kind: str) -> None:
    drawing = Drawing(BLOCK_TYPES)
    drawing.add("input", "input")
    drawing.add("flatten", "flatten")
    drawing.add("dense", "dense", out_features=32)
    drawing.add("memory", "hopfield", kind=kind)
    drawing.add("head", "dense", out_features=10)
    drawing.add("loss", "cross_entropy")
    drawing.chain("input.image", "flatten", "dense", "memory", "head", "loss.logits")
    drawing.wire("input.label", "loss.target")
    lines = commands(capfd, written(tmp_path / "memory.loom", drawing, Supervised(4, learning_rate=0.01)))
    losses = [line["validation"]["loss"] for line in lines[:-1]]
    assert losses[-1] < 0.8 * losses[0]
    assert lines[-1]["test"]["accuracy"] > 0.5
