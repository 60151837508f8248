import keyword
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import fx, nn

from engine.graph.edits import rename
from engine.graph.graph import Block, Graph
from engine.graph.paths import (
    all_ids,
    ancestors_of,
    bodies,
    body_at,
    body_path,
    depth,
    identifier,
    identifiers,
    within,
)
from engine.graph.problem import Refused
from engine.graph.scope import Scope

SCOPE = Scope(types={})


def nested(levels: int) -> Graph:
    """Containers c1 … cN, each with the next in its body and a leaf beside it."""
    graph = Graph(blocks={f"leaf{levels}": Block(f"leaf{levels}", "relu", "leaf")})
    for level in range(levels, 0, -1):
        container = Block(f"c{level}", "residual", f"C{level}", body=graph)
        leaf = Block(f"leaf{level - 1}", "relu", "leaf")
        graph = Graph(blocks={container.id: container, leaf.id: leaf})
    return graph


def test_within_changes_one_body_and_keeps_the_rest_as_it_is() -> None:
    graph = nested(3)
    seen: list[tuple[Graph, ...]] = []

    def edit(body: Graph, scope: Scope, name: str) -> Graph:
        seen.append(scope.ancestors)
        return rename(body, scope, "leaf2", name)

    after = within(graph, ("c1", "c2"), edit, SCOPE, "new")
    assert body_at(after, ("c1", "c2")).blocks["leaf2"].name == "new"
    assert body_at(graph, ("c1", "c2")).blocks["leaf2"].name == "leaf"
    assert body_at(after, ("c1", "c2", "c3")) is body_at(graph, ("c1", "c2", "c3"))
    assert after.blocks["leaf0"] is graph.blocks["leaf0"]
    assert seen == [ancestors_of(graph, ("c1", "c2"))]
    assert seen[0] == (graph, body_at(graph, ("c1",)))


def test_within_without_a_change_gives_the_same_graph() -> None:
    graph = nested(2)
    assert within(graph, ("c1",), lambda body, scope: body, SCOPE) is graph


@pytest.mark.parametrize("path", [("nowhere",), ("leaf0",), ("c1", "nowhere")])
def test_a_body_that_is_not_there_is_refused(path: tuple[str, ...]) -> None:
    with pytest.raises(Refused, match=f"There is no block {path[-1]} here"):
        within(nested(2), path, lambda body, scope: body, SCOPE)


def test_all_bodies_are_found_however_deep() -> None:
    graph = nested(2_000)
    assert depth(graph) == 2_000
    assert len(all_ids(graph)) == 4_001
    assert len(list(bodies(graph))) == 2_001
    assert depth(Graph()) == 0


def test_instance_paths_lose_their_copy_numbers() -> None:
    assert body_path(("k3f9", 3, "q8d2")) == ("k3f9", "q8d2")


def named(*names: str) -> Graph:
    return Graph(blocks={f"b{number:03}": Block(f"b{number:03}", "relu", name) for number, name in enumerate(names)})


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Convolution", "convolution"),
        ("Dense 2", "dense_2"),
        ("a.b", "a_b"),
        ("2nd layer", "block_2nd_layer"),
        ("training", "block_training"),
        ("Forward", "block_forward"),
        ("type", "block_type"),
        ("class", "block_class"),
        ("match", "block_match"),
        ("__init__", "init"),
        ("  ", "block"),
        ("…", "block"),
        ("Größe", "gr_sse"),
        ("层", "block"),
        ("x²", "x"),
        ("weights/bias", "weights_bias"),
    ],
)
def test_names_that_python_accepts(name: str, expected: str) -> None:
    assert identifiers(named(name)) == {"b000": expected}


def test_names_stay_different() -> None:
    names = identifiers(named("Add", "add", "ADD", "add 2", "add_2", "層", "层")).values()
    assert list(names) == ["add", "add_2", "add_3", "add_2_2", "add_2_3", "block", "block_2"]


@pytest.mark.parametrize("owner", [nn.Module(), fx.GraphModule(nn.Module(), fx.Graph())], ids=["Module", "GraphModule"])
def test_no_name_hides_an_attribute_of_torch(owner: nn.Module) -> None:
    hidden = [name for name in dir(owner) if identifier(name) == name and not name.startswith("_")]
    assert not hidden


@given(st.lists(st.text(max_size=12), min_size=1, max_size=12))
def test_any_names_become_different_submodules(texts: list[str]) -> None:
    names = identifiers(named(*texts))
    assert len(set(names.values())) == len(texts)
    root: Any = nn.Module()
    for name in names.values():
        assert name.isidentifier()
        assert not keyword.iskeyword(name)
        assert name == name.lower()
        assert name.isascii()
        root.add_module(name, nn.Identity())
    graph = fx.Graph()
    node = graph.placeholder("image")
    for name in names.values():
        node = graph.call_module(name, (node,))
    graph.output(node)
    value = torch.ones(2)
    assert fx.GraphModule(root, graph)(value) is value
