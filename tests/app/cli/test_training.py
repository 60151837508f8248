"""`train --out`: where it cannot be saved is told before the training, and what was trained is not lost."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from app.cli import training
from app.curves import histories_of
from engine.graph.problem import refused
from engine.project.project_file import read_project, write_project

FEW = ("--device", "cpu", "--threads", "1")


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        ("missing/x.loom", "there is no folder"),
        ("file/x.loom", "there is no folder"),
        ("folder", "there is a folder of that name"),
        pytest.param(
            "pipe",
            "it is a device or a pipe, no file",
            marks=pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes"),
        ),
        (f"{300 * 'a'}.loom", ""),  # each system has words of its own
        pytest.param(
            "closed/x.loom",
            "permission denied",
            marks=pytest.mark.skipif(
                not hasattr(os, "geteuid") or os.geteuid() == 0, reason="an administrator may write everywhere"
            ),
        ),
    ],
)
def test_a_place_that_takes_no_file_is_told_before_the_training(run, tmp_path: Path, place, reason):
    (tmp_path / "folder").mkdir()
    (tmp_path / "closed").mkdir(0o500)
    (tmp_path / "file").write_text("")
    if place == "pipe":
        os.mkfifo(tmp_path / place)
    code, out, err = run("train", "digits-dense", "--epochs", "1", *FEW, "--json", "--out", tmp_path / place)
    assert (code, out) == (1, "")
    assert f"{Path(place).name} could not be saved: {reason}" in err
    assert err.count("\n") == 1


def full_disk(monkeypatch, *folders: Path) -> None:
    """There is no room in these folders."""

    def write(path, *arguments, **named):
        if path.parent in folders or path.parent.parent in folders:
            raise refused("disk-full", file=path.name)
        write_project(path, *arguments, **named)

    monkeypatch.setattr(training, "write_project", write)


def test_what_cannot_be_saved_in_the_end_is_kept_elsewhere(run, tmp_path: Path, monkeypatch):
    monkeypatch.setattr(training.tempfile, "tempdir", str(tmp_path / "elsewhere"))
    (tmp_path / "elsewhere").mkdir()
    full_disk(monkeypatch, tmp_path)
    code, _, err = run("train", "digits-dense", "--epochs", "1", *FEW, "--json", "--out", tmp_path / "x.loom")
    assert code == 1
    (kept,) = (tmp_path / "elsewhere").rglob("*.loom")
    assert err == f"x.loom could not be saved: the disk is full. The trained project is kept as {kept}.\n"
    project = read_project(kept)
    assert project.has_weights
    assert histories_of(project.curves)[0].epochs_done == 1


def test_what_is_lost_is_told(run, tmp_path: Path, monkeypatch):
    monkeypatch.setattr(training.tempfile, "tempdir", str(tmp_path / "elsewhere"))
    (tmp_path / "elsewhere").mkdir()
    full_disk(monkeypatch, tmp_path, tmp_path / "elsewhere")
    arguments = ("train", "digits-dense", "--epochs", "1", *FEW, "--json", "--out", tmp_path / "x.loom")
    code, _, err = run(*arguments)
    assert code == 1
    assert err == "x.loom could not be saved: the disk is full. Nothing of this training is kept.\n"


def test_weights_of_before_are_not_saved_as_those_of_a_training_without_a_checkpoint(run, tmp_path: Path, monkeypatch):
    from engine.training.checkpoint_files import CheckpointFiles

    path = tmp_path / "x.loom"
    assert run("train", "digits-dense", "--epochs", "1", *FEW, "--out", path)[0] == 0
    before = path.read_bytes()
    monkeypatch.setattr(CheckpointFiles, "write", lambda *_: None)
    code, _, err = run("train", path, "--epochs", "1", "--seed", "5", *FEW, "--json", "--out", path)
    assert code == 1
    assert "Nothing of this training is kept." in err
    assert path.read_bytes() == before


def test_resume_goes_on_with_the_curves(run, tmp_path: Path):
    whole, half = tmp_path / "whole.loom", tmp_path / "half.loom"
    assert run("train", "digits-dense", "--epochs", "4", *FEW, "--out", whole)[0] == 0
    assert run("train", "digits-dense", "--epochs", "2", *FEW, "--out", half)[0] == 0
    code, out, _ = run("train", half, "--resume", "--epochs", "4", *FEW, "--json", "--out", half)
    assert code == 0
    assert [json.loads(line)["epoch"] for line in out.splitlines()[:-1]] == [3, 4]
    expected, _ = histories_of(read_project(whole).curves)
    told, _ = histories_of(read_project(half).curves)
    arrays, facts = told.arrays()
    assert arrays["epochs.epoch"].tolist() == [1, 2, 3, 4]
    assert not np.isnan(arrays["losses"]).any()
    wanted, wanted_facts = expected.arrays()
    assert arrays.keys() == wanted.keys()
    assert all(np.array_equal(arrays[name], wanted[name]) for name in wanted)
    same = ("stages", "marks", "step", "epoch", "checkpoint_step", "state", "test")
    assert {name: facts[name] for name in same} == {name: wanted_facts[name] for name in same}


def test_without_resume_the_curves_begin_anew(run, tmp_path: Path):
    path = tmp_path / "x.loom"
    for _ in range(2):
        assert run("train", path if path.exists() else "digits-dense", "--epochs", "1", *FEW, "--out", path)[0] == 0
    told, previous = histories_of(read_project(path).curves)
    assert told.arrays()[0]["epochs.epoch"].tolist() == [1]
    assert previous is None
