"""At which lengths modules are tried: enough to tell T from T′, and few steps for what loops over them."""

from __future__ import annotations

import pytest

from engine.blocks.catalogue import BLOCK_TYPES
from engine.compile.trials import BATCH, Trials, probe_times, trials_of
from engine.graph.tensor_spec import Dim, TensorSpec

N, T = Dim("N"), Dim("T")


def spec(*shape: int | Dim) -> TensorSpec:
    return TensorSpec(shape, "float32")


def shorter(steps: int, time: int | None = None, reach: int = 1) -> Dim:
    """T′ from which a window took so many steps away."""
    return Dim("T′", steps=tuple((each, max(1, each - steps)) for each in probe_times(time, reach)))


def shapes(trials: Trials, given: TensorSpec) -> list[tuple[int, ...]]:
    return [run.shape(given) for run in trials.runs]


def test_without_time_one_run_tells_all() -> None:
    trials = trials_of(BLOCK_TYPES["dense"], {"input": spec(N, 3)}, None, 1)
    assert shapes(trials, spec(N, 3)) == [(BATCH, 3)]
    assert trials.runs == (trials.real,)
    assert trials.spec([(4 * BATCH, 7)], "float32") == spec(Dim("N", 4), 7)


@pytest.mark.parametrize(("time", "times"), [(None, (13440, 6720)), (32, (13472, 6752, 32))])
def test_with_time_what_is_a_multiple_at_each_length_is_t(time: int | None, times: tuple[int, ...]) -> None:
    trials = trials_of(BLOCK_TYPES["relu"], {"input": spec(N, 3, T)}, time, 1)
    assert [run.length(T) for run in trials.runs] == list(times)
    assert [run.symbolic for run in trials.runs] == [13440 + (time or 0), 6720 + (time or 0), None][: len(times)]
    made = [(BATCH, 2 * each, 5, each - 2) for each in times]
    changed = Dim("T′", steps=tuple((each, each - 2) for each in times))
    assert trials.spec(made, "float32") == spec(N, Dim("T", 2), 5, changed)
    assert trials.real is not None
    assert trials.real.length(T) == (time or 100)
    assert (trials.real in trials.runs) is (time is not None)


def test_what_steps_over_time_runs_a_few_steps_of_each_length_that_comes_in() -> None:
    given = {"input": spec(N, T, 4), "more": spec(N, shorter(2), 4)}
    trials = trials_of(BLOCK_TYPES["gru"], given, 50, 1)
    assert [shapes(trials, one) for one in given.values()] == [
        [(BATCH, 2, 4), (BATCH, 3, 4)],
        [(BATCH, 5, 4), (BATCH, 7, 4)],
    ]
    assert trials.spec([(BATCH, 4, 5), (BATCH, 6, 7)], "float32") == spec(N, Dim("T", 2), shorter(2))
    assert trials.real is None
    assert trials.line is not None
    assert trials.line.at(20, 30) == 20 + 10 * 48


@pytest.mark.parametrize(
    ("gone", "reach", "longest"), [(0, 1, 1680), (2, 1, 1680), (1000, 1, 1520), (6000, 1, 1560), (9000, 6, 1080)]
)
@pytest.mark.parametrize("time", [None, 31])
def test_code_of_the_learner_runs_few_steps_whatever_was_taken_away(
    gone: int, reach: int, longest: int, time: int | None
) -> None:
    axis = shorter(gone, time, reach)
    trials = trials_of(BLOCK_TYPES["custom"], {"x": spec(N, 3, axis)}, time, reach)
    lengths = [run.length(axis) for run in trials.runs]
    assert lengths[0] <= longest + (time or 0)
    assert lengths[0] - lengths[1] == 840
    assert lengths[1] > 1
    made = trials.spec([(length - 2,) for length in lengths], "float32").shape[0]
    assert isinstance(made, Dim)
    assert [each for each, _ in made.steps] == list(probe_times(time, reach))
    assert [each - steps for each, steps in made.steps[:2]] == [gone + 2] * 2


@pytest.mark.parametrize("reach", [1, 6])
def test_no_sequence_is_longer_for_it_than_others_are_at_first(reach: int) -> None:
    """Beside a sequence of which next to nothing is left, the whole one would have to be long."""
    given = {"x": spec(N, 3, T), "y": spec(N, 3, shorter(30_000, None, reach))}
    trials = trials_of(BLOCK_TYPES["custom"], given, None, reach)
    assert max(run.length(T) for run in trials.runs) <= 13_440
