import numpy as np

from engine.data.sequences import adding, make_sequences, parity, sine


def test_a_sine_goes_on_as_its_recurrence_says() -> None:
    """sin(x + ω) = 2 cos(ω) sin(x) − sin(x − ω), so the next value follows from the two before it."""
    made = sine(200, 32)
    wave, following = made["sequence"][:, :, 0].astype(np.float64), made["next"][:, 0]
    assert made["sequence"].shape == (200, 32, 1)
    middle = wave[:, 1:-1]
    twice_cosine = ((wave[:, 2:] + wave[:, :-2]) * middle).sum(1) / np.square(middle).sum(1)
    np.testing.assert_allclose(twice_cosine * wave[:, -1] - wave[:, -2], following, atol=1e-5)
    assert np.var(following) > 0.3


def test_adding_marks_two_numbers() -> None:
    made = adding(500, 30)
    numbers, marks = made["sequence"][..., 0], made["sequence"][..., 1]
    assert (marks.sum(1) == 2).all()
    assert (marks[:, :15].sum(1) == 1).all()
    np.testing.assert_allclose((numbers * marks).sum(1, keepdims=True), made["sum"], rtol=1e-6)
    assert abs(np.var(made["sum"]) - 1 / 6) < 0.02


def test_parity_counts_ones() -> None:
    made = parity(500, 16)
    assert set(np.unique(made["sequence"])) == {0, 1}
    np.testing.assert_array_equal(made["sequence"].sum((1, 2)) % 2, made["label"])
    assert 200 < made["label"].sum() < 300


def test_made_twice_they_are_equal() -> None:
    first, second = make_sequences("adding", 20), make_sequences("adding", 20)
    for name, array in first.items():
        np.testing.assert_array_equal(array, second[name])
