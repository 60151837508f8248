from __future__ import annotations

from engine.blocks.catalogue import BLOCK_TYPES
from engine.graph.tensor_spec import Dim, TensorSpec
from tests.engine.blocks.asking import defaults

N = Dim("N")
ROWS = TensorSpec((N, 12), "float32")
SEQUENCE = TensorSpec((N, Dim("T"), 6), "float32")
PICTURES = TensorSpec((N, 4, 8, 8), "float32")


def test_softmax_runs_over_the_features() -> None:
    for id in ("softmax", "log_softmax", "softmin", "glu"):
        type = BLOCK_TYPES[id]
        assert type.arguments(defaults(id), {"input": ROWS}) == {"dim": 1}
        assert type.arguments(defaults(id), {"input": SEQUENCE}) == {"dim": -1}
        assert type.arguments(defaults(id), {"input": PICTURES}) == {"dim": 1}
        assert type.arguments(defaults(id, dim=3), {"input": PICTURES}) == {"dim": 3}


def test_a_softmax_over_an_axis_that_is_not_there_is_refused() -> None:
    assert BLOCK_TYPES["softmax"].expect(defaults("softmax", dim=2), {"input": ROWS}) is not None


def test_glu_needs_an_even_number_of_features() -> None:
    odd = TensorSpec((N, 7), "float32")
    assert BLOCK_TYPES["glu"].expect(defaults("glu"), {"input": odd}) is not None
    assert BLOCK_TYPES["glu"].expect(defaults("glu"), {"input": ROWS}) is None


def test_prelu_has_a_slope_for_each_channel_on_request() -> None:
    type = BLOCK_TYPES["prelu"]
    assert type.arguments(defaults("prelu"), {"input": PICTURES})["num_parameters"] == 1
    each = defaults("prelu", slopes="one a channel")
    assert type.arguments(each, {"input": PICTURES})["num_parameters"] == 4
    assert type.expect(each, {"input": SEQUENCE}) is not None


def test_bounds_must_be_in_order() -> None:
    for id, low, high in (("rrelu", "lower", "upper"), ("hardtanh", "min_val", "max_val")):
        mismatch = BLOCK_TYPES[id].expect(defaults(id, **{low: 0.5, high: 0.25}), {"input": ROWS})
        assert mismatch is not None
        assert mismatch.code == "together"
