"""The drawing as an immutable value: blocks, wires, and what a person wrote beside them."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from engine.graph.values import Plain, Value

Path = tuple[str | int, ...]
"""Instance path of a block: ids from the root inwards, each Repeat followed by the index of its copy."""

FARTHEST = 1 << 22
"""How far from the origin anything stands; a file may say more, and pictures and wires of that size end nowhere."""


def _reachable(number: int) -> int:
    return max(-FARTHEST, min(number, FARTHEST))


class PortRef(Plain, frozen=True, tag="port", order=True):
    """One port of one block of the body that is being spoken of."""

    block: str
    port: str


class Wire(Plain, frozen=True):
    """A connection inside one body, from an output to an input; `bends` are scene points, at most `FARTHEST` away."""

    source: PortRef
    target: PortRef
    bends: tuple[tuple[int, int], ...] = ()

    def __post_init__(self) -> None:
        if self.bends:
            bends = tuple((_reachable(x), _reachable(y)) for x, y in self.bends)
            msgspec.structs.force_setattr(self, "bends", bends)


class Weights(Plain, frozen=True):
    """Whose weights a block uses: the owner's id in the same or an enclosing body."""

    of: str
    transposed: bool = False


class Initialiser(Plain, frozen=True):
    """How a weight starts: a name such as `he-normal` and its arguments."""

    name: str
    arguments: Mapping[str, Value] = {}


class Learning(Plain, frozen=True):
    """How a block's weights start and learn; `initialisers` by parameter name, absent ones are PyTorch's own."""

    initialisers: Mapping[str, Initialiser] = {}
    frozen: bool = False
    rate_factor: float = 1.0
    decay: float | None = None


class Look(Plain, frozen=True):
    """Where a block stands, in whole scene units at most `FARTHEST` away, and whether a container is drawn open."""

    x: int = 0
    y: int = 0
    open: bool = False

    def __post_init__(self) -> None:
        if not (-FARTHEST <= self.x <= FARTHEST and -FARTHEST <= self.y <= FARTHEST):
            msgspec.structs.force_setattr(self, "x", _reachable(self.x))
            msgspec.structs.force_setattr(self, "y", _reachable(self.y))


class Block(Plain, frozen=True):
    """One block of a drawing. `parameters` holds what differs from the defaults; containers own a `body`."""

    id: str
    type: str
    name: str
    parameters: Mapping[str, Value] = {}
    weights: Weights | None = None
    learning: Learning = Learning()
    bypassed: bool = False
    body: Graph | None = None
    raw: str | None = None
    look: Look = Look()


class Note(Plain, frozen=True):
    """Markdown beside the drawing; `rectangle` is x, y, width, height in scene units."""

    id: str
    text: str
    rectangle: tuple[int, int, int, int]


class Frame(Plain, frozen=True):
    """A titled rectangle behind blocks, in the colour of a family."""

    id: str
    title: str
    colour: str
    rectangle: tuple[int, int, int, int]


class Graph(Plain, frozen=True):
    """A drawing, or the body of a container. `wires` are sorted by target, one for each target.

    `variables` are project variables and stand at the root only.
    """

    blocks: Mapping[str, Block] = {}
    wires: tuple[Wire, ...] = ()
    variables: Mapping[str, Value] = {}
    notes: tuple[Note, ...] = ()
    frames: tuple[Frame, ...] = ()

    @property
    def is_blank(self) -> bool:
        """Whether nothing is drawn, which is a beginning and no fault."""
        return not self.blocks


def sorted_wires(wires: tuple[Wire, ...] | list[Wire]) -> tuple[Wire, ...]:
    """The wires in the order a Graph keeps them: by target."""
    return tuple(sorted(wires, key=lambda wire: wire.target))


_ENCODER = msgspec.json.Encoder(order="sorted")
_DECODER: msgspec.json.Decoder[Graph] = msgspec.json.Decoder(Graph)


def encode_graph(graph: Graph) -> bytes:
    """The drawing as JSON, byte-equal for equal drawings from every process."""
    return _ENCODER.encode(graph)


def decode_graph(data: bytes) -> Graph:
    """The drawing that `encode_graph` wrote. Raises msgspec.ValidationError or DecodeError."""
    return _DECODER.decode(data)
