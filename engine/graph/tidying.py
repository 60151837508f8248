"""Lays out one body of a drawing anew: all of it, or chosen blocks where they stand; notes and frames go along."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import NamedTuple

import msgspec

from engine.graph.block_size import SNAP, Drawn, Size
from engine.graph.block_type import BlockType
from engine.graph.graph import Frame, Graph, Note, PortRef
from engine.graph.layout import PAUSE_EACH, body_laid_out, go_on
from engine.graph.scope import Scope
from engine.graph.values import Plain

replace = msgspec.structs.replace

CLEAR = 24
"""At least so much is left between what was laid out and what stays where it is."""
_FRAME = 24
_STEP, _STEPS = 3 * SNAP, 64
"""How far apart the places are that are tried where room is sought, and how many in each direction."""

Place = tuple[int, int]


class Box(NamedTuple):
    """A rectangle in whole scene units."""

    left: int
    top: int
    width: int
    height: int

    @property
    def right(self) -> int:
        """Where it ends."""
        return self.left + self.width

    @property
    def bottom(self) -> int:
        """Where it ends."""
        return self.top + self.height

    @property
    def middle(self) -> tuple[float, float]:
        """Its centre."""
        return self.left + self.width / 2, self.top + self.height / 2

    def moved(self, by: Place) -> Box:
        """The same elsewhere."""
        return Box(self.left + by[0], self.top + by[1], self.width, self.height)

    def meets(self, other: Box, clear: int = CLEAR) -> bool:
        """Whether less than `clear` is between the two."""
        return (
            self.left < other.right + clear
            and other.left < self.right + clear
            and self.top < other.bottom + clear
            and other.top < self.bottom + clear
        )


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
    sizes, pause = sizes or {}, pause or go_on
    chosen = movable(body, only) if only else frozenset(body.blocks)
    part = body if len(chosen) == len(body.blocks) else _part(body, chosen)
    laid = body_laid_out(part, types, sizes, pause=pause)
    boxes = _Boxes(body, types, sizes, pause)
    before, after = _around(boxes.of(part)), _around(boxes.of(laid))
    if before is None or after is None:
        return Arrangement()
    if part is body:
        shift = _snapped((before.left - after.left, before.top - after.top))
    else:
        (x, y), (new_x, new_y) = before.middle, after.middle
        stay = [boxes.at(id) for id in body.blocks if id not in chosen]
        shift = _with_room(_snapped((x - new_x, y - new_y)), boxes.of(laid), stay, pause)
    return _arrangement(body, _moved(laid, shift), boxes, pause)


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


def _arrangement(body: Graph, laid: Graph, boxes: _Boxes, pause: Callable[[], None]) -> Arrangement:
    places = {
        id: (block.look.x, block.look.y) for id, block in laid.blocks.items() if block.look != body.blocks[id].look
    }
    bends = {wire.target: wire.bends for wire in laid.wires}
    changed = tuple(
        (wire.target, bends[wire.target]) for wire in body.wires if bends.get(wire.target, wire.bends) != wire.bends
    )
    return Arrangement(places, changed, _notes(body, places, boxes, pause), _frames(body, places, boxes))


class _Boxes:
    """The rectangles of the blocks of a body, wherever they stand."""

    def __init__(
        self,
        body: Graph,
        types: Mapping[str, BlockType],
        sizes: Mapping[str, Size],
        pause: Callable[[], None],
    ) -> None:
        self._body = body
        self._sizes: dict[str, Size] = {}
        for number, (id, block) in enumerate(body.blocks.items()):
            if number % PAUSE_EACH == 0:
                pause()
            self._sizes[id] = sizes.get(id) or Drawn(block, types.get(block.type), body.variables, None).size

    def at(self, id: str, place: Place | None = None) -> Box:
        """One block, at another place if that is given."""
        look = self._body.blocks[id].look
        x, y = place if place is not None else (look.x, look.y)
        return Box(x, y, *self._sizes[id])

    def of(self, graph: Graph) -> list[Box]:
        """All blocks of a drawing of the same blocks."""
        return [self.at(id, (block.look.x, block.look.y)) for id, block in graph.blocks.items()]


def _around(boxes: Collection[Box]) -> Box | None:
    """The rectangle around all; None without any."""
    if not boxes:
        return None
    left, top = min(box.left for box in boxes), min(box.top for box in boxes)
    return Box(left, top, max(box.right for box in boxes) - left, max(box.bottom for box in boxes) - top)


def _snapped(shift: tuple[float, float]) -> Place:
    return round(shift[0] / SNAP) * SNAP, round(shift[1] / SNAP) * SNAP


def _with_room(shift: Place, moving: list[Box], staying: list[Box], pause: Callable[[], None]) -> Place:
    """The shift nearest to this one with which nothing that moves meets anything that stays.

    Where nothing near is free, below everything.
    """
    whole = _around(moving)
    if whole is None or not staying:
        return shift
    within = whole.moved(shift)
    near = [box for box in staying if within.meets(box, CLEAR + _STEPS * _STEP)]
    for x, y in _ways():
        pause()
        there = (shift[0] + x, shift[1] + y)
        area = whole.moved(there)
        close = [box for box in near if area.meets(box)]
        if not any(other.meets(box.moved(there)) for other in close for box in moving):
            return there
    lowest = max(box.bottom for box in staying)
    return shift[0], _snapped_down(lowest + CLEAR - whole.top)


def _snapped_down(y: int) -> int:
    """On the grid, at `y` or just below."""
    return -(-y // SNAP) * SNAP


def _ways() -> Iterator[Place]:
    """Ways up, down and aside, the shortest first."""
    yield 0, 0
    for reach in range(_STEP, _STEPS * _STEP + 1, _STEP):
        yield from ((0, reach), (0, -reach), (reach, 0), (-reach, 0))


def _notes(body: Graph, places: Mapping[str, Place], boxes: _Boxes, pause: Callable[[], None]) -> tuple[Note, ...]:
    """Each note that moves goes along with the block that it stands nearest to, and then where nothing covers it."""
    if not places:
        return ()
    blocks = sorted((id, boxes.at(id)) for id in body.blocks)
    taken = [boxes.at(id, places.get(id)) for id in body.blocks]
    found: list[Note] = []
    for note in body.notes:
        box = Box(*note.rectangle)
        nearest, old = min(blocks, key=lambda block: _distance(block[1], box))
        new = boxes.at(nearest, places.get(nearest))
        along = box.moved((new.left - old.left, new.top - old.top))
        box = along.moved(_with_room((0, 0), [along], taken, pause))
        taken.append(box)
        if box != note.rectangle:
            found.append(replace(note, rectangle=tuple(box)))
    return tuple(found)


def _distance(one: Box, other: Box) -> int:
    across = max(other.left - one.right, one.left - other.right, 0)
    down = max(other.top - one.bottom, one.top - other.bottom, 0)
    return across * across + down * down


def _frames(body: Graph, places: Mapping[str, Place], boxes: _Boxes) -> tuple[Frame, ...]:
    """Each frame around the blocks that stood in it."""
    found: list[Frame] = []
    for frame in body.frames:
        drawn = Box(*frame.rectangle)
        inside = [id for id in body.blocks if _holds(drawn, boxes.at(id))]
        if not any(id in places for id in inside):
            continue
        before = _around([boxes.at(id) for id in inside])
        after = _around([boxes.at(id, places.get(id)) for id in inside])
        assert before is not None
        assert after is not None
        # The room that the user left on each side stays.
        left, top = max(before.left - drawn.left, _FRAME), max(before.top - drawn.top, _FRAME)
        right, bottom = max(drawn.right - before.right, _FRAME), max(drawn.bottom - before.bottom, _FRAME)
        rectangle = (after.left - left, after.top - top, after.width + left + right, after.height + top + bottom)
        if rectangle != frame.rectangle:
            found.append(replace(frame, rectangle=rectangle))
    return tuple(found)


def _holds(frame: Box, box: Box) -> bool:
    """Whether the centre of `box` lies in `frame`."""
    x, y = box.middle
    return frame.left <= x <= frame.right and frame.top <= y <= frame.bottom
