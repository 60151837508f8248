"""What every block type declares is whole: words, defaults, bounds, its place in the catalogue."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QCoreApplication

from engine.blocks.catalogue import BLOCK_TYPES, FAMILIES
from engine.graph.block_type import BlockType
from engine.graph.edits import add_block
from engine.graph.graph import Block, Graph, decode_graph, encode_graph
from engine.graph.parameter_rules import parameter_problem
from engine.graph.scope import Scope
from graph_editor.theme import has_icon
from tests.every_block.cases import SCOPE, SPECS, parameter_sets, values_of


def _drawn(type: BlockType) -> Graph:
    body = type.body(iter(f"{type.id}-{number}" for number in range(99)).__next__) if type.body else None
    values = {parameter.id: next(values_of(parameter), parameter.default) for parameter in type.parameters}
    block = Block("b", type.id, type.title, values, body=body)
    scope = Scope(types=BLOCK_TYPES, ancestors=(Graph(),)) if type.role == "boundary" else SCOPE
    return add_block(Graph(), scope, block)


@pytest.mark.parametrize("type", BLOCK_TYPES.values(), ids=lambda type: type.id)
def test_it_survives_json(type: BlockType) -> None:
    graph = _drawn(type)
    assert decode_graph(encode_graph(graph)) == graph
    assert encode_graph(decode_graph(encode_graph(graph))) == encode_graph(graph)


@pytest.mark.parametrize("type", BLOCK_TYPES.values(), ids=lambda type: type.id)
def test_what_people_read_is_whole(type: BlockType, qapp: QCoreApplication) -> None:
    assert type.icon
    assert has_icon(type.icon), type.icon
    assert type.title[0].isupper()
    assert type.purpose.endswith(".")
    assert type.formula
    assert type.family in {*dict(FAMILIES), "loss"}
    assert len(set(type.aliases)) == len(type.aliases)
    assert all(alias == alias.lower() for alias in type.aliases)
    for parameter in type.parameters:
        assert parameter.label[0].isupper()
        assert parameter.help.endswith(".")


@pytest.mark.parametrize("type", BLOCK_TYPES.values(), ids=lambda type: type.id)
def test_the_second_line_is_filled_for_all_parameters(type: BlockType) -> None:
    for parameters in parameter_sets(type):
        ports = type.ports(parameters, None).inputs
        inputs = {port.id: SPECS["rows"] for port in ports}
        line = type.second_line(parameters, inputs)
        assert "{" not in line
        changed = [name for name, value in parameters.items() if value != type.parameter(name).default]
        more = [template for template in type.summary_if_changed if any(f"{{{name}}}" in template for name in changed)]
        parts = len(type.summary) + len(more)
        assert len(line.split(" · ")) == parts if parts else line == ""


@pytest.mark.parametrize("type", BLOCK_TYPES.values(), ids=lambda type: type.id)
def test_defaults_and_bounds_are_allowed_values(type: BlockType) -> None:
    block = Block("b", type.id, type.title)
    assert len({parameter.id for parameter in type.parameters}) == len(type.parameters)
    for parameter in type.parameters:
        assert parameter_problem(type, block, parameter, parameter.default, {}) is None
        for value in values_of(parameter):
            assert parameter_problem(type, block, parameter, value, {}) is None, (parameter.id, value)


def test_the_catalogue_is_in_order() -> None:
    assert all(id == type.id for id, type in BLOCK_TYPES.items())
    assert len({type.title for type in BLOCK_TYPES.values()}) == len(BLOCK_TYPES)
    assert "lstm" in BLOCK_TYPES
    assert len(BLOCK_TYPES) >= 25
