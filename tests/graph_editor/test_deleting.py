"""What becomes of shared weights, in words, once their owner is deleted."""

from __future__ import annotations

import pytest

from engine.graph.graph import Block, Graph, Weights
from graph_editor.deleting import shared_words


def owned(*users: Block) -> Graph:
    """A dense layer, and a group of blocks that use its weights."""
    body = Graph(blocks={user.id: user for user in users})
    return Graph(blocks={"own": Block("own", "dense", "Encoder"), "box": Block("box", "group", "Box", body=body)})


def user(name: str, *, transposed: bool) -> Block:
    return Block(name.lower(), "dense", name, weights=Weights("own", transposed=transposed))


@pytest.mark.parametrize(
    ("users", "words"),
    [
        ((), ""),
        ((user("Twin", transposed=False),), "Weights of Encoder handed on to Twin"),
        ((user("Decoder", transposed=True),), "Decoder has weights of its own now"),
    ],
)
def test_those_in_containers_are_told_too(users: tuple[Block, ...], words: str) -> None:
    assert shared_words(owned(*users), ("own",)) == words
    assert shared_words(owned(*users), ("box",)) == ""
