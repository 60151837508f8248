"""What is found by following the drawing: how much of the Input each block sees, and what training keeps."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from engine.compile.delays import one_step
from engine.compile.moves import Join, Look, Nothing, Reason, Turn, lengths
from engine.compile.receptive_field import Field, Sight, everything, joined, sight_of_input, through, told
from engine.compile.records import Record
from engine.compile.trials import DEFAULT_TIME
from engine.graph.analysis import Cost
from engine.graph.block_type import BlockType
from engine.graph.graph import Block
from engine.graph.tensor_spec import Dim, TensorSpec
from engine.graph.traversal import DELAY

replace = msgspec.structs.replace
_NOTHING = (Nothing(),)
_ROUNDS = 6
"""How often a body is followed over time before what its Delays hold is taken to grow for ever."""


class Reaching(msgspec.Struct, frozen=True):
    """What reaches a port: what its numbers see, whose memory it is (a port's key), and whether gradients flow back.

    Instead of a `sight` there may be the reason why it is not known what they see.
    """

    sight: Sight | Reason
    memory: str
    learns: bool


class Found(msgspec.Struct, frozen=True, eq=False):
    """What a block came to, from `record` and what is `given` to its inputs.

    `kept` are the bytes a sample by memory, `own` those that no wire carries; `fields`, or why there is none, and
    `training`, the bytes that each block keeps by itself, are by path key. `inside` are a container's bodies.
    """

    record: Record
    given: tuple[Reaching | None, ...]
    outputs: Mapping[str, Reaching] = {}
    fields: Mapping[str, Field | Reason] = {}
    training: Mapping[str, int] = {}
    kept: Mapping[str, int] = {}
    own: int = 0
    inside: tuple[Body, ...] = ()

    @property
    def costs(self) -> dict[str, Cost]:
        """Those of the record, with training's bytes, by path key."""
        return {key: replace(cost, training_bytes=self.training.get(key, 0)) for key, cost in self.record.costs.items()}


Body = Mapping[str, Found]
"""What the blocks of a body came to, by id."""


class Follower:
    """Follows the records of a drawing and remembers: an edit costs what it changed."""

    def __init__(self, types: Mapping[str, BlockType]) -> None:
        self._types = types
        self._last: Body = {}
        self._time = DEFAULT_TIME
        self._fixed: frozenset[str] = frozenset()
        """The ids of frozen blocks whose weights others use."""
        self._held: dict[str, Sight | Reason] = {}
        """What Delays hold while their Recurrent is followed over time, by path key."""

    def _sight_within(self, type: BlockType, key: str, spec: TensorSpec) -> Sight | Reason:
        """What is seen by what no wire leads to."""
        return sight_of_input(key, spec) if type.role == "input" else self._held.get(key, ())

    def follow(self, records: Mapping[str, Record], time: int | None) -> Body:
        """What the blocks of the root came to, those inside them with them."""
        fixed = _frozen_owners([record.block for record in records.values()])
        if ((time or DEFAULT_TIME), fixed) != (self._time, self._fixed):
            self._last = {}
        self._time, self._fixed = time or DEFAULT_TIME, fixed
        self._last = self._body(records, "", {}, self._last)
        return self._last

    def _body(
        self, records: Mapping[str, Record], prefix: str, entering: Mapping[str, Reaching], last: Body
    ) -> dict[str, Found]:
        """What each block came to: as in the `last` analysis where neither it nor what reaches it has changed."""
        found: dict[str, Found] = {}
        changed: set[str] = set()
        """The blocks whose outputs have changed."""
        for id, record in records.items():
            before = last.get(id)
            if (
                before is not None
                and before.record is record
                and id not in entering
                and (not changed or changed.isdisjoint([source.block for source in record.sources.values()]))
            ):
                found[id] = before
                continue
            one = found[id] = self._renewed(record, prefix + id, _given(record, entering.get(id), found), before)
            if before is None or one.outputs is not before.outputs:
                changed.add(id)
        return found

    def _renewed(self, record: Record, key: str, given: tuple[Reaching | None, ...], before: Found | None) -> Found:
        """What a block came to: the very same as `before` where what reaches it is."""
        if before is None:
            return self._found(record, key, given, None)
        if before.record is record and before.given == given:
            return before
        found = self._found(record, key, given, before)
        # Comparing the very same objects, what follows is known at once to be as before.
        return replace(found, outputs=before.outputs) if found.outputs == before.outputs else found

    def _found(self, record: Record, key: str, given: tuple[Reaching | None, ...], before: Found | None) -> Found:
        type = self._types.get(record.block.type)
        ports = tuple(record.outputs)
        inputs = dict(zip(record.sources, given, strict=False))
        if type is None or not ports:
            return Found(record, given)
        if record.block.type == "entry" and given and given[0] is not None:
            return _passed(record, key, given, dict.fromkeys(ports, given[0]))
        if not record.inputs or type.role == "input" or record.block.type == DELAY:
            outputs = {
                port: Reaching(self._sight_within(type, f"{key}/{port}", spec), f"{key}/{port}", False)
                for port, spec in record.outputs.items()
            }
            return _passed(record, key, given, outputs)
        if record.block.bypassed:
            first = inputs.get(type.ports(record.parameters, record.block.body).inputs[0].id)
            return _passed(record, key, given, dict.fromkeys(ports, first) if first is not None else {})
        if type.role == "container":
            return self._container(record, type, key, given, inputs, before.inside if before is not None else ())
        learns = any(one is not None and one.learns for one in given) or self._weights_learn(record, key)
        kept: dict[str, int] = {}
        own = record.kept.own if learns else 0
        for port, size in record.kept.ports.items() if learns else ():
            reaching = inputs.get(port)
            memory = reaching.memory if reaching is not None else f"{key}/{port}"
            kept[memory] = size
        sights = [_sight(record, inputs, number) for number in range(len(ports))]
        outputs = {}
        for port, sight in zip(ports, sights, strict=True):
            source = inputs.get(record.kept.aliases.get(port, ""))
            outputs[port] = Reaching(sight, source.memory if source is not None else f"{key}/{port}", learns)
        fields = _fields(key, sights)
        return Found(record, given, outputs, fields, {key: own + sum(kept.values())}, kept, own)

    def _weights_learn(self, record: Record, key: str) -> bool:
        """Whether the block has weights that may change, its own or those of another."""
        shared, own = record.block.weights, record.costs[key].parameters > 0
        # Turned round they stand beside a bias of its own.
        return (own and not record.block.learning.frozen) or (shared is not None and shared.of not in self._fixed)

    def _container(
        self,
        record: Record,
        type: BlockType,
        key: str,
        given: tuple[Reaching | None, ...],
        inputs: Mapping[str, Reaching | None],
        last: tuple[Body, ...],
    ) -> Found:
        entering = {port: one for port, one in inputs.items() if one is not None}
        fields: dict[str, Field | Reason] = {}
        training: dict[str, int] = {}
        kept: dict[str, int] = {}
        own, steps = 0, 1
        over_time = {}
        if type.runs_over_time:
            over_time = self._over_time(record, type, key, entering)
            # Inside, what one step sees of itself is told.
            entering = {
                port: Reaching(sight_of_input(f"{key}/{port}", one_step(record.inputs[port])), one.memory, True)
                for port, one in entering.items()
            }
            steps = _steps(record.inputs, self._time)
        ports = type.ports(record.parameters, record.block.body)
        leaving: Mapping[str, Reaching] = {}
        inside: list[Body] = []
        bodies = [(f"{key}/{index}/", copy.records) for index, copy in enumerate(record.copies)]
        for number, (prefix, records) in enumerate(bodies or [(f"{key}/", record.children)]):
            found = self._body(records, prefix, entering, last[number] if number < len(last) else {})
            leaving = _leaving(found)
            inside.append(found)
            for one in found.values():
                fields.update(one.fields)
                training.update(one.training)
                kept.update(one.kept)
                own += one.own
            if bodies and not number:
                # Without an index a path stands for the first copy.
                fields.update({f"{key}/{path[len(prefix) :]}": field for path, field in fields.items()})
                training.update({f"{key}/{path[len(prefix) :]}": size for path, size in training.items()})
            ways = zip(ports.inputs, ports.outputs, strict=False)
            entering = entering | {entry.id: leaving[exit.id] for entry, exit in ways if exit.id in leaving}
        if type.runs_over_time:
            own, kept, leaving = (own + sum(kept.values())) * steps, {}, {}
            training = {path: size * steps for path, size in training.items()}
        outputs = {
            port: leaving.get(port) or Reaching(over_time.get(port, "undeclared"), f"{key}/{port}", True)
            for port in record.outputs
        }
        training[key] = own + sum(kept.values())
        fields.update(_fields(key, [one.sight for one in outputs.values()]))
        return Found(record, given, outputs, fields, training, kept, own, tuple(inside))

    def _over_time(
        self, record: Record, type: BlockType, key: str, entering: Mapping[str, Reaching]
    ) -> dict[str, Sight | Reason]:
        """What each output of a Recurrent sees: the body is followed until its Delays hold what they are fed.

        What is still new after some rounds comes round again and again: it is taken for everything.
        """
        length = next((lengths(spec)[1] for spec in record.inputs.values() if spec.rank > 1), 1)
        steps = {port: replace(one, sight=_one_step(one.sight, record.inputs[port])) for port, one in entering.items()}
        outside, self._held = self._held, {}
        try:
            for number in itertools.count():
                found = self._body(record.children, f"{key}/", steps, {})
                held = dict(_fed(found, f"{key}/", self._types, length, self._held))
                if held == self._held:
                    break
                if number >= _ROUNDS:
                    held = {path: _settled(sight, self._held.get(path, ())) for path, sight in held.items()}
                self._held = held
        finally:
            self._held = outside
        last, leaving = record.parameters["output"] == "last step", _leaving(found)
        sights = {port: leaving[port].sight for port in record.outputs if port in leaving}
        return {port: _all_steps(sight, record.outputs[port].rank, length, last) for port, sight in sights.items()}


def _given(record: Record, entering: Reaching | None, found: Body) -> tuple[Reaching | None, ...]:
    """What reaches the ports of a block, or of an Entry, which no wire leads to."""
    if entering is not None:
        return (entering,)
    sources = record.sources.values()
    return tuple([found[at.block].outputs.get(at.port) if at.block in found else None for at in sources])


def _leaving(found: Body) -> dict[str, Reaching]:
    """What reaches the Exits."""
    ends = [(id, one.given[0]) for id, one in found.items() if one.record.block.type == "exit" and one.given]
    return {id: reaching for id, reaching in ends if reaching is not None}


def kept_bytes(found: Iterable[Found]) -> int:
    """The bytes a sample that training keeps of these blocks, each memory once."""
    kept: dict[str, int] = {}
    own = 0
    for one in found:
        own += one.own
        if one.kept:
            kept.update(one.kept)
    return own + sum(kept.values())


def _frozen_owners(blocks: Iterable[Block]) -> frozenset[str]:
    """The ids of frozen blocks whose weights others use, at every depth."""
    frozen: set[str] = set()
    owners: set[str] = set()
    bodies = [blocks]
    for body in bodies:
        for block in [block for block in body if block.learning.frozen or block.weights or block.body]:
            if block.learning.frozen:
                frozen.add(block.id)
            if block.weights is not None:
                owners.add(block.weights.of)
            if block.body is not None:
                bodies.append(block.body.blocks.values())
    return frozenset(frozen & owners)


def _passed(record: Record, key: str, given: tuple[Reaching | None, ...], outputs: Mapping[str, Reaching]) -> Found:
    return Found(record, given, outputs, _fields(key, [one.sight for one in outputs.values()]))


def _sight(record: Record, inputs: Mapping[str, Reaching | None], number: int) -> Sight | Reason:
    """What the numbers of a block's output number `number` see."""
    seen: list[Sight | Reason] = []
    for port, one in inputs.items():
        moves = record.window.of(port, number)
        sight = one.sight if one is not None else "undeclared"
        if moves and moves != _NOTHING and not isinstance(sight, str):
            sight = through(sight, moves, lengths(record.inputs[port]))
        if moves != _NOTHING:
            seen.append(sight)
    if len(seen) < 2 or not any(seen):
        return seen[0] if seen else ()
    made = lengths(list(record.outputs.values())[number])
    match record.window.moves:
        case (Join(axis=axis),):
            return joined(seen, made, axis, [lengths(record.inputs[port])[axis] for port in inputs])
    return joined(seen, made)


def _fields(key: str, sights: Iterable[Sight | Reason]) -> dict[str, Field | Reason]:
    """The largest field of a block's outputs in an Input, or why it is of none known."""
    reasons: list[Reason] = []
    known: list[Field] = []
    for sight in sights:
        if isinstance(sight, str):
            reasons.append(sight)
        else:
            known += told(sight)
    if known:
        return {key: max(known, key=lambda field: [math.inf if size is None else size for size in field])}
    return {key: reasons[0]} if reasons else {}


def _one_step(sight: Sight | Reason, spec: TensorSpec) -> Sight | Reason:
    """What one step of N×T×… sees, the steps lying where N was: the blocks of a body keep them apart."""
    if isinstance(sight, str):
        return sight
    if any(digit.axis == 0 for view in sight for digit in view.digits):
        return "loop-in-loop"
    return through(sight, (Turn(tuple(range(1, spec.rank))),), lengths(spec))


def _all_steps(sight: Sight | Reason, rank: int, length: int, last: bool) -> Sight | Reason:
    """The way back: what a tensor of this rank sees, of all steps or the last of them, which lie where N was."""
    if isinstance(sight, str):
        return sight
    if last:
        return through(sight, (Look(0, 1, 1, ((length - 1,),)), Turn((-1, *range(1, rank)))), (length,) * rank)
    return through(sight, (Turn((-1, *range(rank - 1))),), (length,) * (rank - 1))


def _fed(
    found: Body, prefix: str, types: Mapping[str, BlockType], length: int, held: Mapping[str, Sight | Reason]
) -> Iterator[tuple[str, Sight | Reason]]:
    """What the Delays of a body give at each of its `length` steps, and what they held, by path key of their output."""
    for id, one in found.items():
        if one.record.block.type == DELAY:
            key = f"{prefix}{id}/output"
            source = one.record.sources.get("input")
            fed = found[source.block].outputs.get(source.port) if source is not None and source.block in found else None
            sight: Sight | Reason = fed.sight if fed is not None else ()
            k = one.record.parameters["k"]
            assert isinstance(k, int)
            shape = (length, *lengths(one.record.outputs["output"])[1:])
            if not isinstance(sight, str):
                sight = through(sight, (Look(0, length, 1, ((-k,),)),), shape)
            yield key, joined((sight, held.get(key, ())), shape)
        elif not types[one.record.block.type].runs_over_time:
            for number, body in enumerate(one.inside):
                below = f"{prefix}{id}/{number}/" if one.record.copies else f"{prefix}{id}/"
                yield from _fed(body, below, types, length, held)


def _settled(sight: Sight | Reason, before: Sight | Reason) -> Sight | Reason:
    """The sight, what is new in it everything."""
    if isinstance(sight, str) or isinstance(before, str):
        return sight
    return tuple([view if view in before else everything((view,))[0] for view in sight])


def _steps(inputs: Mapping[str, TensorSpec], time: int) -> int:
    length = next((spec.shape[1] for spec in inputs.values() if spec.rank > 1), 1)
    return length.at(time) if isinstance(length, Dim) else length
