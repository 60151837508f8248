"""The unfolded drawing of a Recurrent: one copy of its body for each time step, all with the same weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from engine.graph.analysis import port_key
from engine.graph.block_type import lenient_parameters
from engine.graph.graph import Block, Graph, PortRef, Weights, Wire, sorted_wires
from engine.graph.layout import laid_out
from engine.graph.paths import BodyPath, within
from engine.graph.problem import refused
from engine.graph.scope import Scope
from engine.graph.tensor_spec import TensorSpec
from engine.graph.traversal import DELAY

replace = msgspec.structs.replace

MOST_STEPS = 64
_JOINED = 8
"""How many steps one Concat takes."""


def unfold(graph: Graph, path: BodyPath, steps: int, scope: Scope, specs: Mapping[str, TensorSpec]) -> Graph:
    """The whole drawing, the Recurrent at `path` replaced by a Group that computes the same for `steps` time steps.

    Each step has its copies of the blocks, which use the weights of the first; a Delay becomes a wire from an earlier
    step, or zeros. Weights are found under the keys that they had. `scope` is the root's, `specs` those of the last
    Analysis. Raises Refused where a body cannot be copied so.
    """
    return within(graph, path[:-1], _replaced, scope, path, steps, specs)


def _replaced(graph: Graph, scope: Scope, path: BodyPath, steps: int, specs: Mapping[str, TensorSpec]) -> Graph:
    block = graph.blocks.get(path[-1])
    type = scope.types.get(block.type) if block is not None else None
    if block is None or block.body is None or type is None or not type.runs_over_time:
        raise refused("unknown-block", id=path[-1])
    reason = ""
    if not 1 <= steps <= MOST_STEPS:
        reason = f"it can be drawn for 1 to {MOST_STEPS} steps"
    elif any(inner.body is not None for inner in block.body.blocks.values()):
        reason = "blocks in a container inside it cannot share weights between steps"
    elif any(inner.weights is not None and inner.weights.transposed for inner in block.body.blocks.values()):
        reason = "a block with transposed weights has a bias that steps cannot share"
    if reason:
        raise refused("unfold", path=path, title=type.title, name=block.name, reason=reason)
    inner_scope = replace(scope, ancestors=(*scope.ancestors, graph))
    last = lenient_parameters(type, block, scope.variables)["output"] == "last step"
    body = laid_out(_Unfolding(block, path, steps, inner_scope, specs).drawn(last), scope.types)
    group = Block(block.id, "group", block.name, body=body, look=replace(block.look, open=False))
    return replace(graph, blocks={**graph.blocks, block.id: group})


class _Copy(NamedTuple):
    """A block of the body at one time step."""

    step: int
    id: str


class _Unfolding:
    """Draws the copies that the Exits need."""

    def __init__(self, block: Block, path: BodyPath, steps: int, scope: Scope, specs: Mapping[str, TensorSpec]) -> None:
        assert block.body is not None
        self._block, self._body, self._path = block, block.body, path
        self._steps, self._scope, self._specs = steps, scope, specs
        self._sources = {wire.target: wire.source for wire in self._body.wires}
        self._blocks: dict[str, Block] = {}
        self._wires: list[Wire] = []

    def drawn(self, last: bool) -> Graph:
        """The body of the Group; `last`: only the last step of each Exit is wanted."""
        exits = [inner for inner in self._body.blocks.values() if inner.type == "exit"]
        wanted = range(self._steps - 1, self._steps) if last else range(self._steps)
        owners = self._owners([_Copy(step, exit.id) for exit in exits for step in wanted])
        for inner in self._body.blocks.values():
            if inner.type == "entry":
                self._blocks[inner.id] = inner
        for copy, owner in owners.items():
            self._copy(copy, owner, owners)
        for exit in exits:
            self._blocks[exit.id] = exit
            source = self._sources.get(PortRef(exit.id, "input"))
            if source is None:
                continue
            made = [self._found(step, source, owners) for step in wanted]
            end = made[0] if last else self._stacked(exit, made)
            self._wires.append(Wire(end, PortRef(exit.id, "input")))
        return Graph(blocks=self._blocks, wires=sorted_wires(self._wires))

    def _owners(self, ends: list[_Copy]) -> dict[_Copy, int]:
        """The copies that `ends` need, by step, and for each the first step that has one: its copy keeps the id."""
        found: set[_Copy] = set()
        stack = list(ends)
        while stack:
            copy = stack.pop()
            for target, source in self._sources.items():
                if target.block == copy.id:
                    step, ref = self._earlier(copy.step, source)
                    kept = _Copy(step, ref.block)
                    plain = self._body.blocks[ref.block].type not in ("entry", DELAY)
                    if plain and kept not in found:
                        found.add(kept)
                        stack.append(kept)
            owner = self._body.blocks[copy.id].weights
            if owner is not None and owner.of in self._body.blocks and _Copy(0, owner.of) not in found:
                found.add(_Copy(0, owner.of))
                stack.append(_Copy(0, owner.of))
        first: dict[str, int] = {}
        for copy in sorted(found):
            first.setdefault(copy.id, copy.step)
        return {copy: first[copy.id] for copy in sorted(found)}

    def _earlier(self, step: int, source: PortRef) -> tuple[int, PortRef]:
        """The step and port that a tensor comes from, seen through Delays; a Delay itself stands for its zeros."""
        while self._body.blocks[source.block].type == DELAY:
            block = self._body.blocks[source.block]
            held = lenient_parameters(self._scope.types[DELAY], block, self._scope.variables)["k"]
            fed = self._sources.get(PortRef(block.id, "input"))
            assert isinstance(held, int)
            if step < held or fed is None:
                return step, source
            step, source = step - held, fed
        return step, source

    def _copy(self, copy: _Copy, first: int, owners: Mapping[_Copy, int]) -> None:
        block = self._body.blocks[copy.id]
        if copy.step != first:
            weights = block.weights
            if weights is None and self._has_weights(block):
                weights = Weights(block.id)
            name = f"{block.name}, step {copy.step + 1}"
            block = replace(block, id=self._id(copy, first), name=name, weights=weights)
        self._blocks[block.id] = block
        for target, source in self._sources.items():
            if target.block == copy.id:
                found = self._found(copy.step, source, owners)
                self._wires.append(Wire(found, PortRef(block.id, target.port)))

    def _has_weights(self, block: Block) -> bool:
        type = self._scope.types.get(block.type)
        if type is None:
            return False
        weights = type.weights(lenient_parameters(type, block, self._scope.variables))
        return bool(weights) or "batch_statistics" in type.traits

    def _id(self, copy: _Copy, first: int) -> str:
        return copy.id if copy.step == first else f"{copy.id}~{copy.step}"

    def _found(self, step: int, source: PortRef, owners: Mapping[_Copy, int]) -> PortRef:
        """The port of the new drawing at which a tensor of the body stands at one step."""
        step, ref = self._earlier(step, source)
        block = self._body.blocks[ref.block]
        if block.type == "entry":
            return self._entering(block, step)
        if block.type == DELAY:
            return self._zeros(block)
        copy = _Copy(step, ref.block)
        return PortRef(self._id(copy, owners[copy]), ref.port)

    def _entering(self, entry: Block, step: int) -> PortRef:
        """One step of what an Entry brings."""
        name = f"{entry.name}, step {step + 1}"
        select = Block(f"{entry.id}~{step}", "select", name, {"dim": 1, "index": step})
        if select.id not in self._blocks:
            self._blocks[select.id] = select
            self._wires.append(Wire(PortRef(entry.id, "output"), PortRef(select.id, "input")))
        return PortRef(select.id, "output")

    def _zeros(self, delay: Block) -> PortRef:
        """What a Delay gives at first."""
        spec = self._specs.get(port_key((*self._path, delay.id), "output"))
        shape = spec.shape[1:] if spec is not None else ()
        fixed = tuple(length for length in shape if isinstance(length, int))
        if spec is None or not fixed or len(fixed) != len(shape) or spec.dtype != "float32":
            title, name = self._scope.types[DELAY].title, delay.name
            reason = "zeros of its shape cannot be drawn"
            raise refused("unfold", path=(*self._path, delay.id), title=title, name=name, reason=reason)
        zeros = Block(f"{delay.id}~0", "constant", f"{delay.name}, at first", {"values": "0", "shape": fixed})
        if zeros.id not in self._blocks:
            self._blocks[zeros.id] = zeros
            entry = next(inner for inner in self._body.blocks.values() if inner.type == "entry")
            self._wires.append(Wire(PortRef(entry.id, "output"), PortRef(zeros.id, "input")))
        return PortRef(zeros.id, "output")

    def _stacked(self, exit: Block, made: list[PortRef]) -> PortRef:
        """All steps of an Exit in one tensor N×T×…."""
        rows: list[PortRef] = []
        for step, ref in enumerate(made):
            row = Block(f"{exit.id}~{step}", "unsqueeze", f"{exit.name}, step {step + 1}", {"dim": 1})
            rows.append(self._add(row, {"input": ref}))
        level = 0
        while len(rows) > 1:
            joined: list[PortRef] = []
            for number in range(0, len(rows), _JOINED):
                parts = rows[number : number + _JOINED]
                if len(parts) == 1:
                    joined.append(parts[0])
                    continue
                id = f"{exit.id}~joined{level}-{number}"
                join = Block(id, "concat", f"Steps {level + 1}.{number + 1}", {"inputs": len(parts), "dim": 1})
                joined.append(self._add(join, dict(zip("abcdefgh", parts, strict=False))))
            rows, level = joined, level + 1
        return rows[0]

    def _add(self, block: Block, inputs: Mapping[str, PortRef]) -> PortRef:
        self._blocks[block.id] = block
        self._wires += [Wire(source, PortRef(block.id, port)) for port, source in inputs.items()]
        return PortRef(block.id, "output")
