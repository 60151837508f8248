"""What is told of receptive fields where there is a choice: size of the picture, several Inputs, reasons for none."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from engine.blocks.catalogue import BLOCK_TYPES
from engine.compile.receptive_field import Field
from engine.graph.graph import Graph
from engine.graph.values import Value
from engine.modules.own_loading import permit
from engine.project.drawing import Drawing
from tests.engine.compile.gradients import ANALYSER, Step, chain, disagreements, is_drawable

CONV = "conv2d"
FOUR: Step = (CONV, {"out_channels": 4, "padding": "same"})
HALVED: Step = ("avg_pool2d", {})


def told(graph: Graph) -> Mapping[str, Field]:
    assert is_drawable(graph)
    return ANALYSER.analyse(graph).receptive_fields


def test_what_is_not_known_stays_not_known_and_says_why() -> None:
    drawing = Drawing(BLOCK_TYPES)
    drawing.add("input", "input", fields=("x: T×6",))
    drawing.add("turned", "permute", dims=(2, 1))
    drawing.add("cut", "adaptive_avg_pool1d", output_size=(3,))
    drawing.add("known", "conv1d", out_channels=6)
    drawing.add("one", "adaptive_avg_pool1d", output_size=(1,))
    drawing.add("behind", "relu")
    drawing.chain("input", "turned", "cut", "behind")
    drawing.chain("turned", "known", "one")
    analysis = ANALYSER.analyse(drawing.graph)
    names = {block.name: id for id, block in drawing.graph.blocks.items()}
    assert analysis.receptive_fields == {"input": (1,), "turned": (1,), "known": (3,), "one": (None,)}, names
    assert analysis.fields_untold == {"cut": "free-length", "behind": "free-length"}


def test_what_is_padding_here_is_picture_in_a_larger_one() -> None:
    wide: dict[str, Value] = {"kernel_size": (1, 1), "padding": "custom", "padding_size": (4, 0)}
    border: dict[str, Value] = {"size": (3, 5), "offset": (0, 0)}
    assert told(chain("image: 1×9×9", (CONV, wide), ("crop", border)))["b1"] == (1, 1)
    padded: Step = ("pad", {"padding": (5, 5)})
    left: dict[str, Value] = {"dim": 3, "start": 2, "stop": 6}
    graph = chain("image: 1×9×9", (CONV, {"padding": "same"}), padded, ("slice", left), HALVED)
    assert told(graph)["b2"] == (3, 3)
    assert told(graph)["b3"] == (4, 4)
    assert not list(disagreements(graph, "b2", bound=True)) + list(disagreements(graph, "b3", bound=True))


@pytest.mark.parametrize("size", [2, 6, 8, 32, 200])
def test_the_field_of_windows_is_the_same_in_every_picture(size: int) -> None:
    """Araujo, Norris and Sim, Distill, 2019: r′ = r + (k − 1) j."""
    graph = chain(f"image: 1×{size}×{size}", *[FOUR] * 3, HALVED, FOUR, ("flatten", {}), ("relu", {}), ("dense", {}))
    fields = [told(graph)[f"b{number}"] for number in range(8)]
    assert fields == [(each, each) for each in (3, 5, 7, 8, 12, 12, 12)] + [(None, None)]


def test_what_is_gathered_has_no_more_than_the_picture() -> None:
    fields = told(chain("image: 1×24×21", FOUR, ("avg_pool2d", {"stride": (3, 3)}), ("global_avg_pool2d", {})))
    assert [fields[f"b{number}"] for number in range(3)] == [(3, 3), (4, 4), (None, None)]
    every = chain("image: 1×24×23", ("avg_pool2d", {"stride": (3, 3)}), ("global_avg_pool2d", {}))
    assert told(every)["b1"] == (23, None), "the last row is left out by the pool, the last column is not"
    part = chain("image: 1×24×24", FOUR, ("crop", {"size": (6, 4)}), ("flatten", {}), ("dense", {}))
    assert told(part)["b3"] == (8, 6)
    corner = chain("image: 1×24×24", FOUR, ("crop", {"size": (6, 4), "offset": (0, 0)}), ("flatten", {}), ("dense", {}))
    assert told(corner)["b3"] == (7, 5)


def test_round_a_circular_border_the_input_goes_on() -> None:
    fields = told(chain("image: 1×9×9", (CONV, {"padding_mode": "circular"}), (CONV, {"padding_mode": "circular"})))
    assert (fields["b0"], fields["b1"]) == ((3, 3), (5, 5))


def test_of_two_inputs_each_has_its_own_field() -> None:
    drawing = Drawing(BLOCK_TYPES)
    drawing.add("one", "input", fields=("image: 2×24×24",))
    drawing.add("two", "input", fields=("image: 2×24×24",))
    drawing.add("cut", "crop", size=(9, 9), offset=(0, 0))
    drawing.add("far", "crop", size=(9, 9), offset=(15, 15))
    drawing.add("sum", "add")
    drawing.chain("one", "cut", "sum.a")
    drawing.chain("two", "far", "sum.b")
    assert told(drawing.graph)["sum"] == (1, 1)


def test_a_row_that_spreads_is_seen_from_everywhere() -> None:
    drawing = Drawing(BLOCK_TYPES)
    drawing.add("input", "input", fields=("image: 2×24×24",))
    drawing.add("row", "select", dim=2, index=4)
    drawing.add("flat", "unsqueeze", dim=2)
    drawing.add("sum", "multiply", broadcast=True)
    drawing.chain("input", "row", "flat", "sum.a")
    drawing.wire("input", "sum.b")
    assert told(drawing.graph)["sum"] == (20, 1), "from row 4 to row 23"
    assert not list(disagreements(drawing.graph, "sum"))


def test_where_places_drift_apart_the_furthest_are_told() -> None:
    drawing = Drawing(BLOCK_TYPES)
    drawing.add("input", "input", fields=("image: 2×24×24",))
    drawing.add("half", "avg_pool2d")
    drawing.add("large", "upsample", mode="linear", align_corners=True)
    drawing.add("sum", "add")
    drawing.chain("input", "half", "large", "sum.a")
    drawing.wire("input", "sum.b")
    fields = told(drawing.graph)
    assert (fields["large"], fields["sum"]) == ((4, 4), (4, 4))
    assert not list(disagreements(drawing.graph, "sum"))


def test_phases_in_channels_join_what_has_none() -> None:
    drawing = Drawing(BLOCK_TYPES)
    drawing.add("input", "input", fields=("image: 2×24×24",))
    drawing.add("apart", "pixel_unshuffle")
    drawing.add("seen", CONV, out_channels=8, padding="same")
    drawing.add("sum", "add")
    drawing.chain("input", "apart", "seen", "sum.a")
    drawing.wire("apart", "sum.b")
    fields = told(drawing.graph)
    assert [fields[name] for name in ("apart", "seen", "sum")] == [(1, 1), (6, 6), (6, 6)]
    assert not list(disagreements(drawing.graph, "sum"))


def test_behind_a_reshape_across_rows_windows_are_not_told_but_all_is() -> None:
    across: Step = ("reshape", {"shape": (11, 12, 4)})
    graph = chain("image: 4×12×11", FOUR, across, ("relu", {}), (CONV, {}), ("global_avg_pool2d", {}))
    analysis = ANALYSER.analyse(graph)
    assert [analysis.receptive_fields[f"b{number}"] for number in range(3)] == [(3, 3)] * 3
    assert analysis.fields_untold == {"b3": "reshaped", "b4": "reshaped"}
    assert not list(disagreements(graph, "b2"))
    fields = told(chain("image: 4×12×11", FOUR, across, ("flatten", {}), ("dense", {})))
    assert (fields["b2"], fields["b3"]) == ((3, 3), (None, None))


def test_sequences_behind_each_other_keep_their_fields_and_are_seen_as_a_whole() -> None:
    drawing = Drawing(BLOCK_TYPES)
    drawing.add("input", "input", fields=("x: T×8",))
    drawing.add("turned", "permute", dims=(2, 1))
    drawing.add("seen", "conv1d", out_channels=8)
    drawing.add("row", "concat", dim=2)
    drawing.add("back", "permute", dims=(2, 1))
    drawing.add("all", "self_attention")
    drawing.chain("input", "turned", "row.a")
    drawing.chain("turned", "seen", "row.b")
    drawing.chain("row", "back", "all")
    fields = told(drawing.graph)
    assert [fields[name] for name in ("seen", "row", "back", "all")] == [(3,), (3,), (3,), (None,)]
    assert not list(disagreements(drawing.graph, "back"))


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder with a file of one's own that may run."""
    source = "def forward(x):\n    return 2 * x\n"
    (tmp_path / "double.py").write_text(source)
    permit(tmp_path, [hashlib.sha256(source.encode()).hexdigest()])
    yield tmp_path
    permit(None, ())


def test_own_code_may_look_anywhere(folder: Path) -> None:
    graph = chain("image: 1×8×8", FOUR, ("custom", {"file": "double.py"}), HALVED, ("flatten", {}), ("dense", {}))
    assert is_drawable(graph), [problem.sentence for problem in ANALYSER.analyse(graph).problems]
    analysis = ANALYSER.analyse(graph)
    assert analysis.receptive_fields == {"input": (1, 1), "b0": (3, 3)}
    assert analysis.fields_untold == dict.fromkeys(("b1", "b2", "b3", "b4"), "own-code")
    rows = ANALYSER.analyse(chain("x: 4", ("custom", {"file": "double.py"})))
    assert (rows.receptive_fields, rows.fields_untold) == ({}, {}), "a row has no places"


def test_every_block_type_says_where_it_looks() -> None:
    """No type is left out of the windows: each has moves, or one of the reasons that hold for it."""
    for field in ("image: 4×12×12", "x: 4×20", "x: T×8", "volume: 2×6×7×6", "x: 4"):
        for id, type in BLOCK_TYPES.items():
            if type.role != "layer" or "own_code" in type.traits:
                continue
            analysis = ANALYSER.analyse(chain(field, (id, {})))
            assert "undeclared" not in analysis.fields_untold.values(), (id, field)
