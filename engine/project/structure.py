"""What a drawing from a file must keep to before the rest of the program may trust it."""

from __future__ import annotations

from engine.graph.graph import Block, Graph, PortRef
from engine.graph.paths import DEEPEST, bodies
from engine.graph.problem import refused
from engine.graph.traversal import cyclic_blocks


def check_structure(graph: Graph, file: str) -> None:
    """Refuse what no edit makes.

    Ids that stand twice, wires without ends, two wires to one port, loops, bodies of blocks that are no containers, and
    more than 32 containers deep.
    Raises Refused with the block. Shapes, parameters and unknown types are left to analysis.
    """
    seen: set[str] = set()
    for path, body in bodies(graph):
        if len(path) > DEEPEST:
            raise refused("too-deep", file=file, limit=DEEPEST)
        for key, block in body.blocks.items():
            if key != block.id or block.id in seen:
                raise refused("file-id-twice", path=(*path, key), file=file, id=block.id)
            seen.add(block.id)
            if block.body is not None:
                _check_container(block, (*path, key), file)
        _check_wires(body, path, file)


def _check_container(block: Block, path: tuple[str, ...], file: str) -> None:
    from engine.blocks.catalogue import BLOCK_TYPES

    type = BLOCK_TYPES.get(block.type)
    if type is not None and type.role != "container":
        raise refused("file-body", path=path, file=file, title=type.title, name=block.name)


def _check_wires(body: Graph, path: tuple[str, ...], file: str) -> None:
    targets: set[PortRef] = set()
    for wire in body.wires:
        for end in (wire.source, wire.target):
            if end.block not in body.blocks:
                raise refused("file-wire-end", path=path, file=file, id=end.block)
        if wire.target in targets:
            block = body.blocks[wire.target.block]
            raise refused(
                "file-wire-twice",
                path=(*path, block.id),
                file=file,
                target=wire.target.port,
                title=_title(block),
                name=block.name,
            )
        targets.add(wire.target)
    for id in sorted(cyclic_blocks(body))[:1]:
        block = body.blocks[id]
        raise refused("file-loop", path=(*path, id), file=file, title=_title(block), name=block.name)


def _title(block: Block) -> str:
    return block.type.replace("_", " ").capitalize()
