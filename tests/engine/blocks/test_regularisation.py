from __future__ import annotations

from engine.blocks.catalogue import BLOCK_TYPES
from engine.graph.tensor_spec import Dim, TensorSpec
from tests.engine.blocks.asking import expect

N = Dim("N")


def test_a_mask_has_one_number_for_each_that_it_masks() -> None:
    rows, other = TensorSpec((N, 12), "float32"), TensorSpec((N, 11), "float32")
    assert expect("dropout", {"input": rows, "mask": rows}) is None
    fault = expect("dropout", {"input": rows, "mask": other})
    assert fault is not None
    assert (fault.port, fault.facts["expected"]) == ("mask", "a mask N×12")
    picture = TensorSpec((N, 11, 4, 4), "float32")
    assert expect("dropout2d", {"input": picture, "mask": other}) is None
    assert expect("dropout2d", {"input": picture, "mask": rows}) is not None


def test_no_more_winners_than_units() -> None:
    spec = TensorSpec((N, 3, 2, 2), "float32")
    assert expect("winner_take_all", {"input": spec}, k=12) is None
    fault = expect("winner_take_all", {"input": spec}, k=13)
    assert fault is not None
    assert fault.facts["expected"] == "at least 13 units to choose winners from"
    assert expect("winner_take_all", {"input": spec}, k=13, over="batch") is None


def test_penalties_are_losses_without_a_prediction() -> None:
    for id in ("activity_l1", "activity_l2", "kl_sparsity"):
        type = BLOCK_TYPES[id]
        assert type.role == "loss"
        assert type.prediction is None
        assert type.parameter("weight") is not None
