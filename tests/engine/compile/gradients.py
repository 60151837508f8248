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
from engine.compile.sights import Sight, View
from engine.graph.graph import Block, Graph, PortRef, Wire, sorted_wires
from engine.graph.tensor_spec import TensorSpec
from engine.graph.values import Value

ANALYSER = Analyser(BLOCK_TYPES)
Step = tuple[str, dict[str, Value]]
Box = tuple[tuple[int, int], ...] | None
TIME = 60


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


def said(sight: Sight, number: tuple[int, ...], lengths: Sequence[int]) -> Box:
    """First and last place by axis that the number sees, None for nothing; cut to the axes' lengths."""
    box = []
    for view, length in zip(sight, lengths, strict=True):
        low, high = _ends(view, number)
        if low > high or (high < 0 and not view.length):
            return None
        if not view.length:
            box.append((max(low, 0), min(high, length - 1)))
        elif low // length == high // length:
            box.append((low % length, high % length))
        else:
            # Round a circular border it has both ends.
            box.append((0, length - 1))
    return tuple(box)


def _ends(view: View, number: tuple[int, ...]) -> tuple[int, int]:
    shape, shift = view.spans.shape, 0
    index = []
    for axis, (size, place) in enumerate(zip(shape, (0, *number), strict=True)):
        if axis == view.free:
            turn, place = divmod(place, size)
            shift = turn * view.span
        index.append(0 if size == 1 else place)
    return int(view.spans.low[tuple(index)]) + shift, int(view.spans.high[tuple(index)]) + shift


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
    """Numbers whose gradient reaches other places than told, both boxes; as a `bound`, such that reach outside it."""
    sight = told_sight(graph, id, port)
    assert not isinstance(sight, str), sight
    measured = Measured(graph, f"{id}/{port}", draws, train, double)
    axes = [view.axis for view in sight]
    lengths = [measured.image.shape[axis] for axis in axes]
    free = [view.free for view in sight if view.free >= 0]
    # Where the order along an axis of free length is not kept, sizes are; what sees up to itself is told to see all.
    if any(view.loose for view in sight):
        boxes = [measured.box(number, axes) for number in measured.numbers(random.Random(0), 12)]
        most = tuple((0, max(box[n][1] - box[n][0] for box in boxes if box)) for n in range(len(sight)))
        told = tuple((0, view.spans.most - 1) for view in sight)
        if most != told:
            yield (), told, most
        return
    bound = bound or any(not view.length and view.free < 0 for view in sight)
    for number in measured.numbers(random.Random(0), 12):
        told, real = said(sight, number, lengths), measured.box(number, axes)
        if sight == ():
            assert real is None
            continue
        # What a number at the end of an axis of free length sees may be told too large.
        at_end = any(abs(number[axis - 1] - measured.out.shape[axis] // 2) > 2 for axis in free)
        if told != real and not ((bound or at_end) and is_within(real, told)):
            yield number, told, real


def is_within(inner: Box, outer: Box) -> bool:
    """Whether a box lies in another."""
    if inner is None or outer is None:
        return inner is None
    return all(a[0] <= b[0] and b[1] <= a[1] for a, b in zip(outer, inner, strict=True))
