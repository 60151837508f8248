"""Each number of every block type sees what its gradient reaches: at borders no more than told, inside all of it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from engine.blocks.catalogue import BLOCK_TYPES
from engine.graph.values import Value
from tests.engine.compile.gradients import ANALYSER, chain, disagreements, is_drawable, told_sight

FIELDS = ("image: 4×12×11", "x: 4×20", "x: T×6", "volume: 2×6×7×6", "video: T×2×6×7")
NO_SLOPE = {"heaviside", "sign", "bernoulli_unit", "embedding", "embedding_bag", "winner_take_all"}
"""Step functions have made-up gradients, winners pass on none of those that lost, tokens have none."""
NEED_PLACES = {"max_unpool1d", "max_unpool2d", "max_unpool3d"}
"""Tried in test_receptive_field, behind their pools."""
VECTORS_ALONE = {
    "lstm_cell",
    "gru_cell",
    "rnn_cell",
    "unit_quaternion",
    "rbm",
    "deep_boltzmann_machine",
    "hopfield",
} | {"weighted_l1_distance"}
DRAWS = {"max": 300, "fractional": 900, "global_max": 600, "hog": 100, "maximum": 20, "minimum": 20, "maxout": 20}
NOT_ALL_SEEN = {"hardshrink", "threshold", "hardtanh", "softshrink", "relu6", "hardsigmoid"} | {
    "rotary_encoding",
    "gram_matrix",
}
"""Flat in places; the first step is turned by nothing; and an inner product is told by all rows, not by its two."""
IMAGE, ROW, STEPS = "image: 4×12×11", "x: 4×20", "x: T×6"
THREE: dict[str, Value] = {"kernel_size": (3, 3)}
ACROSS: dict[str, Value] = {"shape": (11, 12, 4)}
"""Cuts rows of 11 into pieces of 4."""
CASES: Mapping[str, tuple[tuple[str, dict[str, Value]], ...]] = {
    "conv2d": (
        (IMAGE, {"kernel_size": (5, 2), "padding": "same", "dilation": (2, 3)}),
        (IMAGE, {"kernel_size": (3, 4), "padding": "custom", "padding_size": (2, 5), "stride": (2, 3)}),
        (IMAGE, {"kernel_size": (1, 1), "padding": "custom", "padding_size": (3, 0), "stride": (2, 2)}),
        (IMAGE, {"kernel_size": (3, 3), "padding": "custom", "padding_size": (4, 4), "dilation": (4, 5)}),
        (IMAGE, {"out_channels": 8, "groups": 2}),
        (IMAGE, {"padding": "custom", "padding_size": (2, 1), "padding_mode": "reflect"}),
        (IMAGE, {"padding": "custom", "padding_size": (2, 1), "padding_mode": "replicate"}),
        (IMAGE, {"padding_mode": "circular"}),
        ("image: 1×4×1", {"kernel_size": (7, 3), "padding": "custom", "padding_size": (3, 1)}),
    ),
    "conv1d": (
        (ROW, {"kernel_size": (3,), "stride": (3,)}),
        (ROW, {"padding": "custom", "padding_size": (4,), "dilation": (5,)}),
    ),
    "conv_transpose2d": (
        (IMAGE, {"stride": (2, 3), "kernel_size": (3, 2)}),
        (IMAGE, {"stride": (3, 1), "kernel_size": (2, 4), "padding": "custom", "padding_size": (1, 2)}),
        (IMAGE, {"stride": (2, 2), "kernel_size": (3, 3), "dilation": (2, 3), "output_padding": (1, 1)}),
        (IMAGE, {"out_channels": 4, "groups": 4, "stride": (2, 2)}),
    ),
    "depthwise_conv2d": ((IMAGE, {"multiplier": 2}),),
    "separable_conv2d": ((IMAGE, {"kernel_size": (3, 5), "padding": "same"}),),
    "table_conv2d": (("image: 6×12×11", {}), ("image: 6×12×11", {"table": "full"})),
    "locally_connected2d": ((IMAGE, {"stride": (2, 1), "padding": (1, 2)}),),
    "weight_norm_conv2d": ((IMAGE, {"stride": (2, 2), "padding": "custom", "padding_size": (3, 3)}),),
    "gabor_filters": ((IMAGE, {"kernel_size": 4, "phase": "both"}),),
    "haar_filters": ((IMAGE, {"size": 4, "stride": 3}),),
    "hog": (("image: 2×12×13", {"cell_size": 3, "block_size": 1}),),
    "max_pool2d": ((IMAGE, {**THREE, "stride": (2, 2), "padding": (1, 1), "ceil_mode": True}),),
    "avg_pool2d": (
        (IMAGE, {**THREE, "stride": (2, 2), "padding": (1, 1)}),
        (IMAGE, {"kernel_size": (5, 3), "ceil_mode": True}),
    ),
    "sum_pool1d": ((ROW, {"kernel_size": (3,), "stride": (2,), "ceil_mode": True}),),
    "adaptive_avg_pool2d": ((IMAGE, {"output_size": (5, 11)}), (IMAGE, {"output_size": (1, 3)})),
    "adaptive_max_pool2d": ((IMAGE, {"output_size": (5, 20)}),),
    "fractional_max_pool2d": ((IMAGE, {"kernel_size": (3, 2), "output_ratio": 0.5}), (IMAGE, {"output_ratio": 0.1})),
    "upsample": (
        *((IMAGE, {"scale_factor": by, "mode": mode}) for by in (1.5, 2.7, 3.0) for mode in ("nearest", "linear")),
        (IMAGE, {"scale_factor": 2.0, "mode": "cubic"}),
        (IMAGE, {"scale_factor": 1.3, "mode": "cubic", "align_corners": True}),
        (IMAGE, {"scale_factor": 2.5, "mode": "linear", "align_corners": True}),
        ("x: 3×7", {"scale_factor": 2.2, "mode": "linear"}),
        ("x: 1×40", {"scale_factor": 3.3, "mode": "linear", "align_corners": True}),
        ("x: 1×41", {"scale_factor": 1.7}),
        ("image: 1×30×3", {"scale_factor": 1.9, "mode": "cubic"}),
    ),
    "unpool2d": ((IMAGE, {"mode": "zeros", "kernel_size": (2, 3)}),),
    "unpool1d": ((ROW, {"mode": "zeros", "kernel_size": (3,)}),),
    "conv_rbm": ((IMAGE, {"kernel_size": (3, 2), "pool": 2}), (IMAGE, {"kernel_size": (4, 3), "pool": 3})),
    "pixel_shuffle": (("image: 18×5×4", {"upscale_factor": 3}),),
    "pixel_unshuffle": (("image: 2×12×9", {"downscale_factor": 3}),),
    "patch_embedding": (("image: 2×12×9", {"patch_size": (4, 3)}), ("image: 2×4×4", {"patch_size": (4, 4)})),
    "reduce": (
        (IMAGE, {"dims": (2,)}),
        (IMAGE, {"dims": (3,), "keepdim": True, "operation": "norm"}),
        (IMAGE, {"dims": (1,), "operation": "max"}),
        (IMAGE, {}),
        (STEPS, {"dims": (2,)}),
        (STEPS, {"dims": (1,)}),
    ),
    "slice": (
        (IMAGE, {"dim": 2, "start": 3, "step": 2}),
        (IMAGE, {"dim": 3, "start": -4, "stop": -1}),
        (STEPS, {"dim": 1, "start": 2, "step": 3}),
        (STEPS, {"dim": 1, "start": -3}),
        (STEPS, {"dim": 1, "start": 1, "stop": 5}),
    ),
    "split": ((IMAGE, {"dim": 2}), (IMAGE, {"dim": 3, "sizes": (2, 9)})),
    "select": (
        (IMAGE, {"dim": 2, "index": -1}),
        (IMAGE, {"dim": 1}),
        (IMAGE, {"dim": 3, "index": 4}),
        (STEPS, {"dim": 2}),
        (STEPS, {"dim": 1, "index": 3}),
    ),
    "crop": ((IMAGE, {"size": (5, 4)}), (IMAGE, {"size": (5, 4), "offset": (6, 0)})),
    "pad": (
        (IMAGE, {"padding": (3, 1)}),
        (IMAGE, {"padding": (2, 0, 1, 4)}),
        (IMAGE, {"padding": (1, 0, 0, 1, 2, 1)}),
        (IMAGE, {"padding": (3, 2, 1, 2), "mode": "reflect"}),
        (IMAGE, {"padding": (3, 2, 1, 2), "mode": "replicate"}),
        (IMAGE, {"padding": (3, 2, 1, 2), "mode": "circular"}),
        (STEPS, {"padding": (0, 0, 2, 1)}),
    ),
    "permute": ((IMAGE, {"dims": (3, 1, 2)}), (STEPS, {"dims": (2, 1)})),
    "reshape": (
        (IMAGE, {"shape": (4, 132)}),
        (IMAGE, ACROSS),
        (IMAGE, {"shape": (2, 264)}),
        (IMAGE, {"shape": (2, 2, 6, 22)}),
    ),
    "unflatten": ((ROW, {"dim": 2, "unflattened_size": (4, 5)}), (ROW, {"dim": 1, "unflattened_size": (2, 2)})),
    "squeeze": (("image: 1×9×8", {}),),
    "unsqueeze": ((ROW, {"dim": 3}), (IMAGE, {"dim": 1}), (STEPS, {"dim": 2})),
    "tile": ((ROW, {"repeats": (1, 2)}), (IMAGE, {"repeats": (2, 2, 3)}), (STEPS, {"repeats": (1, 2)})),
    "concat": ((IMAGE, {"dim": 2}), (IMAGE, {"dim": 1}), (STEPS, {"dim": 2})),
    "glu": ((IMAGE, {"dim": 1}), ("image: 3×12×4", {"dim": 2})),
    "softmax": ((IMAGE, {"dim": 2}), (STEPS, {"dim": 2})),
    "group_norm": ((IMAGE, {"num_groups": 2}),),
    "local_response_norm": ((IMAGE, {"size": 3}),),
    "lstm": ((STEPS, {"output": "all steps"}), ("x: 7×5", {})),
    "self_attention": (("x: T×8", {"causal": True}), ("x: 6×8", {"causal": True})),
    "multihead_attention": (("x: T×8", {}), ("x: 6×8", {"causal": True})),
    "cross_attention": (("x: T×8", {}),),
    "transformer_encoder_layer": (("x: T×8", {}), ("x: 6×8", {})),
    "gram_matrix": ((IMAGE, {}),),
    "embedding": (),
}
"""Besides every type's defaults, what they are tried with and on what."""
EVERY = [
    type.id
    for type in BLOCK_TYPES.values()
    if type.role == "layer" and "own_code" not in type.traits and type.id not in NO_SLOPE | NEED_PLACES | VECTORS_ALONE
]


@pytest.mark.parametrize("id", EVERY)
def test_every_number_of_every_type_sees_what_its_gradient_reaches(id: str) -> None:
    draws = next((count for part, count in DRAWS.items() if part in id), 2)
    tried = 0
    for field, parameters in (*CASES.get(id, ()), *((field, {}) for field in FIELDS)):
        graph = chain(field, (id, parameters))
        drawable = is_drawable(graph)
        assert drawable or not parameters, [one.sentence for one in ANALYSER.analyse(graph).problems]
        if not drawable:
            continue
        port = BLOCK_TYPES[id].ports_of(graph.blocks["b0"], {}).outputs[0].id
        sight = told_sight(graph, "b0", port)
        if isinstance(sight, str):
            assert sight == "free-length", (field, parameters)
            continue
        tried += 1
        wrong = disagreements(graph, "b0", port, draws=draws, train="fractional" in id, bound=id in NOT_ALL_SEEN)
        assert not list(wrong), (field, parameters)
    assert tried
