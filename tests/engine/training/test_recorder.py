"""Rows of numbers, one a step, and their means over an epoch."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.training.accuracy import right
from engine.training.recorder import Recorder


def test_rows_come_out_once_in_order() -> None:
    recorder = Recorder()
    assert len(recorder.take()) == 0
    for value in (1.0, 2.0, 3.0):
        recorder.add(torch.tensor(value))
    assert recorder.take().tolist() == [[1.0], [2.0], [3.0]]
    assert len(recorder.take()) == 0


def test_the_mean_does_not_depend_on_when_rows_were_taken() -> None:
    values = torch.rand(1000, 3)
    means = []
    for every in (1, 7, 1000):
        recorder = Recorder()
        for index, row in enumerate(values):
            recorder.add(row)
            if index % every == 0:
                recorder.take()
        recorder.take()
        means.append(recorder.end_epoch(64, 999 * 64 + 5))
    assert means[0] == means[1] == means[2]
    weights = np.array([64] * 999 + [5])
    assert means[0] == pytest.approx(np.average(values.double().numpy(), axis=0, weights=weights))


def test_an_epoch_that_is_taken_up_counts_its_first_half() -> None:
    whole, half = Recorder(), Recorder()
    for value in torch.rand(10):
        whole.add(value)
    rows = whole.take()
    half.restore(rows[:4])
    for value in rows[4:, 0]:
        half.add(torch.tensor(value))
    half.take()
    assert half.end_epoch(8, 80) == whole.end_epoch(8, 80)
    assert whole.end_epoch(8, 80) == []


def test_right_predictions() -> None:
    logits = torch.tensor([[2.0, 1.0], [0.0, 3.0], [1.0, 0.0]])
    assert right(logits, torch.tensor([0, 1, 1]), "softmax").tolist() == [True, True, False]
    assert right(torch.tensor([[2.0], [-1.0]]), torch.tensor([1, 1]), "sigmoid").tolist() == [True, False]
    pictures = torch.zeros(2, 3, 4, 4)
    pictures[:, 2] = 1.0
    assert right(pictures, torch.full((2, 4, 4), 2), "softmax").all()
