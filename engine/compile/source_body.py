"""Writes the two methods of a body's class: its blocks become attributes, its wires the lines of forward."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import torch

from engine.compile.probing import construct
from engine.compile.records import Record
from engine.compile.source_constructors import class_expression, constructor_arguments
from engine.compile.source_families import Construction, Line, Part, Piece, Signature, Written, open_numbers
from engine.compile.source_idioms import IDIOMS
from engine.compile.source_initialisers import initialiser_lines
from engine.compile.source_names import Names, attribute_path
from engine.compile.source_own import OWN_BLOCK, own_arguments
from engine.compile.source_parts import BodyPlan, Owner, Plan, Step, Tensor
from engine.compile.source_text import WIDTH, Import, bracketed, call, listed
from engine.graph.analysis import path_key
from engine.graph.block_type import BlockType
from engine.graph.paths import identifier, identifiers
from engine.graph.tensor_spec import Dim, TensorSpec

FLOWING = ("x", "y", "z", "flow")
"""Names for a tensor that only the next line reads."""


class Context:
    """What the classes of one file share; `own` are the names of our modules in it, `imports` what it needs."""

    def __init__(self, plan: Plan, own: Mapping[str, str]) -> None:
        self.plan, self._own = plan, own
        self.imports: set[Import] = {("torch", "Tensor"), ("torch", "nn")}

    def expression(self, type: BlockType) -> str:
        """The class of a block's module, imported or written out in the file."""
        module = OWN_BLOCK if "own_code" in type.traits else type.module
        cls, needed = class_expression(module, self._own)
        if needed[0]:
            self.imports.add(needed)
        return cls


class Body:
    """The methods of one class."""

    def __init__(self, context: Context, plan: BodyPlan, children: Mapping[str, tuple[Written, ...]]) -> None:
        self._context, self._plan, self._children = context, plan, children
        self._attributes = identifiers(plan.graph)
        self._names = Names()
        self._outer: dict[Owner, str] = {}
        self._indent = 8

    def constructor(self) -> list[Piece]:
        """`__init__`: one attribute for each block that has a module or a body; nothing where there is none."""
        pieces: list[Piece] = []
        for id, record in self._plan.records.items():
            type = self._context.plan.declared.get(Owner(self._plan.path, id))
            if type is not None and type.module not in IDIOMS:
                pieces.append((self._attribute(id, record, type), (id,)))
        for holder, owner in self._context.plan.ties:
            if owner.path == self._plan.path:
                holding = attribute_path(self._context.plan, holder, len(owner.path))
                holding = re.sub(r"\.(\d+)", r"[\1]", holding)
                line = f"        self.{holding}.weight = self.{self._attributes[owner.id]}.weight"
                pieces.append(([line], (owner.id, path_key((*holder.path[len(owner.path) :], holder.id)))))
        if not pieces:
            return []
        return [([Signature(), "        super().__init__()"], ()), *pieces]

    def _attribute(self, id: str, record: Record, type: BlockType) -> list[Line]:
        attribute = self._attributes[id]
        if id in self._children:
            return [Part(attribute, self._children[id], bool(record.copies))]
        if "own_code" in type.traits:
            file, arguments = own_arguments(type, record.parameters, record.inputs)
            self._context.imports.add((file, ""))
        else:
            arguments = constructor_arguments(type, record.parameters, record.inputs)
        name = f"self.{attribute}"
        made = Construction(f"{name} = {self._context.expression(type)}", open_numbers(arguments, attribute))
        lines: list[Line] = [made]
        learning = record.block.learning
        if learning.initialisers:
            with torch.device("meta"):
                module = construct(type, record.parameters, record.inputs)
            shapes = {weight: tuple(tensor.shape) for weight, tensor in module.named_parameters()}
            for weight, initialiser in sorted(learning.initialisers.items()):
                if weight in shapes:
                    lines.extend(initialiser_lines(f"{name}.{weight}", shapes[weight], initialiser))
        if learning.frozen:
            lines.append(f"        {name}.requires_grad_(False)")
        return lines

    def forward(self) -> list[Piece]:
        """`forward`: a line for each step; a tensor that only the next one reads flows on under one short name."""
        plan = self._plan
        entries = self._entry_names()
        sequences = self._sequence_names(entries) if plan.last is not None else []
        parameters = [f"{name}: Tensor" for name in sequences or entries]
        for owner in plan.modules:
            record = self._record_of(owner)
            cls = self._context.expression(self._context.plan.declared[owner])
            name = self._names.free(identifier(record.block.name))
            self._outer[owner] = name
            parameters.append(f"{name}: {cls}")
        result = "Tensor" if len(plan.returns) == 1 else f"tuple[{', '.join(['Tensor'] * len(plan.returns))}]"
        head = bracketed("def forward(", ["self", *parameters], f") -> {result}:", 4)
        pieces: list[Piece] = [(head, tuple(entry.port.block for entry in plan.entries))]
        if plan.last is not None:
            return [*pieces, *self._over_time(entries, sequences)]
        return [*pieces, *self._steps()]

    def _steps(self) -> list[Piece]:
        """The lines of the body, up to its return; over time there is none."""
        plan = self._plan
        pieces: list[Piece] = []
        readers = self._readers()
        flowing = self._flowing(readers)
        ends_with_step = False
        for number, step in enumerate(plan.steps):
            expression = self._expression(step)
            live = [output for output in step.outputs if output is not None]
            ids = (step.record.block.id,)
            is_last = number + 1 == len(plan.steps)
            if step.copies:
                pieces.append((self._loop(step, number, readers, flowing), ids))
                continue
            returns = plan.last is None and len(step.outputs) == len(live) and tuple(live) == plan.returns
            if is_last and returns:
                exits = self._exits(live)
                pieces.append((self._statement("return ", step, expression), (*ids, *exits)))
                ends_with_step = True
                continue
            if len(step.outputs) == 1 and readers.get(live[0]) == {number + 1} and not is_last:
                self._names[live[0]] = flowing
                targets = [flowing]
            else:
                targets = [self._new_name(step, output) if output is not None else "_" for output in step.outputs]
            pieces.append((self._statement(f"{', '.join(targets)} = ", step, expression), ids))
        if not ends_with_step and plan.last is None:
            names = [self._names[tensor] for tensor in plan.returns]
            pieces.append((listed("return ", names, indent=8), self._exits(plan.returns)))
        return pieces

    def _over_time(self, entries: list[str], sequences: list[str]) -> list[Piece]:
        """The states, a loop over the time steps of the sequences, and what leaves: of all steps, or of the last."""
        plan = self._plan
        before: list[Piece] = []
        begin: list[Piece] = []
        pasts: dict[Tensor, str] = {}
        for state in plan.states:
            name = self._names.add(state.tensor, self._attributes[state.tensor.port.block])
            zeros = zeros_like(state.spec, sequences[0])
            if state.steps == 1:
                before.append(([f"        {name} = {zeros}"], (state.tensor.port.block,)))
            else:
                past = pasts[state.tensor] = self._names.free(f"{name}_past")
                before.append(([f"        {past} = [{zeros}] * {state.steps}"], (state.tensor.port.block,)))
                begin.append(([f"            {name} = {past}.pop(0)"], (state.tensor.port.block,)))
        self._indent = 12
        steps = self._steps()
        self._indent = 8
        kept: list[str] = []
        held = {state.tensor for state in plan.states}
        for tensor in plan.returns:
            name = self._names[tensor]
            if plan.last and tensor not in held:
                kept.append(name)
                continue
            kept.append(self._names.free(f"last_{name}" if plan.last else "outputs"))
            if not plan.last:
                before.append(([f"        {kept[-1]}: list[Tensor] = []"], ()))
            line = f"{kept[-1]} = {name}" if plan.last else f"{kept[-1]}.append({name})"
            steps.append(([f"            {line}"], self._exits([tensor])))
        for state in plan.states:
            if state.steps > 1:
                line = f"            {pasts[state.tensor]}.append({self._names[state.fed]})"
                steps.append(([line], (state.tensor.port.block,)))
        singles = [state for state in plan.states if state.steps == 1]
        if singles:
            names = ", ".join(self._names[state.tensor] for state in singles)
            fed = ", ".join(self._names[state.fed] for state in singles)
            steps.append(([f"            {names} = {fed}"], tuple(state.tensor.port.block for state in singles)))
        unbound = [f"{sequence}.unbind(1)" for sequence in sequences]
        over = unbound[0] if len(unbound) == 1 else f"zip({', '.join(unbound)}, strict=True)"
        made = kept if plan.last else [f"torch.stack({name}, 1)" for name in kept]
        self._context.imports.add(("torch", ""))
        loop: Piece = ([f"        for {', '.join(entries)} in {over}:"], ())
        return [*before, loop, *begin, *steps, (listed("return ", made, indent=8), ())]

    def _sequence_names(self, entries: list[str]) -> list[str]:
        wanted = ["sequence"] if len(entries) == 1 else [f"{name}_sequence" for name in entries]
        return [self._names.free(name) for name in wanted]

    def _loop(self, step: Step, number: int, readers: Mapping[Tensor, set[int]], flowing: str) -> list[str]:
        """The copies of a Repeat, one behind the other: what leaves one enters the next under the same name."""
        lines: list[str] = []
        margin = " " * self._indent
        outputs = [output for output in step.outputs if output is not None]
        assert step.inner is not None
        given = [self._names[step.arguments[entry.port.block]] for entry in step.inner.entries]
        names: list[str] = []
        for output in outputs:
            flows = len(outputs) == 1 and readers.get(output) == {number + 1}
            if flows:
                self._names[output] = flowing
            names.append(flowing if flows else self._new_name(step, output))
        for name, source in zip(names, given, strict=False):
            if name != source:
                lines.append(f"{margin}{name} = {source}")
        copy = self._names.free("block")
        modules = [self._module(owner) for owner in step.inner.modules]
        lines.append(f"{margin}for {copy} in {self._module(step.owner)}:")
        taken = [*names[: len(given)], *given[len(names) :], *modules]
        lines.extend(call(f"{', '.join(names)} = {copy}", taken, indent=self._indent + 4))
        return lines

    # --- names ---------------------------------------------------------------------------------------
    def _entry_names(self) -> list[str]:
        names: list[str] = []
        for entry in self._plan.entries:
            block = self._plan.graph.blocks[entry.port.block]
            wanted = identifier(block.name if self._plan.path else entry.port.port)
            is_plain = self._plan.path and len(self._plan.entries) == 1 and wanted.startswith("entry")
            names.append(self._names.add(entry, "x" if is_plain else wanted))
        return names

    def _readers(self) -> dict[Tensor, set[int]]:
        """By tensor the numbers of the steps that read it; what is returned is read behind the last."""
        readers: dict[Tensor, set[int]] = {}
        for number, step in enumerate(self._plan.steps):
            for tensor in step.arguments.values():
                readers.setdefault(tensor, set()).add(number)
        for tensor in (*self._plan.returns, *(state.fed for state in self._plan.states)):
            readers.setdefault(tensor, set()).add(len(self._plan.steps))
        return readers

    def _flowing(self, readers: Mapping[Tensor, set[int]]) -> str:
        """A short name that overwrites no argument which a later step still reads."""
        kept = {self._names[entry] for entry in self._plan.entries if readers.get(entry, set()) - {0}}
        kept.update(self._outer.values())
        name = next((name for name in FLOWING if name not in kept), None) or self._names.free("flow")
        self._names.reserve(name)
        return name

    def _new_name(self, step: Step, output: Tensor) -> str:
        name = self._attributes[step.record.block.id]
        if len(step.outputs) > 1:
            inside = step.record.block.body
            is_exit = inside is not None and output.port.port in inside.blocks
            port = inside.blocks[output.port.port].name if inside is not None and is_exit else output.port.port
            name = identifier(f"{name}_{port}")
        return self._names.add(output, name)

    def _exits(self, tensors: Iterable[Tensor]) -> tuple[str, ...]:
        """The Exits that hand on what is returned."""
        sources = {(tensor.port.block, tensor.port.port) for tensor in tensors}
        return tuple(
            id
            for id, record in self._plan.records.items()
            if record.block.type == "exit"
            and (source := record.sources.get("input")) is not None
            and (source.block, source.port) in sources
        )

    def _record_of(self, owner: Owner) -> Record:
        return self._context.plan.records[owner.path][owner.id]

    # --- calls ----------------------------------------------------------------------------------------
    def _expression(self, step: Step) -> Sequence[str]:
        """An idiom as one text, or the callee followed by its arguments."""
        positional = [self._names[tensor] for port, tensor in step.arguments.items() if port not in step.optional]
        named = [f"{port}={self._names[tensor]}" for port, tensor in step.arguments.items() if port in step.optional]
        idiom = IDIOMS.get(step.type.module)
        if idiom is not None:
            self._context.imports.update(idiom.needs)
            arguments = step.type.arguments(step.record.parameters, step.record.inputs)
            return (idiom.expression(positional, arguments),)
        if step.inner is not None:
            order = {entry.port.block: self._names[step.arguments[entry.port.block]] for entry in step.inner.entries}
            positional, named = list(order.values()), [self._module(owner) for owner in step.inner.modules]
        called = self._module(step.owner)
        return (called if step.copy is None else f"{called}[{step.copy}]", *positional, *named)

    def _module(self, owner: Owner) -> str:
        own = owner.path == self._plan.path
        return f"self.{self._attributes[owner.id]}" if own else self._outer[owner]

    def _statement(self, before: str, step: Step, expression: Sequence[str]) -> list[str]:
        if step.type.module in IDIOMS:
            return _wrapped(before, expression[0], self._indent)
        callee, *arguments = expression
        return call(f"{before}{callee}", arguments, indent=self._indent)


def _wrapped(before: str, expression: str, indent: int) -> list[str]:
    margin = " " * indent
    line = f"{margin}{before}{expression}"
    if len(line) <= WIDTH or " + " not in expression:
        return [line]
    first, *rest = expression.split(" + ")
    return [f"{margin}{before}(", f"{margin}    {first}", *(f"{margin}    + {part}" for part in rest), f"{margin})"]


def zeros_like(spec: TensorSpec, sequence: str) -> str:
    """Zeros of a shape, for as many samples as `sequence` has."""
    lengths = [str(length) for length in spec.shape]
    for axis, length in enumerate(spec.shape):
        if isinstance(length, Dim):
            lengths[axis] = f"len({sequence})" if length.factor == 1 else f"{length.factor} * len({sequence})"
    shape = ", ".join(lengths)
    kind = "" if spec.dtype == "float32" else f", dtype=torch.{spec.dtype}"
    return f"torch.zeros({shape}{kind}, device={sequence}.device)"
