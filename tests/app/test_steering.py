"""What a run is told when the plan is edited while it goes."""

from __future__ import annotations

import msgspec

from app.steering import Steering
from engine.training.commands import Change
from engine.training.plan import ContrastiveDivergence, Plan, Supervised

RBM = ContrastiveDivergence(block="r", epochs=5, learning_rate=0.1)
PLAN = Plan(stages=(RBM, Supervised(epochs=20, learning_rate=0.001)))


def with_stage(plan: Plan, index: int, **values: object) -> Plan:
    stages = list(plan.stages)
    stages[index] = msgspec.structs.replace(stages[index], **values)
    return msgspec.structs.replace(plan, stages=tuple(stages))


def test_an_edit_of_the_running_stage_is_told_once_and_its_undo_steers_back() -> None:
    steering = Steering(PLAN)
    steering.started((5, 20))
    assert steering.changes(PLAN, 0) == ()
    edited = with_stage(PLAN, 0, learning_rate=0.05)
    assert steering.changes(edited, 0) == (Change("learning_rate", 0.05, 0),)
    assert steering.changes(edited, 0) == ()
    assert steering.changes(PLAN, 0) == (Change("learning_rate", 0.1, 0),)


def test_a_stage_that_comes_later_is_told_when_it_comes() -> None:
    steering = Steering(PLAN)
    steering.started((5, 20))
    edited = with_stage(PLAN, 1, epochs=30)
    assert steering.changes(edited, 0) == ()
    assert steering.changes(edited, 1) == (Change("epochs", 30.0, 1),)


def test_a_continued_run_counts_the_epochs_it_has_behind_it() -> None:
    steering = Steering(PLAN)
    steering.started((5, 32))
    assert steering.changes(with_stage(PLAN, 1, epochs=25), 1) == (Change("epochs", 37.0, 1),)


def test_another_stage_in_its_place_steers_nothing() -> None:
    steering = Steering(PLAN)
    steering.started((5, 20))
    removed = msgspec.structs.replace(PLAN, stages=PLAN.stages[1:])
    assert steering.changes(removed, 0) == ()
    other = with_stage(PLAN, 0, block="q", learning_rate=0.5)
    assert steering.changes(other, 0) == ()
    assert steering.changes(with_stage(PLAN, 0, learning_rate=0.5), 0) == (Change("learning_rate", 0.5, 0),)


def test_batch_size_and_the_like_wait_for_the_next_run() -> None:
    steering = Steering(PLAN)
    steering.started((5, 20))
    assert steering.changes(msgspec.structs.replace(PLAN, batch_size=8, seed=4), 1) == ()
