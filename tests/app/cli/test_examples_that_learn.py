"""Each shipped example, trained by its own plan from seed 0 on the CPU, learns what its page says."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pytest
from sklearn.decomposition import PCA

from engine.data.dataset import Dataset
from engine.data.datasets import load_dataset
from engine.project.examples import example_ids, read_example

# Of one seed: on other processors the same seed learns other bits, a picture or two better or worse.
ACCURACIES = {"digits-convnet": 0.955, "digits-residual": 0.945, "digits-dense": 0.94, "moons-boundary": 0.97}
OTHERS = {"digits-autoencoder", "digits-rbm", "sequence-lstm"}


class Trained(NamedTuple):
    """What `train --json` told of the epochs, and the figures of the test part."""

    epochs: list[dict[str, Any]]
    test: dict[str, float]


@pytest.fixture
def train(run: Callable[..., tuple[int, str, str]]) -> Callable[[str], Trained]:
    """Trains an example; one thread, as another number of them gives other bits."""

    def train(id: str) -> Trained:
        code, out, err = run("train", id, "--seed", 0, "--device", "cpu", "--threads", 1, "--json")
        assert code == 0, err
        *epochs, end = (json.loads(line) for line in out.splitlines())
        planned = sum(stage.epochs for stage in read_example(id).settings.plan.stages)
        assert (end["finished"], end["device"], len(epochs)) == (True, "cpu", planned)
        return Trained(epochs, end["test"])

    return train


def data_of(id: str) -> Dataset:
    (ref,) = read_example(id).settings.datasets
    assert not ref.standardise, "the losses are in the units of the file"
    return load_dataset(ref)


def test_no_example_is_left_out() -> None:
    assert set(example_ids()) == ACCURACIES.keys() | OTHERS


@pytest.mark.parametrize("id", ACCURACIES)
def test_a_classifier_is_right_on_the_test_part(train, id: str) -> None:
    assert train(id).test["accuracy"] >= ACCURACIES[id]


def test_the_autoencoder_rebuilds_better_than_as_many_principal_components(train) -> None:
    id = "digits-autoencoder"
    units = read_example(id).graph.blocks["code"].parameters["out_features"]
    data = data_of(id)
    pictures = data.arrays["image"].reshape(data.rows, -1)
    pca = PCA(units).fit(pictures[data.train])
    given = pictures[data.test]
    rebuilt = pca.inverse_transform(pca.transform(given))
    # Over all pixels of all pictures, as the loss is.
    assert train(id).test["loss"] < np.mean((rebuilt - given) ** 2)


def test_the_rbm_rebuilds_better_from_epoch_to_epoch(train) -> None:
    epochs = train("digits-rbm").epochs
    for part in ("train", "validation"):
        errors = [epoch[part]["reconstruction_error"] for epoch in epochs]
        assert errors[-1] < 0.6 * errors[0]
        falls = sum(later < earlier for earlier, later in pairwise(errors))
        assert falls >= 0.8 * (len(errors) - 1), errors


def test_the_lstm_foretells_ten_times_better_than_the_best_constant(train) -> None:
    id = "sequence-lstm"
    data = data_of(id)
    # The mean is the constant of the smallest squared error, which is the variance then.
    best = np.var(data.arrays["next"][data.test])
    assert train(id).test["loss"] < best / 10
