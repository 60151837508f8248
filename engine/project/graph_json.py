"""A drawing as JSON and back; blocks of a type that this version does not know keep their JSON as it is."""

from __future__ import annotations

import json
import re
from collections.abc import Container, Mapping
from typing import Any, NoReturn

import msgspec

from engine.graph.graph import Block, Frame, Graph, Learning, Look, Note, Weights, Wire, sorted_wires
from engine.graph.paths import DEEPEST, bodies
from engine.graph.problem import refused
from engine.graph.values import Plain, Value

DEEPEST_JSON = 4 * DEEPEST + 64
"""A container costs three levels of JSON; the rest is room for values and unknown blocks."""

_ENCODER = msgspec.json.Encoder(order="sorted")
_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_OTHER_THAN_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")


class _Body(Plain, frozen=True):
    blocks: dict[str, msgspec.Raw] = {}
    wires: tuple[Wire, ...] = ()
    variables: Mapping[str, Value] = {}
    notes: tuple[Note, ...] = ()
    frames: tuple[Frame, ...] = ()


class _KnownBlock(Plain, frozen=True):
    id: str
    type: str
    name: str
    parameters: Mapping[str, Value] = {}
    weights: Weights | None = None
    learning: Learning = Learning()
    bypassed: bool = False
    body: msgspec.Raw = msgspec.Raw(b"null")
    raw: str | None = None
    look: Look = Look()


class _Head(msgspec.Struct, frozen=True):
    """What of a block can always be read."""

    id: str
    type: str
    name: str


class _Parameters(msgspec.Struct, frozen=True):
    parameters: dict[str, msgspec.Raw] = {}


class _Place(msgspec.Struct, frozen=True):
    look: Look = Look()


_BODY = msgspec.json.Decoder(_Body)
_KNOWN = msgspec.json.Decoder(_KnownBlock)
_HEAD = msgspec.json.Decoder(_Head)
_PLACE = msgspec.json.Decoder(_Place)


def check_json(data: bytes, file: str) -> None:
    """Refuse JSON that is too deep to read safely, that is broken, or that has one key twice in an object."""
    depth = 0
    for bracket in _STRING.sub(b"", data).translate(None, _OTHER_THAN_BRACKETS):
        depth += 1 if bracket in b"[{" else -1
        if depth > DEEPEST_JSON:
            raise refused("too-deep", file=file, limit=DEEPEST)

    if _is_ours(data):
        return

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        plain = dict(pairs)
        if len(plain) < len(pairs):
            seen: set[str] = set()
            raise refused("file-key-twice", file=file, id=next(k for k, _ in pairs if k in seen or seen.add(k)))  # type: ignore[func-returns-value]
        return plain

    def no_number(text: str) -> NoReturn:
        raise refused("file-json", file=file, reason=f"{text} is no number")

    try:
        json.loads(data, object_pairs_hook=once, parse_constant=no_number)
    except (json.JSONDecodeError, UnicodeDecodeError) as fault:
        raise refused("file-json", file=file, reason=str(fault)) from fault
    except ValueError as fault:
        if hasattr(fault, "problem"):
            raise
        # Python refuses to convert integers of thousands of digits
        raise refused("file-json", file=file, reason="a number is too long") from fault
    except RecursionError as fault:
        raise refused("too-deep", file=file, limit=DEEPEST) from fault


def _is_ours(data: bytes) -> bool:
    """Whether this program wrote the JSON: then no key stands twice, and the slow look at every object is spared."""
    try:
        return _ENCODER.encode(msgspec.json.decode(data)) == data
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return False


def decode_graph(data: bytes | msgspec.Raw, types: Container[str], file: str) -> Graph:
    """The drawing in JSON that `check_json` passed. Blocks whose type is not among `types` keep their JSON in `raw`.

    Raises Refused where it does not decode, naming the block.
    """
    return _decode_body(data, types, file, ())


def _decode_body(data: bytes | msgspec.Raw, types: Container[str], file: str, path: tuple[str, ...]) -> Graph:
    if len(path) > DEEPEST:
        raise refused("too-deep", file=file, limit=DEEPEST)
    try:
        body = _BODY.decode(data)
    except msgspec.MsgspecError as fault:
        if path:
            raise refused("file-block", path=path, file=file, id=path[-1], reason=f"body: {fault}") from fault
        raise refused("file-json", file=file, reason=str(fault)) from fault
    blocks = {id: _decode_block(id, raw, types, file, (*path, id)) for id, raw in body.blocks.items()}
    return Graph(
        blocks=blocks,
        wires=sorted_wires(body.wires),
        variables=body.variables,
        notes=body.notes,
        frames=body.frames,
    )


def _decode_block(id: str, raw: msgspec.Raw, types: Container[str], file: str, path: tuple[str, ...]) -> Block:
    try:
        head = _HEAD.decode(raw)
        if head.type not in types:
            return Block(id=head.id, type=head.type, name=head.name, raw=bytes(raw).decode(), look=_place(raw))
        known = _KNOWN.decode(raw)
    except msgspec.MsgspecError as fault:
        raise refused("file-block", path=path, file=file, id=id, reason=_where(raw, fault)) from fault
    return Block(
        id=known.id,
        type=known.type,
        name=known.name,
        parameters=known.parameters,
        weights=known.weights,
        learning=known.learning,
        bypassed=known.bypassed,
        body=None if bytes(known.body) == b"null" else _decode_body(known.body, types, file, path),
        look=known.look,
    )


def _where(raw: msgspec.Raw, fault: msgspec.MsgspecError) -> str:
    """What is wrong with a block; msgspec does not say which of its parameters it means."""
    try:
        parameters = msgspec.json.decode(raw, type=_Parameters).parameters
    except msgspec.MsgspecError:
        return str(fault)
    for name, value in parameters.items():
        try:
            msgspec.json.decode(value, type=Value)
        except msgspec.MsgspecError as inner:
            return f"{name}: {inner}"
    return str(fault)


def _place(raw: bytes | msgspec.Raw) -> Look:
    try:
        return _PLACE.decode(raw).look
    except msgspec.MsgspecError:
        return Look()


def encode_graph(graph: Graph) -> msgspec.Raw:
    """The drawing as JSON, the same bytes from every process; kept JSON goes back byte for byte."""
    if not any(block.raw is not None for _, body in bodies(graph) for block in body.blocks.values()):
        return msgspec.Raw(_ENCODER.encode(graph))
    return msgspec.Raw(_ENCODER.encode(_plain_body(graph)))


def _plain_body(graph: Graph) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(msgspec.structs.replace(graph, blocks={}))
    plain["blocks"] = {id: _plain_block(block) for id, block in graph.blocks.items()}
    return plain


def _plain_block(block: Block) -> Any:
    if block.raw is not None:
        return _kept(block, block.raw)
    plain: dict[str, Any] = msgspec.to_builtins(msgspec.structs.replace(block, body=None))
    if block.body is not None:
        plain["body"] = _plain_body(block.body)
    return plain


def _kept(block: Block, raw: str) -> msgspec.Raw:
    """The kept JSON; only where the block was moved, renamed or copied since does it change, and only in that."""
    data = raw.encode()
    head = _HEAD.decode(data)
    changes: dict[str, Any] = {}
    if head.id != block.id:
        changes["id"] = block.id
    if head.name != block.name:
        changes["name"] = block.name
    if _place(data) != block.look:
        changes["look"] = block.look
    if not changes:
        return msgspec.Raw(data)
    members: dict[str, Any] = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
    return msgspec.Raw(msgspec.json.encode({**members, **changes}))
