"""Writes the losses of a drawing as one function of what the network returns and what it should have returned."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from engine.compile.source_constructors import constructor_arguments
from engine.compile.source_families import Mark
from engine.compile.source_idioms import loss_function
from engine.compile.source_names import Names
from engine.compile.source_parts import LossUse, Plan, Tensor
from engine.compile.source_text import Import, bracketed, call, docstring
from engine.graph.paths import identifier, identifiers


class LossText(msgspec.Struct, frozen=True, eq=False):
    """The function as lines, which of them belong to which block (by path), and what it imports."""

    lines: tuple[str, ...]
    marks: tuple[Mark, ...]
    imports: frozenset[Import]


def output_names(plan: Plan) -> dict[Tensor, str]:
    """What callers call the tensors that forward returns: by the port of the only loss, else by the block."""
    names: dict[Tensor, str] = {}
    taken = Names()
    predicting = {loss.arguments.get(loss.type.prediction.port) for loss in plan.losses if loss.type.prediction}
    for tensor in plan.root.returns:
        wanted = _block_name(plan, tensor)
        if len(predicting) == 1 and tensor in predicting:
            wanted = next(loss.type.prediction.port for loss in plan.losses if loss.type.prediction is not None)
        names[tensor] = taken.add(tensor, wanted)
    return names


def loss_text(plan: Plan, expression: Callable[[LossUse], str]) -> LossText:
    """`compute_loss`: Σ loss × weight, each loss as the program computes it."""
    names = Names()
    outputs = output_names(plan)
    for tensor in plan.root.returns:
        names.add(tensor, outputs[tensor])
    read = {tensor for loss in plan.losses for tensor in loss.arguments.values()}
    given = [tensor for tensor in plan.root.returns if tensor in read]
    for loss in plan.losses:
        for tensor in loss.arguments.values():
            if tensor not in given:
                given.append(tensor)
                names.add(tensor, identifier(tensor.port.port))
    parameters = [f"{names[tensor]}: Tensor" for tensor in given]
    lines = bracketed("def compute_loss(", parameters, ") -> Tensor:", 0)
    weighted = " + ".join(
        ("" if _weight(loss) == 1.0 else f"{_weight(loss)!r} × ") + loss.record.block.name for loss in plan.losses
    )
    lines.extend(docstring(f"What training minimises: {weighted}", 4))
    marks: list[Mark] = []
    imports: set[Import] = set()
    terms: list[str] = []
    for loss in plan.losses:
        options = constructor_arguments(loss.type, loss.record.parameters, loss.record.inputs)
        function = loss_function(loss.type.module, options)
        compared = [names[tensor] for port, tensor in loss.arguments.items() if port not in loss.optional]
        compared += [f"{port}={names[tensor]}" for port, tensor in loss.arguments.items() if port in loss.optional]
        if function is not None:
            imports.add(("torch.nn", "functional"))
        callee = f"functional.{function}" if function is not None else f"{expression(loss)}({', '.join(options)})"
        arguments = [*compared, *options] if function is not None else compared
        factor = "" if _weight(loss) == 1.0 else f" * {_weight(loss)!r}"
        if len(plan.losses) == 1:
            written = call(f"return {callee}", arguments, factor)
        else:
            name = names.free(identifier(loss.record.block.name))
            terms.append(f"{name}{factor}")
            written = call(f"{name} = {callee}", arguments)
        lines.extend(written)
        marks.append((loss.key, len(lines) - len(written) + 1, len(lines)))
    if terms:
        lines.append(f"    return {' + '.join(terms)}")
    return LossText(tuple(lines), tuple(marks), frozenset(imports))


def _weight(loss: LossUse) -> float:
    weight = loss.record.parameters.get("weight", 1.0)
    assert isinstance(weight, (int, float))
    return float(weight)


def _block_name(plan: Plan, tensor: Tensor) -> str:
    if plan.graphs[tensor.path].blocks[tensor.port.block].type == "input":
        return identifier(tensor.port.port)
    return identifiers(plan.graphs[tensor.path])[tensor.port.block]
