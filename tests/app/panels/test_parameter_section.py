"""What the fields of parameters say beside their values."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from pytestqt.qtbot import QtBot

from app.panels.choice_field import ChoiceField
from app.panels.inspector import Inspector
from app.panels.tuple_field import ListField, TupleField
from engine.blocks.catalogue import BLOCK_TYPES
from engine.graph.edits import add_block, set_parameter
from engine.graph.graph import Block, Graph
from engine.graph.values import Formula, Value
from engine.training.plan import Settings
from graph_editor.document import Document
from graph_editor.theme import load_theme
from tests.app.panels.inspecting import page, shown


@pytest.fixture
def inspect(qapp: object, qtbot: QtBot):
    def inspect(type: str, parameters: Mapping[str, Value] | None = None) -> tuple[Inspector, Document]:
        block = Block("b", type, BLOCK_TYPES[type].title, dict(parameters or {}))
        document = Document(Graph(blocks={"b": block}), BLOCK_TYPES, Settings())
        inspector = shown(Inspector(document, BLOCK_TYPES, {}, load_theme("light")), qtbot)
        inspector.show_selection((), ("b",))
        return inspector, document

    return inspect


def said(inspector: Inspector, parameter: str) -> list[str]:
    """What the empty fields of a parameter say."""
    section = page(inspector).parameters
    assert section is not None
    field = section.row(parameter).field()
    fields = field.items() if isinstance(field, TupleField) else (field,)
    return [one.focusProxy().placeholderText() for one in fields]


def test_a_pool_without_a_stride_shows_its_window_there(inspect) -> None:
    inspector, document = inspect("max_pool3d")
    assert said(inspector, "stride") == ["2", "2", "2"]
    document.edit("Window", set_parameter, "b", "kernel_size", (4, 3, 2))
    assert said(inspector, "stride") == ["4", "3", "2"]


def test_pools_of_other_windows_have_no_stride_in_common(inspect) -> None:
    inspector, document = inspect("max_pool2d")
    other = Block("o", "max_pool2d", "Other", {"kernel_size": (3, 3)})
    document.edit("Add", add_block, other)
    inspector.show_selection((), ("b", "o"))
    assert said(inspector, "stride") == ["differ", "differ"]
    document.edit("Window", set_parameter, "o", "kernel_size", (2, 2))
    assert said(inspector, "stride") == ["2", "2"]


@pytest.mark.parametrize(
    ("type", "parameter", "words"),
    [
        ("crop", "offset", ["mid", "mid"]),
        ("slice", "stop", ["end"]),
        ("reduce", "dims", ["all"]),
        ("split", "sizes", ["equal"]),
        ("softmax", "dim", ["auto"]),
        ("embedding", "padding_idx", ["none"]),
    ],
)
def test_what_is_left_out_says_what_stands_in_for_it(inspect, type: str, parameter: str, words: list[str]) -> None:
    inspector, _ = inspect(type)
    section = page(inspector).parameters
    assert section is not None
    assert isinstance(section.row(parameter).field(), TupleField) == (len(words) > 1)
    assert isinstance(section.row(parameter).field(), ListField) == (parameter in ("dims", "sizes"))
    assert said(inspector, parameter) == words


@pytest.mark.parametrize(
    ("type", "parameter", "label"),
    [
        ("transformer_encoder_layer", "activation", "ReLU"),
        ("table_conv2d", "table", "LeNet"),
        ("rnn", "nonlinearity", "Tanh"),
    ],
)
def test_choices_are_called_as_the_blocks_of_that_name(inspect, type: str, parameter: str, label: str) -> None:
    inspector, _ = inspect(type)
    section = page(inspector).parameters
    assert section is not None
    field = section.row(parameter).field()
    assert isinstance(field, ChoiceField)
    assert field.text() == label


@pytest.mark.parametrize(("type", "words"), [("dense", "PyTorch default"), ("rbm", "Default")])
def test_only_what_pytorch_draws_is_called_its_default(inspect, type: str, words: str) -> None:
    inspector, _ = inspect(type)
    learning = page(inspector).learning
    assert learning is not None
    assert learning.start_row().field().text() == words


def test_a_choice_that_only_looks_like_a_block_keeps_its_own_name(inspect) -> None:
    inspector, _ = inspect("conv2d", {"padding": "custom"})
    section = page(inspector).parameters
    assert section is not None
    assert section.row("padding").field().text() == "Custom", "no block of one's own"


def units(inspector: Inspector, parameter: str) -> list[str]:
    """What stands behind the numbers of a parameter."""
    section = page(inspector).parameters
    assert section is not None
    field = section.row(parameter).field()
    return [one.shown_unit() for one in (field.items() if isinstance(field, TupleField) else (field,))]


COUNTED = [(type.id, known) for type in BLOCK_TYPES.values() for known in type.parameters if known.unit]


@pytest.mark.parametrize(("type", "parameter"), COUNTED, ids=lambda one: one if isinstance(one, str) else one.id)
def test_what_a_number_counts_stands_behind_it(inspect, type, parameter) -> None:
    inspector, document = inspect(type)
    length = parameter.length or 1
    empty = parameter.default is None
    assert units(inspector, parameter.id) == [""] * length if empty else [parameter.unit] * length
    if empty:
        document.edit("Value", set_parameter, "b", parameter.id, (8,) * length)
        assert units(inspector, parameter.id) == [parameter.unit] * length


def test_a_unit_gives_way_to_a_long_number_and_to_what_a_formula_comes_to(inspect) -> None:
    inspector, document = inspect("gabor_filters")
    assert {id for id, _ in COUNTED} >= {"gabor_filters", "haar_filters", "hog", "crop", "patch_embedding"}
    assert units(inspector, "aspect") == [""], "a ratio has none"
    document.edit("Value", set_parameter, "b", "sigma", 1.23456789012345)
    section = page(inspector).parameters
    assert section is not None
    field = section.row("sigma").field()
    assert field.whole_width() <= field.width() or field.shown_unit() == ""
    document.edit("Value", set_parameter, "b", "sigma", Formula("1 + 1"))
    assert (field.computed(), field.shown_unit()) == ("2", "")
    document.edit("Value", set_parameter, "b", "sigma", 1000.0)
    assert field.shown_unit() == "px"


def test_one_of_several_is_one(inspect) -> None:
    inspector, document = inspect("hog", {"block_size": 1})
    assert units(inspector, "block_size") == ["cell"]
    document.edit("Value", set_parameter, "b", "block_size", 3)
    assert units(inspector, "block_size") == ["cells"]
