"""Search finds what people mean, parses values, and ranks by what the tensor asks for."""

from __future__ import annotations

import time

import pytest

from engine.blocks.catalogue import BLOCK_TYPES
from engine.graph.block_type import Repair
from engine.graph.tensor_spec import Dim, TensorSpec
from graph_editor.block_search import _PLACES, Query, accepting_port, find_blocks, nearest_name, parse_query, slips

PICTURE = TensorSpec(shape=(Dim("N"), 16, 8, 8), dtype="float32")
FLAT = TensorSpec(shape=(Dim("N"), 64), dtype="float32")
LABEL = TensorSpec(shape=(Dim("N"),), dtype="int64")


FIRST = (
    "input entry exit dense conv2d max_pool2d avg_pool2d global_avg_pool2d batch_norm1d batch_norm2d relu sigmoid tanh"
    " leaky_relu softmax elu gelu silu softplus hardtanh dropout lstm add concat flatten reshape residual rbm"
    " cross_entropy binary_cross_entropy squared_error"
)
TYPES = {id: BLOCK_TYPES[id] for id in FIRST.split()}
"""A catalogue that does not grow: the order of what is found depends on what else there is."""


def ids(text: str, **options: object) -> list[str]:
    return [match.type_id for match in find_blocks(text, TYPES, **options).matches]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "name", "values"),
    [
        ("conv 32 3", "conv", ("32", "3")),
        ("max pool 2x2 stride=1", "max pool", ("2x2", "stride=1")),
        ("Batch norm 2-D", "Batch norm 2-D", ()),
        ("conv2d", "conv2d", ()),
        ("", "", ()),
        ("dropout .3", "dropout", (".3",)),
    ],
)
def test_a_query_is_a_name_and_values(text: str, name: str, values: tuple[str, ...]) -> None:
    assert parse_query(text) == Query(name=name, values=values)


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("conv", "conv2d"),
        ("Conv2d", "conv2d"),
        ("linear", "dense"),
        ("fc", "dense"),
        ("relu", "relu"),
        ("max pool", "max_pool2d"),
        ("maxpool2d", "max_pool2d"),
        ("mse", "squared_error"),
        ("skip connection", "residual"),
        ("cross", "cross_entropy"),
        ("boltz", "rbm"),
        ("glob avg", "global_avg_pool2d"),
    ],
)
def test_title_alias_and_pytorch_name_find_the_block(text: str, first: str) -> None:
    assert ids(text)[0] == first


@pytest.mark.parametrize("spec", [None, FLAT])
def test_titles_that_begin_so_come_first_then_their_words_then_other_names(spec: TensorSpec | None) -> None:
    found = [match.type_id for match in find_blocks("soft", BLOCK_TYPES, spec=spec).matches]
    begins = {id for id in found if BLOCK_TYPES[id].title.startswith("Soft")}
    assert {"softmax", "softplus"} < begins
    assert set(found[: len(begins)]) == begins
    # Cross-entropy is also called softmax loss.
    assert found.index("log_softmax") < found.index("cross_entropy")


@pytest.mark.parametrize("id", BLOCK_TYPES)
def test_a_title_in_full_means_its_block(id: str) -> None:
    assert find_blocks(BLOCK_TYPES[id].title, BLOCK_TYPES).matches[0].type_id == id


@pytest.mark.parametrize("id", [id for id, type in BLOCK_TYPES.items() if type.role == "container"])
def test_containers_are_found_at_a_dropped_wire(id: str) -> None:
    assert accepting_port(BLOCK_TYPES[id], PICTURE) is not None
    assert find_blocks(BLOCK_TYPES[id].title, BLOCK_TYPES, spec=PICTURE).matches[0].type_id == id


def test_a_family_finds_its_blocks() -> None:
    assert set(ids("normal")) >= {"batch_norm1d", "batch_norm2d"}


def test_numbers_go_to_the_parameters_of_the_second_line() -> None:
    match = find_blocks("conv 32 3", TYPES).matches[0]
    assert match.type_id == "conv2d"
    assert match.parameters == {"out_channels": 32, "kernel_size": (3, 3)}
    assert match.words == "32 · 3×3"


def test_a_typed_order_reads_as_an_order() -> None:
    match = find_blocks("permute 3x1x2", BLOCK_TYPES).matches[0]
    assert match.parameters == {"dims": (3, 1, 2)}
    assert match.words == "3, 1, 2"


@pytest.mark.parametrize(
    ("text", "parameters"),
    [
        ("dense 10", {"out_features": 10}),
        ("dropout 0.3", {"p": 0.3}),
        ("conv 8 3x5", {"out_channels": 8, "kernel_size": (3, 5)}),
        ("conv 8 stride=2", {"out_channels": 8, "stride": (2, 2)}),
        ("conv 8 3 none", {"out_channels": 8, "kernel_size": (3, 3), "padding": "none"}),
        ("conv 8 bias=no", {"out_channels": 8, "bias": False}),
        ("dropout 7", {}),
        ("relu 3", {}),
    ],
)
def test_values_set_parameters_that_take_them(text: str, parameters: dict[str, object]) -> None:
    assert find_blocks(text, TYPES).matches[0].parameters == parameters


@pytest.mark.parametrize(
    ("text", "first", "parameters"),
    [
        ("64", "dense", {"out_features": 64}),
        ("64 3", "conv2d", {"out_channels": 64, "kernel_size": (3, 3)}),
        ("3x3", "conv2d", {"kernel_size": (3, 3)}),
        ("0.5", "dropout", {"p": 0.5}),
        ("filters=32", "conv2d", {"out_channels": 32}),
    ],
)
def test_a_number_alone_means_the_usual_block_that_shows_it(text: str, first: str, parameters: object) -> None:
    matches = find_blocks(text, TYPES).matches
    assert (matches[0].type_id, matches[0].parameters) == (first, parameters)
    assert all(match.words for match in matches)
    assert "constant" not in [match.type_id for match in matches[:8]]


def test_a_number_alone_follows_the_tensor_and_what_was_chosen_before() -> None:
    assert find_blocks("32", TYPES, spec=PICTURE).matches[0].type_id == "conv2d"
    assert find_blocks("32", TYPES, usage={"lstm": 3}).matches[0].type_id == "lstm"


def test_values_that_no_block_shows_find_nothing() -> None:
    for spec in (None, PICTURE):
        found = find_blocks("nonsense=3", TYPES, spec=spec)
        assert (found.matches, found.refusing, found.nearest) == ((), (), None)


def test_a_tensor_keeps_only_what_accepts_it() -> None:
    flat = ids("", spec=FLAT)
    assert "dense" in flat
    assert "conv2d" not in flat
    assert "input" not in flat
    label = ids("", spec=LABEL)
    assert "cross_entropy" in label
    assert not {"dense", "relu", "squared_error", "flatten"} & set(label)


def test_a_block_made_for_the_tensor_comes_before_one_that_takes_anything() -> None:
    found = ids("", spec=PICTURE)
    assert found.index("conv2d") < found.index("relu")
    assert found.index("max_pool2d") < found.index("dropout")


@pytest.mark.parametrize(
    ("shape", "dtype", "first"),
    [
        ((Dim("N"), 64), "float32", ["dense", "relu", "dropout", "batch_norm1d"]),
        ((Dim("N"), 1, 8, 8), "float32", ["conv2d", "max_pool2d", "avg_pool2d", "relu"]),
        ((Dim("N"), 3, 8, 16, 16), "float32", ["conv3d", "relu"]),
        ((Dim("N"), Dim("T"), 16), "float32", ["lstm", "gru", "dense", "relu"]),
        ((Dim("N"), 20, 16), "float32", ["conv1d", "lstm", "gru", "dense"]),
        ((Dim("N"), Dim("T")), "int64", ["embedding"]),
    ],
)
def test_a_dropped_wire_is_offered_what_most_networks_are_made_of(shape, dtype, first) -> None:
    found = find_blocks("", BLOCK_TYPES, spec=TensorSpec(shape=shape, dtype=dtype)).matches
    assert [match.type_id for match in found[: len(first)]] == first
    assert len(found) > len(first) + 5, "the others follow"


def test_letters_that_begin_several_names_mean_the_common_block_that_fits() -> None:
    def first(text: str, spec: TensorSpec) -> str:
        return find_blocks(text, BLOCK_TYPES, spec=spec).matches[0].type_id

    assert first("re", FLAT) == "relu"
    assert first("max", PICTURE) == "max_pool2d"
    assert first("lstm c", FLAT) == "lstm_cell"


def test_every_common_block_is_in_the_catalogue() -> None:
    assert _PLACES.keys() <= BLOCK_TYPES.keys()


def test_usage_breaks_ties_but_not_names() -> None:
    without = ids("", spec=PICTURE)
    assert without.index("max_pool2d") < without.index("avg_pool2d")
    used = ids("", spec=PICTURE, usage={"avg_pool2d": 5})
    assert used.index("avg_pool2d") < used.index("max_pool2d")
    assert "avg_pool2d" not in ids("max p", usage={"avg_pool2d": 50})[:1]


def test_a_named_block_that_refuses_the_tensor_is_told_apart() -> None:
    found = find_blocks("lstm", TYPES, spec=PICTURE)
    assert found.matches == ()
    assert found.refusing == ("lstm",)


@pytest.mark.parametrize(
    ("text", "nearest"),
    [("convlution", "conv2d"), ("denes", "dense"), ("dorpout", "dropout"), ("flaten", "flatten"), ("zzzzzz", None)],
)
def test_a_slip_of_the_keyboard_names_the_nearest(text: str, nearest: str | None) -> None:
    found = find_blocks(text, TYPES)
    assert found.matches == ()
    assert found.nearest == nearest


@pytest.mark.parametrize("text", ["x" * 32_767, "9" * 32_767, "conv " * 6000, "dense 1 " * 4000])
def test_a_pasted_page_is_searched_in_a_moment(text: str) -> None:
    began = time.thread_time()
    find_blocks(text, BLOCK_TYPES)
    assert time.thread_time() - began < 5
    assert nearest_name("dense" * 4000, BLOCK_TYPES.values()) is None
    assert time.thread_time() - began < 5


def test_slips_count_a_swap_once() -> None:
    assert slips("denes", "dense") == 1
    assert slips("", "abc") == 3
    assert slips("same", "same") == 0
    assert nearest_name("q", ()) is None


def test_candidates_limit_what_is_found() -> None:
    assert ids("", candidates=("relu", "dense", "nothing")) == ["relu", "dense"]


ROW = TensorSpec(shape=(Dim("N"), 256), dtype="float32")
AT_A_ROW = {"conv2d": None, "reshape": None, "lstm": Repair("unsqueeze", {})}
"""What does not take it with its defaults, and what would mend that."""


def test_the_nearest_name_is_of_what_can_be_put_there() -> None:
    given = {"spec": ROW, "candidates": ("dense", "relu"), "repairs": AT_A_ROW}
    assert find_blocks("convv2d", BLOCK_TYPES, **given).nearest is None
    assert find_blocks("densse", BLOCK_TYPES, **given).nearest == "dense"
    assert find_blocks("lstmm", BLOCK_TYPES, **given).nearest == "lstm"


def test_typed_values_count_when_a_block_is_said_to_refuse() -> None:
    given = {"spec": ROW, "candidates": ("dense", "flatten"), "repairs": AT_A_ROW}
    found = find_blocks("reshape 16x16", BLOCK_TYPES, **given)
    assert [(match.type_id, match.before) for match in found.matches][:1] == [("reshape", "")]
    assert "reshape" not in found.refusing
    assert "reshape" in find_blocks("reshape 5x5", BLOCK_TYPES, **given).refusing
    (lstm,) = find_blocks("lstm 8", BLOCK_TYPES, **given).matches
    assert (lstm.type_id, lstm.before) == ("lstm", "unsqueeze")


def test_losses_take_labels_at_their_second_port() -> None:
    assert accepting_port(BLOCK_TYPES["cross_entropy"], LABEL) == "target"
    assert accepting_port(BLOCK_TYPES["input"], LABEL) is None
