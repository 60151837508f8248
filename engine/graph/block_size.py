"""How large a block is drawn where nobody has measured it, and at which height its ports stand. Scene px."""

from __future__ import annotations

import math
from collections.abc import Mapping

from engine.graph.block_type import BlockType, Port, lenient_parameters
from engine.graph.graph import Block
from engine.graph.values import Value

Size = tuple[int, int]
"""Width and height."""
Rows = Mapping[str, int]
"""How far below the block's top each port stands, by its id."""

SNAP = 8
_NARROWEST, _WIDEST, _HEIGHT = 88, 208, 48
_NAME_LETTER, _SECOND_LETTER = 7.6, 6.6
_TEXT_AT, _TEXT_END, _LABEL_AT = 38, 18, 12
_ROW, _NAMED_ROW, _STEP, _NAMED_STEP = 24, 48, 16, 24
_CONTAINER_WIDTH, _CONTAINER_STRIP, _LOSS_STRIP = 168, 56, 52


class Drawn:
    """One block as it is drawn: `size`, and the rows of its `inputs` and `outputs`."""

    __slots__ = ("inputs", "outputs", "size")

    def __init__(self, block: Block, type: BlockType | None, variables: Mapping[str, Value], size: Size | None) -> None:
        if type is None:
            self.inputs: Rows = {}
            self.outputs: Rows = {}
            self.size = size or (_WIDEST, _HEIGHT)
            return
        parameters = lenient_parameters(type, block, variables)
        ports = type.ports(parameters, block.body)
        self.inputs, self.outputs = _rows(ports.inputs), _rows(ports.outputs)
        self.size = size or self._estimate(block, type, type.second_line(parameters, {}), ports.inputs, ports.outputs)

    def _estimate(
        self, block: Block, type: BlockType, second: str, inputs: tuple[Port, ...], outputs: tuple[Port, ...]
    ) -> Size:
        container = type.role == "container"
        text = max(len(block.name) * _NAME_LETTER, len(second) * _SECOND_LETTER) + (20 if container else 0)
        labels = [
            max((len(port.label) * _SECOND_LETTER for port in side), default=0.0) if _named(side) else 0.0
            for side in (inputs, outputs)
        ]
        wanted = max(_TEXT_AT + text + _TEXT_END, sum(labels) + 2 * _LABEL_AT + (16 if all(labels) else 0))
        least = _CONTAINER_WIDTH if container else _NARROWEST
        width = min(max(math.ceil(wanted / SNAP) * SNAP, least), _WIDEST)
        height = _HEIGHT
        for side, rows in ((inputs, self.inputs), (outputs, self.outputs)):
            if rows:
                height = max(height, max(rows.values()) + (16 if _named(side) or len(side) > 1 else 24))
        strip = _LOSS_STRIP if type.role == "loss" else _CONTAINER_STRIP if container else 0
        return width, math.ceil((height + strip) / SNAP) * SNAP


def _named(side: tuple[Port, ...]) -> bool:
    return len(side) > 1 and any(port.label for port in side)


def _rows(side: tuple[Port, ...]) -> Rows:
    """A first port without a name stands where single ports do, beside others that have names."""
    if not _named(side):
        return {port.id: _ROW + number * _STEP for number, port in enumerate(side)}
    alone = not side[0].label
    named = {port.id: _NAMED_ROW + number * _NAMED_STEP for number, port in enumerate(side[alone:])}
    return {side[0].id: _ROW, **named} if alone else named
