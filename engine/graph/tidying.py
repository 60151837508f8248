"""Lays out one body of a drawing anew: all of it, or chosen blocks where they stand; notes and frames go along."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping

import msgspec

from engine.graph.block_size import SNAP, Drawn, Size
from engine.graph.block_type import BlockType
from engine.graph.graph import Frame, Graph, Note, PortRef
from engine.graph.layout import body_laid_out
from engine.graph.scope import Scope
from engine.graph.values import Plain

replace = msgspec.structs.replace

CLEAR = 24
"""At least so much is left between what was laid out and what stays where it is."""
_FRAME = 24
_FARTHEST = 64

Place = tuple[int, int]
Rectangle = tuple[int, int, int, int]
"""Left, top, width and height."""


class Arrangement(Plain, frozen=True):
    """What differs in a body that was laid out: places of blocks, bends of wires by target, notes and frames."""

    places: Mapping[str, Place] = {}
    bends: tuple[tuple[PortRef, tuple[Place, ...]], ...] = ()
    notes: tuple[Note, ...] = ()
    frames: tuple[Frame, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.places or self.bends or self.notes or self.frames)


def tidied(
    body: Graph,
    types: Mapping[str, BlockType],
    sizes: Mapping[str, Size] | None = None,
    only: Collection[str] = (),
    pause: Callable[[], None] | None = None,
) -> Arrangement:
    """What changes where `body`, with the project's variables in it, is laid out.

    `only` are the ids of blocks that alone are laid out, around the centre that they have, or as near as the others
    leave room; without any, all are, from where the upper left one stands. `sizes` and `pause` as in `body_laid_out`.
    """
    sizes = sizes or {}
    chosen = movable(body, only) if only else frozenset(body.blocks)
    part = body if len(chosen) == len(body.blocks) else _part(body, chosen)
    laid = body_laid_out(part, types, sizes, pause=pause)
    boxes = _Boxes(body, types, sizes)
    before, after = boxes.around(part), boxes.around(laid)
    if before is None or after is None:
        return Arrangement()
    shift = _snapped((before[0] - after[0], before[1] - after[1]))
    if part is not body:
        middles = [(one[0] + one[2] / 2, one[1] + one[3] / 2) for one in (before, after)]
        shift = _snapped((middles[0][0] - middles[1][0], middles[0][1] - middles[1][1]))
        shift = _with_room(shift, boxes.of(laid), [boxes.at(id) for id in body.blocks if id not in chosen])
    return _arrangement(body, _moved(laid, shift), boxes)


def arrange(graph: Graph, scope: Scope, arrangement: Arrangement) -> Graph:
    """With everything of one body where an arrangement has it; what is no longer there is left out."""
    blocks = dict(graph.blocks)
    for id, (x, y) in arrangement.places.items():
        if id in blocks:
            blocks[id] = replace(blocks[id], look=replace(blocks[id].look, x=x, y=y))
    bends = dict(arrangement.bends)
    wires = graph.wires
    if bends:
        wires = tuple(replace(wire, bends=bends.get(wire.target, wire.bends)) for wire in wires)
    notes = {note.id: note for note in arrangement.notes}
    frames = {frame.id: frame for frame in arrangement.frames}
    return replace(
        graph,
        blocks=blocks,
        wires=wires,
        notes=tuple(notes.get(note.id, note) for note in graph.notes),
        frames=tuple(frames.get(frame.id, frame) for frame in graph.frames),
    )


def movable(body: Graph, only: Collection[str]) -> frozenset[str]:
    """Those of `only` that are there; Entries and Exits only with all of their side: their order is the ports'."""
    chosen = {id for id in only if id in body.blocks}
    for side in ("entry", "exit"):
        borders = {id for id, block in body.blocks.items() if block.type == side}
        if not borders <= chosen:
            chosen -= borders
    return frozenset(chosen)


def _part(body: Graph, chosen: Collection[str]) -> Graph:
    wires = tuple(wire for wire in body.wires if wire.source.block in chosen and wire.target.block in chosen)
    blocks = {id: block for id, block in body.blocks.items() if id in chosen}
    return replace(body, blocks=blocks, wires=wires)


def _moved(graph: Graph, shift: Place) -> Graph:
    x, y = shift
    blocks = {
        id: replace(block, look=replace(block.look, x=block.look.x + x, y=block.look.y + y))
        for id, block in graph.blocks.items()
    }
    wires = tuple(
        replace(wire, bends=tuple((bend[0] + x, bend[1] + y) for bend in wire.bends)) if wire.bends else wire
        for wire in graph.wires
    )
    return replace(graph, blocks=blocks, wires=wires)


def _arrangement(body: Graph, laid: Graph, boxes: _Boxes) -> Arrangement:
    places = {
        id: (block.look.x, block.look.y) for id, block in laid.blocks.items() if block.look != body.blocks[id].look
    }
    bends = {wire.target: wire.bends for wire in laid.wires}
    changed = tuple(
        (wire.target, bends[wire.target]) for wire in body.wires if bends.get(wire.target, wire.bends) != wire.bends
    )
    taken = [boxes.at(id, places.get(id)) for id in body.blocks]
    return Arrangement(places, changed, _notes(body, places, boxes, taken), _frames(body, places, boxes))


class _Boxes:
    """The rectangles of the blocks of a body, wherever they stand."""

    def __init__(self, body: Graph, types: Mapping[str, BlockType], sizes: Mapping[str, Size]) -> None:
        self._body = body
        self._sizes = {
            id: sizes.get(id) or Drawn(block, types.get(block.type), body.variables, None).size
            for id, block in body.blocks.items()
        }

    def at(self, id: str, place: Place | None = None) -> Rectangle:
        """One block, at another place if that is given."""
        look = self._body.blocks[id].look
        x, y = place if place is not None else (look.x, look.y)
        return (x, y, *self._sizes[id])

    def of(self, graph: Graph) -> list[Rectangle]:
        """All blocks of a drawing of the same blocks."""
        return [self.at(id, (block.look.x, block.look.y)) for id, block in graph.blocks.items()]

    def around(self, graph: Graph) -> Rectangle | None:
        """The rectangle around all blocks; None without any."""
        return _around(self.of(graph))


def _around(boxes: Collection[Rectangle]) -> Rectangle | None:
    if not boxes:
        return None
    left, top = min(box[0] for box in boxes), min(box[1] for box in boxes)
    return left, top, max(box[0] + box[2] for box in boxes) - left, max(box[1] + box[3] for box in boxes) - top


def _snapped(shift: tuple[float, float]) -> Place:
    return round(shift[0] / SNAP) * SNAP, round(shift[1] / SNAP) * SNAP


def _meet(one: Rectangle, other: Rectangle, clear: int = CLEAR) -> bool:
    return (
        one[0] < other[0] + other[2] + clear
        and other[0] < one[0] + one[2] + clear
        and one[1] < other[1] + other[3] + clear
        and other[1] < one[1] + one[3] + clear
    )


def _with_room(shift: Place, moving: list[Rectangle], staying: list[Rectangle]) -> Place:
    """The shift nearest to this one with which nothing that moves meets anything that stays.

    Where nothing near is free, below everything.
    """
    whole = _around(moving)
    if whole is None or not staying:
        return shift
    for x, y in _steps(_FARTHEST):
        near = (shift[0] + x, shift[1] + y)
        area = (whole[0] + near[0], whole[1] + near[1], whole[2], whole[3])
        close = [box for box in staying if _meet(area, box)]
        if not any(
            _meet((box[0] + near[0], box[1] + near[1], box[2], box[3]), other) for other in close for box in moving
        ):
            return near
    lowest = max(box[1] + box[3] for box in staying)
    return shift[0], _snapped_down(lowest + CLEAR - whole[1])


def _snapped_down(y: int) -> int:
    """On the grid, at `y` or just below."""
    return -(-y // SNAP) * SNAP


def _steps(count: int) -> Iterator[Place]:
    """Ways up, down and aside, the shortest first."""
    yield 0, 0
    for number in range(1, count + 1):
        reach = number * 3 * SNAP
        yield from ((0, reach), (0, -reach), (reach, 0), (-reach, 0))


def _notes(body: Graph, places: Mapping[str, Place], boxes: _Boxes, taken: list[Rectangle]) -> tuple[Note, ...]:
    """Each note that moves goes along with the block that it stands nearest to, and then where nothing covers it."""
    found: list[Note] = []
    if not places:
        return ()
    rectangles = [note.rectangle for note in body.notes]
    for at, note in enumerate(body.notes):
        nearest = min(body.blocks, key=lambda id: (_distance(boxes.at(id), note.rectangle), id))
        look = body.blocks[nearest].look
        x, y = places.get(nearest, (look.x, look.y))
        left, top, width, height = note.rectangle
        place = (left + x - look.x, top + y - look.y)
        others = [*taken, *rectangles[:at]]
        free = _with_room(place, [(0, 0, width, height)], others)
        rectangles[at] = (*free, width, height)
        if rectangles[at] != note.rectangle:
            found.append(replace(note, rectangle=rectangles[at]))
    return tuple(found)


def _distance(one: Rectangle, other: Rectangle) -> int:
    across = max(other[0] - one[0] - one[2], one[0] - other[0] - other[2], 0)
    down = max(other[1] - one[1] - one[3], one[1] - other[1] - other[3], 0)
    return across * across + down * down


def _frames(body: Graph, places: Mapping[str, Place], boxes: _Boxes) -> tuple[Frame, ...]:
    """Each frame around the blocks that stood in it."""
    found: list[Frame] = []
    for frame in body.frames:
        left, top, width, height = frame.rectangle
        inside = [
            id
            for id in body.blocks
            for box in (boxes.at(id),)
            if left <= box[0] + box[2] / 2 <= left + width and top <= box[1] + box[3] / 2 <= top + height
        ]
        if not any(id in places for id in inside):
            continue
        before = _around([boxes.at(id) for id in inside])
        after = _around([boxes.at(id, places.get(id)) for id in inside])
        assert before is not None
        assert after is not None
        # The room that the user left on each side stays.
        sides = (
            max(before[0] - left, _FRAME),
            max(before[1] - top, _FRAME),
            max(left + width - before[0] - before[2], _FRAME),
            max(top + height - before[1] - before[3], _FRAME),
        )
        rectangle = (
            after[0] - sides[0],
            after[1] - sides[1],
            after[2] + sides[0] + sides[2],
            after[3] + sides[1] + sides[3],
        )
        if rectangle != frame.rectangle:
            found.append(replace(frame, rectangle=rectangle))
    return tuple(found)
