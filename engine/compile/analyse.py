"""What is known about a drawing: specs on every port, costs, and all problems with their repairs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import msgspec

from engine.compile.analysis_problems import (
    at_container,
    loops,
    lost_sources,
    open_inputs,
    parameter_problems,
    promises,
    received,
)
from engine.compile.candidate_shapes import candidate_shapes
from engine.compile.delays import Delays, all_steps, cost_over_time, one_step, settled
from engine.compile.following import Follower
from engine.compile.gathered import Gathered
from engine.compile.records import (
    Inside,
    Place,
    Record,
    count_problems,
    exits,
    faulty,
    holding,
    reaching,
    to_visit,
    total_cost,
)
from engine.compile.remembered_probes import RememberedProbes
from engine.compile.repeats import relocated, uses_index
from engine.compile.shared_weights import weights_problems
from engine.compile.time_lengths import FAR, TimeLengths, may_fit_longer, time_lengths
from engine.compile.time_repairs import with_time_repairs
from engine.compile.trials import DEFAULT_TIME
from engine.compile.wiring import RememberedWirings
from engine.graph.analysis import Analysis, Cost, path_key, port_key
from engine.graph.block_type import BlockType, Inputs, Mismatch, lenient_parameters
from engine.graph.connection_rules import mismatch_problem
from engine.graph.graph import Block, Graph, Path, PortRef
from engine.graph.problem import Fact, Problem
from engine.graph.scope import COPY_INDEX, Scope
from engine.graph.tensor_spec import TensorSpec
from engine.graph.traversal import DELAY
from engine.graph.values import Value
from engine.modules.own_loading import stamp

replace = msgspec.structs.replace


class Analyser:
    """Analyses drawings and remembers: an edit costs what it changed. One thread at a time."""

    def __init__(self, types: Mapping[str, BlockType]) -> None:
        self._types = types
        self._probes = RememberedProbes()
        self._last: dict[int, tuple[object, Mapping[str, Record]]] = {}
        self._lengths = TimeLengths()
        self._delays = Delays()
        self._wirings = RememberedWirings()
        self._follower = Follower(types)
        self._gathered = Gathered()

    def analyse(self, graph: Graph, time_length: int | None = None) -> Analysis:
        """All that is known about `graph`.

        Costs of sequences are counted at `time_length` steps, else as many as the dataset has, else at 100.
        """
        records = self.records(graph, time_length)
        self._gathered.update(self._follower.follow(records, self._time))
        problems = [Problem(code="empty")] if graph.is_blank else []
        for record in faulty(records):
            problems.extend(record.problems)
        problems.extend(loops(graph, records, (), self._types))
        problems.extend(weights_problems(records, self._types))
        # Time comes in by Inputs alone.
        sources = [record for record in records.values() if not record.inputs]
        timed = any(spec.has_time for record in sources for spec in record.outputs.values())
        return Analysis(
            specs=self._gathered.specs,
            costs=self._gathered.costs,
            problems=tuple(problems),
            total=self._gathered.total,
            receptive_fields=self._gathered.fields,
            fields_untold=self._gathered.fields_untold,
            time_length=(self._time or DEFAULT_TIME) if timed else None,
        )

    def records(self, graph: Graph, time_length: int | None = None) -> Mapping[str, Record]:
        """The record of each root block, in execution order."""
        near = time_lengths(graph, self._types, time_length)
        records = self._walked(graph, near)
        if any(may_fit_longer(record, self._types, near.time is not None) for record in faulty(records)):
            further = self._walked(graph, replace(near, reach=FAR))
            if count_problems(further) < count_problems(records):
                return further
            self._lengths = near
        return records

    def _walked(self, graph: Graph, lengths: TimeLengths) -> Mapping[str, Record]:
        """The records with sequences of these lengths; what is as it was in the last walk as far is kept."""
        known = (lengths, graph.variables, stamp())
        before, last = self._last.get(lengths.reach, (None, {}))
        self._lengths = lengths
        scope = Scope(types=self._types, variables=graph.variables)
        records = self._body(graph, (), {}, scope, last if before == known else {})
        self._last[lengths.reach] = (known, records)
        return records

    @property
    def _time(self) -> int | None:
        return self._lengths.time

    def shapes(
        self,
        spec: TensorSpec,
        candidates: Iterable[str],
        parameters: Mapping[str, Mapping[str, Value]] = {},  # noqa: B006 -- never changed
    ) -> dict[str, TensorSpec]:
        """What each candidate type makes of `spec`; those that refuse it are absent.

        `parameters` has, by type, the values that are not its defaults.
        """
        types = (self._types[id] for id in candidates if id in self._types)
        return candidate_shapes(spec, types, parameters, self._probes, self._lengths)

    def _body(
        self, body: Graph, path: Path, entries: Mapping[str, TensorSpec], scope: Scope, last: Mapping[str, Record]
    ) -> Mapping[str, Record]:
        """The record of each block, in execution order; `last` are those of the analysis before."""
        wiring = self._wirings.of(body, path)
        place = Place(body, path, entries, scope, wiring)
        delays = self._delays
        waiting = set(wiring.order) if delays.guessing else to_visit(body, wiring, last, holds=bool(delays.specs))
        records: dict[str, Record] = {}
        for id in wiring.order:
            if id not in waiting:
                records[id] = last[id]
                continue
            before = last.get(id)
            found = records[id] = self._visited(place, id, records, before)
            if found is not before:
                waiting.update(wiring.readers.get(id, ()))
        return records

    def _visited(self, place: Place, id: str, records: Mapping[str, Record], before: Record | None) -> Record:
        """What a block comes to behind `records`: the very record `before` where it is as before."""
        seen = self._seen(place, id, records)
        lost = lost_sources(place.path, seen.sources, records, place.scope)
        if before is not None and not lost and before.stands_for(seen):
            return before
        found = with_time_repairs(self._record(place, seen, before), records, self._types, place.path)
        return replace(found, problems=(*found.problems, *lost))

    def _seen(self, place: Place, id: str, records: Mapping[str, Record]) -> Record:
        """A block with what reaches it, and nothing yet of what it comes to."""
        block, here, sources = place.body.blocks[id], (*place.path, id), place.wiring.sources[id]
        inputs = reaching(sources, records)
        delayed: Mapping[str, TensorSpec] = {}
        if block.type == "entry" and id in place.entries:
            inputs = {"output": place.entries[id]}
        elif block.type == DELAY:
            held = self._delays.specs.get(path_key(here))
            inputs = {"input": held} if held is not None else {}
        elif block.body is not None:
            delayed = self._delays.below(here)
        if self._delays.guessing:
            inputs = self._guessed(block, inputs, sources, place.scope)
        return Record(block=block, inputs=inputs, sources=sources, delayed=delayed)

    def _record(self, place: Place, record: Record, before: Record | None) -> Record:
        """What the block of `record` comes to with what it was seen with."""
        block, inputs, scope = record.block, record.inputs, place.scope
        here = (*place.path, block.id)
        type = self._types.get(block.type)
        if type is None:
            facts: dict[str, Fact] = {"title": block.type, "name": block.name, "type": block.type}
            return replace(record, problems=(Problem(code="unknown-type", path=here, facts=facts),))
        problems = parameter_problems(type, block, place.path, scope)
        parameters = lenient_parameters(type, block, scope.variables)
        specs = {port_key(here, port): spec for port, spec in inputs.items()}
        record = replace(record, specs=specs, parameters=parameters)
        problems.extend(open_inputs(type, block, here, record.sources, scope))
        if type.role == "input":
            promised, faults = promises(type, block, here, parameters)
            outputs = self._lengths.of_input(promised, parameters)
            return self._finished(record, here, outputs, Cost(), [*problems, *faults])
        if block.type == "entry":
            return self._finished(record, here, inputs, Cost(), problems)
        if block.type == DELAY:
            return self._delay(record, here, scope, problems)
        if type.role == "loss" and scope.over_time:
            facts = {"title": type.title, "name": block.name}
            problems.append(Problem(code="loss-over-time", path=here, facts=facts))
        ports = type.ports(parameters, block.body)
        needed = [port.id for port in ports.inputs if not port.optional]
        if problems or any(port not in inputs for port in needed):
            mismatch = (
                None if any(problem.code != "input-open" for problem in problems) else type.expect(parameters, inputs)
            )
            if mismatch is not None:
                problems.append(self._mismatch(mismatch, place, record))
            given: Mapping[str, TensorSpec] = {}
            if type.role == "container":
                record = self._container(record, type, here, scope, before)
                given = record.outputs if self._delays.guessing and not problems else {}
            return replace(record, outputs=given, problems=(*problems, *record.problems))
        if block.bypassed and ports.inputs and ports.outputs:
            return self._finished(record, here, {ports.outputs[0].id: inputs[ports.inputs[0].id]}, Cost(), [])
        mismatch = type.expect(parameters, inputs)
        if mismatch is not None:
            return replace(record, problems=(self._mismatch(mismatch, place, record),))
        if type.role == "container":
            return self._container(record, type, here, scope, before)
        if not type.module:
            return self._finished(record, here, {}, Cost(), [])
        entering = {port.id: inputs[port.id] for port in ports.inputs if port.id in inputs}
        result = self._probes.probe(type, parameters, entering, self._time, self._lengths.reach)
        if result.problem is not None:
            facts = {"title": type.title, "name": block.name, **result.problem.facts}
            return replace(record, problems=(replace(result.problem, path=here, facts=facts),))
        if result.refusal:
            facts = {"title": type.title, "name": block.name, **received(entering), "reason": result.refusal}
            return replace(record, problems=(Problem(code="module", path=here, facts=facts),))
        cost = result.cost
        if block.weights is not None:
            # A layer with transposed weights keeps a bias of its own.
            own = cost.parameters - math.prod(result.weight) if block.weights.transposed and result.weight else 0
            cost = replace(cost, parameters=own)
        return self._finished(
            replace(record, weight=result.weight, kept=result.kept, window=result.window),
            here,
            result.outputs,
            cost,
            [],
        )

    def _guessed(
        self, block: Block, inputs: dict[str, TensorSpec], sources: Mapping[str, PortRef], scope: Scope
    ) -> dict[str, TensorSpec]:
        type = self._types.get(block.type)
        if type is None:
            return inputs
        return dict(self._delays.guess(type, type.ports_of(block, scope.variables), inputs, sources))

    def _delay(self, record: Record, here: Path, scope: Scope, problems: list[Problem]) -> Record:
        """What a Delay gives: what its Recurrent found it to hold."""
        block = record.block
        facts: dict[str, Fact] = {"title": self._types[block.type].title, "name": block.name}
        if not scope.over_time:
            problems.append(Problem(code="delay-outside", path=here, facts=facts))
        if block.bypassed:
            problems.append(Problem(code="delay-bypass", path=here, facts=facts))
        if problems or "input" not in record.inputs:
            return replace(record, outputs={}, problems=tuple(problems))
        return self._finished(record, here, {"output": record.inputs["input"]}, Cost(), [])

    def _finished(
        self, record: Record, here: Path, outputs: Mapping[str, TensorSpec], cost: Cost, problems: list[Problem]
    ) -> Record:
        specs = {**record.specs, **{port_key(here, port): spec for port, spec in outputs.items()}}
        costs = {path_key(here): cost, **record.costs}
        return replace(record, specs=specs, outputs=outputs, costs=costs, problems=tuple(problems))

    def _container(self, record: Record, type: BlockType, here: Path, scope: Scope, before: Record | None) -> Record:
        """What a container's body makes of its inputs, once or copy behind copy."""
        if before is not None and before.block.type != record.block.type:
            before = None  # another drawing: what is in it has other paths
        if type.copies is not None:
            return self._repeated(record, type, here, scope, before)
        if type.runs_over_time:
            return self._over_time(record, type, here, scope, before)
        last = before.children if before is not None else {}
        inside = self._inside(record, type, here, record.inputs, scope, last)
        record, cost = holding(replace(record, expanded=inside.expanded, children=inside.records), here, inside)
        outputs = {} if inside.problems else inside.exits
        return self._finished(record, here, outputs, cost, list(inside.problems))

    def _inside(
        self,
        record: Record,
        type: BlockType,
        here: Path,
        entering: Inputs,
        scope: Scope,
        last: Mapping[str, Record],
    ) -> Inside:
        """The body by itself, for what it makes of what enters; then the drawing that the container expands into."""
        body = record.block.body or Graph()
        inner = replace(scope, ancestors=(*scope.ancestors, body))
        records = self._body(body, here, entering, inner, last)
        expanded = body
        faults = [problem for child in records.values() for problem in child.problems]
        faults.extend(loops(body, records, here, self._types))
        complete = all(port.id in entering for port in type.ports(record.parameters, body).inputs)
        if type.expand is not None and complete and not faults:
            expanded = type.expand(record.parameters, body, entering, exits(records))
            # Behind what the plain body came to alone: what was remembered would stand as it was before an edit.
            records = self._body(expanded, here, entering, inner, records)
            for child in records.values():
                faults.extend(at_container(problem, here, record.block, type, expanded) for problem in child.problems)
        return Inside(records, expanded, exits(records), tuple(faults))

    def _repeated(self, record: Record, type: BlockType, here: Path, scope: Scope, before: Record | None) -> Record:
        """The body copy behind copy, what leaves one entering the next; like copies are analysed once.

        Without an index, a path stands for the first copy: that is what the canvas shows.
        """
        assert type.copies is not None
        ports = type.ports(record.parameters, record.block.body)
        indexed = uses_index(record.block.body or Graph(), self._types)
        entering = dict(record.inputs)
        copies: list[Inside] = []
        known: dict[tuple[tuple[str, TensorSpec], ...], int] = {}
        cost = Cost()
        for index in range(type.copies(record.parameters)):
            path, key = (*here, index), tuple(sorted(entering.items()))
            twin = known.get(key)
            if twin is not None:
                inside = relocated(copies[twin], path_key((*here, twin)), path_key(path))
            else:
                last = before.copies[index].records if before is not None and index < len(before.copies) else {}
                variables = {**scope.variables, COPY_INDEX: index}
                inside = self._inside(record, type, path, entering, replace(scope, variables=variables), last)
                if not indexed:
                    known[key] = index
            copies.append(inside)
            record, own = holding(record, path, inside)
            cost = total_cost((cost, own))
            if inside.problems or any(port.id not in inside.exits for port in ports.outputs):
                break
            leaving = zip(ports.inputs, ports.outputs, strict=False)
            entering.update((entry.id, inside.exits[exit.id]) for entry, exit in leaving)
        first = copies[0]
        shown = relocated(first, path_key((*here, 0)), path_key(here))
        record, _ = holding(record, here, shown)
        record = replace(record, expanded=first.expanded, children=first.records, copies=tuple(copies))
        last_copy = copies[-1]
        outputs = {} if last_copy.problems else last_copy.exits
        return self._finished(record, here, outputs, cost, list(last_copy.problems))

    def _over_time(self, record: Record, type: BlockType, here: Path, scope: Scope, before: Record | None) -> Record:
        """One time step of the body, its Delays holding what they are fed; costs are those of all steps."""
        entering = {port: one_step(spec) for port, spec in record.inputs.items() if spec.rank > 1}
        if not entering:
            facts: dict[str, Fact] = {"title": type.title, "name": record.block.name}
            return replace(record, problems=(Problem(code="recurrent-inputs", path=here, facts=facts),))
        length = next(spec.shape[1] for spec in record.inputs.values() if spec.rank > 1)
        inner, known = replace(scope, over_time=True), before.children if before is not None else {}
        inside = settled(
            self._delays,
            here,
            self._types,
            lambda remembered: self._inside(record, type, here, entering, inner, known if remembered else {}),
        )
        record, cost = holding(replace(record, expanded=inside.expanded, children=inside.records), here, inside)
        time = self._time or DEFAULT_TIME
        costs = {key: cost_over_time(own, length, time) for key, own in record.costs.items()}
        whole = record.parameters["output"] != "last step"
        outputs = {id: all_steps(spec, length) if whole else spec for id, spec in inside.exits.items()}
        return self._finished(
            replace(record, costs=costs),
            here,
            {} if inside.problems else outputs,
            cost_over_time(cost, length, time),
            list(inside.problems),
        )

    def _mismatch(self, mismatch: Mismatch, place: Place, record: Record) -> Problem:
        source = record.sources.get(mismatch.port)
        return mismatch_problem(mismatch, self._types, place.body, place.path, record.block, source)
