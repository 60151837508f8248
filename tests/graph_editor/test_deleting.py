"""What becomes of shared weights, in words, once their owner is deleted."""

from __future__ import annotations

import pytest

from engine.blocks.catalogue import BLOCK_TYPES
from engine.graph.graph import Block, Graph, Weights
from engine.graph.problem import Problem
from graph_editor.deleting import delete_and_tell, shared_words
from graph_editor.document import Document


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


def test_deleting_tells_what_became_of_weights_or_why_it_was_refused(qapp: object) -> None:
    refused: list[Problem] = []
    told: list[str] = []
    document = Document(owned(user("Twin", transposed=False)), BLOCK_TYPES)
    delete_and_tell(document, (), ("own",), refused=refused.append, told=told.append)
    assert (told, refused) == (["Weights of Encoder handed on to Twin"], [])
    assert document.undo_stack.count() == 1
    delete_and_tell(document, (), ("box",), refused=refused.append, told=told.append)
    assert len(told) == 1
    assert document.graph.blocks == {}
    delete_and_tell(document, ("gone",), ("x",), refused=refused.append, told=told.append)
    assert len(refused) == 1
    assert document.undo_stack.count() == 2
