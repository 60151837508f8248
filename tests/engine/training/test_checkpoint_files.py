"""A run keeps the files of its last two checkpoints."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from engine.graph.problem import refused
from engine.training import checkpoint_files
from engine.training.checkpoint import Snapshot
from engine.training.checkpoint_files import CheckpointFiles

SNAPSHOT = Snapshot(weights={"a.weight": torch.ones(2)}, optimiser={}, run={})


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_last_two_stay(tmp_path: Path) -> None:
    files = CheckpointFiles(str(tmp_path / "new"), "r")
    assert files.last is None
    for step in (1, 2, 3):
        assert files.write(SNAPSHOT, step) == str(tmp_path / "new" / f"r-{step}.safetensors") == files.last
    assert names(tmp_path / "new") == ["r-2.safetensors", "r-3.safetensors"]


def test_one_that_is_written_again_is_one(tmp_path: Path) -> None:
    files = CheckpointFiles(str(tmp_path), "r")
    for step in (1, 2, 2, 2):
        files.write(SNAPSHOT, step)
    assert names(tmp_path) == ["r-1.safetensors", "r-2.safetensors"]


def test_one_that_could_not_be_written_leaves_the_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = CheckpointFiles(str(tmp_path), "r")
    files.write(SNAPSHOT, 1)

    def full(path: Path, snapshot: Snapshot) -> None:
        raise refused("not-written", file=path.name, reason="No space left on device")

    monkeypatch.setattr(checkpoint_files, "write_checkpoint", full)
    assert files.write(SNAPSHOT, 2) is None
    assert files.last == str(tmp_path / "r-1.safetensors")
    assert names(tmp_path) == ["r-1.safetensors"]


def test_without_a_folder_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    files = CheckpointFiles(None, "r")
    assert files.write(SNAPSHOT, 1) is None
    assert files.last is None
    assert names(tmp_path) == []
