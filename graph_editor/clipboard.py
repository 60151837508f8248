"""Blocks as text on the clipboard: JSON that another window, or a person, can read."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from engine.graph.block_type import BlockType
from engine.graph.graph import Graph, PortRef, encode_graph
from engine.graph.paths import DEEPEST, all_ids, bodies, depth
from engine.graph.problem import Problem, Refused
from engine.graph.traversal import execution_order

FORMAT = "tensorloom-blocks"
VERSION = 1
LONGEST_TEXT = 64_000_000


class _Clip(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: str
    version: int
    graph: Graph


def text_of(fragment: Graph) -> str:
    """The blocks of `fragment` and the wires among them as JSON text."""
    graph = encode_graph(msgspec.structs.replace(fragment, variables={}))
    return f'{{"format":"{FORMAT}","version":{VERSION},"graph":{graph.decode()}}}'


def fragment_from(text: str, types: Mapping[str, BlockType]) -> Graph:
    """The blocks in `text`; `types` are the known ones.

    Raises Refused for text that was not copied from a drawing; nothing in it is run.
    """
    if FORMAT not in text[:200] or len(text) > LONGEST_TEXT:
        raise _foreign("it holds no blocks")
    try:
        clip = msgspec.json.decode(text, type=_Clip)
    except (msgspec.MsgspecError, RecursionError, ValueError) as fault:
        raise _foreign("its blocks are damaged") from fault
    if clip.format != FORMAT or clip.version != VERSION:
        raise _foreign("it was made by another version")
    graph = clip.graph
    if not graph.blocks:
        raise _foreign("it holds no blocks")
    if depth(graph) > DEEPEST:
        raise _foreign("its containers are nested too deep")
    count = 0
    bare = {id for id, type in types.items() if type.role != "container"}
    for _, body in bodies(graph):
        count += len(body.blocks)
        targets = [wire.target for wire in body.wires]
        if any(id != block.id for id, block in body.blocks.items()) or len(set(targets)) != len(targets):
            raise _foreign("its blocks are damaged")
        if any(block.body is not None and block.type in bare for block in body.blocks.values()):
            raise _foreign("its blocks are damaged")
        if not all(_here(body, wire.source) and _here(body, wire.target) for wire in body.wires):
            raise _foreign("its wires lead nowhere")
        if len(execution_order(body)) < len(body.blocks):
            raise _foreign("its blocks stand on a loop")
    if count != len(all_ids(graph)):
        raise _foreign("its blocks are damaged")
    return graph


def _here(body: Graph, end: PortRef) -> bool:
    return end.block in body.blocks


def _foreign(reason: str) -> Refused:
    return Refused(Problem(code="not-blocks", facts={"reason": reason}))
