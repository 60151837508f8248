"""What the window says of a plan before it runs."""

from __future__ import annotations

import pytest

from app.plan_facts import training_samples
from engine.data.datasets import load_dataset
from engine.data.splits import split_training
from engine.training.plan import DatasetRef, Plan, Settings, Supervised

PLAN = Plan(stages=(Supervised(epochs=1, optimiser="adam", learning_rate=0.001),), batch_size=64, seed=0)


@pytest.mark.parametrize(("split", "given"), [((0.7, 0.15, 0.15), None), ((0.6, 0.2, 0.2), (0.6, 0.2, 0.2))])
def test_a_set_with_its_own_test_part_trains_on_what_the_split_leaves(split, given) -> None:
    settings = Settings(plan=PLAN, datasets=(DatasetRef(name="mnist", split=split),))
    train, _ = split_training(60_000, given, 0)
    assert training_samples(settings) == len(train)


@pytest.mark.parametrize("name", ["digits", "iris", "wine", "breast-cancer", "moons", "sine"])
@pytest.mark.parametrize("split", [(0.7, 0.15, 0.15), (0.5, 0.25, 0.25), (0.34, 0.33, 0.33)])
def test_as_many_samples_are_told_as_are_loaded(name: str, split: tuple[float, float, float]) -> None:
    ref = DatasetRef(name=name, split=split)
    assert training_samples(Settings(plan=PLAN, datasets=(ref,))) == len(load_dataset(ref).train)


def test_other_sets_train_on_their_share() -> None:
    assert training_samples(Settings(plan=PLAN, datasets=(DatasetRef(name="digits"),))) == 1257
    assert training_samples(Settings(plan=PLAN)) == 0
