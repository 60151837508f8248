"""Deleting blocks and wires: one undo step, and in words what becomes of weights that others used."""

from __future__ import annotations

from collections.abc import Callable

from engine.graph import edits
from engine.graph.graph import Graph, PortRef
from engine.graph.handing_on import without_owners
from engine.graph.paths import BodyPath, bodies, body_at, within
from engine.graph.problem import Problem, Refused
from engine.graph.scope import Scope
from graph_editor.document import Document


def delete(document: Document, path: BodyPath, blocks: tuple[str, ...], wires: tuple[PortRef, ...] = ()) -> str:
    """Delete blocks of the body at `path`, and the wires that arrive at `wires`; "" or what became of shared weights.

    An Entry or Exit takes the wires at its container's port along. Raises Refused.
    """

    def removed(graph: Graph, scope: Scope) -> Graph:
        return edits.remove_blocks(edits.disconnect(graph, scope, wires), scope, blocks)

    label = "Delete" if len(blocks) + len(wires) != 1 else "Delete block" if blocks else "Delete wire"
    words = shared_words(body_at(document.graph, path), blocks)
    graph = within(document.graph, path, removed, document.scope)
    if path:
        graph = within(graph, path[:-1], edits.remove_lost_wires, document.scope, path[-1])
    document.commit(label, graph)
    return words


def delete_and_tell(
    document: Document,
    path: BodyPath,
    blocks: tuple[str, ...],
    wires: tuple[PortRef, ...] = (),
    *,
    refused: Callable[[Problem], object],
    told: Callable[[str], object],
) -> None:
    """Delete as `delete` does; `refused` hears why it was not done, `told` what became of weights that others used."""
    try:
        words = delete(document, path, blocks, wires)
    except Refused as fault:
        refused(fault.problem)
    else:
        if words:
            told(words)


def shared_words(body: Graph, gone: tuple[str, ...]) -> str:
    """What becomes of the weights of the blocks `gone` that others use, "" where none are used."""
    after, handed = without_owners(body, gone)
    said = [f"Weights of {owner} handed on to {heir}" for owner, heir in handed]
    heirs = {heir for _, heir in handed}
    before = {path: inner.blocks for path, inner in bodies(body)}
    alone = [
        block.name
        for path, inner in bodies(after)
        for id, block in inner.blocks.items()
        if block.weights is None and before[path][id].weights is not None and block.name not in heirs
    ]
    if alone:
        said.append(f"{' and '.join(alone)} {'has' if len(alone) == 1 else 'have'} weights of {_own(alone)} now")
    return ". ".join(said)


def _own(names: list[str]) -> str:
    return "its own" if len(names) == 1 else "their own"
