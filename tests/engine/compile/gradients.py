"""What a network's numbers see of its input by their gradients, compared with what analysis tells of each."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from engine.blocks.catalogue import BLOCK_TYPES
from engine.compile.analyse import Analyser
from engine.compile.compiler import compile_graph
from engine.compile.following import Follower
from engine.compile.moves import FREE
from engine.compile.receptive_field import Sight
from engine.graph.graph import Block, Graph, PortRef, Wire, sorted_wires
from engine.graph.tensor_spec import TensorSpec
from engine.graph.values import Value

ANALYSER = Analyser(BLOCK_TYPES)
Step = tuple[str, dict[str, Value]]
Box = tuple[tuple[int, int], ...] | None
TIME = 60
ADDING = {"pad", "class_token", "unpool1d", "unpool2d", "unpool3d"} | {f"conv_transpose{axes}d" for axes in (1, 2, 3)}
"""They put numbers of their own beside those of the input, or between them."""


def chain(field: str, *steps: Step) -> Graph:
    """An Input and blocks behind it; a block with several inputs has tanh of the same at the others."""
    blocks = {"input": Block("input", "input", "Input", {"fields": (field,)})}
    wires, source = [], PortRef("input", field.partition(":")[0])
    for number, (type, parameters) in enumerate(steps):
        id = f"b{number}"
        blocks[id] = Block(id, type, id, parameters)
        ports = BLOCK_TYPES[type].ports_of(blocks[id], {})
        first, *more = [port.id for port in ports.inputs if not port.optional]
        wires.append(Wire(source, PortRef(id, first)))
        if more:
            blocks[f"t{number}"] = Block(f"t{number}", "tanh", "Other")
            wires.append(Wire(source, PortRef(f"t{number}", "input")))
        wires += [Wire(PortRef(f"t{number}", "output"), PortRef(id, port)) for port in more]
        source = PortRef(id, ports.outputs[0].id)
    return Graph(blocks=blocks, wires=sorted_wires(wires))


def told_sight(graph: Graph, id: str, port: str) -> Sight | str:
    """What analysis follows that the numbers of a port see."""
    found = Follower(BLOCK_TYPES).follow(ANALYSER.records(graph), None)
    return found[id].outputs[port].sight


def is_drawable(graph: Graph) -> bool:
    return not any(problem.severity == "error" for problem in ANALYSER.analyse(graph).problems)


def said(sight: Sight, number: tuple[int, ...]) -> Box:
    """First and last place by axis that the number sees in an Input without borders, None for nothing."""
    box = []
    for view in sight:
        low, high = view.still
        for digit in view.digits:
            hull = digit.line.at((0, *number)[digit.axis] // digit.inner % digit.places)
            if hull is None:
                return None
            low, high = low + hull[0], high + hull[1]
        # What is counted from the end of a sequence of free length.
        from_end = FREE - TIME if not view.length and high < 2 * FREE and low > FREE // 2 else 0
        box.append((low - from_end, high - from_end))
    return tuple(box)


class Measured:
    """A network with positive weights, run on many positive inputs at once: all that a maximum may choose is chosen."""

    def __init__(self, graph: Graph, port: str, draws: int, train: bool = False, double: bool = True) -> None:
        network = compile_graph(graph, BLOCK_TYPES)
        dtype = torch.float64 if double else torch.float32
        network.root.to(dtype).train(train)
        torch.manual_seed(0)
        with torch.no_grad():
            for weight in network.root.parameters():
                # Small sums: what saturates has no gradient.
                weight.uniform_(0.2, 0.4).div_(max(weight[0].numel(), 1) if weight.dim() > 1 else 1)
        cut = network.slice((port,))
        (key,) = cut.inputs
        spec: TensorSpec = network.program.specs[key]
        shape = [length if isinstance(length, int) else TIME for length in spec.shape[1:]]
        self.image = (0.1 + torch.rand([draws, *shape], dtype=dtype)).requires_grad_()
        made = cut.module(self.image)
        self.out: Tensor = made[0] if isinstance(made, tuple) else made

    def box(self, number: tuple[int, ...], axes: Sequence[int]) -> Box:
        """First and last place by axis of the input at which the number has a gradient."""
        one = self.out[(slice(None), *number)].sum()
        if not one.requires_grad:
            return None
        (slope,) = torch.autograd.grad(one, self.image, retain_graph=True, allow_unused=True)
        if slope is None or not slope.any():
            return None
        ends = []
        for axis in axes:
            (touched,) = np.nonzero(slope.abs().movedim(axis, 0).flatten(1).sum(1).numpy())
            ends.append((int(touched[0]), int(touched[-1])))
        return tuple(ends)

    def numbers(self, some: random.Random, count: int) -> list[tuple[int, ...]]:
        """The numbers at all corners, in the middle, and others."""
        shape = self.out.shape[1:]
        corners = itertools.product(*[sorted({0, length - 1}) for length in shape])
        found = {*itertools.islice(corners, 32), tuple(length // 2 for length in shape)}
        found |= {tuple(some.randrange(length) for length in shape) for _ in range(count)}
        return sorted(found)


def disagreements(
    graph: Graph,
    id: str,
    port: str = "output",
    *,
    draws: int = 1,
    train: bool = False,
    bound: bool = False,
    double: bool = True,
) -> Iterator[tuple[tuple[int, ...], Box, Box]]:
    """Numbers whose gradient reaches other places than told, both boxes.

    All gradients lie within what is told, and those of numbers that see nothing beyond the borders reach all of it;
    as a `bound` they need not. What is told to be everything some number sees. With other paddings than zeros, what
    lies at a border sees what no window reaches, and is left out.
    """
    sight = told_sight(graph, id, port)
    assert not isinstance(sight, str), sight
    measured = Measured(graph, f"{id}/{port}", draws, train, double)
    axes = [view.axis for view in sight]
    lengths = [measured.image.shape[axis] for axis in axes]
    adds = bool(ADDING & {block.type for block in graph.blocks.values()})
    values = {value for block in graph.blocks.values() for value in block.parameters.values() if isinstance(value, str)}
    mirrored = bool(values & {"reflect", "replicate", "circular"})
    if any(digit.inner == 0 for view in sight for digit in view.digits):
        # Where a number lies is not told, but how far it sees.
        boxes = [measured.box(number, axes) for number in measured.numbers(random.Random(0), 12)]
        most = [max(box[at][1] - box[at][0] + 1 for box in boxes if box) for at in range(len(sight))]
        for view, length, size in zip(sight, lengths, most, strict=True):
            if size > (view.size or length) or not (bound or size == (view.size or length)):
                yield (), ((0, view.size or length),), ((0, size),)
        return
    unseen = {at for at, view in enumerate(sight) if view.size is None} if not bound else set()
    for number in measured.numbers(random.Random(0), 12):
        told, real = said(sight, number), measured.box(number, axes)
        if sight == ():
            assert real is None
            continue
        unseen -= {at for at, length in enumerate(lengths) if real is not None and real[at] == (0, length - 1)}
        borderless = told is not None and all(
            view.size is None or (ends[0] >= 0 and ends[1] < length)
            for view, ends, length in zip(sight, told, lengths, strict=True)
        )
        exact = borderless and not bound and None not in [view.size for view in sight] and not (adds and real is None)
        if told != real if exact else not mirrored and not is_within(real, told):
            yield number, told, real
    if unseen and sight:
        yield (), None, tuple((at, at) for at in unseen)


def is_within(inner: Box, outer: Box) -> bool:
    """Whether a box lies in another."""
    if inner is None or outer is None:
        return inner is None
    return all(a[0] <= b[0] and b[1] <= a[1] for a, b in zip(outer, inner, strict=True))
